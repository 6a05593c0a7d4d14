"""Which shapes does integration show over HTTP?"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal, Self

from contracts.base import Value
from contracts.ids import CaseId, ClientId, SegmentId, SessionId, StaffId
from contracts.sessions import Entry, Phase, SegmentSigned
from integration.model import Case


class SegmentShown(Value):
    """One phase of a session, as it was signed."""

    segment_id: SegmentId
    phase: Phase
    signed_by: StaffId
    signed_at: datetime
    sha256: str
    entries: tuple[Entry, ...]

    @classmethod
    def of(cls, segment: SegmentSigned) -> Self:
        """Show a segment."""
        return cls(**{name: getattr(segment, name) for name in cls.model_fields})


class RecordShown(Value):
    """The whole record of one session; half a record is never shown."""

    case_id: CaseId
    session_id: SessionId
    client_id: ClientId
    complete: Literal[True] = True
    verified_at: datetime
    closed_at: datetime
    held_on: date | None
    """The day of the session at its site; None where nothing was written in it."""

    root_sha256: str
    segments: tuple[SegmentShown, ...]

    @classmethod
    def of(cls, case: Case, session_id: SessionId, segments: Sequence[SegmentSigned]) -> Self:
        """Show the record that these verified segments make."""
        record = case.record_of(session_id)
        if record is None or record.verified_at is None:
            raise TypeError("only a verified record is shown")
        return cls(
            case_id=case.case_id,
            session_id=session_id,
            client_id=case.client_id,
            verified_at=record.verified_at,
            closed_at=record.closed_at,
            held_on=segments[0].held_on if segments else None,
            root_sha256=record.root_sha256,
            segments=tuple(map(SegmentShown.of, segments)),
        )
