"""`cairn status`: who listens where, who is ready, and what waits."""

from typing import Any

import httpx
from pydantic import BaseModel
from rich.box import SIMPLE
from rich.table import Column, Table

from cairn.addresses import Addresses
from cairn.metrics import by_label, samples, total
from cairn.ports import accepts

_ASK_WITHIN_SECONDS = 3.0
_SERVICE_COLUMNS = ("service", Column("address", no_wrap=True), "state", "lag", "outbox", "parked")


class ServiceStatus(BaseModel):
    """How one service does; None where it did not say."""

    address: str
    state: str
    """`ready`, `not ready` or `away`."""
    lag: int | None = None
    """Facts that wait on the bus to be heard."""
    outbox_oldest_seconds: float | None = None
    """The age of the oldest fact that waits to be told."""
    parked: int | None = None
    newest_fact_age_seconds: dict[str, float] = {}
    """By topic."""


class Status(BaseModel):
    """How the network does."""

    addresses: dict[str, str]
    servers: dict[str, bool]
    """Whether each server listens."""
    services: dict[str, ServiceStatus]

    @property
    def whole(self) -> bool:
        """Say whether everything listens and every service is ready."""
        ready = all(each.state == "ready" for each in self.services.values())
        return ready and all(self.servers.values())


def status(addresses: Addresses) -> Status:
    """Ask every program once."""
    others = {
        name: address
        for name, address in addresses.model_dump().items()
        if name not in addresses.services()
    }
    return Status(
        addresses=addresses.shown(),
        servers={name: _listens(address) for name, address in others.items()},
        services={name: _service(url) for name, url in addresses.services().items()},
    )


def tables(found: Status) -> list[Table]:
    """Lay the status out for a person."""
    services = Table(*_SERVICE_COLUMNS, box=SIMPLE)
    for name, each in found.services.items():
        services.add_row(
            name,
            each.address,
            each.state,
            _shown(each.lag),
            _shown(each.outbox_oldest_seconds, " s"),
            _shown(each.parked),
        )
    servers = Table("server", Column("address", no_wrap=True), "state", box=SIMPLE)
    for name, listens in found.servers.items():
        servers.add_row(name, found.addresses[name], "listens" if listens else "away")
    return [services, servers]


def _service(url: str) -> ServiceStatus:
    try:
        with httpx.Client(timeout=_ASK_WITHIN_SECONDS, trust_env=False) as gateway:
            ready = gateway.get(f"{url}/readyz").is_success
            found = samples(gateway.get(f"{url}/metrics").text)
    except httpx.HTTPError:
        return ServiceStatus(address=url, state="away")
    return ServiceStatus(
        address=url,
        state="ready" if ready else "not ready",
        lag=_whole(total(found, "cairn_bus_lag")),
        outbox_oldest_seconds=total(found, "cairn_outbox_oldest_seconds"),
        parked=_whole(total(found, "cairn_parked")),
        newest_fact_age_seconds=by_label(found, "cairn_newest_fact_age_seconds", "topic"),
    )


def host_and_port(address: str) -> tuple[str, int] | None:
    """Find where to knock: the first server that an address names; None where it names no port."""
    servers = address.rpartition("://")[2].partition("/")[0].rpartition("@")[2]
    host, _, port = servers.partition(",")[0].rpartition(":")
    return (host, int(port)) if host and port.isdigit() else None


def _listens(address: str) -> bool:
    where = host_and_port(address)
    return where is not None and accepts(where[1], host=where[0])


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _shown(number: Any, unit: str = "") -> str:
    return "unknown" if number is None else f"{number:g}{unit}"
