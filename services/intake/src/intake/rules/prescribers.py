"""May this person prescribe here: a doctor of the state, or a designee with one behind them?"""

from datetime import date

from contracts.clinical import Reason
from contracts.intake import Delegation, Prescriber, Prescription
from intake.model import PrescribingPolicy
from intake.rules.days import is_between
from intake.rules.identifiers import is_dea_number, is_npi


def unlicensed_reasons(
    prescription: Prescription, *, days: tuple[date, ...], policy: PrescribingPolicy
) -> list[Reason]:
    """Say why this prescriber could not prescribe on one of these days.

    Rules: SIT_PRESCRIBER_NOT_TN (R3), SIT_DESIGNEE_UNSUPPORTED (R4).
    """
    reasons = []
    prescriber = prescription.prescriber
    if not _is_licensed(prescriber, days, policy):
        reasons.append(
            Reason(
                code="SIT_PRESCRIBER_NOT_TN",
                says="The prescriber has no licence of this state that is known to hold "
                "on the day of issue and on this day.",
                facts={"licence_state": policy.licence_state},
            )
        )
    independent = prescriber.kind in policy.independent_kinds
    if not independent and not _is_supported(prescription.delegation, days, policy):
        reasons.append(
            Reason(
                code="SIT_DESIGNEE_UNSUPPORTED",
                says="The prescriber acts for a doctor, but no licensed doctor with a delegation "
                "in force stands behind them.",
                facts={"kind": prescriber.kind, "delegated": prescription.delegation is not None},
            )
        )
    return reasons


def identifier_reasons(prescriber: Prescriber) -> list[Reason]:
    """Say which number cannot be this prescriber's; a DEA number that is not there is unknown.

    Rules: NPI_INVALID, DEA_NUMBER_INVALID.
    """
    reasons = []
    if not is_npi(prescriber.npi):
        reasons.append(
            Reason(code="NPI_INVALID", says="The check digit of the prescriber's NPI is wrong.")
        )
    if prescriber.dea_number is None or not is_dea_number(prescriber.dea_number):
        reasons.append(
            Reason(
                code="DEA_NUMBER_INVALID",
                says="The prescriber's DEA number is missing, or its check digit is wrong.",
                facts={"given": prescriber.dea_number is not None},
            )
        )
    return reasons


def _is_licensed(prescriber: Prescriber, days: tuple[date, ...], policy: PrescribingPolicy) -> bool:
    return prescriber.licence_state == policy.licence_state and all(
        is_between(day, prescriber.licence_valid_from, prescriber.licence_valid_to) for day in days
    )


def _is_supported(
    delegation: Delegation | None, days: tuple[date, ...], policy: PrescribingPolicy
) -> bool:
    return (
        delegation is not None
        and delegation.physician.kind in policy.independent_kinds
        and is_npi(delegation.physician.npi)
        and _is_licensed(delegation.physician, days, policy)
        and all(is_between(day, delegation.in_force_from, delegation.in_force_to) for day in days)
    )
