"""A visit is booked over HTTP, and its notices are planned: two services, three hops on the bus.

Sessions keeps the visit and tells it; notifications hears it, asks itself to plan it, and writes
the plan. What was heard of clients, pathways and the site before is put on the bus as intake says
it, sealed under keys of the same vault.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psutil
from command import emptied, until
from grounds import Grounds, cpu_seconds
from heard_facts import opened, send
from http_load import Load, Request, ask
from rounds import Sample

from chassis.mongo import Mongo
from chassis.outbox import as_record
from chassis.producer import Record
from chassis.rows import fact_entry
from chassis.vault import KeyRing, Vault
from contracts.base import Message
from contracts.ids import ClientId, PathwayId, StaffId, key_id
from contracts.intake import CareTeamMember, ClientRegistered, PathwayOpened, SiteChanged
from intake_builders import NASHVILLE, a_client, a_pathway
from visit_facts import TELLING

CONNECTIONS = 16
_FIRST_VISIT = timedelta(days=10)
_VISIT_EVERY = timedelta(hours=2)


@dataclass(frozen=True)
class Care:
    """One client in care, with a pathway and a therapist of their own."""

    client_id: UUID
    pathway_id: UUID
    therapist_id: UUID


SITE = SiteChanged(site_id=NASHVILLE, name="Nashville", zone="America/Chicago")


async def tell_of(people: Sequence[Care], vault: Vault, bootstrap: str) -> None:
    """Tell the site, the clients and their pathways as intake does."""
    ids = [care.client_id for care in people]
    ring = await opened(ids, vault, ("contact", "chart"))
    records = [_told(SITE, ring)]
    for care in people:
        client = a_client(client_id=ClientId(care.client_id))
        member = CareTeamMember(staff_id=StaffId(care.therapist_id), role="therapist")
        pathway = a_pathway(
            pathway_id=PathwayId(care.pathway_id),
            client_id=ClientId(care.client_id),
            care_team=(member,),
        )
        records.append(_told(client.tell(ClientRegistered), ring))
        records.append(_told(pathway.tell(PathwayOpened), ring))
    await send(bootstrap, records)


def _told(message: Message, ring: KeyRing) -> Record:
    entry = fact_entry(message, sequence=1, site=NASHVILLE, ring=ring, telling=TELLING)
    return as_record(entry)


def some_care(count: int) -> list[Care]:
    """Think of so many clients in care."""
    return [Care(uuid4(), uuid4(), uuid4()) for _ in range(count)]


def a_visit(care: Care, number: int, begins: datetime) -> dict[str, Any]:
    """Ask for a visit at a time that only this one takes."""
    starts_at = begins + _FIRST_VISIT + number * _VISIT_EVERY
    return {
        "pathway_id": str(care.pathway_id),
        "site_id": str(NASHVILLE),
        "kind": "integration",
        "mode": "in_person",
        "therapist_id": str(care.therapist_id),
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(minutes=50)).isoformat(),
    }


class VisitToPlan:
    """Sessions and notifications as they run, asked by a load process over open connections."""

    def __init__(self, grounds: Grounds, mongo: Mongo, people: Sequence[Care]) -> None:
        """Book visits for these people."""
        self._grounds = grounds
        self._people = people
        self._sessions = mongo.database("cairn_sessions")
        self._notifications = mongo.database("cairn_notifications")
        self._plans = self._notifications["plans"]
        self._token = grounds.coordinator(NASHVILLE, uuid4())
        self._begins = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)

    async def heard(self) -> None:
        """Wait until both services have heard of everybody."""
        clients = [care.client_id for care in self._people]
        pathways = [care.pathway_id for care in self._people]
        for rows, ids in (
            (self._sessions["heard_intake_pathways"], pathways),
            (self._sessions["heard_intake_clients"], clients),
            (self._notifications["heard_intake_clients"], clients),
        ):
            await until(rows, {"_id": {"$in": ids}}, len(ids))
        await self._quiet()

    async def run(self, number: int, processes: Sequence[psutil.Process]) -> Sample:
        """Book one visit for everybody, and wait until the last plan stands."""
        before = await self._plans.count_documents({})
        cpu_before = cpu_seconds(processes)
        answers = await ask(self._load(number))
        if answers.failures:
            raise RuntimeError(f"{len(answers.failures)} failed: {answers.failures[0]}")
        count = len(self._people)
        await until(self._plans, {}, before + count)
        ended, cpu_ended = time.monotonic(), cpu_seconds(processes)
        await self._quiet()
        return Sample(
            count, ended - answers.began, cpu_ended - cpu_before, tuple(answers.latencies_ms)
        )

    def _load(self, number: int) -> Load:
        requests = (
            Request("/v1/visits", str(uuid4()), a_visit(care, number, self._begins))
            for care in self._people
        )
        port = self._grounds.ports["sessions"]
        return Load("127.0.0.1", port, self._token, CONNECTIONS, tuple(requests))

    async def _quiet(self) -> None:
        for rows in (
            self._sessions["visits"],
            self._notifications["heard_intake_clients"],
            self._notifications["heard_sessions_visits"],
            self._plans,
        ):
            await emptied(rows)


def key_ids_of(people: Sequence[Care]) -> list[str]:
    """Name every key of these people."""
    return [
        str(key_id(care.client_id, sealed_as))
        for care in people
        for sealed_as in ("contact", "chart")
    ]
