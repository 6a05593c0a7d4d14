"""A small service at the HTTP edge, spoken to without a socket."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import UUID

import httpx
from fastapi import APIRouter, Depends, FastAPI
from typing_extensions import override

from chassis.access import Intent, may
from chassis.audit import AuditChain, AuditRow
from chassis.domain import Refused
from chassis.http import CommandIntent, Edge, IdCommandIntent, ReadIntent, build_app, here
from chassis.mongo import StoreAway
from chassis.testing import FrozenClock
from chassis.tokens import Verifier
from contracts.base import Instant, Value
from contracts.clinical import Reason
from signing_issuer import NOW, SigningIssuer

PERSONAL_WORD = "Ellisworth"
"""A name no answer may hold."""


class Thing(Value):
    """A body as commands have it."""

    starts_at: Instant
    kind: str
    count: int


@dataclass
class Shelf:
    """What endpoints are given, and the exception that a test wants them to meet."""

    raises: Exception | None = None
    made: list[UUID] = field(default_factory=list)
    fingerprints: list[str | None] = field(default_factory=list)


class ListedChain(AuditChain):
    """An audit chain that keeps its rows in a list, or says that the database is away."""

    def __init__(self) -> None:
        self.rows: list[AuditRow] = []
        self.away = False

    @override
    async def append(self, row: AuditRow) -> None:
        if self.away:
            raise StoreAway
        self.rows.append(row)


ShelfHere = Annotated[Shelf, Depends(here(Shelf))]
router = APIRouter(prefix="/v1/things")


@router.post("")
async def make(body: Thing, intent: CommandIntent, shelf: ShelfHere) -> dict[str, Any]:
    """Make a thing."""
    shelf.made.append(intent.created_id())
    shelf.fingerprints.append(intent.fingerprint)
    return {"id": str(intent.created_id()), "kind": body.kind, "if_match": intent.if_match}


@router.post("/many")
async def make_many(things: list[Thing], intent: IdCommandIntent) -> dict[str, Any]:
    """Make things that bring their ids."""
    return {"count": len(things), "key": intent.key}


def _told(thing_id: UUID, intent: Intent) -> dict[str, Any]:
    return {"id": str(thing_id), "route": intent.route}


@router.post("/{thing_id}/try")
async def try_it(thing_id: UUID, intent: CommandIntent, shelf: ShelfHere) -> dict[str, Any]:
    """Meet the exception that the test wants."""
    if shelf.raises is not None:
        raise shelf.raises
    return _told(thing_id, intent)


@router.get("/{thing_id}")
async def look(thing_id: UUID, intent: ReadIntent) -> dict[str, Any]:
    """Show a thing."""
    return _told(thing_id, intent)


@router.post("/{thing_id}/dawdle")
async def dawdle(thing_id: UUID, intent: CommandIntent) -> dict[str, Any]:
    """Take longer than a command may."""
    await asyncio.sleep(60)
    return _told(thing_id, intent)


@router.post("/{thing_id}/prescribe")
async def prescribe(thing_id: UUID, intent: CommandIntent) -> dict[str, Any]:
    """Do what only a prescriber may."""
    return _told(thing_id, intent)


ACCESS = {
    "POST /v1/things": may("site_admin"),
    "POST /v1/things/many": may("site_admin"),
    "POST /v1/things/{thing_id}/try": may("site_admin"),
    "GET /v1/things/{thing_id}": may("site_admin"),
    "POST /v1/things/{thing_id}/dawdle": may("site_admin"),
    "POST /v1/things/{thing_id}/prescribe": may("prescriber"),
}
REFUSAL = Refused(
    Reason(code="FIRST_PROBLEM", says="One."), Reason(code="SECOND_PROBLEM", says="Two.")
)


@dataclass
class Counter:
    """The service and whoever speaks to it."""

    app: FastAPI
    http: httpx.AsyncClient
    signing: SigningIssuer
    audit: ListedChain
    shelf: Shelf
    checks: dict[str, bool]

    def headers(self, **more: str) -> dict[str, str]:
        """Sign in as a site admin, with a key."""
        token = self.signing.token()
        return {"authorization": f"Bearer {token}", "idempotency-key": "a-key", **more}

    async def post(self, path: str = "", *, json: Any = None, **headers: str) -> httpx.Response:
        """Send an ordinary command."""
        return await self.http.post(f"/v1/things{path}", json=json, headers=self.headers(**headers))

    async def send(self, body: bytes | AsyncIterator[bytes], **headers: str) -> httpx.Response:
        """Send bytes as they are."""
        all_headers = self.headers(**{"content-type": "application/json", **headers})
        return await self.http.post("/v1/things", content=body, headers=all_headers)


def a_counter(*, deadline_seconds: float = 0.2) -> Counter:
    """Open the counter of a small service."""
    signing, audit, shelf = SigningIssuer(), ListedChain(), Shelf()
    checks = {"store": True}

    async def ready() -> dict[str, bool]:
        return checks

    clock = FrozenClock(NOW)
    edge = Edge(
        service="sessions",
        verifier=Verifier(signing.issuer(), clock),
        clock=clock,
        audit=audit,
        access=ACCESS,
        fingerprint_key=b"k" * 32,
        ready=ready,
    )
    app = build_app(edge, [router], holds={Shelf: shelf}, deadline_seconds=deadline_seconds)
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sessions.test")
    return Counter(app, http, signing, audit, shelf, checks)
