"""How does an operator ask the running services? Over HTTP with a token, like anyone else."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx

from cairn.addresses import Addresses
from cairn.places import Home
from cairn.roster import OPERATOR

_ASK_WITHIN_SECONDS = 10.0


class Unanswered(Exception):
    """A program that should answer did not, or said no; the message says which and why."""


class Caller:
    """Somebody with a token, who may ask any service."""

    def __init__(self, token: str, gateway: httpx.Client) -> None:
        self._gateway = gateway
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, url: str, **params: str | int) -> Any:
        """Ask for something.

        Raises:
            Unanswered: nobody answered, or the answer was no.
        """
        return _answer(self._gateway, "GET", url, headers=self._headers, params=params)

    def post(self, url: str, body: Any = None, *, key: str | None = None) -> Any:
        """Command something; with the same key it is done once, however often it is sent.

        Raises:
            Unanswered: nobody answered, or the answer was no.
        """
        headers = self._headers | {"Idempotency-Key": key or str(uuid4())}
        return _answer(self._gateway, "POST", url, headers=headers, json=body or {})


@contextmanager
def operator(home: Home, addresses: Addresses) -> Iterator[Caller]:
    """Become the operator of the network that runs here."""
    secret = (home.secrets / OPERATOR).read_text(encoding="utf-8").strip()
    form = {
        "grant_type": "client_credentials",
        "client_id": OPERATOR,
        "client_secret": secret,
    }
    with _gateway() as gateway:
        yield Caller(_token(gateway, addresses, form), gateway)


@contextmanager
def demo_person(username: str, addresses: Addresses) -> Iterator[Caller]:
    """Become one of the demo people."""
    with _gateway() as gateway:
        form = {"grant_type": "password", "username": username}
        yield Caller(_token(gateway, addresses, form), gateway)


def _gateway() -> httpx.Client:
    return httpx.Client(timeout=_ASK_WITHIN_SECONDS, trust_env=False)


def _token(gateway: httpx.Client, addresses: Addresses, form: dict[str, str]) -> str:
    answer = _answer(gateway, "POST", f"{addresses.issuer}/token", data=form)
    return str(answer["access_token"])


def _answer(gateway: httpx.Client, method: str, url: str, **how: Any) -> Any:
    try:
        answer = gateway.request(method, url, **how)
    except httpx.HTTPError as error:
        raise Unanswered(f"{url} does not answer: is `cairn up` running?") from error
    if not answer.is_success:
        raise Unanswered(f"{method} {url} answered {answer.status_code}: {_why(answer)}")
    return answer.json() if answer.content else None


def _why(answer: httpx.Response) -> str:
    try:
        told = answer.json()
    except ValueError:
        return answer.reason_phrase
    reasons = [str(each.get("says", "")) for each in told.get("reasons", [])]
    return "; ".join([str(told.get("title") or told.get("error") or ""), *reasons])
