"""The same facts into the same rows with nothing but the drivers."""

import asyncio
import time
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer
from bare import Keys, Rows, database, gated, kid_of
from heard_facts import Heap
from pymongo import AsyncMongoClient, UpdateOne
from rounds import Sample

_RECORDS = 500
_ROUND_SECONDS = 60


class ProjectionFloor:
    """One consumer, one loop: open every body, hold it against its type, write it, commit."""

    def __init__(self, mongo_url: str, bootstrap: str, wrapping: bytes, heap: Heap) -> None:
        """Hear this heap, each time in a new group and into an empty collection."""
        self._mongo: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(mongo_url)
        self._keys = Keys(self._mongo, wrapping)
        self._bootstrap = bootstrap
        self._heap = heap
        self._known = {message.wire_name: message for message in heap.messages}

    async def hear(self, number: int) -> Sample:
        """Hear the whole heap once."""
        name = f"floor{number}_{uuid4().hex[:8]}"
        rows = database(self._mongo, "bench_projection")[name]
        await rows.create_index(
            "outbox_oldest", partialFilterExpression={"outbox_oldest": {"$exists": True}}
        )
        if self._heap.forgets_keys:
            self._keys.forget()
        else:
            await self._keys.fetch(map(str, self._heap.key_ids))
        consumer = AIOKafkaConsumer(
            self._heap.topic,
            bootstrap_servers=self._bootstrap,
            group_id=name,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        try:
            async with asyncio.timeout(_ROUND_SECONDS):
                sample = await self._hear(consumer, rows)
        finally:
            await consumer.stop()
        await self._heap.check(rows)
        return sample

    async def close(self) -> None:
        """Close the connections."""
        await self._mongo.close()

    async def _hear(self, consumer: AIOKafkaConsumer, rows: Rows) -> Sample:
        left, began, cpu_began = self._heap.count, 0.0, 0.0
        while left:
            batch = await consumer.getmany(timeout_ms=1000, max_records=_RECORDS)
            began, cpu_began = began or time.perf_counter(), cpu_began or time.process_time()
            records = [record for each in batch.values() for record in each]
            if not records:
                continue
            if self._heap.sealed:
                await self._keys.fetch(kid_of(record.value) for record in records)
            await rows.bulk_write([self._taking(record) for record in records], ordered=False)
            await consumer.commit({place: each[-1].offset + 1 for place, each in batch.items()})
            left -= len(records)
        cpu_seconds = time.process_time() - cpu_began
        return Sample(self._heap.count, time.perf_counter() - began, cpu_seconds)

    def _taking(self, record: Any) -> UpdateOne:
        headers = dict(record.headers)
        wire_name = headers["ce_type"].decode()
        body = self._keys.open(record.value) if self._heap.sealed else record.value
        state = self._known[wire_name].model_validate_json(body)
        kept = {
            "type": wire_name,
            "body": record.value,
            "clear": {name: getattr(state, name) for name in self._heap.clear_fields},
        }
        return gated(state.subject, int(headers["ce_sequence"]), kept)
