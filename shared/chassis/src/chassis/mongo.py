"""How does everything else speak to MongoDB without knowing which driver does?

Only this module and `chassis.lost`, which says the driver's errors in our words, import a driver.
PyMongo Async is the default; Motor is accepted for networks that still run it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from decimal import Decimal
from importlib import import_module
from inspect import isawaitable
from typing import Any, Literal, TypeAlias, cast

import pymongo
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions, TypeEncoder, TypeRegistry
from bson.decimal128 import Decimal128
from pymongo import AsyncMongoClient, ReadPreference, UpdateOne, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure
from pymongo.operations import IndexModel
from pymongo.read_concern import ReadConcern
from typing_extensions import override

from chassis.lost import OutcomeUnknown, SomeTaken, StoreAway, Taken, translate

__all__ = (
    "CALL_MS",
    "Database",
    "Driver",
    "Index",
    "Mongo",
    "OutcomeUnknown",
    "Rows",
    "SomeTaken",
    "StoreAway",
    "Taken",
    "aggregated",
    "change_many",
    "changed",
    "ensure_indexes",
    "found",
    "lightly",
    "majority_reads",
    "settled",
    "translate",
)

Rows: TypeAlias = AsyncCollection[dict[str, Any]]
Database: TypeAlias = AsyncDatabase[dict[str, Any]]
Driver: TypeAlias = Literal["pymongo", "motor"]

CALL_MS = 4_000
"""How long one call may take, finding a primary and trying again included.

The command that waits for it ends a second later.
"""

_CONNECT_MS = 2_000
_ASK_PRIMARY_SECONDS = 1.0
_INDEX_BUILD_SECONDS = 120
_INDEX_CHANGED = frozenset({85, 86})


@dataclass(frozen=True, slots=True)
class Index:
    """An index that a collection must have."""

    name: str
    keys: tuple[str | tuple[str, int], ...]
    unique: bool = False
    partial: Mapping[str, Any] | None = None
    expire_after_seconds: int | None = None

    def model(self) -> IndexModel:
        """Say it in the driver's words."""
        keys = [(key, pymongo.ASCENDING) if isinstance(key, str) else key for key in self.keys]
        options: dict[str, Any] = {"name": self.name}
        if self.unique:
            options["unique"] = True
        if self.partial is not None:
            options["partialFilterExpression"] = dict(self.partial)
        if self.expire_after_seconds is not None:
            options["expireAfterSeconds"] = self.expire_after_seconds
        return IndexModel(keys, **options)


class Mongo:
    """One process's connections to MongoDB; nothing connects before the first call."""

    def __init__(self, url: str, *, driver: Driver = "pymongo") -> None:
        options: dict[str, Any] = {
            "appname": "cairn",
            "timeoutMS": CALL_MS,
            "connectTimeoutMS": _CONNECT_MS,
            "heartbeatFrequencyMS": 2_000,
            "maxIdleTimeMS": 60_000,
            "retryWrites": True,
            "retryReads": True,
        }
        made = AsyncMongoClient if driver == "pymongo" else _motor()
        self._gateway = cast("AsyncMongoClient[dict[str, Any]]", made(url, **options))

    def database(self, name: str) -> Database:
        """Open a database whose every collection writes with majority and journal."""
        return self._gateway.get_database(
            name,
            codec_options=_CODECS,
            write_concern=WriteConcern(w="majority", j=True),
            read_preference=ReadPreference.PRIMARY,
        )

    async def hello(self) -> dict[str, Any]:
        """Ask the primary how it is; its answer holds its own time as `localTime`.

        Raises:
            StoreAway: there is no primary.
        """
        with translate(writing=False):
            return await self.database("admin").command("hello", codec_options=_CODECS)

    async def ping(self) -> None:
        """Reach the primary.

        Raises:
            StoreAway: there is none.
        """
        await self.hello()

    async def has_primary(self) -> bool:
        """Say whether a primary answers now, within a second."""
        try:
            with pymongo.timeout(_ASK_PRIMARY_SECONDS):
                return bool((await self.hello()).get("isWritablePrimary"))
        except StoreAway:
            return False

    async def close(self) -> None:
        """Close every connection."""
        closing: Any = self._gateway.close()
        if isawaitable(closing):
            await closing


async def ensure_indexes(rows: Rows, indexes: Iterable[Index]) -> None:
    """Make what is missing; an index whose definition changed is dropped and made again.

    Raises:
        StoreAway: try again once the database is back; what was made stays.
    """
    for index in indexes:
        with translate(), pymongo.timeout(_INDEX_BUILD_SECONDS):
            await _ensure(rows, index)


async def _ensure(rows: Rows, index: Index) -> None:
    try:
        await rows.create_indexes([index.model()])
    except OperationFailure as refused:
        if refused.code not in _INDEX_CHANGED:
            raise
        await rows.drop_index(index.name)
        await rows.create_indexes([index.model()])


async def found(
    rows: Rows,
    where: Mapping[str, Any],
    *,
    limit: int = 0,
    order: Sequence[tuple[str, int]] = (),
    fields: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Find rows; a limit of 0 means all of them."""
    with translate(writing=False):
        cursor = rows.find(where, projection=fields, limit=limit, sort=list(order) or None)
        return await cursor.to_list(None)


async def changed(
    rows: Rows,
    where: Mapping[str, Any],
    pipeline: Sequence[Mapping[str, Any]],
    *,
    fields: Mapping[str, Any],
    upsert: bool = False,
    give: Literal["before", "after"] = "after",
) -> dict[str, Any] | None:
    """Change one row by a pipeline, and give it as it was before or stands after; None for none."""
    with translate(writing=True):
        row: dict[str, Any] | None = await rows.find_one_and_update(
            where,
            list(pipeline),
            projection=fields,
            upsert=upsert,
            return_document=pymongo.ReturnDocument.AFTER
            if give == "after"
            else pymongo.ReturnDocument.BEFORE,
        )
        return row


async def change_many(
    rows: Rows,
    changes: Iterable[tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]],
    *,
    upsert: bool = False,
) -> None:
    """Change many rows, each by its own pipeline and in no order, in one call."""
    operations = [UpdateOne(where, list(pipeline), upsert=upsert) for where, pipeline in changes]
    if operations:
        with translate(writing=True):
            await rows.bulk_write(operations, ordered=False)


def majority_reads(rows: Rows) -> Rows:
    """Give the same collection for reads of what a majority has and no failover takes back."""
    return rows.with_options(read_concern=ReadConcern("majority"))


async def settled(rows: Rows, row_id: Any) -> None:
    """Wait until a majority has what the primary shows of this row, whoever wrote it.

    Raises:
        StoreAway: no majority confirmed it in time; it may yet be taken back.
    """
    with translate(writing=False):
        confirmed = rows.with_options(read_concern=ReadConcern("linearizable"))
        await confirmed.find_one({"_id": row_id}, {"_id": 1})


async def aggregated(rows: Rows, pipeline: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Run a pipeline that only reads."""
    with translate(writing=False):
        cursor: Any = rows.aggregate(list(pipeline))
        if isawaitable(cursor):
            cursor = await cursor
        answer: list[dict[str, Any]] = await cursor.to_list(None)
        return answer


def lightly(rows: Rows) -> Rows:
    """Give the same collection for writes that may be lost with the primary, as clean-ups may."""
    return rows.with_options(write_concern=WriteConcern(w=1))


def _motor() -> Any:
    return import_module("motor.motor_asyncio").AsyncIOMotorClient


class _DecimalEncoder(TypeEncoder):
    """Writes numbers exactly.

    They are read as the driver gives them: with a reader of our own, PyMongo 4.20 fails by a
    mistake of its own when a primary steps down in the middle of `find_one_and_update`.
    """

    @property
    @override
    def python_type(self) -> type[Decimal]:
        return Decimal

    @override
    def transform_python(self, value: Decimal) -> Decimal128:
        return Decimal128(value)


def _as_text(value: Any) -> Any:
    """Write a day as ISO text; everything else stays as it is and fails as it should."""
    return value.isoformat() if isinstance(value, date) else value


_CODECS: CodecOptions[dict[str, Any]] = CodecOptions(
    uuid_representation=UuidRepresentation.STANDARD,
    tz_aware=True,
    tzinfo=UTC,
    type_registry=TypeRegistry([_DecimalEncoder()], fallback_encoder=_as_text),
)
