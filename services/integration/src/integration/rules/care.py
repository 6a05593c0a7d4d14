"""Who may read what was written about a client?"""

from contracts.clinical import Decision, Reason
from contracts.ids import StaffId
from contracts.intake import PathwayState

_WHO_TREAT = ("lead_therapist", "therapist")


def may_see(pathway: PathwayState | None, staff_id: StaffId, *, supervises: bool) -> Decision:
    """Let the care team's therapists see a case, and whoever supervises at its site.

    That a record is there is not what it says.

    Rule: R14.
    """
    if supervises:
        return Decision.by((), rulesets=())
    return may_read(pathway, staff_id)


def may_read(pathway: PathwayState | None, staff_id: StaffId) -> Decision:
    """Let a therapist of the pathway's care team read, whoever wrote.

    A pathway not heard of yet has no known care team, and unknown is not yes.

    Rule: R14.
    """
    if pathway is not None and any(
        member.staff_id == staff_id and member.role in _WHO_TREAT for member in pathway.care_team
    ):
        return Decision.by((), rulesets=())
    no = Reason(
        code="ROI_REQUIRED",
        says="Only a therapist of the care team reads this without a release.",
        facts={"pathway_known": pathway is not None},
    )
    return Decision.by((no,), rulesets=())
