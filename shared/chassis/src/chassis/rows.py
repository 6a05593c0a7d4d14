"""How does a document lie in the database? One sealed body, and beside it what is not secret."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic
from uuid import UUID, uuid5

from chassis.domain import Change, D, Document, Work
from chassis.outbox import AUDIT, FACT, WORK, Entry
from chassis.refusals import TooLarge
from chassis.sealing import open_sealed, seal
from chassis.vault import KeyRing
from contracts.base import Message
from contracts.envelope import JSON, SEALED
from contracts.ids import fact_id, key_id

FACT_BYTES = 256 * 1024
DOCUMENT_BYTES = 1024 * 1024
COALESCE_BYTES = 256 * 1024
BACKLOG_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kept(Generic[D]):
    """A document as it stands, with the count of its writes and of the facts it told."""

    document: D
    version: int
    sequence: int
    replayed: bool = False
    """Whether this answers a command that had been carried out before."""


@dataclass(frozen=True, slots=True)
class Row(Generic[D]):
    """A document as it was read, with what only the store needs."""

    kept: Kept[D]
    keys: tuple[Mapping[str, Any], ...]
    backlog_bytes: int


def key_of(document: Document | Message) -> UUID | None:
    """Name the data key that seals this; None where it is kept in the clear."""
    sealed_as = getattr(document, "sealed_under", lambda: document.sealed_as)()
    about = person_of(document)
    if sealed_as is None or about is None:
        return None
    return key_id(about, sealed_as)


def person_of(document: Document | Message) -> UUID | None:
    """Name the person this is about; None where it is about nobody."""
    if document.about_field is None:
        return None
    about: UUID = getattr(document, document.about_field)
    return about


def written(document: Document, *, kind: str, version: int, ring: KeyRing) -> bytes:
    """Write the body of a document for its collection, sealed where it is about a person."""
    body = document.model_dump_json().encode()
    kid = key_of(document)
    if kid is not None:
        body = seal(ring, body=body, kid=kid, subject=document.id, kind=kind, sequence=version)
    if len(body) > DOCUMENT_BYTES:
        raise TooLarge
    return body


def read(
    document: type[D], stored: Mapping[str, Any], *, kind: str, kid: UUID | None, ring: KeyRing
) -> Row[D]:
    """Read a document back as it was written.

    Raises:
        SealBroken: The body does not belong to this document and version.
    """
    body = bytes(stored["body"])
    if kid is not None:
        body = open_sealed(ring, body, subject=stored["_id"], kind=kind, sequence=stored["version"])
    return Row(
        kept=Kept(document.model_validate_json(body), stored["version"], stored["sequence"]),
        keys=tuple(stored.get("keys", ())),
        backlog_bytes=stored.get("backlog_bytes", 0),
    )


@dataclass(frozen=True, slots=True)
class Telling:
    """What every entry of one write has in common."""

    service: str
    time: Any
    traceparent: str | None


def entries_of(
    change: Change[D], *, sequence: int, version: int, ring: KeyRing, telling: Telling
) -> list[dict[str, Any]]:
    """Write what a change tells as entries for the outbox, in order, with ids made from numbers."""
    document = change.document
    site = getattr(document, "site_id", None)
    facts = [
        fact_entry(message, sequence=sequence + place, site=site, ring=ring, telling=telling)
        for place, message in enumerate(change.told, start=1)
    ]
    work = [
        work_entry(each, cause=uuid5(document.id, f"work:{version}"), telling=telling)
        for each in change.work
    ]
    return facts + work


def fact_entry(
    message: Message, *, sequence: int, site: UUID | None, ring: KeyRing, telling: Telling
) -> dict[str, Any]:
    """Write a fact as an entry, sealed where it is about a person; 256 kB at the most."""
    body = message.model_dump_json().encode()
    kid = key_of(message)
    if kid is not None:
        body = seal(
            ring,
            body=body,
            kid=kid,
            subject=message.subject,
            kind=message.wire_name,
            sequence=sequence,
            compress=message.compressed,
        )
    if len(body) > FACT_BYTES:
        raise TooLarge
    return {
        "id": fact_id(message.subject, sequence),
        "lane": FACT,
        "state": message.carries == "state",
        "topic": message.topic,
        "key": person_of(message) or message.subject,
        "source": "/" + message.topic.replace(".", "/"),
        "subject": message.subject,
        "type": message.wire_name,
        "sequence": sequence,
        "site": site,
        "time": telling.time,
        "traceparent": telling.traceparent,
        "content_type": JSON if kid is None else SEALED,
        "body": body,
    }


def work_entry(work: Work, *, cause: UUID, telling: Telling) -> dict[str, Any]:
    """Write a follow-up as an entry; the same cause always gives it the same id."""
    return {
        "id": uuid5(cause, f"{work.verb}:{work.subject}"),
        "lane": WORK,
        "topic": f"{telling.service}.work",
        "key": work.ordered_by,
        "source": f"/{telling.service}/work",
        "subject": work.subject,
        "type": f"{telling.service}.{work.verb}.v1",
        "sequence": 1,
        "time": telling.time,
        "traceparent": telling.traceparent,
        "content_type": JSON,
        "body": b"{}",
    }


def audit_entry(row: Mapping[str, Any]) -> Entry:
    """Let an audit row ride in the write it speaks of."""
    return {"id": row["id"], "lane": AUDIT, "row": dict(row)}


def stamped(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Stamp entries with the database's own time, as the write happens."""
    return {
        "$map": {
            "input": {"$literal": list(entries)},
            "as": "entry",
            "in": {"$mergeObjects": ["$$entry", {"at": "$$NOW"}]},
        }
    }


def without_states(pending: Any) -> dict[str, Any]:
    """Leave out states that wait: the newer one that is being added says all they say."""
    return {"$filter": {"input": pending, "as": "entry", "cond": {"$ne": ["$$entry.state", True]}}}
