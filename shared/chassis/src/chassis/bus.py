"""How does a service hear? One group a topic, in batches, each committed once it is done.

FastStream declares the subscribers and their life cycle; what a real broker does to it is written
down in the decision "Batches, a gate and a watchdog". Nothing leaves a batch handler, not even a
cancellation: a raised error would be a silent loss, a cancelled task a silent stop.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.middlewares import BaseMiddleware
from typing_extensions import override

from chassis.dispatch import Dispatcher, Progress
from chassis.hearing import Arrival
from chassis.mongo import Mongo

log = structlog.get_logger(__name__)

START_SECONDS = 60.0
STOP_SECONDS = 20.0
GRACE_SECONDS = 15.0
COMMIT_SECONDS = 5.0
_LOOK_AGAIN_SECONDS = 0.5
_RECORDS = 500
_WAIT_MS = 1_000
_REBALANCE_MS = 60_000
_MAX_POLL_MS = 300_000
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 3.0


class Gate(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    """Lets partitions go only when the batch in hand is done and committed.

    Without it, aiokafka gives them to another member while this one is still at work, and facts
    of one client are acted on out of order.
    """

    def __init__(self) -> None:
        """Begin idle."""
        self.idle = asyncio.Event()
        self.idle.set()
        self.assigned = 0

    @override
    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        await self.idle.wait()

    @override
    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self.assigned += 1


class Hearing:
    """One topic as this process hears it."""

    def __init__(self, topic: str, dispatcher: Dispatcher[Any], mongo: Mongo) -> None:
        """Hear this topic once the bus is connected."""
        self.topic = topic
        self.dispatcher = dispatcher
        self.gate = Gate()
        self.subscriber: Any = None
        self.paused: set[TopicPartition] = set()
        self._mongo = mongo
        self._resuming: asyncio.Task[None] | None = None

    @property
    def consumer(self) -> AIOKafkaConsumer | None:
        """The consumer of the running subscription; None while the bus is away."""
        return None if self.subscriber is None else self.subscriber.consumer

    async def take(self, records: Sequence[Arrival]) -> None:
        """Act on a batch, commit what is done, and go back to where something is left."""
        try:
            progress = await self.dispatcher.take(records)
            await self._settle(progress)
        except asyncio.CancelledError:
            log.warning("batch_cut_short", topic=self.topic)
        except Exception:
            log.exception("batch_failed", topic=self.topic)
            self._go_back(_beginnings(records))
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        finally:
            self.gate.idle.set()

    async def _settle(self, progress: Progress) -> None:
        self._go_back(progress.again)
        if progress.store_away:
            self._pause()
        offsets = progress.to_commit()
        consumer = self.consumer
        if not offsets or consumer is None:
            return
        try:
            async with asyncio.timeout(COMMIT_SECONDS):
                await consumer.commit(offsets)
        except (KafkaError, TimeoutError) as trouble:
            # What is not committed is heard again, and changes nothing.
            log.warning("commit_failed", topic=self.topic, error=type(trouble).__name__)

    def _go_back(self, places: dict[TopicPartition, int]) -> None:
        consumer = self.consumer
        for place, offset in places.items():
            with contextlib.suppress(IllegalStateError):
                if consumer is not None:
                    consumer.seek(place, offset)

    def _pause(self) -> None:
        """Read nothing while the database is away; park nothing for it either."""
        consumer = self.consumer
        if consumer is None:
            return
        self.paused = set(consumer.assignment())
        consumer.pause(*self.paused)
        log.warning("hearing_paused", topic=self.topic)
        if self._resuming is None or self._resuming.done():
            self._resuming = asyncio.create_task(self._resume_with_store())

    async def _resume_with_store(self) -> None:
        while not await self._mongo.has_primary():  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        consumer, paused = self.consumer, self.paused
        self.paused = set()
        if consumer is not None:
            consumer.resume(*(paused & consumer.assignment()))
        log.info("hearing_resumed", topic=self.topic)

    def stop(self) -> None:
        """Stop waiting for the database."""
        if self._resuming is not None:
            self._resuming.cancel()


class Bus:
    """Every topic that this process hears. It connects when Kafka is there, however late."""

    def __init__(self, bootstrap: str, service: str, hearings: Sequence[Hearing]) -> None:
        """Declare a subscriber a topic, each in a group of its own."""
        self._bootstrap = bootstrap
        self._service = service
        self.hearings = hearings
        self._broker: KafkaBroker | None = None
        self._connecting: asyncio.Task[None] | None = None
        self.connected = False

    def start(self) -> None:
        """Begin to connect, for as long as it takes."""
        self._connecting = asyncio.create_task(self._connect(), name="bus")

    async def stop(self) -> None:
        """Finish the batches in hand and leave the groups, within a limit."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        for hearing in self.hearings:
            hearing.stop()
        self.connected = False
        if self._broker is not None:
            await _stopped(self._broker)

    def stopped_tasks(self) -> list[str]:
        """Name the topics whose loop has ended although nobody stopped it."""
        return [
            hearing.topic
            for hearing in self.hearings
            if self.connected and any(task.done() for task in hearing.subscriber.tasks)
        ]

    async def _connect(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            broker = self._declared()
            try:
                async with asyncio.timeout(START_SECONDS):
                    await broker.start()
            except (KafkaError, OSError, TimeoutError) as away:
                log.info("bus_away", error=type(away).__name__)
                await _stopped(broker)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            else:
                self._broker, self.connected = broker, True
                log.info("bus_connected")
                return

    def _declared(self) -> KafkaBroker:
        gates = {hearing.topic: hearing.gate for hearing in self.hearings}
        broker = KafkaBroker(
            self._bootstrap,
            graceful_timeout=GRACE_SECONDS,
            allow_auto_create_topics=False,
            apply_types=False,
            logger=None,
            middlewares=(closing(gates),),
            acks="all",
        )
        for hearing in self.hearings:
            hearing.subscriber = broker.subscriber(
                hearing.topic,
                group_id=f"{self._service}.{hearing.topic}.1",
                batch=True,
                max_records=_RECORDS,
                auto_offset_reset="earliest",
                ack_policy=AckPolicy.MANUAL,
                listener=hearing.gate,
                rebalance_timeout_ms=_REBALANCE_MS,
                max_poll_interval_ms=_MAX_POLL_MS,
                parser=_unparsed,
                decoder=_undecoded,
            )
            hearing.subscriber.get_msg = _waited_for
            hearing.subscriber(hearing.take)
        return broker


def closing(gates: dict[str, Gate]) -> Callable[..., BaseMiddleware]:
    """Close the gate of a topic the moment its batch enters, before anything is awaited."""

    class Closing(BaseMiddleware):
        def __init__(self, msg: Any, /, *, context: Any) -> None:
            super().__init__(msg, context=context)
            if msg:
                gates[msg[0].topic].idle.clear()

    return Closing


async def _waited_for(consumer: AIOKafkaConsumer) -> tuple[Arrival, ...]:
    """Sleep until something comes; FastStream's own way looks fifty times a second, each topic."""
    batches = await consumer.getmany(timeout_ms=_WAIT_MS, max_records=_RECORDS)
    return tuple(chain.from_iterable(batches.values()))


async def _unparsed(message: Any) -> KafkaMessage:
    """Leave headers to us: FastStream loses a whole batch over one that is not text."""
    return KafkaMessage(body=message, headers={}, raw_message=message, consumer=_NO_CONSUMER)


async def _undecoded(message: KafkaMessage) -> Any:
    return message.body


async def _stopped(broker: KafkaBroker) -> None:
    with contextlib.suppress(Exception):
        async with asyncio.timeout(STOP_SECONDS):
            await broker.stop()


def _beginnings(records: Sequence[Arrival]) -> dict[TopicPartition, int]:
    progress = Progress()
    progress.unfinished(records)
    return progress.again


_NO_CONSUMER: Any = None
