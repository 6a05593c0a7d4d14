"""Everything that lies in the databases of a network, as raw bytes."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from cairn.roster import SERVICES

_WITHIN_MS = 5_000
_LOGS_OF_REFUSALS = "audit"


@dataclass(frozen=True, slots=True)
class Row:
    """One document as it lies there."""

    database: str
    collection: str
    id: str
    raw: bytes


def rows_at_rest(mongo_url: str) -> Iterator[Row]:
    """Give every document of every database, the server's own and its log of writes included."""
    mongo: MongoClient[RawBSONDocument]
    with MongoClient(
        mongo_url, document_class=RawBSONDocument, serverSelectionTimeoutMS=_WITHIN_MS
    ) as mongo:
        for name in mongo.list_database_names():
            database = mongo[name]
            for collection in database.list_collection_names(filter={"type": "collection"}):
                for document in database[collection].find():
                    yield Row(name, collection, _named(document), bytes(document.raw))


def kept_by_services(mongo_url: str) -> dict[str, str]:
    """Give a hash of everything that the services and the vault keep.

    The trail of who tried what is left out: a refusal is written there, and nowhere else.
    """
    ours = {f"cairn_{service}" for service in SERVICES} | {"cairn_keys"}
    return {
        f"{row.database}.{row.collection}/{row.id}": hashlib.sha256(row.raw).hexdigest()
        for row in rows_at_rest(mongo_url)
        if row.database in ours and row.collection not in {_LOGS_OF_REFUSALS, "clock"}
    }


def _named(document: Any) -> str:
    return str(document.get("_id", ""))
