"""How does sessions ask whether a dose may be released, and reserve it?"""

from fastapi import APIRouter
from starlette.responses import Response

from chassis.intents import IdCommandIntent, ReadIntent
from contracts.clinical import Decision
from contracts.ids import PathwayId
from intake.model import DoseAsked
from intake.rules import dosing
from intake.schemas.doses import shown_reserved
from intake.store import StoreHere

router = APIRouter(prefix="/v1/pathways", tags=["doses"])


@router.post("/{pathway_id}/ask-dose")
async def ask_dose(
    pathway_id: PathwayId, asked: DoseAsked, intent: ReadIntent, store: StoreHere
) -> Decision:
    """Answer whether intake would let this dose be released now; nothing is stored."""
    circumstances, _ = await store.circumstances(pathway_id, asked)
    pathway = await store.pathways.get(pathway_id, intent)
    return dosing.may_dose(
        pathway.document,
        asked,
        circumstances,
        policies=store.policies(asked.held_on),
        at=store.clock.now(),
    )


@router.post("/{pathway_id}/reserve-dose")
async def reserve_dose(
    pathway_id: PathwayId, asked: DoseAsked, intent: IdCommandIntent, store: StoreHere
) -> Response:
    """Reserve the dose for this session, or refuse with every reason.

    The session's id makes a repeat harmless: while its reservation lives it gets the same one, and
    once it has lapsed unused everything is judged anew.
    """
    circumstances, looked_at = await store.circumstances(pathway_id, asked)
    policies, at = store.policies(asked.held_on), store.clock.now()
    kept = await store.pathways.change(
        pathway_id,
        lambda pathway: dosing.reserve_dose(
            pathway, asked, circumstances, policies=policies, at=at
        ),
        intent,
    )
    decision = dosing.may_dose(kept.document, asked, circumstances, policies=policies, at=at)
    return shown_reserved(kept, asked.session_id, decision, looked_at)
