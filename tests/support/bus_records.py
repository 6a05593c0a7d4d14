"""Everything that stands on a broker, read without any service's help."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition

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
