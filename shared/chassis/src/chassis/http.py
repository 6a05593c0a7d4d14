"""How is every service's HTTP edge made the same? This is the one door to it."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from fastapi import APIRouter, FastAPI, Request
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse, Response

from chassis.access import Row
from chassis.audit import AuditChain
from chassis.clock import Clock
from chassis.intents import (
    After,
    CommandIntent,
    Edge,
    IdCommandIntent,
    Limit,
    ReadIntent,
    here,
)
from chassis.limits import DEADLINE_SECONDS, Limits
from chassis.metrics import CONTENT_TYPE, exposition
from chassis.problems import translate_exceptions
from chassis.settings import Settings
from chassis.shown import listed, shown
from chassis.tokens import Verifier
from chassis.vault import Vault

__all__ = (
    "AccessIncomplete",
    "After",
    "CommandIntent",
    "IdCommandIntent",
    "Limit",
    "ReadIntent",
    "build_app",
    "check_access",
    "here",
    "listed",
    "shown",
)

_API = "/v1/"


class AccessIncomplete(Exception):
    """A route has no row in `access.py`, or a row has no route; the message names each."""


class Lifespan(Protocol):
    """What runs around the life of an application."""

    def __call__(self, app: FastAPI) -> AbstractAsyncContextManager[None]:
        """Start before the first request, stop after the last."""


class Footing(Protocol):
    """The parts of a process that its HTTP edge stands on."""

    @property
    def settings(self) -> Settings:
        """Which service this is."""

    @property
    def verifier(self) -> Verifier:
        """Who knows whether a token is true."""

    @property
    def clock(self) -> Clock:
        """What time it is."""

    @property
    def audit(self) -> AuditChain:
        """Where refusals are kept."""

    @property
    def vault(self) -> Vault:
        """Where the key of fingerprints comes from."""


def build_app(  # noqa: PLR0913 - all but the footing is said by name
    footing: Footing,
    *,
    routers: Iterable[APIRouter],
    access: Mapping[str, Row],
    holds: Mapping[type, object],
    ready: Callable[[], Awaitable[bool]],
    lifespan: Lifespan | None = None,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> FastAPI:
    """Put the routes of a service behind the same limits, problems and access for all.

    Raises:
        AccessIncomplete: a route would be open to nobody's decision, or a row decides nothing.
    """
    edge = Edge(
        service=footing.settings.service,
        verifier=footing.verifier,
        clock=footing.clock,
        audit=footing.audit,
        access=access,
        fingerprint_key=footing.vault.subkey("fingerprint"),
        ready=ready,
    )
    app = FastAPI(
        title=f"Cairn {edge.service}",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.edge = edge
    app.state.holds = dict(holds)
    routes = [route for router in routers for route in router.routes]
    check_access(routes, access)
    # Included routers are matched in two steps for every request; routes of one list in one.
    app.router.routes.extend(routes)
    _add_health(app, edge)
    translate_exceptions(app)
    app.add_middleware(Limits, deadline_seconds=deadline_seconds)
    return app


def check_access(routes: Iterable[Any], access: Mapping[str, Row]) -> None:
    """Compare the routes under /v1 with the table of who may use them.

    Raises:
        AccessIncomplete: they differ.
    """
    there = set()
    for route in routes:
        methods = getattr(route, "methods", None) or ()
        if not isinstance(route, APIRoute) or len(methods) != 1:
            raise AccessIncomplete(
                f"{getattr(route, 'path', route)} is no plain route of one method"
            )
        if route.path.startswith(_API):
            there.add(f"{next(iter(methods))} {route.path}")
    lines = [f"{route} has no row" for route in sorted(there - access.keys())]
    lines += [f"{route} has a row but is no route" for route in sorted(access.keys() - there)]
    if lines:
        raise AccessIncomplete("; ".join(lines))


def _add_health(app: FastAPI, edge: Edge) -> None:
    @app.get("/livez", include_in_schema=False)
    async def livez() -> Response:
        return JSONResponse({"alive": True})

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        ready = await edge.ready()
        return JSONResponse({"ready": ready}, 200 if ready else 503)

    @app.get("/metrics", include_in_schema=False)
    async def metrics(_: Request) -> Response:
        return Response(exposition(), media_type=CONTENT_TYPE)
