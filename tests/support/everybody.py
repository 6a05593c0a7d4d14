"""A caller whom every route of a running network would let in."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

import httpx

from network import Network
from open_routes import Route, routes_of
from tokens_of_others import Forger

_ROLES = (
    "therapist",
    "prescriber",
    "prescriber_designee",
    "intake_coordinator",
    "clinical_supervisor",
    "privacy_officer",
    "site_admin",
    "operator",
    "client",
)
_CALLING_SERVICES = ("sessions", "notifications", "operator")


class Everybody:
    """Somebody with every role everywhere, and each service where only a service may ask."""

    def __init__(self, network: Network) -> None:
        """Learn the routes of this network, and sign in."""
        self.network = network
        key_file = network.home.path / "issuer.json"
        self.forger = Forger(key_file, issuer=network.addresses.issuer)
        self.routes = routes_of(network.http, network.addresses)
        self.commands = [route for route in self.routes if route.method == "POST"]
        self._person = self.forger.good(roles={"*": list(_ROLES)})
        self._services = {name: network.program(name).token for name in _CALLING_SERVICES}

    def token(self, route: Route) -> str:
        """Give a token that the table of this route lets in."""
        return self._person if route.row.roles else self._services[min(route.row.services)]

    def send(
        self,
        route: Route,
        content: bytes | Iterable[bytes] | None = None,
        *,
        token: str | None = None,
        params: Mapping[str, Any] | None = None,
        **headers: str | None,
    ) -> httpx.Response:
        """Send raw bytes to a route, about ids that name nothing; a header of None is left out."""
        given = {
            "content-type": "application/json",
            "idempotency-key": str(uuid4()),
            "authorization": f"Bearer {self.token(route) if token is None else token}",
        }
        sent = given | {name.replace("_", "-"): value for name, value in headers.items()}
        return self.network.http.request(
            route.method,
            f"{self.network.addresses.service(route.service)}{route.path}",
            content=content,
            params=params,
            headers={name: value for name, value in sent.items() if value is not None},
        )
