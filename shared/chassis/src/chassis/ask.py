"""What does the owner say right now? A question to another service, with a short limit.

Facts tell, owners decide: where acting on old knowledge could hurt, the owner is asked at that
moment, and no answer is an answer of its own.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import httpx
import structlog

from chassis.telemetry import current_traceparent
from chassis.tokens import IssuerAway, ServiceToken

log = structlog.get_logger(__name__)

Owner: TypeAlias = Literal["intake", "sessions"]

ANSWER_SECONDS = 2.0
_UNAUTHORIZED, _SERVER_ERROR = 401, 500


class NoAnswer(Exception):
    """The owner did not answer in time; what was asked may or may not be done."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the owner said: done or decided (2xx), or no with its reasons (4xx)."""

    status: int
    body: Mapping[str, Any]


class Ask:
    """Puts questions to the services that own the answers, in the name of this one."""

    def __init__(
        self,
        owners: Mapping[str, str],
        token: ServiceToken,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._owners = {owner: url.rstrip("/") for owner, url in owners.items()}
        self._token = token
        self._http = httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False, transport=transport)

    async def post(self, owner: Owner, path: str, json: Any, key: str | None = None) -> Answer:
        """Ask the owner to decide or to do; with a key, asking again is harmless.

        Raises:
            NoAnswer: none came within 2 s.
        """
        return await self._asked("POST", owner, path, json=json, key=key)

    async def get(self, owner: Owner, path: str) -> Answer:
        """Ask the owner how a document stands.

        Raises:
            NoAnswer: none came within 2 s.
        """
        return await self._asked("GET", owner, path)

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def _asked(
        self, method: str, owner: Owner, path: str, *, json: Any = None, key: str | None = None
    ) -> Answer:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await self._http.request(
                    method, self._owners[owner] + path, json=json, headers=await self._headers(key)
                )
            told = answer.json()
        except (TimeoutError, httpx.HTTPError, IssuerAway, ValueError) as trouble:
            log.warning("no_answer", owner=owner, error=type(trouble).__name__)
            raise NoAnswer from None
        if answer.status_code == _UNAUTHORIZED:
            self._token.forget()
        if answer.status_code == _UNAUTHORIZED or answer.status_code >= _SERVER_ERROR:
            log.warning("no_answer", owner=owner, status=answer.status_code)
            raise NoAnswer
        return Answer(answer.status_code, told if isinstance(told, dict) else {"items": told})

    async def _headers(self, key: str | None) -> dict[str, str]:
        headers = {"authorization": f"Bearer {await self._token.bearer()}"}
        if key is not None:
            headers["idempotency-key"] = key
        traceparent = current_traceparent()
        if traceparent is not None:
            headers["traceparent"] = traceparent
        return headers
