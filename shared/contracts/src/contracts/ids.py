"""How is everything named? By opaque UUIDs, made from a command or from another id."""

from typing import NewType
from uuid import UUID, uuid5

NS_CAIRN = UUID("5c1f6d34-5f8e-4a5e-9d8b-2f0c7a1e4b60")

ClientId = NewType("ClientId", UUID)
PathwayId = NewType("PathwayId", UUID)
StaffId = NewType("StaffId", UUID)
SiteId = NewType("SiteId", UUID)
VisitId = NewType("VisitId", UUID)
SessionId = NewType("SessionId", UUID)
SegmentId = NewType("SegmentId", UUID)
EntryId = NewType("EntryId", UUID)
CaseId = NewType("CaseId", UUID)
PlanId = NewType("PlanId", UUID)
NoticeId = NewType("NoticeId", UUID)
PrescriptionId = NewType("PrescriptionId", UUID)
ConsentId = NewType("ConsentId", UUID)


def from_command(*, caller: UUID, method: str, path: str, key: str) -> UUID:
    """Name what a command makes; the same command always names the same thing."""
    return uuid5(NS_CAIRN, f"{caller}\n{method} {path}\n{key}")


def session_of(visit_id: VisitId) -> SessionId:
    """Name the session that a medicine visit becomes."""
    return SessionId(uuid5(visit_id, "session"))


def segment_of(session_id: SessionId, phase: str) -> SegmentId:
    """Name the segment of a session's record that covers one phase."""
    return SegmentId(uuid5(session_id, f"segment:{phase}"))


def case_of(pathway_id: PathwayId) -> CaseId:
    """Name the integration case of a pathway."""
    return CaseId(uuid5(pathway_id, "case"))


def plan_of(visit_id: VisitId) -> PlanId:
    """Name the plan of notices around a visit."""
    return PlanId(uuid5(visit_id, "plan"))


def fact_id(document_id: UUID, sequence: int) -> UUID:
    """Name the fact that a document told under this sequence."""
    return uuid5(document_id, f"{sequence:010d}")


def key_id(about: UUID, sealed_as: str) -> UUID:
    """Name the data key of one person and one class of sealed bodies."""
    return uuid5(about, f"key:{sealed_as}")
