"""May the client be let go?"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from chassis.domain import Change, Refused, Work
from contracts.clinical import Code, Reason
from contracts.ids import StaffId
from contracts.sessions import ClientDischarged, Discharge, Dose
from sessions.model import DischargeAsked, Session, SittingPolicy
from sessions.rules.phases import furthest
from sessions.rules.presence import has_gap

ATTEND_VISIT = "attend-visit"
"""The follow-up by which the visit of a session is over."""


def discharge_client(
    session: Session, asked: DischargeAsked, *, policy: SittingPolicy, by: StaffId, at: datetime
) -> Change[Session]:
    """Let the client go, once everything the ruleset asks for was found to hold.

    Raises:
        Refused: with everything that does not hold yet.

    Rules: R10, R11.
    """
    reasons = [
        *_discharged_before(session),
        *_too_early(session, policy, at),
        *_effects_implausible(session, asked, policy, at),
        *_presence_after_missing(session, asked, policy, at),
        *_checklist_open(asked, policy),
    ]
    if reasons:
        raise Refused(*reasons)
    discharge = Discharge(
        discharged_by=by,
        discharged_at=at,
        effects_resolved_at=asked.effects_resolved_at,
        checklist=asked.checklist,
        breaches=tuple(_breaches(session, at)),
    )
    left = session.but(discharge=discharge, phase=furthest(session.phase, "discharged"))
    attended = Work(ATTEND_VISIT, session.visit_id, session.client_id)
    return Change(left, (left.tell(ClientDischarged),), (attended,))


def _breaches(session: Session, at: datetime) -> Iterator[Code]:
    taken = [dose.taken_at for dose in session.doses]
    if taken and has_gap(session, start=min(taken), end=at):
        yield "PRESENCE_GAP"


def _discharged_before(session: Session) -> Iterator[Reason]:
    if session.discharge is not None:
        yield Reason(code="SESSION_OVER", says="The client of this session has been discharged")


def _minutes_min(dose: Dose, policy: SittingPolicy) -> int:
    other = policy.discharge_after_dose_other_route_minutes_min
    return policy.discharge_after_dose_minutes_min.get(dose.route, other)


def _too_early(session: Session, policy: SittingPolicy, at: datetime) -> Iterator[Reason]:
    for dose in session.doses:
        minutes = _minutes_min(dose, policy)
        if at - dose.taken_at < timedelta(minutes=minutes):
            yield Reason(
                code="DISCHARGE_TOO_EARLY",
                says="Too little time has passed since the dose",
                facts={"route": dose.route, "minutes_min": minutes},
            )


def _effects_implausible(
    session: Session, asked: DischargeAsked, policy: SittingPolicy, at: datetime
) -> Iterator[Reason]:
    before_dose = any(asked.effects_resolved_at < dose.taken_at for dose in session.doses)
    ahead = asked.effects_resolved_at > at + timedelta(minutes=policy.stated_ahead_minutes_max)
    if before_dose or ahead:
        yield Reason(
            code="EFFECTS_RESOLVED_IMPLAUSIBLE",
            says="Effects resolve after the last dose and before the discharge",
        )


def _presence_after_missing(
    session: Session, asked: DischargeAsked, policy: SittingPolicy, at: datetime
) -> Iterator[Reason]:
    minutes = policy.presence_after_resolved_minutes_min
    stayed = at - asked.effects_resolved_at >= timedelta(minutes=minutes)
    if not session.present or (session.doses and not stayed):
        yield Reason(
            code="PRESENCE_AFTER_MISSING",
            says="A therapist stays until the discharge, and a while after the effects resolved",
            facts={"minutes_min": minutes, "present": bool(session.present)},
        )


def _checklist_open(asked: DischargeAsked, policy: SittingPolicy) -> Iterator[Reason]:
    for item in policy.discharge_checklist:
        if item not in asked.checklist:
            yield Reason(
                code="DISCHARGE_CHECK_MISSING",
                says="Something the discharge asks for was not found to hold",
                facts={"item": item},
            )
    if set(asked.checklist) - set(policy.discharge_checklist):
        yield Reason(
            code="DISCHARGE_CHECK_UNKNOWN",
            says="The checklist names something that the ruleset does not know",
        )
