"""The same chain from a visit to its plan with nothing but the drivers, all in one process.

Booking reads the pathway, the client and the site, and writes the visit with its fact. Hearing
opens the fact and writes the mirror with the follow-up. Planning reads the visit and the client
and writes the plan. Every write waits for a majority, every send for its acknowledgement.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from bare import (
    Keys,
    Telling,
    audit_entry,
    database,
    fact_entry,
    gated,
    keep,
    work_entry,
)
from pymongo import AsyncMongoClient, UpdateOne
from rounds import Sample
from visit_to_plan import SITE, Care

from contracts.base import Message
from contracts.ids import NoticeId, VisitId, key_id, plan_of
from contracts.intake import ClientState, PathwayState
from contracts.sessions import VisitScheduled, VisitState
from notifications.model import Plan, PlannedNotice
from visit_facts import a_visit

M = TypeVar("M", bound=Message)

_RECORDS = 500
_ROUND_SECONDS = 60
_BEFORE = (timedelta(days=7), timedelta(days=1), timedelta(hours=3))


class VisitToPlanFloor:
    """A booking loop and two consumers that stay connected."""

    def __init__(
        self, mongo_url: str, bootstrap: str, producer: AIOKafkaProducer, wrapping: bytes
    ) -> None:
        """Work on copies of what sessions and notifications have heard."""
        self._mongo: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(mongo_url)
        self._bootstrap = bootstrap
        self._keys = Keys(self._mongo, wrapping)
        kept = database(self._mongo, "bench_visit_to_plan")
        self._visits, self._heard, self._plans = kept["visits"], kept["heard"], kept["plans"]
        self._pathways, self._clients = kept["pathways"], kept["clients"]
        self._sites = kept["sites"]
        self._telling = Telling(producer, kept["audit"])
        self._to_plan = 0
        self._all_planned = asyncio.Event()
        self._hearing: list[asyncio.Task[None]] = []

    async def copy_documents(self, kids: Sequence[str]) -> None:
        """Take over what sessions has heard, as it lies there, and the keys."""
        for name in ("pathways", "clients", "sites"):
            target = {"db": "bench_visit_to_plan", "coll": name}
            heard = self._mongo["cairn_sessions"][f"heard_intake_{name}"]
            await heard.aggregate([{"$out": target}])
        await self._visits.create_index(
            "clear.holds", unique=True, partialFilterExpression={"clear.holds": {"$gt": ""}}
        )
        for rows in (self._visits, self._heard, self._plans):
            await rows.create_index(
                "outbox_oldest", partialFilterExpression={"outbox_oldest": {"$exists": True}}
            )
        await self._keys.fetch(kids)

    async def close(self) -> None:
        """Close the connections."""
        await self._mongo.close()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Stay in both groups for as long as this lasts."""
        hearings = ((VISITS, self._hear), (WORK, self._plan))
        consumers = [_consumer(topic, self._bootstrap) for topic, _ in hearings]
        await asyncio.gather(*(each.start() for each in consumers))
        self._hearing = [
            asyncio.create_task(_each_batch(consumer, act))
            for consumer, (_, act) in zip(consumers, hearings, strict=True)
        ]
        try:
            yield
        finally:
            for task in self._hearing:
                task.cancel()
            await asyncio.gather(*self._hearing, return_exceptions=True)
            await asyncio.gather(*(each.stop() for each in consumers))

    async def run(self, people: Sequence[Care], starts_at: datetime, connections: int) -> Sample:
        """Book a visit for everybody, and wait until the last plan stands."""
        self._to_plan = len(people)
        self._all_planned.clear()
        waiting, latencies = iter(people), list[float]()
        began, cpu_began = time.monotonic(), time.process_time()
        async with self._telling.removing(), asyncio.timeout(_ROUND_SECONDS):
            await asyncio.gather(
                *(self._work(waiting, starts_at, latencies) for _ in range(connections))
            )
            await self._until_planned()
            ended, cpu_ended = time.monotonic(), time.process_time()
            await self._telling.all_sent()
        return Sample(len(people), ended - began, cpu_ended - cpu_began, tuple(latencies))

    async def _until_planned(self) -> None:
        planned = asyncio.create_task(self._all_planned.wait())
        await asyncio.wait([planned, *self._hearing], return_when=asyncio.FIRST_COMPLETED)
        for task in self._hearing:
            if task.done():
                planned.cancel()
                await task

    async def _work(
        self, people: Iterator[Care], starts_at: datetime, latencies: list[float]
    ) -> None:
        for care in people:
            asked_at = time.perf_counter()
            visit, entries = await self._book(care, starts_at)
            latencies.append((time.perf_counter() - asked_at) * 1000)
            self._telling.offer(self._visits, visit.visit_id, entries)

    async def _book(
        self, care: Care, starts_at: datetime
    ) -> tuple[VisitScheduled, list[dict[str, Any]]]:
        pathway = self._read(PathwayState, await self._pathways.find_one({"_id": care.pathway_id}))
        self._read(ClientState, await self._clients.find_one({"_id": pathway.client_id}))
        await self._sites.find_one({"_id": SITE.site_id})
        visit = a_visit(
            visit_id=VisitId(uuid4()),
            client_id=pathway.client_id,
            pathway_id=pathway.pathway_id,
            site_id=SITE.site_id,
            kind="integration",
            therapist_id=care.therapist_id,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=50),
        )
        entries = [
            fact_entry(visit, sequence=1, topic=VISITS, body=self._sealed(visit, visit.wire_name)),
            audit_entry(visit.visit_id, 1, kind="visits", site=visit.site_id),
        ]
        quarters = range(4)
        people = (f"staff:{visit.therapist_id}", f"client:{visit.client_id}")
        clear = {
            "client_id": visit.client_id,
            "site_id": visit.site_id,
            "starts_at": starts_at,
            "holds": [f"{each}|{starts_at:%s}{n}" for n in quarters for each in people],
        }
        state = {"version": 1, "sequence": 1, "clear": clear}
        state["body"] = self._sealed(visit, "visits")
        await keep(self._visits, visit.visit_id, before=None, state=state, entries=entries)
        return visit, entries

    async def _hear(self, records: Sequence[Any]) -> None:
        writes: list[UpdateOne] = []
        works: list[tuple[UUID, dict[str, Any]]] = []
        for record in records:
            visit = VisitScheduled.model_validate_json(self._keys.open(record.value))
            work = work_entry("plan-visit", visit.visit_id, topic=WORK, key=visit.client_id)
            kept = {"type": visit.wire_name, "body": record.value}
            clear = {"clear": {"client_id": visit.client_id, "kind": visit.kind}}
            writes.append(gated(visit.visit_id, 1, kept | clear, [work]))
            works.append((visit.visit_id, work))
        await self._heard.bulk_write(writes, ordered=False)
        for subject, work in works:
            self._telling.offer(self._heard, subject, [work])

    async def _plan(self, records: Sequence[Any]) -> None:
        subjects = [UUID(dict(record.headers)["ce_subject"].decode()) for record in records]
        visits = await self._heard.find({"_id": {"$in": subjects}}).to_list()
        heard = [self._read(VisitState, row) for row in visits]
        ids = list({visit.client_id for visit in heard})
        clients = await self._clients.find({"_id": {"$in": ids}}).to_list()
        for row in clients:
            self._read(ClientState, row)
        await asyncio.gather(*map(self._keep_plan, heard))
        self._to_plan -= len(heard)
        if self._to_plan <= 0:
            self._all_planned.set()

    async def _keep_plan(self, visit: VisitState) -> None:
        plan = Plan(
            plan_id=plan_of(visit.visit_id),
            visit_id=visit.visit_id,
            client_id=visit.client_id,
            site_id=visit.site_id,
            anchor_sequence=1,
            notices=tuple(_notice(visit, before) for before in _BEFORE),
            pack="kap-notices@2026-11-01#000000000000 not approved",
        )
        entries = [audit_entry(plan.plan_id, 1, kind="plans", site=plan.site_id)]
        body = self._sealed(plan, "plans")
        state = {"version": 1, "sequence": 0, "body": body, "clear": dict(plan.clear())}
        await keep(self._plans, plan.plan_id, before=None, state=state, entries=entries)
        self._telling.offer(self._plans, plan.plan_id, entries)

    def _read(self, kind: type[M], row: Mapping[str, Any] | None) -> M:
        if row is None:
            raise RuntimeError(f"no {kind.__name__}")
        return kind.model_validate_json(self._keys.open(row["body"]), extra="ignore")

    def _sealed(self, body: Any, kind: str) -> bytes:
        kid = key_id(body.client_id, "chart")
        whole = body.model_dump_json().encode()
        return self._keys.seal(whole, kid=kid, subject=body.subject, kind=kind, sequence=1)


VISITS, WORK = "bench.visits", "bench.work"


def _consumer(topic: str, bootstrap: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id=f"{topic}.1",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )


async def _each_batch(consumer: AIOKafkaConsumer, act: Callable[[Sequence[Any]], Any]) -> None:
    while True:
        batch = await consumer.getmany(timeout_ms=1000, max_records=_RECORDS)
        if batch:
            await act([record for each in batch.values() for record in each])
            await consumer.commit({place: each[-1].offset + 1 for place, each in batch.items()})


def _notice(visit: VisitState, before: timedelta) -> PlannedNotice:
    due_at = visit.starts_at - before
    return PlannedNotice(
        notice_id=NoticeId(uuid4()),
        item="k06-day-before",
        notice_class="visit",
        channel="email",
        due_at=due_at,
        expires_at=due_at + timedelta(hours=6),
        anchor_at=visit.starts_at,
    )
