"""Has a prescriber decided that this client may be dosed, and does the decision still hold?"""

from datetime import date, tzinfo

from chassis.domain import Change, Refused
from contracts.clinical import Reason
from contracts.intake import Clearance, ClearanceDecided
from intake.model import Pathway, PrescribingPolicy
from intake.rules import pathways
from intake.rules.days import months_after

_CLEARED = ("cleared", "cleared_with_conditions")


def decide_clearance(pathway: Pathway, clearance: Clearance) -> Change[Pathway]:
    """Keep the prescriber's decision; it replaces the one before.

    Rules: PATHWAY_CLOSED, PATHWAY_NOT_KAP, CONDITIONS_MISSING.
    """
    reasons = [*pathways.closed_reasons(pathway), *pathways.other_kind_reasons(pathway)]
    if clearance.outcome == "cleared_with_conditions" and not clearance.conditions:
        reasons.append(
            Reason(
                code="CONDITIONS_MISSING",
                says="A clearance with conditions names at least one condition.",
            )
        )
    if reasons:
        raise Refused(*reasons)
    changed = pathway.but(clearance=clearance)
    return Change(changed, told=(changed.tell(ClearanceDecided),))


def uncleared_reasons(
    pathway: Pathway, *, policy: PrescribingPolicy, on: date, zone: tzinfo
) -> list[Reason]:
    """Say why this client is not cleared on that day; the last day of the months still counts.

    Rule: NOT_CLEARED.
    """
    clearance = pathway.clearance
    if clearance is None or clearance.outcome not in _CLEARED:
        outcome = None if clearance is None else clearance.outcome
        return [_not_cleared("The prescriber has not cleared this client.", outcome)]
    decided_on = clearance.decided_at.astimezone(zone).date()
    if not decided_on <= on <= months_after(decided_on, policy.clearance_months):
        return [
            _not_cleared("The prescriber's clearance does not cover this day.", str(decided_on))
        ]
    return []


def _not_cleared(says: str, found: str | None) -> Reason:
    return Reason(code="NOT_CLEARED", says=says, facts={"found": found})
