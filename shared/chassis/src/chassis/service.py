"""How does a service start, serve and stop? Every one in the same order."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog
import uvicorn
from fastapi import APIRouter, FastAPI

from chassis import operations
from chassis.access import Row
from chassis.ask import Ask
from chassis.audit import INDEXES as AUDIT_INDEXES
from chassis.audit import AuditChain
from chassis.bus import Bus, Hearing
from chassis.clock import Clock
from chassis.dispatch import Dispatcher
from chassis.domain import D, Work
from chassis.garbage import collect_less_often
from chassis.hearing import Hearer
from chassis.http import build_app
from chassis.ids import process_name
from chassis.intents import Edge
from chassis.logs import configure
from chassis.loops import end_if_told, pause
from chassis.mirrors import Follower, Mirror
from chassis.mongo import Index, Mongo, StoreAway, ensure_indexes
from chassis.outbox import Relay
from chassis.parking import Parking
from chassis.producer import Producer
from chassis.rulesets import Rulesets
from chassis.settings import Role, Settings, SettingsWrong
from chassis.store import Collection, Keeping
from chassis.sweeper import Sweeper
from chassis.telemetry import Tracing
from chassis.tokens import Issuer, ServiceToken, Verifier
from chassis.vault import Vault, read_master_key
from chassis.watchdog import Watchdog
from contracts.base import Message, Service

log = structlog.get_logger(__name__)

M = TypeVar("M", bound=Message)

_STOP_REQUESTS_SECONDS = 4
_RELAY_SECONDS = 3.0
_STOP_SECONDS = 25.0
_AGAIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Timer:
    """Something to look for again and again."""

    name: str
    every_seconds: float
    run: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Parts:
    """What one service is made of, beside what it keeps."""

    routers: Sequence[APIRouter]
    access: Mapping[str, Row]
    holds: Mapping[type, object]
    """What endpoints ask for by its type, as its store."""

    work: Mapping[str, Callable[[Sequence[Work]], Awaitable[None]]] = field(default_factory=dict)
    timers: Sequence[Timer] = ()


class Chassis:
    """What every service stands on: its store, its bus, the vault, the clock, the audit trail."""

    def __init__(self, settings: Settings) -> None:
        """Put it together; nothing connects yet."""
        self.settings = settings
        self.mongo = Mongo(settings.mongo_url, driver=settings.mongo_driver)
        self.database = self.mongo.database(settings.database)
        self.clock = Clock(self.mongo, demo=settings.clock == "demo")
        self.vault = Vault(self.mongo, read_master_key(settings.master_key_file))
        self.audit = AuditChain(
            self.database["audit"], key=self.vault.subkey("audit"), process=process_name()
        )
        self.producer = Producer(settings.kafka_bootstrap)
        self.relay = Relay(self.producer, self.audit, self.clock)
        self.rulesets = Rulesets(settings.rulesets, demo=settings.demo)
        self.issuer = Issuer(settings.issuer)
        self.verifier = Verifier(self.issuer, self.clock)
        secret = settings.service_secret_file.read_text(encoding="utf-8").strip()
        own_token = ServiceToken(self.issuer, settings.service, secret, self.clock)
        self.ask = Ask(settings.owners, own_token)
        self.parking = Parking(self.database["parked"], self.clock)
        self.keeping = Keeping(settings.service, self.vault, self.relay, self.clock, self.audit)
        self.collections: list[Collection[Any] | Mirror[Any]] = []
        self.mirrors: list[Mirror[Any]] = []
        self.ready = asyncio.Event()

    def collection(
        self, document: type[D], name: str, *, indexes: Sequence[Index] = ()
    ) -> Collection[D]:
        """Keep documents of this type under this name."""
        kept = Collection(document, self.database[name], self.keeping, indexes=indexes)
        self.collections.append(kept)
        return kept

    def mirror(
        self,
        states: type[M],
        *,
        clear_fields: Sequence[str] = (),
        follow: Callable[[M], Sequence[Work]] | None = None,
        indexes: Sequence[Index] = (),
    ) -> Mirror[M]:
        """Mirror the topic of these states."""
        raw = self.database[f"heard_{states.topic.replace('.', '_')}"]
        mirror = Mirror(
            states, raw, self.keeping, clear_fields=clear_fields, follow=follow, indexes=indexes
        )
        self.mirrors.append(mirror)
        self.collections.append(mirror)
        return mirror


class Life:
    """One process from start to stop: what starts first stops last."""

    def __init__(self, chassis: Chassis, parts: Parts) -> None:
        """Prepare the loops that this process's role asks for."""
        self._chassis = chassis
        self._parts = parts
        self._loops: list[asyncio.Task[None]] = []
        follower = Follower(chassis.settings.service, parts.work)
        hearers: list[Hearer[Any]] = [*chassis.mirrors, *([follower] if parts.work else [])]
        self.dispatchers = {
            hearer.topic: Dispatcher(hearer, chassis.vault, chassis.parking) for hearer in hearers
        }
        self._bus: Bus | None = None
        if chassis.settings.role != "api":
            hearings = [
                Hearing(topic, dispatcher, chassis.mongo)
                for topic, dispatcher in self.dispatchers.items()
            ]
            self._bus = Bus(chassis.settings.kafka_bootstrap, chassis.settings.service, hearings)

    @contextlib.asynccontextmanager
    async def lived(self, app: FastAPI) -> AsyncIterator[None]:  # noqa: ARG002 - FastAPI's form
        """Start, serve, stop: within limits, whatever is away."""
        await self._start()
        try:
            yield
        finally:
            await self._stop()

    async def checks(self) -> Mapping[str, bool]:
        """Say what must hold for this process to be ready; Kafka being away is no part of it."""
        return {
            "mongo": await self._chassis.mongo.has_primary(),
            "indexes": self._chassis.ready.is_set(),
            "loops": not any(loop.done() for loop in self._loops),
        }

    async def _start(self) -> None:
        chassis = self._chassis
        await chassis.clock.start()
        await chassis.audit.start()
        chassis.producer.start()
        chassis.relay.start()
        self._run("prepare", self._prepare())
        if self._bus is not None:
            swept = [kept.raw for kept in chassis.collections]
            sweeper = Sweeper(chassis.relay, chassis.clock, chassis.parking, swept)
            self._run("sweeper", sweeper.run())
            self._run("watchdog", Watchdog(self._bus, chassis.mongo, chassis.clock).run())
            for timer in self._parts.timers:
                self._run(timer.name, self._every(timer))

    async def _stop(self) -> None:
        """Stop in the reverse order; whatever hangs, what was acknowledged stands in an outbox."""
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self._stop_in_order()
        except TimeoutError:
            log.exception("stop_cut_short")

    async def _stop_in_order(self) -> None:
        chassis = self._chassis
        if self._bus is not None:
            await self._bus.stop()
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        await chassis.relay.stop(within_seconds=_RELAY_SECONDS)
        await chassis.producer.stop()
        await chassis.audit.stop()
        await chassis.ask.close()
        await chassis.issuer.close()
        await chassis.clock.stop()
        await chassis.mongo.close()

    async def _prepare(self) -> None:
        """Make the indexes, however long it takes: without them nothing holds across documents."""
        while True:
            try:
                for kept in self._chassis.collections:
                    await kept.ensure_indexes()
                await ensure_indexes(self._chassis.database["audit"], AUDIT_INDEXES)
                await self._chassis.parking.ensure_indexes()
            except StoreAway:
                await pause(_AGAIN_SECONDS)
            else:
                break
        end_if_told()
        self._chassis.ready.set()
        if self._bus is not None:
            self._bus.start()
        await asyncio.Event().wait()

    async def _every(self, timer: Timer) -> None:
        await self._chassis.ready.wait()
        while True:
            try:
                await timer.run()
            except StoreAway:
                log.warning("timer_waits", timer=timer.name)
            except Exception:
                log.exception("timer_failed", timer=timer.name)
            await pause(timer.every_seconds)

    def _run(self, name: str, loop: Any) -> None:
        self._loops.append(asyncio.create_task(loop, name=name))


def run(service: Service, build: Callable[[Chassis], Parts]) -> None:
    """Run one process of a service until it is told to stop: `python -m <service> [api|worker]`."""
    try:
        settings = Settings.from_environment(service, role=_role(sys.argv[1:]))
    except SettingsWrong as wrong:
        sys.exit(str(wrong))
    configure(service, level=settings.log_level, role=settings.role)
    tracing = Tracing(service, settings.otlp_url)
    app = application(settings, build)
    collect_less_often()
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # who asks is told by the token alone, never by an address
        timeout_graceful_shutdown=_STOP_REQUESTS_SECONDS,
    )
    tracing.stop()


def application(settings: Settings, build: Callable[[Chassis], Parts]) -> FastAPI:
    """Put a service together as an ASGI application; it connects when it is started."""
    chassis = Chassis(settings)
    parts = build(chassis)
    life = Life(chassis, parts)
    serving = settings.role != "worker"
    edge = Edge(
        service=settings.service,
        verifier=chassis.verifier,
        clock=chassis.clock,
        audit=chassis.audit,
        access={**parts.access, **operations.ACCESS} if serving else {},
        fingerprint_key=chassis.vault.subkey("fingerprint"),
        ready=life.checks,
    )
    operating = operations.Operations(chassis.parking, life.dispatchers)
    return build_app(
        edge,
        [*parts.routers, operations.router] if serving else [],
        holds={**parts.holds, operations.Operations: operating},
        lifespan=life.lived,
    )


def _role(arguments: Sequence[str]) -> Role | None:
    if not arguments:
        return None
    match arguments:
        case ["api"]:
            return "api"
        case ["worker"]:
            return "worker"
        case ["all"]:
            return "all"
        case _:
            sys.exit("usage: python -m <service> [all|api|worker]")
