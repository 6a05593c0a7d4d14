"""Everything that stands on a broker, read without any service's help."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from cairn.bridge import answer_of

_WITHIN_SECONDS = 30.0
_POLL_MS = 200


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it stands on the bus."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    def header(self, name: str) -> str:
        """Give one header; empty where it is missing."""
        return dict(self.headers).get(name, b"").decode()


def records_on(bootstrap: str, topics: Sequence[str]) -> list[Record]:
    """Read these topics from their beginning to their present end."""
    return answer_of(asyncio.wait_for(_read(bootstrap, topics), _WITHIN_SECONDS))


def waiting_on(bootstrap: str, hearers: Mapping[str, Iterable[str]]) -> set[str]:
    """Name, as service and topic, who has something on a topic still to hear."""
    return answer_of(asyncio.wait_for(_waiting(bootstrap, hearers), _WITHIN_SECONDS))


async def _waiting(bootstrap: str, hearers: Mapping[str, Iterable[str]]) -> set[str]:
    consumer = AIOKafkaConsumer(*hearers, bootstrap_servers=bootstrap, group_id=None)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await consumer.start()
    await admin.start()
    try:
        ends = await consumer.end_offsets(list(consumer.assignment()))
        waiting = set()
        pairs = [(topic, service) for topic, named in hearers.items() for service in named]
        for topic, service in pairs:
            done: Any = await admin.list_consumer_group_offsets(f"{service}.{topic}.1")
            behind = (
                place.topic == topic and end > 0 and (place not in done or done[place].offset < end)
                for place, end in ends.items()
            )
            if any(behind):
                waiting.add(f"{service} {topic}")
        return waiting
    finally:
        await admin.close()
        await consumer.stop()


async def _read(bootstrap: str, topics: Sequence[str]) -> list[Record]:
    consumer = AIOKafkaConsumer(
        *topics, bootstrap_servers=bootstrap, enable_auto_commit=False, group_id=None
    )
    await consumer.start()
    try:
        places = [
            TopicPartition(topic, partition)
            for topic in topics
            for partition in consumer.partitions_for_topic(topic) or ()
        ]
        ends = await consumer.end_offsets(places)
        await consumer.seek_to_beginning(*places)
        found: list[Record] = []
        while any([await consumer.position(place) < ends[place] for place in places]):
            for batch in (await consumer.getmany(timeout_ms=_POLL_MS)).values():
                found.extend(map(_record, batch))
        return found
    finally:
        await consumer.stop()


def _record(raw: object) -> Record:
    names = ("topic", "partition", "offset", "key", "value", "headers")
    given = {name: getattr(raw, name) for name in names}
    return Record(**{**given, "headers": tuple(given["headers"])})
