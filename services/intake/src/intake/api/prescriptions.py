"""How is a prescription verified and ended, and how are its units counted?"""

from fastapi import APIRouter
from starlette.responses import Response

from chassis.domain import Change
from chassis.intents import CommandIntent
from chassis.shown import shown
from contracts.ids import PathwayId
from intake.model import Pathway
from intake.rules import ledger
from intake.rules import prescriptions as rules
from intake.schemas.prescriptions import MovementGiven, PrescriptionEnd, PrescriptionGiven
from intake.store import StoreHere

router = APIRouter(prefix="/v1/pathways", tags=["prescriptions"])


@router.post("/{pathway_id}/verify-prescription")
async def verify_prescription(
    pathway_id: PathwayId, given: PrescriptionGiven, intent: CommandIntent, store: StoreHere
) -> Response:
    """Verify a prescription by its evidence; a refusal names everything that is wrong with it."""
    at = store.clock.now()
    on = at.astimezone(await store.zone_of_pathway(pathway_id)).date()
    policy = store.prescribing(on)
    prescription = given.verified(intent.created_id(), by=intent.caller.id, at=at)

    def verify(pathway: Pathway) -> Change[Pathway]:
        by_therapist = intent.caller.has(("therapist",), pathway.site_id)
        return rules.verify_prescription(
            pathway, prescription, by_therapist=by_therapist, policy=policy, on=on
        )

    return shown(await store.pathways.change(pathway_id, verify, intent))


@router.post("/{pathway_id}/end-prescription")
async def end_prescription(
    pathway_id: PathwayId, given: PrescriptionEnd, intent: CommandIntent, store: StoreHere
) -> Response:
    """End a prescription; from now on no dose rests on it."""
    at = store.clock.now()
    kept = await store.pathways.change(
        pathway_id,
        lambda pathway: rules.end_prescription(pathway, given.prescription_id, given.cause, at=at),
        intent,
    )
    return shown(kept)


@router.post("/{pathway_id}/record-ledger")
async def record_ledger(
    pathway_id: PathwayId, given: MovementGiven, intent: CommandIntent, store: StoreHere
) -> Response:
    """Record units that came, went or were lost; a balance below zero becomes an incident."""
    at, movement = store.clock.now(), given.movement()
    kept = await store.pathways.change(
        pathway_id, lambda pathway: ledger.record_ledger(pathway, movement, at=at), intent
    )
    return shown(kept)
