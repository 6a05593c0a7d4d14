"""The same reads, writes and sends of a command with nothing but the drivers."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaProducer
from bare import Keys, Telling, audit_entry, database, fact_entry, keep
from pymongo import AsyncMongoClient
from rounds import Sample

from contracts.ids import key_id
from contracts.intake import LedgerMoved, LedgerMovement
from intake.model import Pathway
from intake_builders import PRESCRIPTION

_MOVED = LedgerMovement(
    kind="received",
    prescription_id=PRESCRIPTION,
    units=Decimal(2),
    moved_at=datetime(2026, 11, 23, tzinfo=UTC),
)
_FIELDS = {"body": 1, "version": 1, "sequence": 1, "keys": 1}


class CommandFloor:
    """A loop of finds and updates, with one producer beside it."""

    def __init__(
        self, mongo_url: str, producer: AIOKafkaProducer, wrapping: bytes, topic: str
    ) -> None:
        """Work on copies of the documents that intake keeps."""
        self._mongo: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(mongo_url)
        self._keys = Keys(self._mongo, wrapping)
        self._rows = database(self._mongo, "bench_command")["pathways"]
        self._telling = Telling(producer, database(self._mongo, "bench_command")["audit"])
        self._topic = topic

    async def copy_documents(self) -> None:
        """Take over what intake keeps, as it lies there, and every key."""
        target = {"db": "bench_command", "coll": "pathways"}
        await self._mongo["cairn_intake"]["pathways"].aggregate([{"$out": target}])
        await self._keys.fetch_all()

    async def close(self) -> None:
        """Close the connections."""
        await self._mongo.close()

    async def run(self, ids: Sequence[UUID], connections: int) -> Sample:
        """Change these documents, and wait until the last fact is acknowledged."""
        waiting, latencies = iter(ids), list[float]()
        began, cpu_began = time.monotonic(), time.process_time()
        async with self._telling.removing():
            await asyncio.gather(*(self._work(waiting, latencies) for _ in range(connections)))
            await self._telling.all_sent()
            ended, cpu_ended = time.monotonic(), time.process_time()
        return Sample(len(ids), ended - began, cpu_ended - cpu_began, tuple(latencies))

    async def _work(self, ids: Iterator[UUID], latencies: list[float]) -> None:
        for document_id in ids:
            asked_at = time.perf_counter()
            entries = await self._change(document_id)
            latencies.append((time.perf_counter() - asked_at) * 1000)
            self._telling.offer(self._rows, document_id, entries)

    async def _change(self, document_id: UUID) -> list[dict[str, Any]]:
        row: Any = await self._rows.find_one({"_id": document_id}, _FIELDS)
        pathway = Pathway.model_validate_json(self._keys.open(row["body"]))
        changed = pathway.model_copy(update={"ledger": (*pathway.ledger, _MOVED)})
        version, sequence = row["version"] + 1, row["sequence"] + 1
        told = LedgerMoved(**{name: getattr(changed, name) for name in LedgerMoved.model_fields})
        sealed = self._sealed(told, LedgerMoved.wire_name, sequence)
        entries = [
            fact_entry(told, sequence=sequence, topic=self._topic, body=sealed),
            audit_entry(document_id, version, kind="pathways", site=changed.site_id),
        ]
        state = {
            "version": version,
            "sequence": sequence,
            "body": self._sealed(changed, "pathways", version),
            "clear": dict(changed.clear()),
        }
        await keep(self._rows, document_id, before=row, state=state, entries=entries)
        return entries

    def _sealed(self, body: Pathway | LedgerMoved, kind: str, sequence: int) -> bytes:
        return self._keys.seal(
            body.model_dump_json().encode(),
            kid=key_id(body.client_id, "chart"),
            subject=body.pathway_id,
            kind=kind,
            sequence=sequence,
        )
