"""How does what was seen and said get in, entry by entry, and how is it read?"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import ValidationError

from chassis.access import Intent
from chassis.domain import Refused
from chassis.http import After, IdCommandIntent, Limit, ReadIntent
from chassis.malformed import reasons_of
from chassis.refusals import Malformed
from chassis.rows import Kept
from contracts.clinical import Reason
from contracts.ids import EntryId, SessionId, StaffId
from sessions.model import EntryAsked, EntryDocument, Session
from sessions.rules import closing, entries
from sessions.schemas import EntriesGiven, EntriesShown, EntryResult, EntryResults
from sessions.store import Store, StoreHere

router = APIRouter(prefix="/v1/sessions", tags=["entries"])


@router.post("/{session_id}/entries")
async def write_entries(
    session_id: SessionId, given: EntriesGiven, intent: IdCommandIntent, store: StoreHere
) -> EntryResults:
    """Keep what was seen and said; each entry has its own id and its own result."""
    session = (await store.sessions.get(session_id, intent)).document
    sent = [_read(place, raw) for place, raw in enumerate(given.entries)]
    asked = [each.asked for each in sent if each.asked is not None]
    if not asked:
        raise Malformed(*(problem for each in sent for problem in each.problems))
    desk = _Desk(store, session, intent, at=store.clock.now())
    before = await store.entries.get_many(each.entry_id for each in asked)
    results = await asyncio.gather(*map(partial(_keep, desk, before), sent))
    # What was kept before the fence is in the record, so the fence is looked at afterwards.
    fence = (await store.sessions.get(session_id)).document.closing_at
    return EntryResults.of(results, in_time=fence is None or desk.at <= fence)


@router.get("/{session_id}/entries")
async def list_entries(
    session_id: SessionId,
    intent: ReadIntent,
    store: StoreHere,
    limit: Limit = 100,
    after: After = None,
) -> EntriesShown:
    """Show entries, and which of them are addenda to a record that is signed."""
    session = (await store.sessions.get(session_id, intent)).document
    kept = await store.entries.find({"clear.session_id": session_id}, limit=limit, after=after)
    page = [each.document for each in kept]
    segments = await store.segments_of(session_id)
    addenda = closing.addenda(session, page, segments)
    return EntriesShown.page(page, addenda=addenda, limit=limit)


@dataclass(frozen=True, slots=True)
class _Desk:
    store: Store
    session: Session
    intent: Intent
    at: datetime


@dataclass(frozen=True, slots=True)
class _Sent:
    entry_id: EntryId | None
    asked: EntryAsked | None = None
    problems: tuple[Reason, ...] = ()

    def result(self, outcome: Any) -> EntryResult:
        return EntryResult(entry_id=self.entry_id, outcome=outcome, problems=self.problems)


def _read(place: int, raw: Mapping[str, Any]) -> _Sent:
    try:
        asked = EntryAsked.model_validate(raw)
    except ValidationError as wrong:
        found = wrong.errors(include_url=False, include_input=False)
        placed = [{**each, "loc": ("body", "entries", place, *each["loc"])} for each in found]
        return _Sent(_id_in(raw), problems=reasons_of(placed))
    return _Sent(asked.entry_id, asked)


def _id_in(raw: Mapping[str, Any]) -> EntryId | None:
    try:
        return EntryId(UUID(str(raw.get("entry_id"))))
    except ValueError:
        return None


async def _keep(
    desk: _Desk, before: Mapping[UUID, Kept[EntryDocument]], sent: _Sent
) -> EntryResult:
    if sent.asked is None:
        return sent.result("malformed")
    try:
        return sent.result(await _written(desk, before.get(sent.asked.entry_id), sent.asked))
    except Refused as refused:
        return EntryResult(entry_id=sent.entry_id, outcome="malformed", problems=refused.reasons)


async def _written(desk: _Desk, kept: Kept[EntryDocument] | None, asked: EntryAsked) -> str:
    by = StaffId(desk.intent.caller.id)
    if kept is None:
        policy = desk.store.terms(desk.at).policy
        change = entries.write_entry(asked, desk.session, policy=policy, by=by, at=desk.at)
        kept = await desk.store.entries.add(change, desk.intent)
        if not kept.replayed:
            return "stored"
    entries.refuse_other(kept.document, asked, desk.session, by=by)
    return "repeated"
