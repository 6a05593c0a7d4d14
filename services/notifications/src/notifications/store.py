"""What does notifications keep, and what does it look up?"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from fastapi import Depends

from chassis.access import EVERY_SITE, Caller, Intent
from chassis.audit import read_row
from chassis.hearing import Later
from chassis.intents import here
from chassis.mongo import Index
from chassis.rows import Kept
from chassis.rulesets import Ruleset
from chassis.service import Chassis
from contracts.ids import ClientId, SiteId, VisitId, plan_of, session_of
from contracts.intake import ClientState, PathwayState, SiteChanged, StaffChanged
from contracts.integration import CaseState
from contracts.notifications import NoticeStanding
from contracts.sessions import SessionState, VisitState
from notifications.gateways import Mail, Owners
from notifications.model import OPEN, Plan
from notifications.rules.delivery import Surroundings
from notifications.rules.following import follow_client, follow_session, follow_visit
from notifications.rules.gates import Sitting
from notifications.rules.packs import NoticePack
from notifications.rules.plans import Known, Overtaken, new_plan, plan_visit

_PACK = "kap-notices"
_TRIES = 5
_US = "notifications"
OWN = Intent.own(_US)


class Store:
    """The plans, what was heard of visits and clients, and the questions asked of both."""

    def __init__(self, chassis: Chassis) -> None:
        """Declare what is kept; nothing connects yet."""
        self.clock = chassis.clock
        self._audit = chassis.audit
        self.owners = Owners(chassis.ask)
        self.mail = Mail(chassis.settings.smtp_url)
        self._rulesets = chassis.rulesets
        self.plans = chassis.collection(Plan, "plans", indexes=_INDEXES)
        self.heard_visits = chassis.mirror(
            VisitState,
            clear_fields=("client_id", "kind"),
            follow=follow_visit,
            indexes=(Index("by_client", ("clear.client_id", "clear.kind")),),
        )
        self.heard_sessions = chassis.mirror(
            SessionState, clear_fields=("client_id",), follow=follow_session
        )
        self.heard_clients = chassis.mirror(ClientState, follow=follow_client)
        self.heard_sites = chassis.mirror(SiteChanged)
        self.heard_staff = chassis.mirror(StaffChanged)
        self.heard_pathways = chassis.mirror(PathwayState, clear_fields=("client_id",))
        self.heard_cases = chassis.mirror(CaseState, clear_fields=("client_id",))

    def pack(self, at: datetime) -> Ruleset[NoticePack]:
        """Give the pack of notices that holds now, by name."""
        return self._rulesets.newest(NoticePack, _PACK, on=at.date())

    async def plan_visits(self, visit_ids: Collection[UUID]) -> None:
        """Plan these visits from what was heard of them, and keep the differences."""
        known = await self.known(visit_ids)
        standing = await self.plans.get_many(plan_of(one) for one in known)
        await asyncio.gather(
            *(self._plan(each, is_new=plan_of(id) not in standing) for id, each in known.items())
        )

    async def visits_to_plan(self, client_ids: Iterable[UUID]) -> list[UUID]:
        """Name the visits of these clients whose plans may still change."""
        may_change = [{"clear.standings": {"$in": [*OPEN]}}, {"clear.looks_again": True}]
        kept = await self.plans.find(
            {"clear.client_id": {"$in": list(client_ids)}, "$or": may_change}, limit=0
        )
        return [each.document.visit_id for each in kept]

    async def known(self, visit_ids: Collection[UUID]) -> dict[VisitId, Known]:
        """Give what was heard about these visits; one never heard of is left out."""
        visits = await self.heard_visits.get_many(visit_ids)
        sessions, clients = await asyncio.gather(
            self.heard_sessions.get_many(
                session_of(each.state.visit_id) for each in visits.values()
            ),
            self.heard_clients.get_many({each.state.client_id for each in visits.values()}),
        )
        together: dict[VisitId, Known] = {}
        for visit in visits.values():
            client = clients.get(visit.state.client_id)
            session = sessions.get(session_of(visit.state.visit_id))
            together[visit.state.visit_id] = Known(
                visit=visit.state,
                sequence=visit.sequence,
                client=None if client is None else client.state,
                client_sequence=0 if client is None else client.sequence,
                session=None if session is None else session.state,
                session_sequence=0 if session is None else session.sequence,
            )
        return together

    async def surroundings(self, plans: Sequence[Plan]) -> dict[UUID, Surroundings]:
        """Give, by plan, what the send gate looks at: its facts, and the client's sessions."""
        known = await self.known({plan.visit_id for plan in plans})
        sittings = await self._sittings({plan.client_id for plan in plans})
        return {
            plan.plan_id: Surroundings(
                known.get(plan.visit_id), tuple(sittings.get(plan.client_id, ()))
            )
            for plan in plans
        }

    async def sites(self, site_ids: Iterable[SiteId]) -> Mapping[UUID, SiteChanged]:
        """Give the sites that were heard of."""
        heard = await self.heard_sites.get_many(set(site_ids))
        return {site_id: each.state for site_id, each in heard.items()}

    async def due(self, *, at: datetime, limit: int) -> list[Plan]:
        """Find plans with something due, the longest due first."""
        kept = await self.plans.find(
            {"clear.next_due_at": {"$lte": at}}, limit=limit, order="clear.next_due_at"
        )
        return [each.document for each in kept]

    async def leases_over(self, *, unshifted_at: datetime, limit: int) -> list[Plan]:
        """Find plans that a process had in hand when it died."""
        kept = await self.plans.find({"clear.next_lease_at": {"$lte": unshifted_at}}, limit=limit)
        return [each.document for each in kept]

    async def waiting(self, *, after: UUID | None, limit: int) -> list[Plan]:
        """Find plans that wait for something nobody will tell us has come."""
        kept = await self.plans.find({"clear.looks_again": True}, limit=limit, after=after)
        return [each.document for each in kept]

    async def plans_for(
        self,
        intent: Intent,
        *,
        client: ClientId | None,
        standing: NoticeStanding | None,
        limit: int,
        after: UUID | None,
    ) -> list[Kept[Plan]]:
        """Find plans that the caller may see, by client or by how a notice stands.

        Each of them is noted as read.
        """
        where: dict[str, Any] = _at_sites_of(intent.caller, intent.row.roles)
        where |= {} if client is None else {"clear.client_id": client}
        where |= {} if standing is None else {"clear.standings": standing}
        only_own = {"clear.client_id": intent.caller.id} if intent.caller.kind == "client" else {}
        found = await self.plans.find({"$and": [where, only_own]}, limit=limit, after=after)
        at = self.clock.infrastructure_now()
        await self._audit.append_many(
            read_row(intent, kept.document, kind="plans", version=kept.version, service=_US, at=at)
            for kept in found
        )
        return found

    async def _sittings(self, client_ids: Collection[ClientId]) -> dict[ClientId, list[Sitting]]:
        where = {"clear.client_id": {"$in": list(client_ids)}, "clear.kind": "medicine"}
        visits = [each.state for each in await self.heard_visits.find(where, limit=0)]
        sessions = await self.heard_sessions.get_many(session_of(one.visit_id) for one in visits)
        sittings: dict[ClientId, list[Sitting]] = {}
        for visit in visits:
            session = sessions.get(session_of(visit.visit_id))
            sitting = Sitting(visit, None if session is None else session.state)
            sittings.setdefault(visit.client_id, []).append(sitting)
        return sittings

    async def _plan(self, known: Known, *, is_new: bool) -> None:
        visit_id = known.visit.visit_id
        for _ in range(_TRIES):
            at = self.clock.now()
            pack = self.pack(at)
            rule = partial(plan_visit, known=known, pack=pack.policy, ruleset=pack.name, at=at)
            try:
                if is_new and not (await self.plans.add(rule(new_plan(known.visit)), OWN)).replayed:
                    return
                await self.plans.change(plan_of(visit_id), rule, OWN)
            except Overtaken:
                known = (await self.known([visit_id]))[visit_id]
            else:
                return
        raise Later


_INDEXES = (
    Index("by_client", ("clear.client_id", "_id")),
    Index("by_standing", ("clear.standings", "_id")),
    Index("due", ("clear.next_due_at",), partial={"clear.next_due_at": {"$exists": True}}),
    Index("leases", ("clear.next_lease_at",), partial={"clear.next_lease_at": {"$exists": True}}),
    Index("by_site", ("clear.site_id", "_id")),
    Index("waiting", ("clear.looks_again", "_id"), partial={"clear.looks_again": True}),
)


def _at_sites_of(caller: Caller, roles: frozenset[str]) -> dict[str, Any]:
    sites = [site for site, held in caller.roles.items() if held & roles]
    if EVERY_SITE in sites:
        return {}
    return {"clear.site_id": {"$in": [UUID(site) for site in sites]}}


StoreHere: TypeAlias = Annotated[Store, Depends(here(Store))]
"""The store of this process, as endpoints ask for it."""
