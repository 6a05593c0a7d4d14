"""How many facts lie on a topic? Asked of the broker, so that nobody's own word is taken for it."""

import asyncio
import time
from typing import Self

from aiokafka import AIOKafkaConsumer, TopicPartition

_LOOK_EVERY_SECONDS = 0.005
_WAIT_SECONDS = 60


class BusEnds:
    """Counts the records of one topic."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        """Do not connect yet."""
        self._topic = topic
        self._consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap)

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def count(self) -> int:
        """Say how many records there are."""
        places = [TopicPartition(self._topic, n) for n in range(12)]
        return sum((await self._consumer.end_offsets(places)).values())

    async def reached(self, count: int) -> float:
        """Wait until there are so many, and say when that was seen."""
        async with asyncio.timeout(_WAIT_SECONDS):
            while await self.count() < count:  # noqa: ASYNC110 - the broker tells nobody
                await asyncio.sleep(_LOOK_EVERY_SECONDS)
        return time.monotonic()
