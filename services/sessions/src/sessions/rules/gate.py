"""May medicine be taken? Every reason is named at once.

Sessions judges what it owns; consent, clearance, prescription and licence are intake's to judge at
the moment of release, and its silence is never a yes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal

from chassis.domain import Change, Refused
from contracts.clinical import Decision, Outcome, Reason
from contracts.ids import PathwayId, PrescriptionId, StaffId
from contracts.intake import PathwayState
from contracts.sessions import MedicineReleased, Release
from sessions.model import DoseAsked, DoseQuestion, SeenVisit, Session, Standing, Terms
from sessions.rules.phases import furthest
from sessions.rules.presence import was_present
from sessions.rules.sitting import session_over
from sessions.rules.visits import local_day


@dataclass(frozen=True, slots=True)
class Gate:
    """What stood before a decision to release: the session's surroundings and who asks, when."""

    visits: Sequence[SeenVisit]
    """The client's visits of this pathway."""

    terms: Terms
    by: StaffId
    at: datetime


def readiness(
    session: Session, asked: DoseAsked | None, gate: Gate, standing: Standing
) -> Decision:
    """Answer what would stand in the way of a release now, without doing anything.

    Rules: R9, R22.
    """
    if asked is not None:
        return whole_decision(session, gate, standing)
    own = may_release(session, gate)
    unknown = Reason(
        code="PRESCRIPTION_UNKNOWN", says="No active prescription is known here, or not yet"
    )
    return Decision.by((*own.reasons, unknown), rulesets=own.rulesets)


def may_release(session: Session, gate: Gate) -> Decision:
    """Decide by what sessions itself owns whether medicine may be released now.

    Rules: R9, R22.
    """
    reasons = [
        *_sitting_not_open(session),
        *session_over(session),
        *_released_before(session),
        *_not_present_before(session, gate),
        *_preparation_missing(gate, session.pathway_id),
        *_integration_not_booked(gate, session.pathway_id),
    ]
    return Decision.by(reasons, rulesets=(gate.terms.ruleset,))


def whole_decision(session: Session, gate: Gate, standing: Standing) -> Decision:
    """Put what sessions decides and what intake answered into one decision, reasons of both."""
    own = may_release(session, gate)
    if standing.decision is None:
        unconfirmed = Reason(
            code="STANDING_UNCONFIRMED",
            says="Intake did not confirm consent, clearance and prescription in time",
        )
        return Decision.by((*own.reasons, unconfirmed), rulesets=own.rulesets)
    outcome = own.outcome if standing.decision.passed else Outcome.REFUSE
    return Decision(
        outcome=outcome,
        reasons=(*own.reasons, *standing.decision.reasons),
        rulesets=(*own.rulesets, *standing.decision.rulesets),
    )


def dose_question(session: Session, asked: DoseAsked, *, by: StaffId, at: datetime) -> DoseQuestion:
    """Put a dose as intake must be asked about it."""
    return DoseQuestion(
        **asked.model_dump(),
        session_id=session.session_id,
        visit_id=session.visit_id,
        therapist_id=by,
        mode=session.mode,
        site_id=session.site_id,
        held_on=local_day(at, session.zone),
    )


def dose_to_ask(
    pathway: PathwayState | None,
    *,
    prescription_id: PrescriptionId | None,
    units: Decimal | None,
) -> DoseAsked | None:
    """Choose the dose a question about readiness is about; None where no prescription is known.

    Unless others are named, it is the newest active prescription and its smallest dose, counted in
    quarters of a unit.
    """
    known = () if pathway is None else pathway.prescriptions
    wanted = [
        each
        for each in known
        if each.prescription_id == prescription_id
        or (prescription_id is None and each.state == "active")
    ]
    if not wanted:
        return None
    newest = max(wanted, key=lambda each: each.verified_at)
    quarters = newest.dose_mg_min / newest.strength_mg_per_unit * 4
    least = quarters.to_integral_value(ROUND_CEILING) / 4
    return DoseAsked(
        prescription_id=newest.prescription_id,
        medicine=newest.medicine,
        route=newest.route,
        units=units or least,
    )


def release_medicine(
    session: Session, asked: DoseAsked, gate: Gate, standing: Standing, *, sequence: int
) -> Change[Session]:
    """Release the dose that intake reserved for this session.

    `sequence` is what the session had told when it was looked at.

    Raises:
        Refused: with the reasons of both services.

    Rules: R9, R22.
    """
    decision = whole_decision(session, gate, standing)
    if not decision.passed:
        raise Refused(*decision.reasons)
    if standing.total_mg is None:
        raise Refused(
            Reason(code="DOSE_NOT_RESERVED", says="The dose was asked for, not reserved: ask again")
        )
    looked_at = {str(seen.visit.visit_id): seen.sequence for seen in gate.visits}
    release = Release(
        prescription_id=asked.prescription_id,
        units=asked.units,
        total_mg=standing.total_mg,
        released_by=gate.by,
        released_at=gate.at,
        decision=decision,
        decided_on={
            **looked_at,
            str(session.session_id): sequence,
            **standing.decided_on,
        },
    )
    released = session.but(
        release=release,
        released_medicine=asked.medicine,
        released_route=asked.route,
        phase=furthest(session.phase, "released"),
    )
    return Change(released, (released.tell(MedicineReleased),))


def _sitting_not_open(session: Session) -> Iterator[Reason]:
    if session.sitting_opened_at is None:
        yield Reason(code="SITTING_NOT_OPEN", says="The sitting is not open")


def _released_before(session: Session) -> Iterator[Reason]:
    if session.release is not None:
        yield Reason(code="MEDICINE_ALREADY_RELEASED", says="A dose was released in this session")


def _not_present_before(session: Session, gate: Gate) -> Iterator[Reason]:
    policy = gate.terms.policy
    if not was_present(session, policy=policy, at=gate.at, therapist_id=gate.by):
        yield Reason(
            code="PRESENCE_BEFORE_MISSING",
            says="The therapist who releases has not been present long enough",
            facts={"minutes_min": policy.presence_before_release_minutes_min},
        )


def _preparation_missing(gate: Gate, pathway_id: PathwayId) -> Iterator[Reason]:
    attended = sum(
        seen.visit.kind == "preparation"
        and seen.visit.standing == "attended"
        and seen.visit.pathway_id == pathway_id
        for seen in gate.visits
    )
    needed = gate.terms.policy.preparation_visits_attended_min
    if attended < needed:
        yield Reason(
            code="PREP_MISSING",
            says="Preparation comes before the first dose",
            facts={"attended": attended, "attended_min": needed},
        )


def _integration_not_booked(gate: Gate, pathway_id: PathwayId) -> Iterator[Reason]:
    hours = gate.terms.policy.integration_booked_within_hours_max
    until = gate.at + timedelta(hours=hours)
    if not any(
        seen.visit.kind == "integration"
        and seen.visit.standing == "scheduled"
        and seen.visit.pathway_id == pathway_id
        and gate.at < seen.visit.starts_at <= until
        for seen in gate.visits
    ):
        yield Reason(
            code="INTEGRATION_NOT_BOOKED",
            says="An integration visit soon after the session is booked first",
            facts={"hours_max": hours},
        )
