import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID, uuid4

import pytest

from chassis.access import Intent
from chassis.audit import AuditChain
from chassis.clock import Clock
from chassis.domain import Change, Document
from chassis.mongo import Mongo
from chassis.outbox import Relay
from chassis.producer import Producer
from chassis.store import Collection, Keeping
from chassis.vault import Vault
from contracts.ids import SessionId
from contracts.sessions import ClientDischarged, MedicineTaken, SessionState
from intake_builders import a_dose, a_session
from intake_people import a_cleared_pathway, done, dose_body
from worlds import MASTER_KEY

pytestmark = pytest.mark.wired

OWN = Intent.own("sessions")


class Session(SessionState, Document):
    """A session as the sessions service keeps it, as far as it is told."""

    clear_fields: ClassVar[tuple[str, ...]] = ("client_id",)


@asynccontextmanager
async def sessions_service(servers):
    """What the sessions service tells others by: its own store, outbox and producer."""
    mongo = Mongo(servers.mongo_url)
    vault, clock = Vault(mongo, MASTER_KEY), Clock(mongo, demo=False)
    database = mongo.database(f"trial_{uuid4().hex[:12]}")
    audit = AuditChain(database["audit"], key=b"k" * 32, process=uuid4().hex)
    producer = Producer(servers.kafka_bootstrap)
    relay = Relay(producer, audit, clock)
    kept = Collection(
        Session, database["sessions"], Keeping("sessions", vault, relay, clock, audit)
    )
    await clock.start()
    await kept.ensure_indexes()
    await audit.start()
    producer.start()
    relay.start()
    try:
        yield kept
    finally:
        await relay.stop(within_seconds=5)
        await producer.stop()
        await audit.stop()
        await clock.stop()
        await mongo.close()


@pytest.fixture(scope="module")
async def sessions(servers):
    """The sessions service's own store."""
    async with sessions_service(servers) as kept:
        yield kept


def a_session_of(pathway, session_id, *doses):
    """A session of this client, with these doses."""
    return Session(
        **{
            **dict(a_session(doses=doses)),
            "session_id": SessionId(UUID(session_id)),
            "client_id": pathway["client_id"],
            "pathway_id": pathway["id"],
            "site_id": pathway["site_id"],
        }
    )


def taken(pathway, units="2"):
    """A dose of this pathway's prescription, taken now."""
    return a_dose(
        prescription_id=UUID(pathway["prescriptions"][0]["prescription_id"]),
        units=Decimal(units),
        taken_at=datetime.now(UTC),
    )


async def moved(network, pathway, movements):
    """Wait until the ledger has so many movements."""
    async with asyncio.timeout(20):
        while True:
            now = await done(network.coordinator.get(f"/v1/pathways/{pathway['id']}"))
            if len(now["ledger"]) >= movements:
                return now
            await asyncio.sleep(0.1)


class TestCountDose:
    async def test_a_dose_that_is_told_moves_the_ledger_and_uses_the_reservation(
        self, network, sessions
    ):
        """The units are gone, and the next dose is judged by what is left."""
        pathway = await a_cleared_pathway(network)
        body = dose_body(network, pathway)
        await done(network.sessions.post(f"/v1/pathways/{pathway['id']}/reserve-dose", body))
        session = a_session_of(pathway, body["session_id"], taken(pathway))
        await sessions.add(Change(session, (session.tell(MedicineTaken),)), OWN)

        now = await moved(network, pathway, 2)

        assert [each["units"] for each in now["ledger"]] == ["6", "-2"]
        assert now["reservations"][0]["used_at"] == now["ledger"][1]["moved_at"]

    async def test_a_dose_that_is_told_again_is_counted_once(self, network, sessions):
        """Every later fact of the session carries the dose again."""
        pathway = await a_cleared_pathway(network)
        session = a_session_of(pathway, str(uuid4()), taken(pathway))
        await sessions.add(Change(session, (session.tell(MedicineTaken),)), OWN)
        await moved(network, pathway, 2)

        def discharge(session):
            changed = session.but(
                phase="discharged", doses=(*session.doses, taken(pathway, units="0.5"))
            )
            return Change(changed, (changed.tell(ClientDischarged),))

        await sessions.change(session.id, discharge, OWN)

        now = await moved(network, pathway, 3)
        assert [each["units"] for each in now["ledger"]] == ["6", "-2", "-0.5"]
