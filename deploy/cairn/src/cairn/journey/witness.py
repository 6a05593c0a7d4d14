"""What was said on the bus, and who heard it? Seen from outside, without any service's help."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from contracts.catalog import TOPICS
from contracts.envelope import Unreadable, read_headers

_POLL_MS = 50
_LOOK_EVERY_SECONDS = 0.02
_STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Told:
    """One fact as it stands on the bus; its body stays sealed."""

    topic: str
    partition: int
    offset: int
    type: str
    subject: UUID
    sequence: int
    body_bytes: int
    sealed: bool


class Witness:
    """Reads every topic in the clear part only, from the moment it is called."""

    def __init__(self, bootstrap: str) -> None:
        """Listen to this broker once entered."""
        self._bootstrap = bootstrap
        self._seen: list[Told] = []
        self._shown = 0
        self._loop = asyncio.new_event_loop()
        self._listening = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="witness", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._listening.wait(timeout=30)
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(RuntimeError):  # the loop is closed when its thread has ended by itself
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=_STOP_SECONDS)

    def new(self) -> list[Told]:
        """Give what was said since this was asked last, in the order it came."""
        fresh = self._seen[self._shown :]
        self._shown += len(fresh)
        return fresh

    def has_said(self, wanted: Callable[[Told], bool]) -> bool:
        """Say whether such a fact was said since the walk began."""
        return any(map(wanted, self._seen))

    def heard(self, told: Told, by: Iterable[str], *, within_seconds: float) -> list[str]:
        """Wait until these services have committed a fact as done; give those who have."""
        asked = self._heard(told, list(by), time.monotonic() + within_seconds)
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result()

    async def _heard(self, told: Told, by: list[str], deadline: float) -> list[str]:
        place = TopicPartition(told.topic, told.partition)
        heard: list[str] = []
        while len(heard) < len(by) and time.monotonic() < deadline:
            for service in by:
                if service not in heard:
                    group = f"{service}.{told.topic}.1"
                    offsets: dict[Any, Any] = await self._admin.list_consumer_group_offsets(group)
                    if place in offsets and offsets[place].offset > told.offset:
                        heard.append(service)
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
        return heard

    def _run(self) -> None:
        with closing(self._loop):
            self._loop.run_until_complete(self._listen())

    async def _listen(self) -> None:
        consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, enable_auto_commit=False)
        self._admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap)
        await consumer.start()
        await self._admin.start()
        try:
            places = [
                TopicPartition(topic, partition)
                for topic in TOPICS
                for partition in consumer.partitions_for_topic(topic)
                or await _known(consumer, topic)
            ]
            consumer.assign(places)
            await consumer.seek_to_end(*places)
            for place in places:
                await consumer.position(place)
            self._listening.set()
            while not self._stop.is_set():
                batch = await consumer.getmany(timeout_ms=_POLL_MS)
                for records in batch.values():
                    self._seen.extend(each for each in map(_told, records) if each is not None)
        finally:
            with suppress(Exception):
                await asyncio.wait_for(consumer.stop(), _STOP_SECONDS)
            with suppress(Exception):
                await asyncio.wait_for(self._admin.close(), _STOP_SECONDS)


async def _known(consumer: AIOKafkaConsumer, topic: str) -> Iterable[int]:
    """Ask for a topic that this consumer has not heard of yet."""
    await consumer._client.add_topic(topic)  # noqa: SLF001 - there is no public way to ask
    partitions: set[int] | None = consumer.partitions_for_topic(topic)
    return partitions or set()


def _told(record: Any) -> Told | None:
    try:
        envelope = read_headers(record.headers)
    except Unreadable:
        return None
    return Told(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        type=envelope.type,
        subject=envelope.subject,
        sequence=envelope.sequence,
        body_bytes=len(record.value or b""),
        sealed=envelope.sealed,
    )
