"""How is the demo clock moved? By an offset that every service samples once a second."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import Int64
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.write_concern import WriteConcern

_MILLISECOND = timedelta(milliseconds=1)
_ONE_ROW = {"_id": "demo"}
_ANSWER_WITHIN_MS = 5_000


def advance(mongo_url: str, by: timedelta) -> timedelta:
    """Move the demo clock forward, and answer how far ahead it now is."""
    with _clock(mongo_url) as clock:
        moved = {"$inc": {"offset_ms": Int64(by // _MILLISECOND)}}
        clock.update_one(_ONE_ROW, moved, upsert=True)
        return _offset(clock)


def ahead(mongo_url: str) -> timedelta:
    """Say how far the demo clock is ahead of the real one."""
    with _clock(mongo_url) as clock:
        return _offset(clock)


def demo_now(offset: timedelta) -> datetime:
    """Give the time that the services go by, to the whole second."""
    return (datetime.now(UTC) + offset).replace(microsecond=0)


def _offset(clock: Collection[dict[str, Any]]) -> timedelta:
    row = clock.find_one(_ONE_ROW)
    return int(row["offset_ms"]) * _MILLISECOND if row else timedelta()


@contextmanager
def _clock(mongo_url: str) -> Iterator[Collection[dict[str, Any]]]:
    mongo: MongoClient[dict[str, Any]]
    with MongoClient(mongo_url, serverSelectionTimeoutMS=_ANSWER_WITHIN_MS) as mongo:
        majority = WriteConcern("majority")
        yield mongo["cairn_keys"].get_collection("clock", write_concern=majority)
