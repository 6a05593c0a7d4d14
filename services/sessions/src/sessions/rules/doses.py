"""What is recorded of medicine that was taken?

Nothing clinical stands in the way: what has happened is kept, with its breaches.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from chassis.domain import Change, Refused
from contracts.clinical import Code, Reason
from contracts.ids import PrescriptionId, StaffId
from contracts.intake import PathwayState, Prescription
from contracts.sessions import Dose, MedicineTaken
from sessions.model import Session, SittingPolicy, TakenAsked
from sessions.rules.phases import furthest
from sessions.rules.presence import was_present


def record_medicine_taken(
    session: Session,
    taken: TakenAsked,
    prescription: Prescription | None,
    *,
    policy: SittingPolicy,
    by: StaffId,
    at: datetime,
) -> Change[Session]:
    """Keep a dose that was taken, whether or not anybody released it.

    Raises:
        Refused: only when it is said to be taken in the future.

    Rules: R9.
    """
    _refuse_future(taken, policy=policy, at=at)
    total_mg = _total_mg(taken, prescription)
    breaches = _breaches(session, taken, total_mg, policy=policy, at=at)
    dose = Dose(
        **taken.model_dump(exclude={"total_mg"}),
        total_mg=total_mg,
        recorded_by=by,
        breaches=tuple(breaches),
    )
    stated = session.but(
        doses=(*session.doses, dose), phase=furthest(session.phase, "medicine_taken")
    )
    return Change(stated, (stated.tell(MedicineTaken),), happened=True)


def find_prescription(
    pathway: PathwayState | None, prescription_id: PrescriptionId | None
) -> Prescription | None:
    """Find a prescription in what was heard of a pathway."""
    known = () if pathway is None else pathway.prescriptions
    return next((each for each in known if each.prescription_id == prescription_id), None)


def _refuse_future(taken: TakenAsked, *, policy: SittingPolicy, at: datetime) -> None:
    if taken.taken_at > at + timedelta(minutes=policy.stated_ahead_minutes_max):
        raise Refused(
            Reason(
                code="STATED_AHEAD",
                says="What has not happened yet cannot be recorded",
                facts={"minutes_ahead_max": policy.stated_ahead_minutes_max},
            )
        )


def _total_mg(taken: TakenAsked, prescription: Prescription | None) -> Decimal | None:
    if prescription is None or prescription.medicine != taken.medicine:
        return taken.total_mg
    return taken.units * prescription.strength_mg_per_unit


def _breaches(
    session: Session,
    taken: TakenAsked,
    total_mg: Decimal | None,
    *,
    policy: SittingPolicy,
    at: datetime,
) -> Iterator[Code]:
    if session.release is None or taken.taken_at < session.release.released_at:
        yield "MEDICINE_NOT_RELEASED"
    elif not _as_released(session, taken):
        yield "DOSE_DIFFERS_FROM_RELEASE"
    if session.sitting_opened_at is None or taken.taken_at < session.sitting_opened_at:
        yield "SITTING_NOT_OPEN"
    if not was_present(session, policy=policy, at=taken.taken_at):
        yield "PRESENCE_BEFORE_MISSING"
    if session.discharge is not None:
        yield "DOSE_AFTER_DISCHARGE"
    if total_mg is None:
        yield "DOSE_TOTAL_UNKNOWN"
    if at - taken.taken_at > timedelta(minutes=policy.late_after_minutes):
        yield "DOSE_RECORDED_LATE"


def _as_released(session: Session, taken: TakenAsked) -> bool:
    if session.release is None:
        return False
    units = sum((each.units for each in session.doses), start=taken.units)
    return (
        taken.prescription_id == session.release.prescription_id
        and taken.medicine == session.released_medicine
        and taken.route == session.released_route
        and units == session.release.units
    )
