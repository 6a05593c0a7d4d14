"""How is every service's HTTP edge made the same? This is the one door to it."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from fastapi import APIRouter, FastAPI, Request
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig
from starlette.responses import JSONResponse, Response

from chassis.access import Row
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
from chassis.shown import listed, shown

__all__ = (
    "AccessIncomplete",
    "After",
    "CommandIntent",
    "Edge",
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
_SILENT: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "auto_configure": False,
}
"""FastAPI's own spans and logs keep messages of exceptions, which may quote what was sent."""


class AccessIncomplete(Exception):
    """A route has no row in `access.py`, or a row has no route; the message names each."""


class Lifespan(Protocol):
    """What runs around the life of an application."""

    def __call__(self, app: FastAPI) -> AbstractAsyncContextManager[None]:
        """Start before the first request, stop after the last."""


def build_app(
    edge: Edge,
    routers: Iterable[APIRouter],
    *,
    holds: Mapping[type, object],
    lifespan: Lifespan | None = None,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> FastAPI:
    """Put the routes of a service behind the same limits, problems and access for all.

    Raises:
        AccessIncomplete: a route would be open to nobody's decision, or a row decides nothing.
    """
    app = FastAPI(
        title=f"Cairn {edge.service}",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        telemetry=_SILENT,
    )
    app.state.edge = edge
    app.state.holds = dict(holds)
    routes = [route for router in routers for route in router.routes]
    check_access(routes, edge.access)
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
        checks = dict(await edge.ready())
        ready = all(checks.values())
        return JSONResponse({"ready": ready, "checks": checks}, 200 if ready else 503)

    @app.get("/metrics", include_in_schema=False)
    async def metrics(_: Request) -> Response:
        return Response(exposition(), media_type=CONTENT_TYPE)
