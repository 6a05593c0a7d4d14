"""An ordinary command: HTTP in, a rule, one majority write, a fact on Kafka.

The units of a prescription are counted on pathways: a document of some 2 kB is opened, judged,
sealed again and written with its fact, by a service in a process of its own.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psutil
from bus_ends import BusEnds
from grounds import Grounds, cpu_seconds
from http_load import Load, Request, ask
from rounds import Sample

from chassis.access import Intent
from chassis.domain import Change
from chassis.mongo import Mongo, Rows
from chassis.store import Collection
from contracts.ids import ClientId, PathwayId
from intake.model import Pathway
from intake_builders import NASHVILLE, PRESCRIPTION, a_pathway
from worlds import Ground, a_ground

TOPIC = Pathway.topic
CONNECTIONS = 16
_ADDED_AT_ONCE = 32
_WAIT_SECONDS = 60
_LOOK_EVERY_SECONDS = 0.01


async def lay_pathways(grounds: Grounds, count: int) -> list[UUID]:
    """Keep so many pathways as intake keeps them, and give their ids."""
    async with a_ground(
        grounds.mongo_url,
        "cairn_intake",
        kafka_bootstrap=grounds.bootstrap,
        master_key=grounds.master_key,
    ) as ground:
        rows = ground.database["pathways"]
        pathways = Collection(Pathway, rows, ground.keeping)
        ids: list[UUID] = []
        for _ in range(0, count, _ADDED_AT_ONCE):
            ids += await asyncio.gather(*(_added(pathways, ground) for _ in range(_ADDED_AT_ONCE)))
        await emptied(rows)
    return ids[:count]


async def _added(pathways: Collection[Pathway], ground: Ground) -> UUID:
    pathway = a_pathway(pathway_id=PathwayId(uuid4()), client_id=ClientId(uuid4()))
    await ground.vault.open_keys(pathway.client_id, ("chart",))
    await pathways.add(Change(pathway), Intent.own("intake"))
    return pathway.pathway_id


async def emptied(rows: Rows) -> None:
    """Wait until nothing is left in any outbox, so that no round works for the one before."""
    await until(rows, {"outbox_oldest": {"$exists": True}}, 0)


async def until(rows: Rows, where: Mapping[str, Any], count: int) -> None:
    """Wait until there are so many of these."""
    async with asyncio.timeout(_WAIT_SECONDS):
        while await rows.count_documents(where) != count:  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(_LOOK_EVERY_SECONDS)


class Commands:
    """Intake as it runs, asked by a load process over open connections."""

    def __init__(
        self, grounds: Grounds, mongo: Mongo, intake: psutil.Process, pathways: Sequence[UUID]
    ) -> None:
        """Count units on these pathways."""
        self._grounds = grounds
        self._rows = mongo.database("cairn_intake")["pathways"]
        self._intake = intake
        self._pathways = pathways
        self._token = grounds.coordinator(NASHVILLE, uuid4())

    def of_round(self, number: int, count: int) -> list[UUID]:
        """Choose the pathways of a round, so that all of them grow alike."""
        first = number * count
        return [self._pathways[(first + n) % len(self._pathways)] for n in range(count)]

    async def run(self, ids: Sequence[UUID], ends: BusEnds) -> Sample:
        """Send a command for each of these, and wait until the last fact is on Kafka."""
        load = self._load(ids)
        before = await ends.count()
        cpu_before = cpu_seconds([self._intake])
        answers = await ask(load)
        if answers.failures:
            raise RuntimeError(f"{len(answers.failures)} failed: {answers.failures[0]}")
        told = await ends.reached(before + len(ids))
        cpu = cpu_seconds([self._intake]) - cpu_before
        await emptied(self._rows)
        seconds = max(told, answers.ended) - answers.began
        return Sample(len(ids), seconds, cpu, tuple(answers.latencies_ms))

    def _load(self, ids: Sequence[UUID]) -> Load:
        moved = {
            "kind": "received",
            "prescription_id": str(PRESCRIPTION),
            "units": "2",
            "moved_at": datetime.now(UTC).isoformat(),
        }
        requests = (
            Request(f"/v1/pathways/{each}/record-ledger", str(uuid4()), moved) for each in ids
        )
        port = self._grounds.ports["intake"]
        return Load("127.0.0.1", port, self._token, CONNECTIONS, tuple(requests))
