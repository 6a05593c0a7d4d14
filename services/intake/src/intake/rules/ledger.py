"""How many units of a prescription are there? What happened is kept, however it came about."""

from datetime import datetime, timedelta
from decimal import Decimal

from chassis.domain import Change, Refused, Work
from contracts.clinical import Reason
from contracts.intake import LedgerMoved, LedgerMovement, Reservation
from contracts.sessions import Dose, SessionState
from intake.model import Pathway
from intake.rules.prescriptions import unknown_prescription

COUNT_DOSE = "count-dose"
BELOW_ZERO = "ledger-below-zero"
UNPRESCRIBED = "dose-without-prescription"
_CLOCKS_DIFFER_AT_MOST = timedelta(minutes=2)


def record_ledger(pathway: Pathway, movement: LedgerMovement, *, at: datetime) -> Change[Pathway]:
    """Keep a movement; a balance below zero is an incident and never a refusal.

    Rules: PRESCRIPTION_UNKNOWN, MOVED_LATER.
    """
    reasons = []
    if pathway.prescription(movement.prescription_id) is None:
        reasons.append(unknown_prescription())
    if movement.moved_at > at + _CLOCKS_DIFFER_AT_MOST:
        reasons.append(
            Reason(code="MOVED_LATER", says="What has not happened yet cannot be recorded.")
        )
    if reasons:
        raise Refused(*reasons)
    return _tell(_with_incidents(pathway.but(ledger=(*pathway.ledger, movement))))


def count_doses(pathway: Pathway, session: SessionState) -> Change[Pathway]:
    """Count each dose of a session once, and mark its reservation used.

    Heard again it finds every dose counted, and changes nothing.
    """
    counted = {
        (each.session_id, each.prescription_id, each.moved_at)
        for each in pathway.ledger
        if each.kind == "taken"
    }
    movements = [_movement(session, dose, pathway) for dose in session.doses]
    new = [
        each
        for each in movements
        if each is not None
        and (each.session_id, each.prescription_id, each.moved_at) not in counted
    ]
    changed = pathway.but(
        ledger=(*pathway.ledger, *new),
        reservations=tuple(_used(each, session) for each in pathway.reservations),
    )
    changed = _with_incidents(changed, *([UNPRESCRIBED] if None in movements else []))
    return Change(pathway) if changed == pathway else _tell(changed)


def follow_doses(session: SessionState) -> tuple[Work, ...]:
    """Ask ourselves to count the doses of a session as soon as it shows one."""
    if not session.doses:
        return ()
    return (Work(COUNT_DOSE, session.session_id, session.client_id),)


def signed_units(kind: str, units: Decimal) -> Decimal:
    """Give units their sign: what is received comes in, everything else goes."""
    return units if kind == "received" else -units


def _movement(session: SessionState, dose: Dose, pathway: Pathway) -> LedgerMovement | None:
    if dose.prescription_id is None or pathway.prescription(dose.prescription_id) is None:
        return None
    return LedgerMovement(
        kind="taken",
        prescription_id=dose.prescription_id,
        units=signed_units("taken", dose.units),
        moved_at=dose.taken_at,
        session_id=session.session_id,
    )


def _used(reservation: Reservation, session: SessionState) -> Reservation:
    if (
        not session.doses
        or reservation.session_id != session.session_id
        or reservation.used_at is not None
    ):
        return reservation
    return Reservation(**{**dict(reservation), "used_at": session.doses[0].taken_at})


def _with_incidents(pathway: Pathway, *found: str) -> Pathway:
    below = any(pathway.units_left(each.prescription_id) < 0 for each in pathway.prescriptions)
    incidents = (*pathway.incidents, *found, *([BELOW_ZERO] if below else []))
    return pathway.but(incidents=tuple(dict.fromkeys(incidents)))


def _tell(pathway: Pathway) -> Change[Pathway]:
    return Change(pathway, told=(pathway.tell(LedgerMoved),), happened=True)
