"""Somebody with a token of their own, who speaks to any service of a running network."""

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx

from cairn.addresses import Addresses

PATIENCE_SECONDS = 20.0
_AGAIN_SECONDS = 0.1
_CONFLICT = 409


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in."""

    id: UUID
    token: str
    http: httpx.Client
    addresses: Addresses

    def headers(self, **more: str) -> dict[str, str]:
        """Show the token."""
        return {"authorization": f"Bearer {self.token}", **more}

    def post(
        self, service: str, path: str, body: Any = None, *, key: str | None = None
    ) -> httpx.Response:
        """Send a command once; without a key it gets one of its own."""
        headers = self.headers(**{"idempotency-key": key or str(uuid4())})
        return self.http.post(self._url(service, path), json=body or {}, headers=headers)

    def get(self, service: str, path: str, **params: str) -> httpx.Response:
        """Ask for something."""
        return self.http.get(
            self._url(service, path), params=params or None, headers=self.headers()
        )

    def does(self, service: str, path: str, body: Any = None) -> dict[str, Any]:
        """Do something that must succeed, at the latest once every fact on its way has come."""
        key, until = str(uuid4()), time.monotonic() + PATIENCE_SECONDS
        answer = self.post(service, path, body, key=key)
        while answer.status_code == _CONFLICT and time.monotonic() < until:
            time.sleep(_AGAIN_SECONDS)
            answer = self.post(service, path, body, key=key)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        told: dict[str, Any] = answer.json()
        return told

    def sees(self, service: str, path: str, **params: str) -> dict[str, Any]:
        """Look at something that must be there."""
        answer = self.get(service, path, **params)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        told: dict[str, Any] = answer.json()
        return told

    def _url(self, service: str, path: str) -> str:
        return f"{self.addresses.service(service)}{path}"


def granted(http: httpx.Client, addresses: Addresses, form: dict[str, str]) -> str:
    """Ask the issuer for a token."""
    answer = http.post(f"{addresses.issuer}/token", data=form)
    assert answer.is_success, answer.text
    return str(answer.json()["access_token"])


def reason_codes(answer: httpx.Response) -> set[str]:
    """Name the reasons of a refusal."""
    assert answer.status_code == _CONFLICT, f"{answer.status_code} {answer.text}"
    return {str(reason["code"]) for reason in answer.json()["reasons"]}
