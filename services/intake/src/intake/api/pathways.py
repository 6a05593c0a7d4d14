"""How does a client's way through care begin, change and end?"""

from fastapi import APIRouter
from starlette.responses import Response

from chassis.intents import CommandIntent, ReadIntent
from chassis.shown import shown
from contracts.ids import PathwayId, StaffId
from contracts.intake import Clearance
from intake.model import Pathway
from intake.rules import clearance
from intake.rules import pathways as rules
from intake.schemas.pathways import CareTeamGiven, ClearanceGiven, NothingMore, PathwayGiven
from intake.store import StoreHere

router = APIRouter(prefix="/v1/pathways", tags=["pathways"])


@router.post("", status_code=201)
async def open_pathway(given: PathwayGiven, intent: CommandIntent, store: StoreHere) -> Response:
    """Open a pathway for a client of the site."""
    intent.require(given.site_id)
    pathway = Pathway(
        pathway_id=PathwayId(intent.created_id()), opened_at=store.clock.now(), **dict(given)
    )
    return shown(await store.open_pathway(pathway, intent), 201)


@router.get("/{pathway_id}")
async def show_pathway(pathway_id: PathwayId, intent: ReadIntent, store: StoreHere) -> Response:
    """Show a pathway with all that a gate asks of it."""
    return shown(await store.pathways.get(pathway_id, intent))


@router.post("/{pathway_id}/change-care-team")
async def change_care_team(
    pathway_id: PathwayId, given: CareTeamGiven, intent: CommandIntent, store: StoreHere
) -> Response:
    """Replace the care team."""
    known = await store.known_staff(member.staff_id for member in given.care_team)
    kept = await store.pathways.change(
        pathway_id,
        lambda pathway: rules.change_care_team(pathway, given.care_team, known_staff=known),
        intent,
    )
    return shown(kept)


@router.post("/{pathway_id}/close-pathway")
async def close_pathway(
    pathway_id: PathwayId,
    nothing: NothingMore,  # noqa: ARG001 - an empty body is still checked for what it must not hold
    intent: CommandIntent,
    store: StoreHere,
) -> Response:
    """End a pathway."""
    at = store.clock.now()
    kept = await store.pathways.change(
        pathway_id, lambda pathway: rules.close_pathway(pathway, at=at), intent
    )
    return shown(kept)


@router.post("/{pathway_id}/decide-clearance")
async def decide_clearance(
    pathway_id: PathwayId, given: ClearanceGiven, intent: CommandIntent, store: StoreHere
) -> Response:
    """Record the prescriber's own decision whether this client may be dosed."""
    decision = Clearance(
        decided_by=StaffId(intent.caller.id), decided_at=store.clock.now(), **dict(given)
    )
    kept = await store.pathways.change(
        pathway_id, lambda pathway: clearance.decide_clearance(pathway, decision), intent
    )
    return shown(kept)
