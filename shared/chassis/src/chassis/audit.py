"""Who did, saw or tried what? One chain of rows for each process, none of which can be taken out.

A write carries its row in its own write, and the relay brings it here. A read or a refusal is
written here before the answer. Rows hold ids and codes, never a word or a name.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal, TypeAlias, TypedDict, cast
from uuid import UUID, uuid5

import structlog

from chassis.access import Intent
from chassis.domain import Document
from chassis.ids import new_id
from chassis.loops import end_if_told
from chassis.mongo import Index, Rows, SomeTaken, StoreAway, translate

log = structlog.get_logger(__name__)

Outcome: TypeAlias = Literal["done", "read", "refused", "not_permitted"]

INDEXES = (
    Index("chain", ("process", "n"), unique=True),
    Index("object", ("object_id", "at"), partial={"object_id": {"$exists": True}}),
)
_ROWS_AT_ONCE = 1_000
_AGAIN_SECONDS = 1.0
_STOP_SECONDS = 3.0
_NO_HASH = bytes(32)


class AuditRow(TypedDict):
    """One thing that was done, seen or tried."""

    id: UUID
    at: datetime
    service: str
    site_id: UUID | None
    caller_id: UUID
    caller_kind: str
    action: str
    """The route, by its template; `own` where a service acted by itself."""

    object_kind: str | None
    object_id: UUID | None
    version: int | None
    outcome: Outcome
    codes: list[str]


def write_row(
    intent: Intent, document: Document, *, kind: str, version: int, service: str, at: datetime
) -> AuditRow:
    """Say that this version of a document was written; the same write always gives the same row."""
    row = _row_about(intent, document, kind=kind, version=version)
    return row | {
        "id": uuid5(document.id, f"audit:{version}"),
        "at": at,
        "service": service,
        "outcome": "done",
    }


def read_row(
    intent: Intent, document: Document, *, kind: str, version: int, service: str, at: datetime
) -> AuditRow:
    """Say that this version of a document was shown."""
    row = _row_about(intent, document, kind=kind, version=version)
    return row | {"id": new_id(), "at": at, "service": service, "outcome": "read"}


def refused_row(
    intent: Intent,
    *,
    outcome: Literal["refused", "not_permitted"],
    codes: Sequence[str],
    object_id: UUID | None,
    service: str,
    at: datetime,
) -> AuditRow:
    """Say that something was tried and refused."""
    return {
        "id": new_id(),
        "at": at,
        "service": service,
        "site_id": None,
        "caller_id": intent.caller.id,
        "caller_kind": intent.caller.kind,
        "action": intent.route,
        "object_kind": None,
        "object_id": object_id,
        "version": None,
        "outcome": outcome,
        "codes": list(codes),
    }


def _row_about(intent: Intent, document: Document, *, kind: str, version: int) -> AuditRow:
    return cast(
        "AuditRow",
        {
            "site_id": getattr(document, "site_id", None),
            "caller_id": intent.caller.id,
            "caller_kind": intent.caller.kind,
            "action": intent.route,
            "object_kind": kind,
            "object_id": document.id,
            "version": version,
            "codes": [],
        },
    )


def link_hash(row: Mapping[str, Any], *, process: str, n: int, prev: bytes, key: bytes) -> bytes:
    """Hash one link of a chain: the row, its place and the hash before it, under a key."""
    said = {name: _said(row[name]) for name in AuditRow.__annotations__}
    text = json.dumps([process, n, prev.hex(), said], sort_keys=True, separators=(",", ":"))
    return hmac.digest(key, text.encode(), hashlib.sha256)


def _said(given: Any) -> Any:
    if isinstance(given, datetime):
        return given.isoformat(timespec="milliseconds")
    return str(given) if isinstance(given, UUID) else given


class AuditChain:
    """The chain of this process. Whoever appends goes on once a majority has the row.

    Rows that come while others are being written go together in the next write.
    """

    def __init__(self, rows: Rows, *, key: bytes, process: str) -> None:
        self._rows = rows
        self._key = key
        self._process = process
        self._n = 0
        self._head = _NO_HASH
        self._linked: list[dict[str, Any]] = []
        self._waiting: list[tuple[Sequence[AuditRow], asyncio.Future[None]]] = []
        self._wake = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to write what is appended."""
        self._writing = asyncio.create_task(self._keep_writing(), name="audit-chain")

    async def stop(self) -> None:
        """Write what waits, for a bounded time; what a document still carries is not lost."""
        if self._writing is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                while self._waiting:
                    await asyncio.gather(
                        *(kept for _, kept in self._waiting), return_exceptions=True
                    )
        self._writing.cancel()
        with suppress(asyncio.CancelledError):
            await self._writing
        self._writing = None

    async def append(self, row: AuditRow) -> None:
        """Add one row and wait until a majority has it.

        Raises:
            StoreAway: it may not be kept, so what it speaks of must not be answered.
        """
        await self.append_many((row,))

    async def append_many(self, rows: Iterable[AuditRow]) -> None:
        """Add rows and wait until a majority has them; a row that is there already stays single.

        Raises:
            StoreAway: they may not be kept; appending them again is harmless.
        """
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((tuple(rows), kept))
        self._wake.set()
        await kept

    async def _keep_writing(self) -> None:
        while True:
            end_if_told()
            await self._wake.wait()
            self._wake.clear()
            batch = self._next_batch()
            try:
                await self._write([row for rows, _ in batch for row in rows])
            except Exception as trouble:  # noqa: BLE001 - whoever waits must hear of it, whatever it is
                self._tell(batch, trouble)
                asyncio.get_running_loop().call_later(_AGAIN_SECONDS, self._wake.set)
            else:
                self._tell(batch, None)

    def _next_batch(self) -> list[tuple[Sequence[AuditRow], asyncio.Future[None]]]:
        count, rows = 0, 0
        while count < len(self._waiting) and rows < _ROWS_AT_ONCE:
            rows += len(self._waiting[count][0])
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        if self._waiting:
            self._wake.set()
        return batch

    def _tell(
        self,
        batch: Iterable[tuple[Sequence[AuditRow], asyncio.Future[None]]],
        trouble: Exception | None,
    ) -> None:
        for _, kept in batch:
            if kept.done():
                continue
            if trouble is None:
                kept.set_result(None)
            else:
                kept.set_exception(trouble)
        if trouble is not None and not isinstance(trouble, StoreAway):
            log.error("audit_not_written", exc_info=trouble)

    async def _write(self, rows: Sequence[AuditRow]) -> None:
        """Links whose outcome is unknown come first, or the chain would branch at them.

        So a row may speak of an answer that never came, but no answer comes without its row.
        """
        await self._settle()
        self._linked = self._link(rows)
        await self._settle()

    def _link(self, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        linked = []
        for row in rows:
            prev, n = self._head, self._n
            self._head = link_hash(row, process=self._process, n=n, prev=prev, key=self._key)
            self._n += 1
            stored = {name: given for name, given in row.items() if given is not None}
            place = {"process": self._process, "n": n, "prev": prev, "hash": self._head}
            linked.append({"_id": row["id"], **stored, **place})
        return linked

    async def _settle(self) -> None:
        while self._linked:
            try:
                with translate():
                    await self._rows.insert_many(self._linked, ordered=True)
            except SomeTaken as there:
                await self._pass_over(min(there.taken))
            else:
                self._linked = []

    async def _pass_over(self, position: int) -> None:
        """Leave out a row that is there: from our own last try, or brought by another process."""
        known, rest = self._linked[position], self._linked[position + 1 :]
        with translate(writing=False):
            there = await self._rows.find_one({"_id": known["_id"]}, {"process": 1, "n": 1})
        self._linked = rest
        if there is None or (there["process"], there["n"]) != (self._process, known["n"]):
            self._n, self._head = known["n"], known["prev"]
            self._linked = self._link([_unlinked(row) for row in rest])


def _unlinked(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row.get(name) for name in AuditRow.__annotations__}
