"""Sessions and intake as they run, in this process, on real servers."""

import asyncio
import base64
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import yaml
from fastapi import FastAPI

import intake.app
import sessions.app
from cairn.issuer import Issuer, make_app
from cairn.people import Registry, demo_network
from cairn.roster import SERVICES
from cairn.signing import Signer
from chassis.service import application
from chassis.settings import Settings
from contracts.base import Service
from served import RULESETS, Served, serving
from sessions.store import Store
from wired import Servers
from worlds import MASTER_KEY

NOWHERE = "http://127.0.0.1:9"
_START_SECONDS = 30.0
_WAITS = (
    "presence_before_release_minutes_min",
    "presence_after_resolved_minutes_min",
    "discharge_after_dose_other_route_minutes_min",
)


@dataclass(frozen=True)
class House:
    """Both services with one issuer of tokens."""

    issuer: str
    intake: Served
    sessions: Served
    store: Store
    """What the sessions service keeps, as a crash would leave it."""


def _policy() -> dict[str, Any]:
    (path,) = (RULESETS / "kap-sitting").glob("*.yaml")
    ruleset: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return ruleset


CHECKLIST: list[str] = _policy()["policy"]["discharge_checklist"]
PHASES: list[str] = _policy()["policy"]["documented_phases"]


@asynccontextmanager
async def a_house(servers: Servers, home: Path) -> AsyncIterator[House]:
    """Run intake and sessions in this process, on real servers; nobody waits for a quarter hour."""
    secrets = _secrets(home)
    rulesets = _without_waits(home / "rulesets")
    async with AsyncExitStack() as stack:
        issuer = await stack.enter_async_context(serving(partial(_issuer, home, secrets)))
        settings = partial(
            Settings,
            port=0,
            mongo_url=servers.mongo_url,
            kafka_bootstrap=servers.kafka_bootstrap,
            master_key_file=home / "master.key",
            issuer=issuer,
            rulesets=rulesets,
            sessions_url=NOWHERE,
        )
        signer = Signer.kept_in(home / "issuer.json", issuer=issuer)
        of_intake = settings(
            service="intake", intake_url=NOWHERE, service_secret_file=secrets / "intake"
        )
        intakes = await stack.enter_async_context(
            _ready("intake", application(of_intake, intake.app.build), signer)
        )
        of_sessions = settings(
            service="sessions", intake_url=intakes.url, service_secret_file=secrets / "sessions"
        )
        app = application(of_sessions, sessions.app.build)
        served = await stack.enter_async_context(_ready("sessions", app, signer))
        yield House(issuer, intakes, served, app.state.holds[Store])


@asynccontextmanager
async def sessions_without_intake(
    house: House, servers: Servers, home: Path, *, intake_url: str = NOWHERE
) -> AsyncIterator[Served]:
    """Run sessions once more, where intake does not answer."""
    settings = Settings(
        service="sessions",
        role="api",
        port=0,
        mongo_url=servers.mongo_url,
        kafka_bootstrap=servers.kafka_bootstrap,
        master_key_file=home / "master.key",
        issuer=house.issuer,
        service_secret_file=home / "secrets" / "sessions",
        rulesets=home / "rulesets",
        intake_url=intake_url,
        sessions_url=NOWHERE,
    )
    app = application(settings, sessions.app.build)
    async with _ready("sessions", app, house.sessions.signer) as served:
        yield served


@asynccontextmanager
async def _ready(_: Service, app: FastAPI, signer: Signer) -> AsyncIterator[Served]:
    async with (
        serving(lambda _url: app) as url,
        httpx.AsyncClient(base_url=url, timeout=10, trust_env=False) as http,
    ):
        await _until_ready(http)
        yield Served(http, url, signer)


async def _until_ready(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(_START_SECONDS):
        while (  # noqa: ASYNC110 - readiness is asked over HTTP, nobody tells it
            (await http.get("/readyz")).status_code != httpx.codes.OK
        ):
            await asyncio.sleep(0.05)


def _secrets(home: Path) -> Path:
    secrets = home / "secrets"
    secrets.mkdir(parents=True)
    for name in SERVICES:
        (secrets / name).write_text(uuid4().hex, encoding="ascii")
    (home / "master.key").write_bytes(base64.b64encode(MASTER_KEY))
    return secrets


def _without_waits(rulesets: Path) -> Path:
    shutil.copytree(RULESETS, rulesets)
    (path,) = (rulesets / "kap-sitting").glob("*.yaml")
    ruleset = _policy()
    policy = ruleset["policy"]
    policy |= dict.fromkeys(_WAITS, 0)
    by_route = policy["discharge_after_dose_minutes_min"]
    policy["discharge_after_dose_minutes_min"] = dict.fromkeys(by_route, 0)
    path.write_text(yaml.safe_dump(ruleset), encoding="utf-8")
    return rulesets


def _issuer(home: Path, secrets: Path, url: str) -> FastAPI:
    network = demo_network()
    signer = Signer.kept_in(home / "issuer.json", issuer=url)
    registry = Registry(network, home / "people.json")
    return make_app(Issuer(signer, registry, secrets), network, url=url)
