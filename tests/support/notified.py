"""Notifications as it runs, between owners who answer, a mail server, and clients at noon."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from chassis.audit import AuditChain
from chassis.clock import Clock
from chassis.mongo import Mongo
from chassis.outbox import Relay
from chassis.producer import Producer
from chassis.store import Collection, Keeping
from chassis.vault import Vault
from contracts.base import Message
from contracts.ids import ClientId, SiteId, VisitId, plan_of
from contracts.intake import ClientRegistered, SiteChanged
from contracts.sessions import ClientDischarged, VisitScheduled
from notice_builders import a_client, a_session, a_site, a_visit
from notifications.app import build
from notifications.model import Plan
from owners import Owners
from served import Person, Served, served, serving
from smtp_server import MailServer
from telling import Teller
from wired import Servers
from worlds import MASTER_KEY

M = TypeVar("M", bound=Message)

A_DAY = timedelta(hours=24)


@dataclass(frozen=True)
class Notified:
    """The running service and everybody around it."""

    running: Served
    owners: Owners
    mail: MailServer
    teller: Teller


@asynccontextmanager
async def notified(
    servers: Servers, home: Path, mail: MailServer, teller: Teller, **settings_but: Any
) -> AsyncIterator[Notified]:
    """Run the service with owners and a mail server of its own."""
    owners = Owners()
    async with serving(owners.app) as url:
        asked: dict[str, Any] = {"intake_url": url, "sessions_url": url, "smtp_url": mail.url}
        async with served("notifications", build, servers, home, **asked | settings_but) as running:
            yield Notified(running, owners, mail, teller)


def noon_zone(at: datetime) -> str:
    """Name a zone in which it is about noon now, so that every window is open."""
    return f"Etc/GMT{at.astimezone(UTC).hour - 12:+d}"


@asynccontextmanager
async def a_dying_process(servers: Servers) -> AsyncIterator[Collection[Plan]]:
    """Give the plans to somebody who writes as the service does, and then is heard of no more."""
    mongo = Mongo(servers.mongo_url)
    clock = Clock(mongo, demo=False)
    await clock.start()
    database = mongo.database("cairn_notifications")
    audit = AuditChain(database["audit"], key=b"k" * 32, process=uuid4().hex)
    await audit.start()
    relay = Relay(Producer("127.0.0.1:9"), audit, clock)
    keeping = Keeping("notifications", Vault(mongo, MASTER_KEY), relay, clock, audit)
    try:
        yield Collection(Plan, database["plans"], keeping)
    finally:
        await audit.stop()
        await clock.stop()
        await mongo.close()


@dataclass
class Someone:
    """One client with one medicine visit that nobody else has."""

    world: Notified
    name: str = "taken"
    """What the mail server shall do with their mail: see `smtp_server`."""

    starts_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    client_id: ClientId = field(default_factory=lambda: ClientId(uuid4()))
    visit_id: VisitId = field(default_factory=lambda: VisitId(uuid4()))
    site_id: SiteId = field(default_factory=lambda: SiteId(uuid4()))

    @property
    def address(self) -> str:
        """Where their mail goes."""
        return f"{self.name}-{self.client_id.hex[:12]}@example.org"

    def client(self, **but: Any) -> ClientRegistered:
        """Tell of them as intake does."""
        zone = noon_zone(datetime.now(UTC))
        mine = {"client_id": self.client_id, "site_id": self.site_id, "zone": zone}
        return _as(ClientRegistered, a_client(**mine, email=self.address, **but))

    def visit(self, **but: Any) -> VisitScheduled:
        """Tell of their visit as sessions does."""
        mine = {
            "visit_id": self.visit_id,
            "client_id": self.client_id,
            "site_id": self.site_id,
            "starts_at": self.starts_at,
        }
        return _as(VisitScheduled, a_visit(**mine | but))

    def discharge(self, at: datetime) -> ClientDischarged:
        """Tell of their discharge as sessions does."""
        session = a_session(visit=self.visit(), opened_at=self.starts_at, discharged_at=at)
        return _as(ClientDischarged, session)

    def site(self) -> SiteChanged:
        """Tell of their site as intake does."""
        return a_site(site_id=self.site_id)

    async def told(self, *more: Message) -> "Someone":
        """Tell of their site, of them, and of whatever else."""
        await self.world.teller.tell(self.site(), self.client(), *more)
        return self

    async def plan(self, person: Person | None = None) -> dict[str, Any]:
        """Ask for the plan of their visit; empty where there is none."""
        asking = person or self.world.running.person("therapist", site=self.site_id)
        answer = await asking.get(f"/v1/plans/{plan_of(self.visit_id)}")
        plan: dict[str, Any] = answer.json() if answer.is_success else {}
        return plan

    async def notice(self, item: str) -> dict[str, Any]:
        """Give the latest notice of an item; empty where there is none."""
        notices = (await self.plan()).get("notices", ())
        found: list[dict[str, Any]] = [one for one in notices if one["item"].startswith(item)]
        return found[-1] if found else {}

    async def stands(self, item: str) -> tuple[str | None, tuple[str, ...]]:
        """Say how the latest notice of an item stands, and why."""
        notice = await self.notice(item)
        return notice.get("standing"), tuple(notice.get("why", ()))

    def mailed(self) -> list[dict[str, Any]]:
        """Give what the mail server was given for them."""
        return self.world.mail.given(self.address)


def someone(world: Notified, name: str = "taken", *, due_in: timedelta) -> Someone:
    """Make a client whose reminder of the day before is due in so long."""
    return Someone(world, name, starts_at=datetime.now(UTC) + A_DAY + due_in)


def _as(fact: type[M], message: Message) -> M:
    return fact(**{name: getattr(message, name) for name in fact.model_fields})
