"""`cairn parked`: which facts could a service not use, why, and what shall become of them?"""

from collections.abc import Iterator
from typing import Any

from rich.box import SIMPLE
from rich.table import Table

from cairn.addresses import Addresses
from cairn.operating import Caller, Unanswered

_PAGE = 200
_COLUMNS = ("id", "topic", "type", "sequence", "code", "parked_at")


class UnknownParked(Exception):
    """No service has a parked fact of this id."""


def parked_rows(
    caller: Caller, addresses: Addresses, services: list[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """List the parked facts of these services, page by page."""
    for service in services:
        after: str | None = None
        while True:
            where = f"{addresses.service(service)}/v1/parked"
            answer = caller.get(where, limit=_PAGE, **({"after": after} if after else {}))
            yield from ((service, row) for row in answer["items"])
            after = answer.get("next")
            if not after:
                break


def find(
    caller: Caller, addresses: Addresses, services: list[str], parked_id: str
) -> tuple[str, dict[str, Any]]:
    """Find who parked it.

    Raises:
        UnknownParked: nobody did.
    """
    for service, row in parked_rows(caller, addresses, services):
        if str(row["id"]) == parked_id:
            url = f"{addresses.service(service)}/v1/parked/{parked_id}"
            return service, caller.get(url)
    raise UnknownParked(f"no parked fact {parked_id}; see `cairn parked list`")


def chosen(
    caller: Caller, addresses: Addresses, services: list[str], ids: list[str]
) -> list[tuple[str, str]]:
    """Find who parked each of these; without ids, everything that these services parked.

    Raises:
        UnknownParked: nobody parked one of them.
    """
    found = [
        (service, str(row["id"]))
        for service, row in parked_rows(caller, addresses, services)
        if not ids or str(row["id"]) in ids
    ]
    unknown = set(ids) - {parked_id for _, parked_id in found}
    if unknown:
        raise UnknownParked(f"no parked fact {', '.join(sorted(unknown))}; see `cairn parked list`")
    return found


def settle(
    caller: Caller, addresses: Addresses, which: tuple[str, str], verb: str, **body: str
) -> str | None:
    """Retry or discard one parked fact; answers why it stays parked, or None when it does not."""
    service, parked_id = which
    try:
        caller.post(f"{addresses.service(service)}/v1/parked/{parked_id}/{verb}", body)
    except Unanswered as refused:
        return str(refused)
    return None


def table(rows: list[tuple[str, dict[str, Any]]]) -> Table:
    """Lay the parked facts out for a person."""
    found = Table("service", *_COLUMNS, box=SIMPLE, title=f"{len(rows)} parked")
    for service, row in rows:
        found.add_row(service, *(str(row.get(column, "")) for column in _COLUMNS))
    return found
