"""What happens to a record that cannot be acted on? It is parked, once, with the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from uuid import UUID, uuid5

from chassis.clock import Clock
from chassis.hearing import Arrival
from chassis.mongo import Index, Rows, change_many, changed, ensure_indexes, found
from contracts.envelope import Unreadable, read_headers
from contracts.ids import NS_CAIRN

ParkedState: TypeAlias = Literal["parked", "retried", "discarded"]

_SHOWN = {"value": 0, "headers": 0, "key": 0}


@dataclass(frozen=True, slots=True)
class Kept:
    """A parked record as it came, to be tried again."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class Parking:
    """The parked records of one service; parking the same record twice parks it once."""

    def __init__(self, rows: Rows, clock: Clock) -> None:
        """Park in this collection."""
        self._rows = rows
        self._clock = clock

    async def ensure_indexes(self) -> None:
        """Make the index that lists are read by."""
        await ensure_indexes(self._rows, (Index("state", ("state", "code", "_id")),))

    async def park(self, record: Arrival, *, code: str, says: str) -> None:
        """Keep a record with the reason why it could not be acted on."""
        row = {
            "_id": name_of(record),
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "timestamp": record.timestamp,
            "key": record.key,
            "value": record.value,
            "headers": [[name, value] for name, value in record.headers],
            "bytes": len(record.value or b""),
            "code": code,
            "says": says,
            "state": "parked",
            "parked_at": self._clock.infrastructure_now(),
            **_outside(record),
        }
        absent = {"$eq": [{"$type": "$state"}, "missing"]}
        once = {"$replaceWith": {"$cond": [absent, {"$literal": row}, "$$ROOT"]}}
        await change_many(self._rows, [({"_id": row["_id"]}, [once])], upsert=True)

    async def count(self) -> int:
        """Count what waits for a person."""
        return len(await found(self._rows, {"state": "parked"}, fields={"_id": 1}))

    async def listed(self, *, limit: int, after: UUID | None) -> list[dict[str, Any]]:
        """List what waits, without its words."""
        where: dict[str, Any] = {"state": "parked"}
        if after is not None:
            where["_id"] = {"$gt": after}
        rows = await found(self._rows, where, limit=limit, order=(("_id", 1),), fields=_SHOWN)
        return [_shown(row) for row in rows]

    async def shown(self, parked_id: UUID) -> dict[str, Any] | None:
        """Show one row, without its words; None where there is none."""
        rows = await found(self._rows, {"_id": parked_id}, limit=1, fields=_SHOWN)
        return _shown(rows[0]) if rows else None

    async def kept(self, parked_id: UUID) -> Kept | None:
        """Give a parked record as it came."""
        rows = await found(self._rows, {"_id": parked_id, "state": "parked"}, limit=1)
        if not rows:
            return None
        row = rows[0]
        return Kept(
            **{name: row[name] for name in ("topic", "partition", "offset", "timestamp")},
            key=row["key"],
            value=row["value"],
            headers=[(name, value) for name, value in row["headers"]],
        )

    async def settle(self, parked_id: UUID, state: ParkedState, *, note: str | None = None) -> bool:
        """Take a row out of the list of what waits; False where it does not wait."""
        settled = {
            "state": state,
            "note": {"$literal": note},
            "settled_at": self._clock.infrastructure_now(),
        }
        row = await changed(
            self._rows,
            {"_id": parked_id, "state": "parked"},
            [{"$set": settled}],
            fields={"_id": 1},
        )
        return row is not None


def name_of(record: Arrival) -> UUID:
    """Name a parked record by where it stands on the bus."""
    place = f"{record.topic}/{record.partition}/{record.offset}/{record.timestamp}"
    return uuid5(NS_CAIRN, f"parked:{place}")


def _outside(record: Arrival) -> Mapping[str, Any]:
    try:
        envelope = read_headers(record.headers)
    except Unreadable:
        return {}
    return {"type": envelope.type, "subject": envelope.subject, "sequence": envelope.sequence}


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": row["_id"], **{name: value for name, value in row.items() if name != "_id"}}
