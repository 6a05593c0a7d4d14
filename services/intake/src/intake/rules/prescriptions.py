"""Is this a prescription that a home-use dose may ever rest on, and does it still stand?"""

from datetime import date, datetime
from typing import Literal

from chassis.domain import Change, Refused
from contracts.clinical import Reason
from contracts.ids import PrescriptionId
from contracts.intake import Prescription, PrescriptionEnded, PrescriptionVerified
from intake.model import Pathway, PrescribingPolicy
from intake.rules import pathways, prescribers
from intake.rules.days import is_between, months_after


def verify_prescription(
    pathway: Pathway,
    prescription: Prescription,
    *,
    by_therapist: bool,
    policy: PrescribingPolicy,
    on: date,
) -> Change[Pathway]:
    """Take a prescription onto the pathway when every check passes; no check stops at the first no.

    Rules: RX_BY_THERAPIST, PATHWAY_CLOSED, PATHWAY_NOT_KAP, and those of the checks below.
    """
    reasons = [
        *pathways.closed_reasons(pathway),
        *pathways.other_kind_reasons(pathway),
        *_verifier_reasons(by_therapist=by_therapist),
        *medicine_reasons(prescription.medicine, policy=policy),
        *use_reasons(prescription, policy=policy),
        *_form_reasons(prescription, policy),
        *prescribers.identifier_reasons(prescription.prescriber),
        *prescribers.unlicensed_reasons(
            prescription, days=(prescription.issued_on,), policy=policy
        ),
        *_basis_reasons(prescription, policy),
        *_monitoring_reasons(prescription, policy, on),
        *_period_reasons(prescription, policy, on),
        *_amount_reasons(prescription),
    ]
    if reasons:
        raise Refused(*reasons)
    changed = pathway.but(prescriptions=(*pathway.prescriptions, prescription))
    return Change(changed, told=(changed.tell(PrescriptionVerified),))


def end_prescription(
    pathway: Pathway,
    prescription_id: PrescriptionId,
    cause: Literal["exhausted", "expired", "cancelled", "suspended"],
    *,
    at: datetime,
) -> Change[Pathway]:
    """End a prescription; to end an ended one changes nothing.

    Rule: PRESCRIPTION_UNKNOWN.
    """
    found = pathway.prescription(prescription_id)
    if found is None:
        raise Refused(unknown_prescription())
    if found.state == "ended":
        return Change(pathway)
    ended = Prescription(**{**dict(found), "state": "ended", "ended_at": at, "end_cause": cause})
    changed = pathway.but(
        prescriptions=tuple(ended if each is found else each for each in pathway.prescriptions)
    )
    return Change(changed, told=(changed.tell(PrescriptionEnded),), happened=True)


def unknown_prescription() -> Reason:
    """Say that a prescription is not one of this pathway.

    Rule: PRESCRIPTION_UNKNOWN.
    """
    return Reason(
        code="PRESCRIPTION_UNKNOWN", says="There is no such prescription on this pathway."
    )


def medicine_reasons(medicine: str, *, policy: PrescribingPolicy) -> list[Reason]:
    """Say that no therapist may sit for this medicine.

    Rule: SIT_MEDICINE_NOT_PERMITTED (R1).
    """
    if medicine in policy.permitted_medicines:
        return []
    return [
        Reason(code="SIT_MEDICINE_NOT_PERMITTED", says="No therapist may sit for this medicine.")
    ]


def use_reasons(prescription: Prescription, *, policy: PrescribingPolicy) -> list[Reason]:
    """Say why the intended use does not allow a sitting; a use that is unknown does not.

    Rules: SIT_NOT_HOME_USE (R5), RX_NEVER_HOME_USE.
    """
    reasons = []
    if prescription.intended_use not in policy.permitted_uses:
        reasons.append(
            Reason(
                code="SIT_NOT_HOME_USE",
                says="The prescription is not known to be for home use.",
                facts={"intended_use": prescription.intended_use},
            )
        )
    if prescription.intended_use == "home_use" and prescription.medicine in policy.never_home_use:
        reasons.append(
            Reason(code="RX_NEVER_HOME_USE", says="This medicine is never given for home use.")
        )
    return reasons


def _verifier_reasons(*, by_therapist: bool) -> list[Reason]:
    if not by_therapist:
        return []
    return [
        Reason(
            code="RX_BY_THERAPIST",
            says="A therapist attaches evidence; somebody else verifies the prescription.",
        )
    ]


def _form_reasons(prescription: Prescription, policy: PrescribingPolicy) -> list[Reason]:
    if prescription.formulation in policy.formulations_by_route.get(prescription.route, ()):
        return []
    return [
        Reason(
            code="RX_FORM_UNKNOWN",
            says="The policy does not name this formulation for this route.",
        )
    ]


def _basis_reasons(prescription: Prescription, policy: PrescribingPolicy) -> list[Reason]:
    basis = policy.basis(prescription.issuance_basis)
    if basis is None:
        return [
            Reason(
                code="RX_BASIS_UNVERIFIED",
                says="The ground on which it was issued is not one that the policy accepts.",
            )
        ]
    if basis.last_issued_on is None or prescription.issued_on <= basis.last_issued_on:
        return []
    return [
        Reason(
            code="RX_TELEMED_BASIS_UNVERIFIED",
            says="The ground on which it was issued is not known to hold on the day of issue.",
            facts={"known_until": str(basis.last_issued_on)},
        )
    ]


def _monitoring_reasons(
    prescription: Prescription, policy: PrescribingPolicy, on: date
) -> list[Reason]:
    checked_on = prescription.pharmacy_monitoring_checked_on
    if checked_on is not None and is_between(
        on, checked_on, months_after(checked_on, policy.monitoring_check_months)
    ):
        return []
    return [
        Reason(
            code="RX_MONITORING_NOT_CHECKED",
            says="The state's prescription monitoring was not checked recently enough.",
            facts={"checked": checked_on is not None},
        )
    ]


def _period_reasons(
    prescription: Prescription, policy: PrescribingPolicy, on: date
) -> list[Reason]:
    first, last = prescription.valid_from_on, prescription.valid_to_on
    latest = months_after(prescription.issued_on, policy.valid_months_max)
    checks = (
        (
            prescription.issued_on <= first <= last,
            Reason(
                code="RX_DAYS_DISORDERED",
                says="It is issued, begins and ends, and these days follow each other.",
            ),
        ),
        (
            last <= latest,
            Reason(
                code="RX_TOO_LONG",
                says="It covers more months after its issue than the law allows.",
                facts={"months_max": policy.valid_months_max},
            ),
        ),
        (
            prescription.issued_on <= on <= last,
            Reason(
                code="RX_NOT_CURRENT",
                says="It is issued in the future, or it has run out.",
                facts={"on": str(on)},
            ),
        ),
        (
            prescription.refills_authorized <= policy.refills_max,
            Reason(
                code="RX_TOO_MANY_REFILLS",
                says="It authorizes more refills than the law allows.",
                facts={"refills_max": policy.refills_max},
            ),
        ),
    )
    return [reason for holds, reason in checks if not holds]


def _amount_reasons(prescription: Prescription) -> list[Reason]:
    reasons = []
    if not (prescription.dose_mg_min <= prescription.dose_mg_max <= prescription.session_mg_max):
        reasons.append(
            Reason(
                code="RX_DOSE_DISORDERED",
                says="The least dose, the greatest dose and the most of a session are "
                "not in this order.",
            )
        )
    reach_mg = prescription.strength_mg_per_unit * prescription.units_per_session_max
    if reach_mg < prescription.dose_mg_max:
        reasons.append(
            Reason(
                code="RX_UNITS_BELOW_DOSE",
                says="The units of a session do not reach the prescribed dose.",
            )
        )
    return reasons
