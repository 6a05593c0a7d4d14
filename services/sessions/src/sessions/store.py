"""What does sessions keep, and what does it look up?"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from fastapi import Depends

from chassis.access import EVERY_SITE, Intent
from chassis.domain import Change, Refused
from chassis.intents import here
from chassis.mirrors import Mirrored
from chassis.mongo import Index, Taken
from chassis.refusals import NotFound
from chassis.rows import Kept
from chassis.service import Chassis
from contracts.ids import PathwayId, SessionId, SiteId, StaffId, VisitId
from contracts.intake import ClientState, PathwayState, SiteChanged, StaffChanged
from contracts.integration import CaseState
from contracts.notifications import PlanState
from sessions.gateways import Intake
from sessions.model import (
    EntryDocument,
    Known,
    SeenVisit,
    Segment,
    Session,
    SittingPolicy,
    Terms,
    Visit,
)
from sessions.rules.gate import Gate
from sessions.rules.presence import PRESENT_ELSEWHERE
from sessions.rules.visits import overlapping

_RULESET = "kap-sitting"
_OVERLAPS_AT_MOST = 20


class Store:
    """The collections and mirrors of sessions, and the questions asked of them."""

    def __init__(self, chassis: Chassis) -> None:
        """Declare what is kept; nothing connects yet."""
        self.clock = chassis.clock
        self.intake = Intake(chassis.ask)
        self._rulesets = chassis.rulesets
        self.visits = chassis.collection(
            Visit,
            "visits",
            indexes=(
                _held_by_one("holds"),
                Index("by_client", ("clear.client_id", "clear.starts_at")),
            ),
        )
        self.sessions = chassis.collection(Session, "sessions", indexes=(_held_by_one("present"),))
        self.entries = chassis.collection(
            EntryDocument,
            "entries",
            indexes=(Index("by_session", ("clear.session_id", "_id")),),
        )
        self.segments = chassis.collection(
            Segment, "segments", indexes=(Index("by_session", ("clear.session_id",)),)
        )
        self.heard_clients = chassis.mirror(ClientState)
        self.heard_pathways = chassis.mirror(PathwayState)
        self.heard_staff = chassis.mirror(StaffChanged)
        self.heard_sites = chassis.mirror(SiteChanged)
        self.heard_cases = chassis.mirror(CaseState)
        self.heard_plans = chassis.mirror(PlanState)

    def terms(self, at: datetime) -> Terms:
        """Give the policy of sittings that holds now, by name."""
        ruleset = self._rulesets.newest(SittingPolicy, _RULESET, on=at.date())
        return Terms(ruleset.policy, ruleset.name)

    async def known(self, pathway_id: PathwayId, site_id: SiteId) -> Known:
        """Give what was heard around a visit: enough to plan by, not to act on."""
        pathway = _state(await self.heard_pathways.get(pathway_id))
        return Known(
            pathway=pathway,
            client=None
            if pathway is None
            else _state(await self.heard_clients.get(pathway.client_id)),
            site=_state(await self.heard_sites.get(site_id)),
        )

    async def known_for_sure(self, session: Session) -> Known:
        """Give what was heard around a session, counting as unknown what is in doubt."""
        return Known(
            pathway=_sure(await self.heard_pathways.get(session.pathway_id)),
            client=_sure(await self.heard_clients.get(session.client_id)),
            site=_sure(await self.heard_sites.get(session.site_id)),
        )

    async def pathway(self, pathway_id: PathwayId) -> PathwayState | None:
        """Give what was heard of a pathway."""
        heard = await self.heard_pathways.get(pathway_id)
        return None if heard is None else heard.state

    async def add_visit(
        self, visit_id: VisitId, schedule: Callable[[], Change[Visit]], intent: Intent
    ) -> Kept[Visit]:
        """Keep a new visit, unless this very command made it before.

        Raises:
            Refused: the rule said no, or somebody holds what the visit needs.
        """
        try:
            return await self.visits.change(visit_id, Change, intent)
        except NotFound:
            change = schedule()
        try:
            return await self.visits.add(change, intent)
        except Taken:
            raise Refused(*await self._taken_from(change.document)) from None

    async def change_visit(
        self, visit_id: VisitId, rule: Callable[[Visit], Change[Visit]], intent: Intent
    ) -> Kept[Visit]:
        """Change a visit by a rule.

        Raises:
            Refused: the rule said no, or somebody holds what the visit would need.
        """
        wanted: list[Visit] = []

        def remembered(visit: Visit) -> Change[Visit]:
            change = rule(visit)
            wanted.append(change.document)
            return change

        try:
            return await self.visits.change(visit_id, remembered, intent)
        except Taken:
            raise Refused(*await self._taken_from(wanted[-1])) from None

    async def visits_of(
        self,
        client_id: UUID,
        *,
        starting: Mapping[str, datetime],
        intent: Intent,
        limit: int,
        after: UUID | None,
    ) -> list[Kept[Visit]]:
        """List a client's visits at the sites where the caller may see them."""
        where: dict[str, Any] = {"clear.client_id": client_id, **_reached(intent)}
        if starting:
            where["clear.starts_at"] = starting
        return await self.visits.find(where, limit=limit, after=after)

    async def session_of(self, session_id: SessionId) -> Session | None:
        """Give a session; None where there is none yet."""
        kept = (await self.sessions.get_many([session_id])).get(session_id)
        return None if kept is None else kept.document

    async def open_presence(
        self,
        session_id: SessionId,
        begin: Callable[[], Change[Session]],
        join: Callable[[Session], Change[Session]],
        intent: Intent,
    ) -> Kept[Session]:
        """Begin a session, or join the one that somebody has begun, in the same moment even.

        Raises:
            Refused: the rule said no, or the therapist's presence is open in another session.
        """
        try:
            if await self.session_of(session_id) is None:
                begun = await self.sessions.add(begin(), intent)
                if not begun.replayed:
                    return begun
            return await self.sessions.change(session_id, join, intent)
        except Taken:
            raise Refused(PRESENT_ELSEWHERE) from None

    async def gate(self, session: Session, *, by: StaffId, at: datetime) -> Gate:
        """Give what a decision to release looks at, of what sessions owns."""
        kept = await self.visits.find({"clear.client_id": session.client_id}, limit=0)
        of_pathway = (each for each in kept if each.document.pathway_id == session.pathway_id)
        seen = tuple(SeenVisit(each.document, each.sequence) for each in of_pathway)
        return Gate(visits=seen, terms=self.terms(at), by=by, at=at)

    async def entries_of(self, session_id: SessionId) -> list[EntryDocument]:
        """Give every entry of a session."""
        kept = await self.entries.find({"clear.session_id": session_id}, limit=0)
        return [each.document for each in kept]

    async def segments_of(self, session_id: SessionId) -> list[Segment]:
        """Give the segments of a session that were signed."""
        kept = await self.segments.find({"clear.session_id": session_id}, limit=0)
        return [each.document for each in kept]

    async def _taken_from(self, wanted: Visit) -> tuple[Any, ...]:
        others = await self.visits.find(
            {"clear.holds": {"$in": list(wanted.holds)}}, limit=_OVERLAPS_AT_MOST
        )
        return overlapping(wanted, (each.document for each in others))


StoreHere: TypeAlias = Annotated[Store, Depends(here(Store))]
"""The store of this process, as endpoints ask for it."""


def _held_by_one(name: str) -> Index:
    field = f"clear.{name}"
    return Index(name, (field,), unique=True, partial={field: {"$gt": ""}})


def _reached(intent: Intent) -> dict[str, Any]:
    allowed = {
        site for site, held in intent.caller.roles.items() if not held.isdisjoint(intent.row.roles)
    }
    return {} if EVERY_SITE in allowed else {"clear.site_id": {"$in": [*map(UUID, allowed)]}}


def _state(heard: Mirrored[Any] | None) -> Any:
    return None if heard is None else heard.state


def _sure(heard: Mirrored[Any] | None) -> Any:
    return None if heard is None or heard.in_doubt else heard.state
