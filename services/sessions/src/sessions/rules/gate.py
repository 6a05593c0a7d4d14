"""May the sitting begin, and may medicine be taken? Every reason is named at once.

Sessions judges what it owns; consent, clearance, prescription and licence are intake's to judge at
the moment of release, and its silence is never a yes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from chassis.domain import Change, Refused
from contracts.clinical import Decision, Outcome, Reason
from contracts.ids import PathwayId, StaffId
from contracts.intake import ClientState, PathwayState
from contracts.sessions import MedicineReleased, Release, SittingOpened
from sessions.model import DoseAsked, Known, SeenVisit, Session, Standing, Terms
from sessions.rules.care import medicine_forbidden, pathway_closed, pathway_unknown
from sessions.rules.phases import furthest
from sessions.rules.presence import is_present, was_present
from sessions.rules.visits import local_day


@dataclass(frozen=True, slots=True)
class Gate:
    """What stood before a decision to release: the session's surroundings and who asks, when."""

    visits: Sequence[SeenVisit]
    """The client's visits of this pathway."""

    terms: Terms
    by: StaffId
    at: datetime


def open_sitting(session: Session, known: Known, *, by: StaffId, at: datetime) -> Change[Session]:
    """Begin the sitting: a therapist is there, and as far as is known the client consents.

    Raises:
        Refused: with every reason; what is unknown refuses.

    Rules: R17, R27.
    """
    reasons = [
        *_already_open(session),
        *_over(session),
        *_absent(session, by),
        *_not_in_care(known.client),
        *pathway_unknown(known.pathway),
        *pathway_closed(known.pathway),
        *medicine_forbidden(known.pathway),
        *_consents_missing(session, known.pathway, at=at),
    ]
    if reasons:
        raise Refused(*reasons)
    sitting = session.but(sitting_opened_at=at, phase=furthest(session.phase, "safety_check"))
    return Change(sitting, (sitting.tell(SittingOpened),))


def may_release(session: Session, gate: Gate) -> Decision:
    """Decide by what sessions itself owns whether medicine may be released now.

    Rules: R9, R22.
    """
    reasons = [
        *_sitting_not_open(session),
        *_over(session),
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
    if standing.total_mg is None or standing.sequence is None:
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
            str(session.pathway_id): standing.sequence,
        },
    )
    released = session.but(
        release=release,
        released_medicine=asked.medicine,
        released_route=asked.route,
        phase=furthest(session.phase, "released"),
    )
    return Change(released, (released.tell(MedicineReleased),))


def _already_open(session: Session) -> Iterator[Reason]:
    if session.sitting_opened_at is not None:
        yield Reason(code="SITTING_ALREADY_OPEN", says="The sitting is open")


def _sitting_not_open(session: Session) -> Iterator[Reason]:
    if session.sitting_opened_at is None:
        yield Reason(code="SITTING_NOT_OPEN", says="The sitting is not open")


def _over(session: Session) -> Iterator[Reason]:
    if session.discharge is not None or session.closing is not None:
        yield Reason(code="SESSION_OVER", says="The client of this session has been discharged")


def _released_before(session: Session) -> Iterator[Reason]:
    if session.release is not None:
        yield Reason(code="MEDICINE_ALREADY_RELEASED", says="A dose was released in this session")


def _absent(session: Session, by: StaffId) -> Iterator[Reason]:
    if not is_present(session, by):
        yield Reason(code="THERAPIST_ABSENT", says="Your presence in this session is not open")


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


def _not_in_care(client: ClientState | None) -> Iterator[Reason]:
    standing = None if client is None else client.standing
    if standing != "active":
        yield Reason(
            code="CLIENT_NOT_ACTIVE",
            says="The client is not known to be in care at home",
            facts={"standing": standing},
        )


def _consents_missing(
    session: Session, pathway: PathwayState | None, *, at: datetime
) -> Iterator[Reason]:
    needed = ["treatment_kap", *(["telehealth"] if session.mode == "video" else [])]
    today = local_day(at, session.zone)
    in_force = {
        each.kind
        for each in (() if pathway is None else pathway.consents)
        if each.withdrawn_at is None and each.signed_at <= at and today <= each.expires_on
    }
    for kind in needed:
        if kind not in in_force:
            yield Reason(
                code="CONSENT_NOT_IN_FORCE",
                says="A consent that the sitting needs is not known to be in force",
                facts={"kind": kind},
            )
