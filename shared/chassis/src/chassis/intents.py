"""What does this request want, and who sends it? One dependency answers for every endpoint."""

import hashlib
import hmac
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeAlias, TypeVar
from uuid import UUID

from fastapi import Depends, Query, Request

from chassis.access import Caller, Intent, Row
from chassis.audit import AuditChain
from chassis.clock import Clock
from chassis.refusals import NotPermitted
from chassis.tokens import NotSignedIn, Verifier

T = TypeVar("T")

INTENT_IN_SCOPE: Final = "cairn.intent"
_KEY = re.compile(r"[!-~]{1,200}")
_ETAG = re.compile(r'(?:W/)?"([0-9]{1,18})"')


class Unreadable(Exception):
    """The body or a header cannot be read."""

    def __init__(self, code: str = "UNREADABLE") -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Edge:
    """What the HTTP edge of a process stands on."""

    service: str
    verifier: Verifier
    clock: Clock
    audit: AuditChain
    access: Mapping[str, Row]
    fingerprint_key: bytes
    """A key of its own, so that a fingerprint tells nothing about a guessed body."""

    ready: Callable[[], Awaitable[Mapping[str, bool]]]
    """What must be true before requests may come; the name of each check and whether it is."""


async def _read(request: Request) -> Intent:
    await _body(request)
    return await _intent(request)


async def _command(request: Request) -> Intent:
    key = request.headers.get("idempotency-key")
    if key is None:
        raise Unreadable("IDEMPOTENCY_KEY_MISSING")
    if not _KEY.fullmatch(key):
        raise Unreadable("IDEMPOTENCY_KEY_UNREADABLE")
    edge: Edge = request.app.state.edge
    return await _intent(request, key, fingerprint_of(await _body(request), edge.fingerprint_key))


CommandIntent: TypeAlias = Annotated[Intent, Depends(_command)]
"""A POST that changes something and may be sent again with its `Idempotency-Key`."""

IdCommandIntent: TypeAlias = Annotated[Intent, Depends(_read)]
"""A POST whose body brings its own ids, so that sending it again changes nothing."""

ReadIntent: TypeAlias = Annotated[Intent, Depends(_read)]
"""A GET, or a POST that only asks."""

Limit: TypeAlias = Annotated[int, Query(ge=1, le=200)]
"""How many items a page of a list has at most."""

After: TypeAlias = Annotated[UUID | None, Query()]
"""The id after which a page begins, as `next` of the page before gave it."""


def here(kind: type[T]) -> Callable[[Request], Awaitable[T]]:
    """Make the dependency that gives what this process holds of a kind, as its store."""

    async def held(request: Request) -> T:
        it: T = request.app.state.holds[kind]
        return it

    return held


def fingerprint_of(body: Any, key: bytes) -> str:
    """Hash a body under a key, the same however its fields are ordered and spaced."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hmac.digest(key, text.encode(), hashlib.sha256).hex()


async def _intent(
    request: Request, key: str | None = None, fingerprint: str | None = None
) -> Intent:
    edge: Edge = request.app.state.edge
    caller = await _caller(request, edge)
    route = f"{request.method} {request.scope['route'].path}"
    intent = Intent(
        caller=caller,
        row=edge.access[route],
        route=route,
        path=request.scope["path"],
        key=key,
        fingerprint=fingerprint,
        if_match=_version(request.headers.get("if-match")),
    )
    request.scope[INTENT_IN_SCOPE] = intent
    if not intent.row.admits(caller):
        raise NotPermitted
    return intent


async def _caller(request: Request, edge: Edge) -> Caller:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotSignedIn
    return await edge.verifier.verify(token.strip())


async def _body(request: Request) -> Any:
    """Read the body; half a character (an escaped surrogate) parses, but can never be stored."""
    raw = await request.body()
    if not raw:
        return None
    try:
        body = await request.json()
        if b"\\u" in raw:
            json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Unreadable from None
    return body


def _version(if_match: str | None) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    version = _ETAG.fullmatch(if_match.strip())
    if version is None:
        raise Unreadable("IF_MATCH_UNREADABLE")
    return int(version[1])
