"""How does a sitting go on: presence, release, doses, discharge?"""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from chassis.http import CommandIntent, ReadIntent, shown
from contracts.clinical import Decision
from contracts.ids import PrescriptionId, SessionId, StaffId
from contracts.units import Units
from sessions.model import DoseAsked, Session, Standing
from sessions.rules import discharge, doses, gate, presence, sitting
from sessions.rules.gate import Gate
from sessions.schemas import DischargeGiven, DoseGiven, NothingMore, TakenGiven
from sessions.store import Store, StoreHere

router = APIRouter(prefix="/v1/sessions", tags=["sessions"])


@router.get("/{session_id}")
async def show_session(session_id: SessionId, intent: ReadIntent, store: StoreHere) -> Response:
    """Show a session."""
    return shown(await store.sessions.get(session_id, intent))


@router.post("/{session_id}/close-presence")
async def close_presence(
    session_id: SessionId,
    intent: CommandIntent,
    store: StoreHere,
    nothing: NothingMore | None = None,  # noqa: ARG001 - checked for what it must not hold
) -> Response:
    """State that the caller is with the client no longer."""
    by, at = StaffId(intent.caller.id), store.clock.now()
    kept = await store.sessions.change(
        session_id, lambda session: presence.close_presence(session, by=by, at=at), intent
    )
    return shown(kept)


@router.post("/{session_id}/open-sitting")
async def open_sitting(
    session_id: SessionId,
    intent: CommandIntent,
    store: StoreHere,
    nothing: NothingMore | None = None,  # noqa: ARG001 - checked for what it must not hold
) -> Response:
    """Begin the sitting, by what is known here for sure."""
    by, at = StaffId(intent.caller.id), store.clock.now()
    known = await store.known_for_sure((await store.sessions.get(session_id)).document)
    kept = await store.sessions.change(
        session_id, lambda session: sitting.open_sitting(session, known, by=by, at=at), intent
    )
    return shown(kept)


@router.get("/{session_id}/readiness")
async def ask_readiness(
    session_id: SessionId,
    intent: ReadIntent,
    store: StoreHere,
    prescription_id: Annotated[PrescriptionId | None, Query()] = None,
    units: Annotated[Units | None, Query()] = None,
) -> Decision:
    """Answer what would stand in the way of a release now; nothing is stored."""
    session = (await store.sessions.get(session_id, intent)).document
    by = presence.who_sits(session, StaffId(intent.caller.id))
    before = await store.gate(session, by=by, at=store.clock.now())
    asked = await _dose_to_ask(store, session, prescription_id, units)
    standing = await _standing(store, session, asked, before, reserve=False)
    return gate.readiness(session, asked, before, standing)


@router.post("/{session_id}/release-medicine")
async def release_medicine(
    session_id: SessionId, given: DoseGiven, intent: CommandIntent, store: StoreHere
) -> Response:
    """Release a dose that intake reserves, or refuse with the reasons of both services."""
    seen = await store.sessions.get(session_id, intent)
    before = await store.gate(seen.document, by=StaffId(intent.caller.id), at=store.clock.now())
    reserve = gate.may_release(seen.document, before).passed
    standing = await _standing(store, seen.document, given, before, reserve=reserve)
    kept = await store.sessions.change(
        session_id,
        lambda session: gate.release_medicine(
            session, given, before, standing, sequence=seen.sequence
        ),
        intent,
    )
    return shown(kept)


@router.post("/{session_id}/record-medicine-taken")
async def record_medicine_taken(
    session_id: SessionId, given: TakenGiven, intent: CommandIntent, store: StoreHere
) -> Response:
    """Record medicine that was taken; its breaches are kept with it."""
    by, at = StaffId(intent.caller.id), store.clock.now()
    policy = store.terms(at).policy
    pathway = await store.pathway((await store.sessions.get(session_id)).document.pathway_id)
    prescription = doses.find_prescription(pathway, given.prescription_id)
    kept = await store.sessions.change(
        session_id,
        lambda session: doses.record_medicine_taken(
            session, given, prescription, policy=policy, by=by, at=at
        ),
        intent,
    )
    return shown(kept)


@router.post("/{session_id}/discharge-client")
async def discharge_client(
    session_id: SessionId, given: DischargeGiven, intent: CommandIntent, store: StoreHere
) -> Response:
    """Let the client go."""
    by, at = StaffId(intent.caller.id), store.clock.now()
    policy = store.terms(at).policy
    kept = await store.sessions.change(
        session_id,
        lambda session: discharge.discharge_client(session, given, policy=policy, by=by, at=at),
        intent,
    )
    return shown(kept)


async def _dose_to_ask(
    store: Store, session: Session, prescription_id: PrescriptionId | None, units: Decimal | None
) -> DoseAsked | None:
    pathway = await store.pathway(session.pathway_id)
    return gate.dose_to_ask(pathway, prescription_id=prescription_id, units=units)


async def _standing(
    store: Store, session: Session, asked: DoseAsked | None, before: Gate, *, reserve: bool
) -> Standing:
    if asked is None:
        return Standing()
    question = gate.dose_question(session, asked, by=before.by, at=before.at)
    return await store.intake.standing(session.pathway_id, question, reserve=reserve)
