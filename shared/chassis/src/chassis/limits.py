"""How much may a request take? One megabyte, five seconds, and JSON only.

This wraps the application as plain ASGI: it opens the trace, counts what comes in, measures how
long the answer took, and lets no exception out.
"""

import asyncio
import time
from functools import cache
from typing import Final

import structlog
from prometheus_client import Histogram
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.metrics import HTTP_SECONDS
from chassis.problems import problem
from chassis.telemetry import span

log = structlog.get_logger(__name__)

BODY_BYTES: Final = 1_000_000
DEADLINE_SECONDS: Final = 5.0
_DRAINED_BYTES: Final = 64_000_000
_API: Final = "/v1/"
_TOO_LARGE: Final = 413


class Limits:
    """Stands before the whole application."""

    def __init__(self, app: ASGIApp, *, deadline_seconds: float = DEADLINE_SECONDS) -> None:
        self._app = app
        self._deadline_seconds = deadline_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what is no request of HTTP is passed on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        answering = _Answering(send)
        parent = _header(scope, b"traceparent")
        with span(f"HTTP {scope['method']}", parent=parent, arriving=True):
            await self._answer(scope, receive, answering)
        route = getattr(scope.get("route"), "path", "none")
        _measure(route, answering.status).observe(time.perf_counter() - began)

    async def _answer(self, scope: Scope, receive: Receive, answering: "_Answering") -> None:
        deadline = asyncio.timeout(self._deadline_seconds)
        try:
            async with deadline:
                await self._checked(scope, receive, answering)
        except TimeoutError as late:
            if not deadline.expired():
                await _fail(scope, receive, answering, late)
            elif not answering.started:
                code = "STORE_AWAY" if scope["method"] == "GET" else "OUTCOME_UNKNOWN"
                await problem(code)(scope, receive, answering)
        except Exception as mistake:  # noqa: BLE001 - whatever it is, the caller gets a clear answer
            await _fail(scope, receive, answering, mistake)

    async def _checked(self, scope: Scope, receive: Receive, answering: "_Answering") -> None:
        counted = _Counted(receive)
        refusal = _refusal_of(scope)
        if refusal is None:
            await self._app(scope, counted, answering)
        else:
            await counted.drain()
            await problem(refusal)(scope, receive, answering)


@cache
def _measure(route: str, status: int) -> Histogram:
    return HTTP_SECONDS.labels(route=route, status=status)


async def _fail(scope: Scope, receive: Receive, answering: "_Answering", error: Exception) -> None:
    log.error("request_failed", route=getattr(scope.get("route"), "path", None), exc_info=error)
    if not answering.started:
        await problem("FAILED")(scope, receive, answering)


def _refusal_of(scope: Scope) -> str | None:
    """Refuse by the headers alone what need not be read."""
    length = _header(scope, b"content-length")
    if length is not None and (not length.isdecimal() or int(length) > BODY_BYTES):
        return "TOO_LARGE"
    has_body = length not in {None, "0"} or _header(scope, b"transfer-encoding") is not None
    if not has_body or not scope["path"].startswith(_API):
        return None
    kind = (_header(scope, b"content-type") or "").partition(";")[0].strip().lower()
    encoded = _header(scope, b"content-encoding") not in {None, "identity"}
    return "MEDIA_TYPE_UNKNOWN" if kind != "application/json" or encoded else None


def _header(scope: Scope, name: bytes) -> str | None:
    for header, value in scope["headers"]:
        if header == name:
            return bytes(value).decode("latin-1")
    return None


class _Counted:
    """Counts a body as it comes in, for its length need not be told beforehand."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._bytes = 0
        self._more = True

    async def __call__(self) -> Message:
        message = await self._receive()
        self._count(message)
        if self._bytes > BODY_BYTES:
            await self.drain()
            raise HTTPException(_TOO_LARGE)
        return message

    async def drain(self) -> None:
        """Read on to the end and keep nothing: who is still sending would not hear the answer."""
        while self._more and self._bytes < _DRAINED_BYTES:
            self._count(await self._receive())

    def _count(self, message: Message) -> None:
        self._bytes += len(message.get("body", b""))
        self._more = message["type"] == "http.request" and message.get("more_body", False)


class _Answering:
    """Knows whether an answer has begun, and with which status."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started, self.status = True, message["status"]
        await self._send(message)
