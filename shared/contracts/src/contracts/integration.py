"""What does integration tell, and of what?"""

from typing import ClassVar, Literal

from contracts.base import Instant, Message, SealClass, Service, Sha256, Value
from contracts.ids import CaseId, ClientId, PathwayId, SessionId, SiteId


class ReceivedRecord(Value):
    """A session's record as it arrived, and whether it is whole."""

    session_id: SessionId
    closed_at: Instant
    root_sha256: Sha256
    segments_expected: int
    segments_received: int
    verified_at: Instant | None = None
    """When every segment was there and the hashes agreed; None until then."""


class CaseState(Message):
    """The integration of what happened on one pathway."""

    topic: ClassVar[str] = "integration.cases"
    carries: ClassVar[Literal["state", "happening"]] = "state"
    heard_by: ClassVar[tuple[Service, ...]] = ("sessions", "notifications")
    sealed_as: ClassVar[SealClass | None] = "chart"
    subject_field: ClassVar[str] = "case_id"
    about_field: ClassVar[str | None] = "client_id"

    case_id: CaseId
    client_id: ClientId
    pathway_id: PathwayId
    site_id: SiteId
    opened_at: Instant
    records: tuple[ReceivedRecord, ...] = ()
    closed_at: Instant | None = None


class CaseOpened(CaseState):
    """A session's record arrived whole, and integration can begin.

    Said by: integration, once a record is complete and verified.
    Heard by: sessions, notifications.
    Personal data: which sessions a client had; sealed as chart.
    """

    wire_name: ClassVar[str] = "integration.case-opened.v1"
