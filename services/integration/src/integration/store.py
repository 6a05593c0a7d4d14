"""What does integration keep, and what does it look up?"""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from typing import Annotated, TypeAlias
from uuid import UUID

from fastapi import Depends

from chassis.access import Intent
from chassis.audit import read_row
from chassis.domain import Change
from chassis.intents import here
from chassis.mongo import Index
from chassis.refusals import NotFound
from chassis.rows import Kept
from chassis.service import Chassis
from contracts.ids import CaseId, ClientId, SessionId, StaffId
from contracts.intake import ClientState, PathwayState, SiteChanged, StaffChanged
from contracts.sessions import SegmentSigned, SessionState, VisitState
from integration.model import Case
from integration.rules.care import may_read, may_see
from integration.rules.following import follow_closing, follow_segment
from integration.rules.records import new_case, receive_record

_SUPERVISES = ("clinical_supervisor",)
_US = "integration"
_OWN = Intent.own(_US)


class Store:
    """The cases, what was heard of sessions, and the questions asked of both."""

    def __init__(self, chassis: Chassis) -> None:
        """Declare what is kept; nothing connects yet."""
        self.clock = chassis.clock
        self._audit = chassis.audit
        self.cases = chassis.collection(
            Case,
            "cases",
            indexes=(
                Index("by_client", ("clear.client_id", "_id")),
                Index("broken", ("clear.records_broken",)),
            ),
        )
        self.heard_clients = chassis.mirror(ClientState)
        self.heard_pathways = chassis.mirror(PathwayState, clear_fields=("client_id",))
        self.heard_staff = chassis.mirror(StaffChanged)
        self.heard_sites = chassis.mirror(SiteChanged)
        self.heard_visits = chassis.mirror(VisitState, clear_fields=("client_id",))
        self.heard_sessions = chassis.mirror(
            SessionState, clear_fields=("client_id",), follow=follow_closing
        )
        self.heard_segments = chassis.mirror(
            SegmentSigned,
            clear_fields=("session_id",),
            follow=follow_segment,
            indexes=(Index("by_session", ("clear.session_id",)),),
        )

    async def receive_records(self, session_ids: Collection[UUID]) -> None:
        """Look at what is there of these sessions' records, and keep what it amounts to."""
        sessions = await self.heard_sessions.get_many(session_ids)
        segments = await self.segments_of(session_ids)
        closed = (each.state for each in sessions.values() if each.state.closing is not None)
        await asyncio.gather(
            *(self._receive(session, segments.get(session.session_id, ())) for session in closed)
        )

    async def segments_of(
        self, session_ids: Iterable[UUID]
    ) -> Mapping[SessionId, tuple[SegmentSigned, ...]]:
        """Give the segments that were heard of these sessions."""
        there: dict[SessionId, tuple[SegmentSigned, ...]] = {}
        where = {"clear.session_id": {"$in": list(session_ids)}}
        for heard in await self.heard_segments.find(where, limit=0):
            segment = heard.state
            there[segment.session_id] = (*there.get(segment.session_id, ()), segment)
        return there

    async def session(self, session_id: SessionId) -> SessionState | None:
        """Give a session as it was last heard; None while nothing was."""
        heard = await self.heard_sessions.get(session_id)
        return None if heard is None else heard.state

    async def case_for(self, case_id: CaseId, intent: Intent, *, to_read: bool) -> Kept[Case]:
        """Give a case to whoever may see it, or may read what was written.

        Raises:
            NotFound: There is none, or the caller may not know that there is.
        """
        case = (await self.cases.get(case_id)).document
        if not await self._is_open_to(case, intent, to_read=to_read):
            raise NotFound
        return await self.cases.get(case_id, intent)

    async def cases_of(self, client_id: ClientId, intent: Intent) -> list[Kept[Case]]:
        """Give the cases of a client that the caller may see; each of them is noted as read."""
        found = await self.cases.find({"clear.client_id": client_id}, limit=0)
        seen = [await self._is_open_to(kept.document, intent, to_read=False) for kept in found]
        shown = [kept for kept, is_open in zip(found, seen, strict=True) if is_open]
        at = self.clock.infrastructure_now()
        await self._audit.append_many(
            read_row(intent, kept.document, kind="cases", version=kept.version, service=_US, at=at)
            for kept in shown
        )
        return shown

    async def _is_open_to(self, case: Case, intent: Intent, *, to_read: bool) -> bool:
        caller = intent.caller
        if not caller.has(intent.row.roles, case.site_id):
            return False
        heard = await self.heard_pathways.get(case.pathway_id)
        pathway, staff_id = (None if heard is None else heard.state), StaffId(caller.id)
        if to_read:
            return may_read(pathway, staff_id).passed
        supervises = caller.has(_SUPERVISES, case.site_id)
        return may_see(pathway, staff_id, supervises=supervises).passed

    async def _receive(self, session: SessionState, segments: tuple[SegmentSigned, ...]) -> None:
        at = self.clock.now()

        def received(case: Case) -> Change[Case]:
            return receive_record(case, session, segments, at=at)

        case = new_case(session, at=at)
        try:
            await self.cases.change(case.id, received, _OWN)
        except NotFound:
            if (await self.cases.add(received(case), _OWN)).replayed:
                await self.cases.change(case.id, received, _OWN)


StoreHere: TypeAlias = Annotated[Store, Depends(here(Store))]
"""The store of this process, as endpoints ask for it."""
