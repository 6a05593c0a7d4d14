"""May this session release this dose? Asked as a question, and done as one reservation."""

from datetime import UTC, date, datetime, timedelta, tzinfo

from chassis.domain import Change, Refused
from contracts.clinical import Decision, Evidence, Reason
from contracts.intake import DoseReserved, Prescription, Reservation
from intake.model import Circumstances, DoseAsked, Pathway, Policies, PrescribingPolicy
from intake.rules import clearance, clients, consents, pathways, prescribers, prescriptions, staff
from intake.rules.days import age_on, is_between


def may_dose(
    pathway: Pathway,
    asked: DoseAsked,
    circumstances: Circumstances,
    *,
    policies: Policies,
    at: datetime,
) -> Decision:
    """Decide whether intake lets this dose be released; every missing requirement is named.

    Rules: R1 to R8, R21, R25, R27, SITE_UNKNOWN, CLIENT_NOT_ACTIVE, PATHWAY_CLOSED,
    PATHWAY_NOT_KAP, DOSE_INTERVAL_TOO_SHORT, DOSE_RESERVED_ELSEWHERE, SESSION_DOSE_TAKEN.
    """
    policy, on = policies.prescribing, asked.held_on
    zone = circumstances.zone or UTC
    reasons = [
        *([] if circumstances.zone is not None else [staff.unknown_site()]),
        *pathways.closed_reasons(pathway),
        *pathways.other_kind_reasons(pathway),
        *clients.inactive_reasons(circumstances.client),
        *prescriptions.medicine_reasons(asked.medicine, policy=policy),
        *_prescription_reasons(pathway, asked, policy),
        *staff.unfit_reasons(circumstances.therapist, asked.medicine, policy=policy, on=on),
        *clearance.uncleared_reasons(pathway, policy=policy, on=on, zone=zone),
        *_age_reasons(circumstances, policy, on),
        *consents.missing_reasons(pathway, asked.mode, policy=policies.consents, on=on),
        *_interval_reasons(pathway, asked, zone),
        *_reservation_reasons(pathway, asked, at),
    ]
    return Decision.by(reasons, rulesets=policies.names)


def reserve_dose(
    pathway: Pathway,
    asked: DoseAsked,
    circumstances: Circumstances,
    *,
    policies: Policies,
    at: datetime,
) -> Change[Pathway]:
    """Reserve the dose for one session, or refuse with every reason that `may_dose` names.

    Asked again while the reservation lives, the same session gets the same one. Whatever lapsed
    unused is dropped in the same write.
    """
    decision = may_dose(pathway, asked, circumstances, policies=policies, at=at)
    prescription = pathway.prescription(asked.prescription_id)
    if prescription is None or not decision.passed:
        raise Refused(*decision.reasons)
    live = pathway.live_reservations(at)
    if any(_is_for(each, asked) for each in live):
        return Change(pathway)
    reservation = Reservation(
        session_id=asked.session_id,
        prescription_id=asked.prescription_id,
        therapist_id=asked.therapist_id,
        units=asked.units,
        total_mg=asked.units * prescription.strength_mg_per_unit,
        reserved_at=at,
        lapses_at=at + timedelta(minutes=policies.prescribing.reservation_minutes),
    )
    used = (each for each in pathway.reservations if each.used_at is not None)
    changed = pathway.but(reservations=(*used, reservation))
    return Change(changed, told=(changed.tell(DoseReserved),))


def _is_for(reservation: Reservation, asked: DoseAsked) -> bool:
    return (
        reservation.session_id == asked.session_id
        and reservation.prescription_id == asked.prescription_id
        and reservation.therapist_id == asked.therapist_id
        and reservation.units == asked.units
    )


def _prescription_reasons(
    pathway: Pathway, asked: DoseAsked, policy: PrescribingPolicy
) -> list[Reason]:
    """Judge R2 to R6; a prescription that is not there answers none of the later questions."""
    prescription = pathway.prescription(asked.prescription_id)
    reasons = []
    if (
        prescription is None
        or prescription.state != "active"
        or prescription.medicine != asked.medicine
    ):
        reasons.append(
            Reason(
                code="SIT_NO_VALID_PRESCRIPTION",
                says="No active prescription of this medicine was verified for this client.",
                facts={"state": None if prescription is None else prescription.state},
            )
        )
    if prescription is None:
        return reasons
    return [
        *reasons,
        *prescribers.unlicensed_reasons(
            prescription, days=(prescription.issued_on, asked.held_on), policy=policy
        ),
        *prescriptions.use_reasons(prescription, policy=policy),
        *_outside_reasons(pathway, prescription, asked),
    ]


def _outside_reasons(
    pathway: Pathway, prescription: Prescription, asked: DoseAsked
) -> list[Reason]:
    """Judge R6: one reason for each way in which the dose is not the prescribed one."""
    total_mg = asked.units * prescription.strength_mg_per_unit
    left = pathway.units_left(prescription.prescription_id)
    checks: tuple[tuple[bool, str, dict[str, Evidence]], ...] = (
        (asked.route == prescription.route, "It is taken by another route than prescribed.", {}),
        (
            total_mg <= prescription.session_mg_max,
            "It is more than was prescribed for a session.",
            {"session_mg_max": str(prescription.session_mg_max)},
        ),
        (
            asked.units <= prescription.units_per_session_max,
            "It is more units than were prescribed for a session.",
            {"units_per_session_max": str(prescription.units_per_session_max)},
        ),
        (
            asked.units <= left,
            "It is more units than the ledger holds.",
            {"units_left": str(left)},
        ),
        (
            is_between(asked.held_on, prescription.valid_from_on, prescription.valid_to_on),
            "The prescription does not cover this day.",
            {"from": str(prescription.valid_from_on), "to": str(prescription.valid_to_on)},
        ),
    )
    return [
        Reason(code="SIT_OUTSIDE_PRESCRIPTION", says=says, facts=facts)
        for holds, says, facts in checks
        if not holds
    ]


def _age_reasons(circumstances: Circumstances, policy: PrescribingPolicy, on: date) -> list[Reason]:
    client = circumstances.client
    born_on = None if client is None else client.born_on
    if born_on is not None and age_on(born_on, on) >= policy.adult_age_years:
        return []
    return [
        Reason(
            code="UNDER_AGE",
            says="The client is not known to be an adult on this day.",
            facts={"birthday_known": born_on is not None},
        )
    ]


def _interval_reasons(pathway: Pathway, asked: DoseAsked, zone: tzinfo) -> list[Reason]:
    prescription = pathway.prescription(asked.prescription_id)
    last_at = pathway.last_taken_at(asked.medicine)
    if prescription is None or last_at is None:
        return []
    last_on = last_at.astimezone(zone).date()
    if (asked.held_on - last_on).days >= prescription.days_between_doses_min:
        return []
    return [
        Reason(
            code="DOSE_INTERVAL_TOO_SHORT",
            says="Too few days have passed since the last dose.",
            facts={
                "last_on": str(last_on),
                "days_between_doses_min": prescription.days_between_doses_min,
            },
        )
    ]


def _reservation_reasons(pathway: Pathway, asked: DoseAsked, at: datetime) -> list[Reason]:
    reasons = []
    taken = {each.session_id for each in pathway.ledger if each.kind == "taken"}
    if asked.session_id in taken:
        reasons.append(
            Reason(code="SESSION_DOSE_TAKEN", says="The dose of this session was taken already.")
        )
    others = (each for each in pathway.live_reservations(at) if each.session_id != asked.session_id)
    if (other := next(others, None)) is not None:
        reasons.append(
            Reason(
                code="DOSE_RESERVED_ELSEWHERE",
                says="Another session has reserved a dose for this client.",
                facts={"lapses_at": other.lapses_at.isoformat()},
            )
        )
    return reasons
