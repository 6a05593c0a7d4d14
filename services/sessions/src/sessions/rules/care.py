"""What does the pathway allow, and does this therapist belong to its care team?"""

from collections.abc import Iterator

from contracts.clinical import Reason
from contracts.ids import StaffId
from contracts.intake import PathwayState

_CARES = frozenset({"lead_therapist", "therapist"})


def pathway_unknown(pathway: PathwayState | None) -> Iterator[Reason]:
    """Name a pathway nobody told us of, or whose newest fact could not be read."""
    if pathway is None:
        yield Reason(
            code="VISIT_PATHWAY_UNKNOWN", says="This pathway is not known here, or not yet"
        )


def not_in_care_team(staff_id: StaffId, pathway: PathwayState | None) -> Iterator[Reason]:
    """Name a therapist outside the care team; an unknown pathway is named by `pathway_unknown`."""
    if pathway is None:
        return
    if not any(each.staff_id == staff_id and each.role in _CARES for each in pathway.care_team):
        yield Reason(
            code="THERAPIST_NOT_IN_CARE_TEAM",
            says="This therapist does not belong to the care team of the pathway",
            facts={"therapist": str(staff_id)},
        )


def pathway_closed(pathway: PathwayState | None) -> Iterator[Reason]:
    """Name a pathway that has ended."""
    if pathway is not None and pathway.closed_at is not None:
        yield Reason(code="PATHWAY_CLOSED", says="This pathway has ended")


def medicine_forbidden(pathway: PathwayState | None) -> Iterator[Reason]:
    """Name a pathway on which nobody may sit while a client takes medicine.

    Rule: R17.
    """
    if pathway is None or pathway.kind == "kap":
        return
    if pathway.kind == "harm_reduction":
        yield Reason(
            code="HR_SITTING_FORBIDDEN", says="On this pathway nobody of the network may sit"
        )
    else:
        yield Reason(
            code="VISIT_KIND_NOT_ON_PATHWAY",
            says="This pathway has no medicine visits",
            facts={"pathway": pathway.kind},
        )
