"""How is a no said over HTTP? As a problem (RFC 9457) with every reason, repeating no input."""

import json
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from chassis.access import Intent
from chassis.ask import NoAnswer
from chassis.audit import refused_row
from chassis.domain import Refused
from chassis.intents import INTENT_IN_SCOPE, Edge, Unreadable
from chassis.malformed import reasons_of
from chassis.mongo import OutcomeUnknown, StoreAway, Taken
from chassis.refusals import (
    BusBacklog,
    Busy,
    KeyReused,
    Malformed,
    NotFound,
    NotPermitted,
    Stale,
    TooLarge,
)
from chassis.telemetry import current_trace_id
from chassis.tokens import IssuerAway, NotSignedIn
from chassis.vault import KeyShredded
from contracts.clinical import Reason

_TITLES: Final[Mapping[str, tuple[int, str]]] = {
    "UNREADABLE": (400, "The request cannot be read."),
    "IDEMPOTENCY_KEY_MISSING": (400, "This command needs an Idempotency-Key."),
    "IDEMPOTENCY_KEY_UNREADABLE": (400, "The Idempotency-Key must be 1 to 200 visible characters."),
    "IF_MATCH_UNREADABLE": (400, "If-Match must be a version as the ETag gave it."),
    "NOT_SIGNED_IN": (401, "A valid bearer token is needed."),
    "NOT_PERMITTED": (403, "Your role may not do this here."),
    "NOT_FOUND": (404, "There is nothing here that you may see."),
    "METHOD_NOT_ALLOWED": (405, "This address does not know that method."),
    "REFUSED": (409, "This cannot be done now; every reason is named."),
    "TAKEN": (409, "Something else has this already."),
    "BUSY": (409, "Others are changing this at the same moment; try again."),
    "STALE": (412, "This has changed since you looked at it."),
    "TOO_LARGE": (413, "This is larger than what is accepted."),
    "MEDIA_TYPE_UNKNOWN": (415, "The body must be JSON, sent as application/json."),
    "MALFORMED": (422, "The body has the wrong shape; every problem is named."),
    "IDEMPOTENCY_KEY_REUSED": (422, "This Idempotency-Key was used with another body."),
    "FAILED": (500, "Something is wrong on our side; nobody needs to send this again."),
    "STORE_AWAY": (503, "The database cannot be reached; try again with the same key."),
    "ISSUER_AWAY": (503, "Tokens cannot be verified just now; try again."),
    "NO_ANSWER": (503, "Another service did not answer; try again with the same key."),
    "BUS_BACKLOG": (503, "Too much waits to be told; try again later with the same key."),
    "OUTCOME_UNKNOWN": (504, "It is not known whether this was done; repeat it with the same key."),
}
_RETRY_AFTER_SECONDS: Final = {503: "1", 504: "1"}
_OF_STARLETTE: Final = {
    400: "UNREADABLE",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "TOO_LARGE",
    415: "MEDIA_TYPE_UNKNOWN",
}
_OF_EXCEPTION: Final[Mapping[type[Exception], str]] = {
    NotSignedIn: "NOT_SIGNED_IN",
    NotPermitted: "NOT_PERMITTED",
    NotFound: "NOT_FOUND",
    KeyShredded: "NOT_FOUND",
    Refused: "REFUSED",
    Taken: "TAKEN",
    Busy: "BUSY",
    Stale: "STALE",
    TooLarge: "TOO_LARGE",
    Malformed: "MALFORMED",
    KeyReused: "IDEMPOTENCY_KEY_REUSED",
    IssuerAway: "ISSUER_AWAY",
    NoAnswer: "NO_ANSWER",
    BusBacklog: "BUS_BACKLOG",
    OutcomeUnknown: "OUTCOME_UNKNOWN",
    StoreAway: "STORE_AWAY",
}
_AUDITED: Final = frozenset({"REFUSED", "NOT_PERMITTED", "NOT_FOUND", "TAKEN"})


def problem(
    code: str, reasons: Sequence[Reason] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """Say no under one of our codes."""
    status, title = _TITLES[code]
    said = {
        "type": f"urn:cairn:{code}",
        "title": title,
        "status": status,
        "code": code,
        "reasons": [reason.model_dump(mode="json") for reason in reasons],
        "trace_id": current_trace_id(),
    }
    all_headers = dict(headers or {})
    if status in _RETRY_AFTER_SECONDS:
        all_headers["retry-after"] = _RETRY_AFTER_SECONDS[status]
    if code == "NOT_SIGNED_IN":
        all_headers["www-authenticate"] = "Bearer"
    return Response(json.dumps(said), status, all_headers, media_type="application/problem+json")


def translate_exceptions(app: FastAPI) -> None:
    """Let every no that an endpoint may meet be said as a problem."""
    app.add_exception_handler(RequestValidationError, _say_malformed)
    app.add_exception_handler(HTTPException, _say_http)
    app.add_exception_handler(Unreadable, _say_unreadable)
    for kind in _OF_EXCEPTION:
        app.add_exception_handler(kind, _say)


async def _say(request: Request, no: Exception) -> Response:
    code = next(_OF_EXCEPTION[kind] for kind in type(no).__mro__ if kind in _OF_EXCEPTION)
    reasons: tuple[Reason, ...] = no.reasons if isinstance(no, Refused | Malformed) else ()
    if code in _AUDITED:
        try:
            await _audit(request, code, reasons)
        except StoreAway:
            return problem("STORE_AWAY")
    return problem(code, reasons)


async def _audit(request: Request, code: str, reasons: Sequence[Reason]) -> None:
    """Keep who tried: a refusal leaves no other trace."""
    intent: Intent | None = request.scope.get(INTENT_IN_SCOPE)
    if intent is None:
        return
    edge: Edge = request.app.state.edge
    await edge.audit.append(
        refused_row(
            intent,
            outcome="not_permitted" if code == "NOT_PERMITTED" else "refused",
            codes=[reason.code for reason in reasons] or [code],
            object_id=_object_in(request),
            service=edge.service,
            at=edge.clock.infrastructure_now(),
        )
    )


def _object_in(request: Request) -> UUID | None:
    for given in request.path_params.values():
        try:
            return UUID(str(given))
        except ValueError:
            continue
    return None


async def _say_malformed(_: Request, no: Exception) -> Response:
    problems = no.errors() if isinstance(no, RequestValidationError) else ()
    if any(each["type"] == "json_invalid" for each in problems):
        return problem("UNREADABLE")
    return problem("MALFORMED", reasons_of(problems))


async def _say_http(_: Request, no: Exception) -> Response:
    status = no.status_code if isinstance(no, HTTPException) else 500
    headers = no.headers if isinstance(no, HTTPException) else None
    return problem(_OF_STARLETTE.get(status, "FAILED"), headers=headers)


async def _say_unreadable(_: Request, no: Exception) -> Response:
    return problem(no.code if isinstance(no, Unreadable) else "UNREADABLE")
