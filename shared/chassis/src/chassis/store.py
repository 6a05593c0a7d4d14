"""How is a document kept? It is loaded, a rule is asked, and one write keeps all it decided."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic
from uuid import UUID

from chassis.access import Intent
from chassis.audit import AuditChain, read_row, write_row
from chassis.clock import Clock
from chassis.domain import Change, D, Document
from chassis.mongo import (
    Index,
    Rows,
    Taken,
    changed,
    ensure_indexes,
    found,
    settled,
    translate,
)
from chassis.outbox import Relay
from chassis.refusals import BusBacklog, Busy, NotFound, Stale
from chassis.replays import seen_before, with_key
from chassis.rows import (
    BACKLOG_BYTES,
    COALESCE_BYTES,
    Kept,
    Row,
    Telling,
    audit_entry,
    entries_of,
    key_of,
    person_of,
    read,
    stamped,
    without_states,
    written,
)
from chassis.sealing import key_id_of
from chassis.telemetry import current_traceparent
from chassis.vault import KeyShredded, Vault

_TRIES = 5
_OUTBOX = Index("outbox", ("outbox_oldest",), partial={"outbox_oldest": {"$exists": True}})
_BODY = {"body": 1, "version": 1, "sequence": 1}
_TO_CHANGE = {
    **_BODY,
    "keys": 1,
    "backlog_bytes": {"$bsonSize": {"entries": {"$ifNull": ["$outbox", []]}}},
}


@dataclass(frozen=True, slots=True)
class Keeping:
    """What every collection of a process needs to keep its documents."""

    service: str
    vault: Vault
    relay: Relay
    clock: Clock
    audit: AuditChain

    def telling(self, traceparent: str | None = None) -> Telling:
        """Stamp what one write tells with this moment and the trace it belongs to."""
        return Telling(
            service=self.service,
            time=self.clock.infrastructure_now(),
            traceparent=traceparent or current_traceparent(),
        )


class Collection(Generic[D]):
    """The documents of one kind. Every write is one document, with all that it tells."""

    def __init__(
        self,
        document: type[D],
        raw: Rows,
        keeping: Keeping,
        *,
        indexes: Sequence[Index] = (),
    ) -> None:
        """Keep documents of this type in this collection."""
        self._document = document
        self._raw = raw
        self._keeping = keeping
        self._indexes = (_OUTBOX, *indexes)

    @property
    def raw(self) -> Rows:
        """The collection itself, for sweeping and for indexes."""
        return self._raw

    async def ensure_indexes(self) -> None:
        """Make the indexes that hold what must hold across documents."""
        await ensure_indexes(self._raw, self._indexes)

    async def get(self, id: UUID, intent: Intent | None = None) -> Kept[D]:
        """Give the document as it stands; with an intent, only to whom it may be shown.

        Raises:
            NotFound: There is none, or the caller may not know that there is.
        """
        kept = (await self._load(id, _BODY)).kept
        if intent is not None:
            _require(intent, kept.document)
            await self._keeping.audit.append(
                read_row(intent, kept.document, version=kept.version, **self._named())
            )
        return kept

    async def get_many(self, ids: Iterable[UUID]) -> dict[UUID, Kept[D]]:
        """Give those of these documents that there are."""
        found = await self.find({"_id": {"$in": list(ids)}}, limit=0)
        return {kept.document.id: kept for kept in found}

    async def find(
        self,
        where: Mapping[str, Any],
        *,
        limit: int = 100,
        after: UUID | None = None,
        order: str = "_id",
    ) -> list[Kept[D]]:
        """Give documents by their clear fields; a limit of 0 means all of them."""
        query = dict(where) if after is None else {"$and": [dict(where), {"_id": {"$gt": after}}]}
        stored = await found(self._raw, query, limit=limit, order=((order, 1),), fields=_BODY)
        ring = await self._keeping.vault.fetch(_keys_in(stored))
        return [
            self._read(each, ring).kept
            for each in stored
            if (kid := _key_in(each)) is None or not ring.shredded(kid)
        ]

    async def add(self, change: Change[D], intent: Intent) -> Kept[D]:
        """Keep a new document; if it is there already, give it as it stands.

        Raises:
            KeyReused: The same key came with another body.
            Taken: A unique index holds what this asks for.
        """
        document = change.document
        _require(intent, document)
        new = await self._new(change, intent)
        if await self._insert(new):
            self._keeping.relay.offer(self._raw, document.id, new["outbox"])
            return Kept(document, 1, new["sequence"])
        row = await self._load(document.id, _TO_CHANGE)
        _require(intent, row.kept.document)
        seen_before(row.keys, intent)
        return replace(row.kept, replayed=True)

    async def change(
        self,
        id: UUID,
        rule: Callable[[D], Change[D]],
        intent: Intent,
    ) -> Kept[D]:
        """Ask the rule and keep what it decided; the rule may be asked again when others write.

        Raises:
            NotFound: There is none, or the caller may not know that there is.
            Refused: The rule said no; nothing is stored.
            Stale: `If-Match` named another version.
            KeyReused: The same key came with another body.
            Taken: A unique index holds what this asks for.
            Busy: Somebody else was faster five times.
        """
        for _ in range(_TRIES):
            row = await self._load(id, _TO_CHANGE)
            _require(intent, row.kept.document)
            if seen_before(row.keys, intent):
                await settled(self._raw, id)
                return replace(row.kept, replayed=True)
            if intent.if_match is not None and intent.if_match != row.kept.version:
                raise Stale
            change = rule(row.kept.document)
            if change.document == row.kept.document and not change.told and not change.work:
                if intent.key is not None:
                    await settled(self._raw, id)
                return row.kept
            if row.backlog_bytes > BACKLOG_BYTES and not change.happened:
                raise BusBacklog
            kept = await self._keep(change, row, intent)
            if kept is not None:
                return kept
        raise Busy

    async def _load(self, document_id: UUID, fields: Mapping[str, Any]) -> Row[D]:
        with translate(writing=False):
            stored = await self._raw.find_one({"_id": document_id}, fields)
        if stored is None:
            raise NotFound
        try:
            ring = await self._keeping.vault.fetch(_keys_in([stored]))
            return self._read(stored, ring)
        except KeyShredded:
            raise NotFound from None

    def _read(self, stored: Mapping[str, Any], ring: Any) -> Row[D]:
        return read(self._document, stored, kind=self._raw.name, kid=_key_in(stored), ring=ring)

    async def _entries(
        self, change: Change[D], intent: Intent, *, version: int, sequence: int
    ) -> tuple[bytes, list[dict[str, Any]]]:
        keys = {key_of(change.document), *map(key_of, change.told)}
        ring = await self._keeping.vault.fetch(kid for kid in keys if kid is not None)
        entries = entries_of(
            change,
            sequence=sequence,
            version=version,
            ring=ring,
            telling=self._keeping.telling(),
        )
        row = write_row(intent, change.document, version=version, **self._named())
        body = written(change.document, kind=self._raw.name, version=version, ring=ring)
        return body, [*entries, dict(audit_entry(row))]

    def _named(self) -> dict[str, Any]:
        now = self._keeping.clock.infrastructure_now()
        return {"kind": self._raw.name, "service": self._keeping.service, "at": now}

    async def _new(self, change: Change[D], intent: Intent) -> dict[str, Any]:
        body, entries = await self._entries(change, intent, version=1, sequence=0)
        return {
            "_id": change.document.id,
            "version": 1,
            "sequence": len(change.told),
            "body": body,
            "clear": dict(change.document.clear()),
            "keys": with_key((), intent, version=1),
            "outbox": entries,
        }

    async def _insert(self, new: dict[str, Any]) -> bool:
        kept = {name: value for name, value in new.items() if name != "outbox"}
        whole = {
            "$mergeObjects": [
                {"$literal": kept},
                {"outbox": stamped(new["outbox"]), "outbox_oldest": "$$NOW"},
            ]
        }
        missing = {"$eq": [{"$type": "$version"}, "missing"]}
        try:
            before = await changed(
                self._raw,
                {"_id": new["_id"]},
                [{"$replaceWith": {"$cond": [missing, whole, "$$ROOT"]}}],
                fields={"version": 1},
                upsert=True,
                give="before",
            )
        except Taken as taken:
            if taken.index == "_id_":
                return False
            raise
        return before is None

    async def _keep(self, change: Change[D], row: Row[D], intent: Intent) -> Kept[D] | None:
        version = row.kept.version + 1
        body, entries = await self._entries(
            change, intent, version=version, sequence=row.kept.sequence
        )
        sequence = row.kept.sequence + len(change.told)
        pending: Any = {"$ifNull": ["$outbox", []]}
        if row.backlog_bytes > COALESCE_BYTES and any(entry.get("state") for entry in entries):
            pending = without_states(pending)
        update = {
            "version": version,
            "sequence": sequence,
            "body": {"$literal": body},
            "clear": {"$literal": dict(change.document.clear())},
            "keys": {"$literal": with_key(row.keys, intent, version=version)},
            "outbox": {"$concatArrays": [pending, stamped(entries)]},
            "outbox_oldest": {"$ifNull": ["$outbox_oldest", "$$NOW"]},
        }
        stored = await changed(
            self._raw,
            {"_id": change.document.id, "version": row.kept.version},
            [{"$set": update}],
            fields={"outbox": 1},
        )
        if stored is None:
            return None
        self._keeping.relay.offer(self._raw, change.document.id, stored["outbox"])
        return Kept(change.document, version, sequence)


def _key_in(stored: Mapping[str, Any]) -> UUID | None:
    body = bytes(stored["body"])
    return None if body.startswith(b"{") else key_id_of(body)


def _keys_in(stored: Iterable[Mapping[str, Any]]) -> list[UUID]:
    return [kid for kid in map(_key_in, stored) if kid is not None]


def _require(intent: Intent, document: Document) -> None:
    intent.require(getattr(document, "site_id", None), person_of(document))
