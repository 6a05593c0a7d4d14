"""What does integration remember?"""

from typing import ClassVar

from chassis.domain import Document
from contracts.base import Instant, Value
from contracts.clinical import Reason
from contracts.ids import SessionId
from contracts.integration import CaseState, ReceivedRecord


class BrokenRecord(Value):
    """A session's record that is not what was signed, and in what it differs."""

    session_id: SessionId
    found_at: Instant
    reasons: tuple[Reason, ...]


class Case(CaseState, Document):
    """The integration of one pathway: which records came, and whether each is whole.

    `opened_at` is when the first record was verified; until then, when its closing was heard.
    """

    clear_fields: ClassVar[tuple[str, ...]] = (
        "client_id",
        "pathway_id",
        "site_id",
        "opened_at",
        "records_waiting",
        "records_broken",
    )

    broken: tuple[BrokenRecord, ...] = ()

    @property
    def records_waiting(self) -> int:
        """How many records are not verified, whether segments are missing or differ."""
        return sum(record.verified_at is None for record in self.records)

    @property
    def records_broken(self) -> int:
        """How many records differ from what was signed; an operator looks for these."""
        return len(self.broken)

    def record_of(self, session_id: SessionId) -> ReceivedRecord | None:
        """Give the record of this session as far as it came; None where no closing was heard."""
        return next((one for one in self.records if one.session_id == session_id), None)

    def broken_record_of(self, session_id: SessionId) -> BrokenRecord | None:
        """Say in what the record of this session differs; None where nothing does."""
        return next((one for one in self.broken if one.session_id == session_id), None)
