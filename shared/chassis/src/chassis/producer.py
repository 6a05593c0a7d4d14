"""How does this process put records on the bus? Through one producer that is allowed to be away."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    UnknownTopicOrPartitionError,
)

log = structlog.get_logger(__name__)

SEND_SECONDS = 10.0
STOP_SECONDS = 5.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 3.0
_BATCH_BYTES = 128 * 1024
_REQUEST_BYTES = 1_000_000
_OF_THE_RECORD = (KafkaTimeoutError, MessageSizeTooLargeError, UnknownTopicOrPartitionError)
"""Errors that speak of one record or of now; any other says that the producer itself has ended."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record for the bus, the same byte for byte however often it is offered."""

    id: UUID
    topic: str
    key: bytes
    value: bytes
    headers: Sequence[tuple[str, bytes]]


class Producer:
    """The one producer of a process: idempotent, acknowledged by all, bounded in time.

    What is in its buffer is never put there a second time: a send that was given up on may still
    land (`kafka.md` §3). Where a send has failed for good, the producer itself is replaced; only
    then may its records be offered again.
    """

    def __init__(self, bootstrap: str) -> None:
        """Do not connect yet."""
        self._bootstrap = bootstrap
        self._kafka: AIOKafkaProducer | None = None
        self._buffered: dict[UUID, asyncio.Future[object]] = {}
        self._broken = asyncio.Event()
        self._connecting: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """Whether Kafka has answered this producer."""
        return self._kafka is not None

    def start(self) -> None:
        """Begin to connect, for as long as it takes; whoever starts is not kept waiting."""
        self._connecting = asyncio.create_task(self._stay_connected(), name="producer")

    async def stop(self) -> None:
        """Flush for a bounded time, then let go: what has no acknowledgement stays in an outbox."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        await self._discard()

    async def send(self, record: Record, *, landed_late: Callable[[], None]) -> bool:
        """Put this on the bus and say whether all replicas have it; False means unknown.

        `landed_late` is called when a record that was given up on turns out to have landed.
        """
        buffered = self._buffered.get(record.id)
        if buffered is None:
            buffered = await self._put(record)
        if buffered is None:
            return False
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await asyncio.shield(buffered)
        except TimeoutError:
            buffered.add_done_callback(partial(self._landed, record.id, landed_late))
            return False
        except KafkaError as trouble:
            log.warning("send_failed", topic=record.topic, error=type(trouble).__name__)
            self._broken.set()
            return False
        self._buffered.pop(record.id, None)
        return True

    def _landed(
        self, record_id: UUID, landed_late: Callable[[], None], sent: asyncio.Future[object]
    ) -> None:
        if not sent.cancelled() and sent.exception() is None:
            self._buffered.pop(record_id, None)
            landed_late()

    async def _put(self, record: Record) -> asyncio.Future[object] | None:
        if self._kafka is None or self._broken.is_set():
            return None
        try:
            async with asyncio.timeout(SEND_SECONDS):
                buffered: asyncio.Future[object] = await self._kafka.send(
                    record.topic, record.value, key=record.key, headers=list(record.headers)
                )
        except (KafkaError, TimeoutError) as trouble:
            log.warning("send_not_buffered", topic=record.topic, error=type(trouble).__name__)
            if isinstance(trouble, KafkaError) and not isinstance(trouble, _OF_THE_RECORD):
                self._broken.set()
            return None
        self._buffered[record.id] = buffered
        return buffered

    async def _stay_connected(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            if await self._connect():
                pause = _FIRST_PAUSE_SECONDS
                await self._broken.wait()
                await self._discard()
                self._broken.clear()
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _connect(self) -> bool:
        kafka = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=_BATCH_BYTES,
            max_request_size=_REQUEST_BYTES,
        )
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await kafka.start()
        except (KafkaError, TimeoutError, OSError, asyncio.CancelledError) as trouble:
            await _stopped(kafka)
            if isinstance(trouble, asyncio.CancelledError):
                raise
            return False
        self._kafka = kafka
        log.info("producer_connected")
        return True

    async def _discard(self) -> None:
        kafka, self._kafka = self._kafka, None
        if kafka is not None:
            await _stopped(kafka)
        self._buffered.clear()


async def _stopped(kafka: AIOKafkaProducer) -> None:
    with contextlib.suppress(KafkaError, TimeoutError, OSError):
        async with asyncio.timeout(STOP_SECONDS):
            await kafka.stop()
