"""People who work on intake while it is being killed: each asks until it knows the answer."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from uuid import UUID, uuid4

import httpx

from intake_people import Network, client_body
from ledger import Ledger
from served import Person, Served

_AGAIN_SECONDS = 0.5
_PATIENCE_SECONDS = 90.0
_UNKNOWN = frozenset({500, 502, 503, 504})


@dataclass(frozen=True)
class People:
    """Who works where, known to intake before anything breaks."""

    network: Network
    consent: Mapping[str, Any]
    """A signature under the text that intake shows."""

    def before(self, served: Served) -> Network:
        """Let everybody speak to this process."""
        given = {each.name: getattr(self.network, each.name) for each in fields(self.network)}
        moved: dict[str, Any] = {
            name: replace(person, http=served.http)
            for name, person in given.items()
            if isinstance(person, Person)
        }
        return replace(self.network, served=served, **moved)

    def desk(self, served: Served, ledger: Ledger) -> "Desk":
        """Seat the coordinator of Nashville at a desk of a process."""
        return Desk(self.before(served).coordinator, ledger, self.network.nashville, self.consent)


@dataclass(frozen=True)
class Desk:
    """One coordinator's desk: every command has a key of its own and is sent until answered."""

    coordinator: Person
    ledger: Ledger
    site: UUID
    consent: Mapping[str, Any]

    async def command(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send one command, again with the same key while nobody knows what became of it."""
        key, deadline = str(uuid4()), time.monotonic() + _PATIENCE_SECONDS
        self.ledger.write("invoke", key=key, path=path)
        while True:
            asked = time.monotonic()
            answer = await self._asked(path, body, key)
            seconds = time.monotonic() - asked
            if answer is not None and answer.is_success:
                shown: dict[str, Any] = answer.json()
                self.ledger.write(
                    "ok",
                    key=key,
                    document=shown["id"],
                    version=shown["version"],
                    replayed=answer.headers.get("idempotent-replay") == "true",
                )
                return shown
            if answer is not None and answer.status_code not in _UNKNOWN:
                self.ledger.write("fail", key=key, status=answer.status_code)
                raise AssertionError(f"{path} was answered {answer.status_code}: {answer.text}")
            status = None if answer is None else answer.status_code
            self.ledger.write("unknown", key=key, status=status, seconds=seconds)
            if time.monotonic() > deadline:
                raise AssertionError(f"{path} was not answered for {_PATIENCE_SECONDS:.0f} s")
            await asyncio.sleep(_AGAIN_SECONDS)

    async def client(self) -> dict[str, Any]:
        """Register a client."""
        return await self.command("/v1/clients", client_body(self.site))

    async def care_for_one(self, *, rounds: int = 3) -> dict[str, Any]:
        """Take one client through some commands: two documents, two kinds of change.

        A signature sent again would be kept again, were it not for its key; a name would not.
        """
        client = await self.client()
        pathway = await self.command(
            "/v1/pathways",
            {"client_id": client["id"], "site_id": str(self.site), "kind": "kap"},
        )
        for n in range(rounds):
            await self.command(f"/v1/pathways/{pathway['id']}/sign-consent", self.consent)
            await self.rename(client, n)
        return pathway

    async def work_until(self, over: asyncio.Event) -> None:
        """Take one client after the other through some commands, until told to stop."""
        while not over.is_set():
            await self.care_for_one()

    async def rename(self, client: Mapping[str, Any], n: int) -> dict[str, Any]:
        """Change how a client is called, so that there is something to tell."""
        contact = {
            name: given for name, given in client_body(self.site).items() if name != "site_id"
        }
        return await self.command(
            f"/v1/clients/{client['id']}/change-contact", {**contact, "preferred_name": f"Name {n}"}
        )

    async def _asked(self, path: str, body: Mapping[str, Any], key: str) -> httpx.Response | None:
        try:
            return await self.coordinator.post(path, dict(body), key=key)
        except httpx.HTTPError:
            return None
