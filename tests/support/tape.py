"""What stands on the bus, read by nobody's group: the witness that no service writes."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

_FETCH_MS = 200


@dataclass(frozen=True)
class Said:
    """One record as it stands in its topic."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    value: bytes | None

    @property
    def bytes_alone(self) -> tuple[object, ...]:
        """All that a repeat must have in common with the first."""
        return (self.topic, self.partition, self.key, self.headers, self.value)

    @property
    def id(self) -> UUID:
        """The id of the fact."""
        return UUID(self._header("ce_id"))

    @property
    def subject(self) -> UUID:
        """The document it speaks of."""
        return UUID(self._header("ce_subject"))

    @property
    def sequence(self) -> int:
        """Which of that document's facts it is."""
        return int(self._header("ce_sequence"))

    def _header(self, name: str) -> str:
        return dict(self.headers)[name].decode()


class Tape:
    """Some topics, read from where the tape was opened up to whatever stands there now."""

    def __init__(self, kafka: AIOKafkaConsumer, begun: dict[TopicPartition, int]) -> None:
        self._kafka = kafka
        self._next = begun
        self._said: list[Said] = []

    async def read(self) -> list[Said]:
        """Give everything that was said since the tape was opened, each partition in its order."""
        ends = await self._kafka.end_offsets(list(self._next))
        while any(self._next[place] < end for place, end in ends.items()):
            for place, records in (await self._kafka.getmany(timeout_ms=_FETCH_MS)).items():
                for record in records:
                    self._said.append(_said(record))
                    self._next[place] = record.offset + 1
        return list(self._said)

    @property
    def position(self) -> dict[TopicPartition, int]:
        """Give how far it was read."""
        return dict(self._next)

    async def of(self, subject: UUID) -> list[Said]:
        """Give what was said about one document."""
        return [said for said in await self.read() if said.subject == subject]

    async def sequences(self, subject: UUID) -> list[int]:
        """Give the sequences that were said about one document, repeats and all."""
        return [said.sequence for said in await self.of(subject)]


@asynccontextmanager
async def a_tape(
    kafka_bootstrap: str, *topics: str, from_beginning: bool = False
) -> AsyncIterator[Tape]:
    """Open a tape on topics, at their ends or at their beginnings."""
    kafka = AIOKafkaConsumer(
        bootstrap_servers=kafka_bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await kafka.start()
    try:
        places = [
            TopicPartition(topic, partition)
            for topic in topics
            for partition in await _partitions(kafka, topic)
        ]
        kafka.assign(places)
        begun = await (kafka.beginning_offsets if from_beginning else kafka.end_offsets)(places)
        for place, offset in begun.items():
            kafka.seek(place, offset)
        yield Tape(kafka, dict(begun))
    finally:
        await kafka.stop()


async def everything_said(kafka_bootstrap: str, topics: Iterable[str]) -> list[Said]:
    """Read topics from their beginnings to whatever stands there now."""
    async with a_tape(kafka_bootstrap, *topics, from_beginning=True) as tape:
        return await tape.read()


async def unheard(kafka_bootstrap: str, service: str, topic: str) -> int:
    """Count the records of a topic that a service's group has not committed yet."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    try:
        committed = await admin.list_consumer_group_offsets(f"{service}.{topic}.1")
    finally:
        await admin.close()
    async with a_tape(kafka_bootstrap, topic) as tape:
        ends = tape.position
    return sum(end - max(0, _offset(committed.get(place))) for place, end in ends.items())


def by_document(said: Iterable[Said]) -> dict[UUID, list[Said]]:
    """Gather what was said by the document it speaks of, in its order."""
    gathered: dict[UUID, list[Said]] = defaultdict(list)
    for each in said:
        gathered[each.subject].append(each)
    return dict(gathered)


def first_occurrences(said: Iterable[Said]) -> list[int]:
    """Give sequences in the order in which each was said for the first time."""
    return list(dict.fromkeys(each.sequence for each in said))


async def _partitions(kafka: AIOKafkaConsumer, topic: str) -> set[int]:
    await kafka._client._wait_on_metadata(topic)  # noqa: SLF001 - there is no public way to ask
    return set(kafka.partitions_for_topic(topic) or ())


def _offset(committed: Any) -> int:
    return 0 if committed is None else int(committed.offset)


def _said(record: object) -> Said:
    return Said(
        topic=record.topic,  # type: ignore[attr-defined] # aiokafka has no types
        partition=record.partition,  # type: ignore[attr-defined] # aiokafka has no types
        offset=record.offset,  # type: ignore[attr-defined] # aiokafka has no types
        key=record.key,  # type: ignore[attr-defined] # aiokafka has no types
        headers=tuple(record.headers),  # type: ignore[attr-defined] # aiokafka has no types
        value=record.value,  # type: ignore[attr-defined] # aiokafka has no types
    )
