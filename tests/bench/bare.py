"""What every floor is made of: the drivers and libraries as they come, in the shortest order.

A floor does the reads, writes, sends and seals of its path. It has no HTTP, asks no rule, tries
nothing twice, parks nothing and stops at the first thing that is not as it should be.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4, uuid5

from aiokafka import AIOKafkaProducer
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc import jwe
from joserfc.jwe import JWERegistry
from joserfc.jwk import OctKey
from joserfc.util import urlsafe_b64decode
from pymongo import AsyncMongoClient, ReturnDocument, UpdateOne, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from contracts.base import Message
from contracts.ids import fact_id

_REGISTRY = JWERegistry(algorithms=["dir", "A256GCM"], strict_check_header=False)
_CODECS: CodecOptions[dict[str, Any]] = CodecOptions(
    uuid_representation=UuidRepresentation.STANDARD, tz_aware=True
)
_NONCE_BYTES = 12
_REMOVE_EVERY_SECONDS = 0.005
_KEYS_KEPT = 64
_COMMAND = {"key": bytes(16), "fingerprint": "0" * 64, "version": 1}

Rows = AsyncCollection[dict[str, Any]]


def database(mongo: AsyncMongoClient[dict[str, Any]], name: str) -> AsyncDatabase[dict[str, Any]]:
    """Open a database whose writes wait for a majority and its journal."""
    return mongo.get_database(
        name, codec_options=_CODECS, write_concern=WriteConcern(w="majority", j=True)
    )


class Keys:
    """Data keys, unwrapped when first needed, and what is sealed under them."""

    def __init__(self, mongo: AsyncMongoClient[dict[str, Any]], wrapping: bytes) -> None:
        """Read them from the vault."""
        self._rows = mongo["cairn_keys"].get_collection("keys", codec_options=_CODECS)
        self._wrapping = AESGCM(wrapping)
        self._kept: dict[str, OctKey] = {}

    def forget(self) -> None:
        """Begin with no key in memory."""
        self._kept.clear()

    async def fetch(self, kids: Iterable[str]) -> None:
        """Read those that are not known yet, in one query, with the register of shredded ones."""
        missing = [UUID(kid) for kid in dict.fromkeys(kids) if kid not in self._kept]
        if not missing:
            return
        chosen = {"$match": {"_id": {"$in": missing}}}
        register = {"$unionWith": {"coll": "shredded", "pipeline": [chosen]}}
        cursor = await self._rows.aggregate([chosen, register])
        for row in await cursor.to_list(None):
            wrapped = bytes(row["wrapped"])
            nonce, sealed = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
            key = self._wrapping.decrypt(nonce, sealed, row["_id"].bytes)
            self._kept[str(row["_id"])] = OctKey.import_key(key)

    async def fetch_all(self) -> None:
        """Read every key there is."""
        await self.fetch([str(row["_id"]) async for row in self._rows.find({}, {"_id": 1})])

    def open(self, token: bytes) -> bytes:
        """Open a sealed body."""
        opened = jwe.decrypt_compact(token, self._key, registry=_REGISTRY)
        return opened.plaintext or b""

    def seal(self, body: bytes, *, kid: UUID, subject: UUID, kind: str, sequence: int) -> bytes:
        """Seal a body."""
        header: dict[str, Any] = {"alg": "dir", "enc": "A256GCM", "kid": str(kid)}
        header |= {"sub": str(subject), "typ": kind, "seq": sequence}
        key = self._kept[str(kid)]
        return jwe.encrypt_compact(header, body, key, registry=_REGISTRY).encode()

    def _key(self, recipient: Any) -> OctKey:
        return self._kept[recipient.headers()["kid"]]


def kid_of(token: bytes) -> str:
    """Read which key a sealed body needs."""
    header: Mapping[str, Any] = json.loads(urlsafe_b64decode(token.partition(b".")[0]))
    return str(header["kid"])


def fact_entry(message: Message, *, sequence: int, topic: str, body: bytes) -> dict[str, Any]:
    """Write a fact as it stands in an outbox."""
    return {
        "id": fact_id(message.subject, sequence),
        "topic": topic,
        "key": message.about or message.subject,
        "subject": message.subject,
        "type": message.wire_name,
        "sequence": sequence,
        "body": body,
    }


def work_entry(verb: str, subject: UUID, *, topic: str, key: UUID) -> dict[str, Any]:
    """Write a follow-up as it stands in an outbox."""
    return {
        "id": uuid5(subject, verb),
        "topic": topic,
        "key": key,
        "subject": subject,
        "type": verb,
        "sequence": 1,
        "body": b"{}",
    }


def audit_entry(document_id: UUID, version: int, *, kind: str, site: UUID) -> dict[str, Any]:
    """Write an audit row as it rides in a document."""
    row = {
        "site_id": site,
        "caller_id": site,
        "caller_kind": "staff",
        "action": f"POST /v1/{kind}",
        "object_kind": kind,
        "object_id": document_id,
        "version": version,
        "outcome": "done",
        "codes": [],
    }
    return {"id": uuid5(document_id, f"audit:{version}"), "row": row}


async def keep(
    rows: Rows,
    document_id: UUID,
    *,
    before: Mapping[str, Any] | None,
    state: Mapping[str, Any],
    entries: Sequence[Mapping[str, Any]],
) -> None:
    """Write a document with what it tells, if it is still as it was read; or write a new one."""
    kept = [*(before or {}).get("keys", [])[-_KEYS_KEPT + 1 :], _COMMAND]
    stamped = {
        "$map": {
            "input": {"$literal": list(entries)},
            "as": "entry",
            "in": {"$mergeObjects": ["$$entry", {"at": "$$NOW"}]},
        }
    }
    update = {name: {"$literal": value} for name, value in state.items()} | {
        "keys": {"$literal": kept},
        "outbox": {"$concatArrays": [{"$ifNull": ["$outbox", []]}, stamped]},
        "outbox_oldest": {"$ifNull": ["$outbox_oldest", "$$NOW"]},
    }
    await rows.find_one_and_update(
        {"_id": document_id} | ({} if before is None else {"version": before["version"]}),
        [{"$set": update}],
        projection={"outbox": 1},
        upsert=before is None,
        return_document=ReturnDocument.AFTER,
    )


class Telling:
    """Sends what stands in outboxes, keeps the audit rows, and removes both where they stood."""

    def __init__(self, producer: AIOKafkaProducer, audit: Rows) -> None:
        """Send by one producer."""
        self._producer = producer
        self._audit = audit
        self._done: dict[str, tuple[Rows, list[tuple[UUID, dict[str, Any]]]]] = {}
        self._sending: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def removing(self) -> AsyncIterator[None]:
        """Remove what is done in batches while this lasts, and all that is left at its end."""
        remover = asyncio.create_task(self._keep_removing())
        try:
            yield
        finally:
            remover.cancel()
            await asyncio.gather(remover, return_exceptions=True)
            await self._remove()

    def offer(self, rows: Rows, document_id: UUID, entries: Iterable[dict[str, Any]]) -> None:
        """Send these and return at once."""
        for entry in entries:
            if "row" in entry:
                self._note(rows, document_id, entry)
                continue
            task = asyncio.create_task(self._send(rows, document_id, entry))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def all_sent(self) -> None:
        """Wait until everything that was offered is acknowledged."""
        while self._sending:
            await asyncio.gather(*self._sending)

    async def _send(self, rows: Rows, document_id: UUID, entry: dict[str, Any]) -> None:
        sent = await self._producer.send(
            entry["topic"],
            entry["body"],
            key=str(entry["key"]).encode(),
            headers=[
                ("ce_specversion", b"1.0"),
                ("ce_id", str(entry["id"]).encode()),
                ("ce_source", b"/bench/documents"),
                ("ce_subject", str(entry["subject"]).encode()),
                ("ce_type", entry["type"].encode()),
                ("ce_time", b"2026-11-23T00:00:00.000Z"),
                ("ce_sequence", b"%010d" % entry["sequence"]),
                ("content-type", b"application/jose"),
            ],
        )
        await sent
        self._note(rows, document_id, entry)

    def _note(self, rows: Rows, document_id: UUID, entry: dict[str, Any]) -> None:
        self._done.setdefault(rows.full_name, (rows, []))[1].append((document_id, entry))

    async def _keep_removing(self) -> None:
        while True:
            await asyncio.sleep(_REMOVE_EVERY_SECONDS)
            await self._remove()

    async def _remove(self) -> None:
        done, self._done = self._done, {}
        for rows, entries in done.values():
            audited = [entry["row"] for _, entry in entries if "row" in entry]
            if audited:
                links = {"prev": bytes(32), "hash": bytes(32)}
                await self._audit.insert_many([{"_id": uuid4(), **row, **links} for row in audited])
            by_document: dict[UUID, list[UUID]] = {}
            for document_id, entry in entries:
                by_document.setdefault(document_id, []).append(entry["id"])
            await rows.bulk_write(
                [_without(document_id, ids) for document_id, ids in by_document.items()],
                ordered=False,
            )


def _without(document_id: UUID, ids: Sequence[UUID]) -> UpdateOne:
    kept = {"$not": [{"$in": ["$$entry.id", {"$literal": list(ids)}]}]}
    rest = {"$filter": {"input": "$outbox", "as": "entry", "cond": kept}}
    oldest = {"$ifNull": [{"$min": "$outbox.at"}, "$$REMOVE"]}
    return UpdateOne(
        {"_id": document_id}, [{"$set": {"outbox": rest}}, {"$set": {"outbox_oldest": oldest}}]
    )


def gated(
    document_id: UUID, sequence: int, kept: Mapping[str, Any], follow: Sequence[dict[str, Any]] = ()
) -> UpdateOne:
    """Take a state behind the gate of its sequence, with what follows from it."""
    newer = {"$gt": [sequence, {"$ifNull": ["$sequence", -1]}]}
    whole: dict[str, Any] = {"$literal": {"_id": document_id, "sequence": sequence, **kept}}
    if follow:
        pending = {"$concatArrays": [{"$ifNull": ["$outbox", []]}, {"$literal": list(follow)}]}
        whole = {"$mergeObjects": [whole, {"outbox": pending, "outbox_oldest": "$$NOW"}]}
    return UpdateOne(
        {"_id": document_id},
        [{"$replaceWith": {"$cond": [newer, whole, "$$ROOT"]}}],
        upsert=True,
    )
