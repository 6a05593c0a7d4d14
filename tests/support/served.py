"""A real service on real servers, asked over HTTP with real tokens."""

import asyncio
import base64
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import uvicorn
from fastapi import FastAPI
from typing_extensions import override

from cairn.issuer import Issuer, make_app
from cairn.people import Identity, Registry, demo_network, service_id
from cairn.roster import SERVICES
from cairn.signing import Signer
from chassis.service import Chassis, Parts, application
from chassis.settings import Settings
from contracts.base import Service
from wired import Servers
from worlds import MASTER_KEY

RULESETS = Path(__file__).parents[2] / "deploy/rulesets"
_NOWHERE = "http://127.0.0.1:9"
_START_SECONDS = 30.0


@dataclass(frozen=True)
class Person:
    """Somebody with a token, who speaks to one service."""

    id: UUID
    http: httpx.AsyncClient
    token: str

    async def post(
        self, path: str, body: Any, *, key: str | None = None, if_match: int | None = None
    ) -> httpx.Response:
        """Send a command; without a key it gets one of its own."""
        headers = {"idempotency-key": key or str(uuid4())}
        if if_match is not None:
            headers["if-match"] = f'"{if_match}"'
        return await self.http.post(path, json=body, headers=self.headers(**headers))

    async def get(self, path: str) -> httpx.Response:
        """Ask for something."""
        return await self.http.get(path, headers=self.headers())

    def headers(self, **more: str) -> dict[str, str]:
        """Show the token."""
        return {"authorization": f"Bearer {self.token}", **more}


@dataclass(frozen=True)
class Served:
    """A running service with its issuer."""

    http: httpx.AsyncClient
    url: str
    signer: Signer

    def person(
        self, *roles: str, site: UUID | str = "*", id: UUID | None = None, kind: Any = "staff"
    ) -> Person:
        """Sign somebody in who holds these roles at one site."""
        identity = Identity(sub=id or uuid4(), kind=kind, roles={str(site): list(roles)})
        return Person(identity.sub, self.http, self.signer.token(identity)[0])

    def service(self, name: str) -> Person:
        """Sign a service in."""
        identity = Identity(sub=service_id(name), kind="service", roles={}, name=name)
        return Person(identity.sub, self.http, self.signer.token(identity)[0])


class _Quiet(uvicorn.Server):
    """A server that leaves signals to the test run."""

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(build: Callable[[str], FastAPI]) -> AsyncIterator[str]:
    """Serve an application, built for its address, on a port from the system."""
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    server = _Quiet(uvicorn.Config(build(url), log_config=None, access_log=False))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        async with asyncio.timeout(_START_SECONDS):
            while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn tells nobody
                await asyncio.sleep(0.02)
        yield url
    finally:
        server.should_exit = True
        await task
        listening.close()


@asynccontextmanager
async def served(
    service: Service,
    build: Callable[[Chassis], Parts],
    servers: Servers,
    home: Path,
    **settings_but: Any,
) -> AsyncIterator[Served]:
    """Run one service in this process, on real servers, with the local token issuer."""
    secrets = home / "secrets"
    secrets.mkdir(parents=True)
    for name in SERVICES:
        (secrets / name).write_text(uuid4().hex, encoding="ascii")
    (home / "master.key").write_bytes(base64.b64encode(MASTER_KEY))
    async with AsyncExitStack() as stack:
        issuer_url = await stack.enter_async_context(serving(partial(_issuer, home, secrets)))
        given: dict[str, Any] = {
            "service": service,
            "port": 0,
            "mongo_url": servers.mongo_url,
            "kafka_bootstrap": servers.kafka_bootstrap,
            "master_key_file": home / "master.key",
            "issuer": issuer_url,
            "service_secret_file": secrets / service,
            "rulesets": RULESETS,
            "intake_url": _NOWHERE,
            "sessions_url": _NOWHERE,
        }
        settings = Settings(**given | settings_but)
        url = await stack.enter_async_context(serving(lambda _: application(settings, build)))
        http = await stack.enter_async_context(
            httpx.AsyncClient(base_url=url, timeout=10, trust_env=False)
        )
        await _ready(http)
        yield Served(http, url, Signer.kept_in(home / "issuer.json", issuer=issuer_url))


def _issuer(home: Path, secrets: Path, url: str) -> FastAPI:
    network = demo_network()
    signer = Signer.kept_in(home / "issuer.json", issuer=url)
    return make_app(
        Issuer(signer, Registry(network, home / "people.json"), secrets), network, url=url
    )


async def _ready(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(_START_SECONDS):
        while not (await http.get("/readyz")).is_success:  # noqa: ASYNC110 - it can only be asked
            await asyncio.sleep(0.05)
