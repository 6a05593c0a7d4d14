"""Who works here, and may they be with a client while a medicine is active?"""

from collections.abc import Container
from datetime import date

from chassis.domain import Change, Refused
from contracts.clinical import Reason
from contracts.ids import StaffId
from contracts.intake import Licence, SiteChanged, StaffChanged, Training
from intake.model import PrescribingPolicy, Site, StaffMember
from intake.rules.days import is_between


def open_site(site: Site) -> Change[Site]:
    """Add a site to the directory."""
    return Change(site, told=(site.tell(SiteChanged),))


def register_staff(member: StaffMember, *, site: Site | None) -> Change[StaffMember]:
    """Add somebody to the directory.

    Rule: SITE_UNKNOWN.
    """
    if site is None:
        raise Refused(unknown_site())
    return _tell(member)


def unknown_site() -> Reason:
    """Say that a site is not one of the network.

    Rule: SITE_UNKNOWN.
    """
    return Reason(code="SITE_UNKNOWN", says="There is no such site in this network.")


def record_licence(
    member: StaffMember,
    licence: Licence,
    *,
    policy: PrescribingPolicy,
    known_staff: Container[StaffId],
) -> Change[StaffMember]:
    """Keep a licence; the same one twice stands once.

    Rules: LICENCE_DAYS_DISORDERED, PROFESSION_UNKNOWN, SUPERVISOR_UNKNOWN.
    """
    if licence in member.licences:
        return Change(member)
    reasons = []
    if licence.valid_to_on < licence.valid_from_on:
        reasons.append(
            Reason(code="LICENCE_DAYS_DISORDERED", says="The licence ends before it begins.")
        )
    if licence.profession not in {*policy.independent_professions, *policy.supervised_professions}:
        reasons.append(
            Reason(code="PROFESSION_UNKNOWN", says="The policy does not name this profession.")
        )
    by = licence.supervised_by
    if by is not None and (by == member.staff_id or by not in known_staff):
        reasons.append(
            Reason(
                code="SUPERVISOR_UNKNOWN",
                says="The supervisor is not another member of the directory.",
            )
        )
    if reasons:
        raise Refused(*reasons)
    return _tell(member.but(licences=(*member.licences, licence)))


def record_training(member: StaffMember, training: Training) -> Change[StaffMember]:
    """Keep a completed training; the same one twice stands once.

    Rule: TRAINING_DAYS_DISORDERED.
    """
    if training in member.trainings:
        return Change(member)
    if training.expires_on < training.completed_on:
        raise Refused(
            Reason(
                code="TRAINING_DAYS_DISORDERED", says="The training expires before it is completed."
            )
        )
    return _tell(member.but(trainings=(*member.trainings, training)))


def unfit_reasons(
    therapist: StaffMember | None, medicine: str, *, policy: PrescribingPolicy, on: date
) -> list[Reason]:
    """Say why this therapist may not be with a client who takes this medicine on that day.

    Rules: THERAPIST_NOT_TRAINED (R7), THERAPIST_NOT_LICENSED (R8).
    """
    reasons = []
    if therapist is None or not _is_trained(therapist, medicine, on):
        reasons.append(
            Reason(
                code="THERAPIST_NOT_TRAINED",
                says="The therapist has no training in this medicine that holds on this day.",
                facts={"known": therapist is not None},
            )
        )
    if therapist is None or not _is_licensed(therapist, policy, on):
        reasons.append(
            Reason(
                code="THERAPIST_NOT_LICENSED",
                says="The therapist has no licence of this state that holds on this day, "
                "or no supervisor where it asks for one.",
                facts={"known": therapist is not None},
            )
        )
    return reasons


def _is_trained(therapist: StaffMember, medicine: str, on: date) -> bool:
    return any(
        each.medicine == medicine and is_between(on, each.completed_on, each.expires_on)
        for each in therapist.trainings
    )


def _is_licensed(therapist: StaffMember, policy: PrescribingPolicy, on: date) -> bool:
    return any(
        each.state == policy.licence_state
        and is_between(on, each.valid_from_on, each.valid_to_on)
        and (
            each.profession in policy.independent_professions
            or (each.profession in policy.supervised_professions and each.supervised_by is not None)
        )
        for each in therapist.licences
    )


def _tell(member: StaffMember) -> Change[StaffMember]:
    return Change(member, told=(member.tell(StaffChanged),))
