"""How does what a document tells come onto the bus? From the document itself, in order.

Every write leaves its facts, follow-ups and audit row in the document's `outbox`. Whoever wrote
publishes the whole pending prefix at once; what a crash left behind is found by a sweeper. Rules
O1 to O10 of the decision "One change is one write" hold here:

- the whole prefix, in order, from one sender a document (O1); stop at the first failure (O2)
- only what a majority has (O3); removal by acknowledged id (O4); an error means unknown (O5)
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog

from chassis.audit import AuditChain
from chassis.clock import Clock
from chassis.loops import end_if_told
from chassis.mongo import Rows, StoreAway, change_many
from chassis.producer import Producer, Record
from contracts.envelope import Envelope, to_headers

log = structlog.get_logger(__name__)

Entry = Mapping[str, Any]
"""One pending row of an outbox, as it is stored."""

FACT, WORK, AUDIT = "fact", "work", "audit"
_REMEMBERED = 20_000
_REMOVE_PAUSE_SECONDS = 0.005
_REMOVE_AGAIN_SECONDS = 1.0


@dataclass
class _Sending:
    """The entries of one document that wait for its one sender."""

    kept_in: Rows
    document_id: Any
    entries: OrderedDict[UUID, Entry] = field(default_factory=OrderedDict)


class Relay:
    """Takes what stands in outboxes to Kafka and to the audit chain, and removes it there."""

    def __init__(self, producer: Producer, audit: AuditChain, clock: Clock) -> None:
        """Serve every collection of this process."""
        self._producer = producer
        self._audit = audit
        self._clock = clock
        self._sending: dict[tuple[str, Any], _Sending] = {}
        self._acknowledged: OrderedDict[UUID, None] = OrderedDict()
        self._removals: dict[str, tuple[Rows, dict[Any, list[UUID]]]] = {}
        self._rows: list[tuple[Rows, Any, Entry]] = []
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._remover: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to remove what is acknowledged."""
        self._remover = asyncio.create_task(self._remove_acknowledged(), name="outbox-remover")

    async def stop(self, *, within_seconds: float) -> None:
        """Finish what can be finished in this time; the rest stays in its outbox."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within_seconds)
        for task in list(self._tasks):
            task.cancel()
        if self._remover is not None:
            self._remover.cancel()
            await asyncio.gather(self._remover, return_exceptions=True)
        try:
            async with asyncio.timeout(within_seconds):
                await self._remove_once()
        except (TimeoutError, StoreAway):
            log.warning("outbox_left_to_sweeper")

    def offer(self, kept_in: Rows, document_id: Any, entries: Iterable[Entry]) -> None:
        """Publish this document's pending prefix, as a majority has acknowledged it.

        Returns at once; the one sender of the document takes over what is new.
        """
        new = [entry for entry in entries if entry["id"] not in self._acknowledged]
        for entry in new:
            if entry["lane"] == AUDIT:
                self._acknowledge(entry["id"])
                self._rows.append((kept_in, document_id, entry))
                self._wake.set()
        told = [entry for entry in new if entry["lane"] != AUDIT]
        if not told:
            return
        name = (kept_in.full_name, document_id)
        sending = self._sending.get(name)
        if sending is None:
            sending = self._sending[name] = _Sending(kept_in, document_id)
            task = asyncio.create_task(self._send_prefix(name, sending))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        for entry in told:
            sending.entries.setdefault(entry["id"], entry)

    async def _send_prefix(self, name: tuple[str, Any], sending: _Sending) -> None:
        try:
            while sending.entries:
                entry_id, entry = next(iter(sending.entries.items()))
                if not await self._send(sending, entry):
                    return
                sending.entries.pop(entry_id, None)
        finally:
            self._sending.pop(name, None)

    async def _send(self, sending: _Sending, entry: Entry) -> bool:
        def remove() -> None:
            self._acknowledge(entry["id"])
            self._remove(sending.kept_in, sending.document_id, entry["id"])

        if entry["id"] in self._acknowledged:
            return True
        if not await self._producer.send(as_record(entry), landed_late=remove):
            return False
        remove()
        return True

    def _acknowledge(self, entry_id: UUID) -> None:
        self._acknowledged[entry_id] = None
        while len(self._acknowledged) > _REMEMBERED:
            self._acknowledged.popitem(last=False)

    def _remove(self, kept_in: Rows, document_id: Any, entry_id: UUID) -> None:
        _, ids = self._removals.setdefault(kept_in.full_name, (kept_in, {}))
        ids.setdefault(document_id, []).append(entry_id)
        self._wake.set()

    async def _remove_acknowledged(self) -> None:
        while True:
            end_if_told()
            await self._wake.wait()
            await asyncio.sleep(_REMOVE_PAUSE_SECONDS)
            self._wake.clear()
            try:
                await self._remove_once()
            except Exception as trouble:
                if isinstance(trouble, StoreAway):
                    log.warning("outbox_removal_waits")
                else:
                    log.exception("outbox_removal_failed")
                await asyncio.sleep(_REMOVE_AGAIN_SECONDS)
                self._wake.set()

    async def _remove_once(self) -> None:
        """Remove collection by collection; whatever ends it, what is left is removed later."""
        await self._move_rows()
        for name in list(self._removals):
            kept_in, ids = self._removals.pop(name)
            try:
                await change_many(kept_in, map(_without, ids.items()))
            except BaseException:
                for document_id, entry_ids in ids.items():
                    for entry_id in entry_ids:
                        self._remove(kept_in, document_id, entry_id)
                raise

    async def _move_rows(self) -> None:
        rows, self._rows = self._rows, []
        if not rows:
            return
        try:
            await self._audit.append_many([entry["row"] for _, _, entry in rows])
        except BaseException:
            self._rows = rows + self._rows
            raise
        for kept_in, document_id, entry in rows:
            self._remove(kept_in, document_id, entry["id"])


def _without(
    acknowledged: tuple[Any, Sequence[UUID]],
) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """Remove by acknowledged id alone, and say how old the oldest of the rest is."""
    document_id, entry_ids = acknowledged
    rest = {
        "$filter": {
            "input": "$outbox",
            "as": "entry",
            "cond": {"$not": [{"$in": ["$$entry.id", {"$literal": list(entry_ids)}]}]},
        }
    }
    oldest = {"$ifNull": [{"$min": "$outbox.at"}, "$$REMOVE"]}
    return {"_id": document_id}, [{"$set": {"outbox": rest}}, {"$set": {"outbox_oldest": oldest}}]


def as_record(entry: Entry) -> Record:
    """Write an entry as a record; a second time gives the same bytes."""
    envelope = Envelope(
        id=entry["id"],
        source=entry["source"],
        subject=entry["subject"],
        type=entry["type"],
        time=entry["time"],
        sequence=entry["sequence"],
        dataschema=f"urn:cairn:schema:{entry['type']}",
        site=entry.get("site"),
        traceparent=entry.get("traceparent"),
        content_type=entry["content_type"],
    )
    return Record(
        id=entry["id"],
        topic=entry["topic"],
        key=str(entry["key"]).encode(),
        value=bytes(entry["body"]),
        headers=to_headers(envelope),
    )
