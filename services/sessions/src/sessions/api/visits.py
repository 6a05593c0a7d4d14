"""How are visits booked, moved, cancelled, attended, and confirmed to others?"""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from chassis.http import CommandIntent, ReadIntent, listed, shown
from contracts.ids import StaffId, VisitId, session_of
from sessions.rules import presence
from sessions.rules import visits as rules
from sessions.schemas import (
    MoveGiven,
    NothingMore,
    PresenceGiven,
    VisitGiven,
    VisitsAsked,
    VisitsConfirmed,
    VisitsTold,
)
from sessions.store import StoreHere

router = APIRouter(prefix="/v1/visits", tags=["visits"])


@router.post("", status_code=201)
async def schedule_visit(given: VisitGiven, intent: CommandIntent, store: StoreHere) -> Response:
    """Book a visit; what it holds nobody else can hold."""
    intent.require(given.site_id)
    visit_id, at = VisitId(intent.created_id()), store.clock.now()
    known = await store.known(given.pathway_id, given.site_id)
    policy = store.terms(at).policy
    kept = await store.add_visit(
        visit_id,
        lambda: rules.schedule_visit(visit_id, given, known, policy=policy, at=at),
        intent,
    )
    return shown(kept, 201)


@router.get("")
async def list_visits(
    asked: Annotated[VisitsAsked, Query()], intent: ReadIntent, store: StoreHere
) -> Response:
    """List a client's visits that start from one moment and before another."""
    kept = await store.visits_of(
        asked.client,
        starting=asked.starting(),
        intent=intent,
        limit=asked.limit,
        after=asked.after,
    )
    return listed(kept, asked.limit)


@router.post("/confirm")
async def confirm_visits(
    told: VisitsTold,
    intent: ReadIntent,  # noqa: ARG001 - asked for its check
    store: StoreHere,
) -> VisitsConfirmed:
    """Say which of these visits still stand as was heard, before anything is sent about them."""
    kept = await store.visits.get_many(each.id for each in told.visits)
    return VisitsConfirmed.of(told, kept)


@router.get("/{visit_id}")
async def show_visit(visit_id: VisitId, intent: ReadIntent, store: StoreHere) -> Response:
    """Show a visit."""
    return shown(await store.visits.get(visit_id, intent))


@router.post("/{visit_id}/move-visit")
async def move_visit(
    visit_id: VisitId, given: MoveGiven, intent: CommandIntent, store: StoreHere
) -> Response:
    """Give a visit another time; what it held is free in the same write."""
    at = store.clock.now()
    policy = store.terms(at).policy
    pathway = await store.pathway((await store.visits.get(visit_id)).document.pathway_id)
    kept = await store.change_visit(
        visit_id,
        lambda visit: rules.move_visit(visit, given, pathway, policy=policy, at=at),
        intent,
    )
    return shown(kept)


@router.post("/{visit_id}/cancel-visit")
async def cancel_visit(
    visit_id: VisitId,
    intent: CommandIntent,
    store: StoreHere,
    nothing: NothingMore | None = None,  # noqa: ARG001 - checked for what it must not hold
) -> Response:
    """Call a visit off."""
    return shown(await store.change_visit(visit_id, rules.cancel_visit, intent))


@router.post("/{visit_id}/check-in")
async def check_in(
    visit_id: VisitId,
    intent: CommandIntent,
    store: StoreHere,
    nothing: NothingMore | None = None,  # noqa: ARG001 - checked for what it must not hold
) -> Response:
    """Record that the client came."""
    at = store.clock.now()
    kept = await store.change_visit(visit_id, lambda visit: rules.check_in(visit, at=at), intent)
    return shown(kept)


@router.post("/{visit_id}/open-presence")
async def open_presence(
    visit_id: VisitId, given: PresenceGiven, intent: CommandIntent, store: StoreHere
) -> Response:
    """State that the caller is with the client from now on; the first begins the session."""
    visit = (await store.visits.get(visit_id, intent)).document
    known = await store.known(visit.pathway_id, visit.site_id)
    by, at = StaffId(intent.caller.id), store.clock.now()
    kept = await store.open_presence(
        session_of(visit_id),
        lambda: presence.begin_session(visit, given.mode, known, by=by, at=at),
        lambda session: presence.open_presence(session, visit, given.mode, known, by=by, at=at),
        intent,
    )
    return shown(kept)
