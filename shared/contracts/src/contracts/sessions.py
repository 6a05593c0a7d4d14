"""What does sessions tell, and of what?"""

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from contracts.base import (
    Day,
    Instant,
    Message,
    Paragraph,
    SealClass,
    Service,
    Sha256,
    Value,
    Word,
    Zone,
)
from contracts.clinical import Code, Decision
from contracts.ids import (
    ClientId,
    EntryId,
    PathwayId,
    PrescriptionId,
    SegmentId,
    SessionId,
    SiteId,
    StaffId,
    VisitId,
)
from contracts.units import TotalMilligrams, Units
from contracts.visits import (
    VisitAttended,
    VisitCancelled,
    VisitKind,
    VisitMissed,
    VisitMode,
    VisitMoved,
    VisitScheduled,
    VisitStanding,
    VisitState,
)

__all__ = [
    "ENTRY_KINDS",
    "ClientDischarged",
    "Closing",
    "Discharge",
    "Dose",
    "Entry",
    "MedicineReleased",
    "MedicineTaken",
    "Phase",
    "PresenceInterval",
    "Release",
    "SegmentSeal",
    "SegmentSigned",
    "SessionClosed",
    "SessionState",
    "SittingOpened",
    "VisitAttended",
    "VisitCancelled",
    "VisitKind",
    "VisitMissed",
    "VisitMode",
    "VisitMoved",
    "VisitScheduled",
    "VisitStanding",
    "VisitState",
]
"""Whatever sessions tells is found here; visits are long enough for a module of their own."""

Phase: TypeAlias = Literal[
    "checked_in",
    "safety_check",
    "intention",
    "released",
    "medicine_taken",
    "onset",
    "peak",
    "reemergence",
    "recovery",
    "discharged",
]
ENTRY_KINDS: TypeAlias = Literal[
    "affect",
    "theme",
    "imagery",
    "verbatim",
    "somatic",
    "behaviour",
    "music",
    "environment",
    "intervention",
    "question",
    "silence",
    "check",
    "clinician_note",
]


class PresenceInterval(Value):
    """A stated interval during which a therapist was with the client; never a heartbeat."""

    therapist_id: StaffId
    mode: Literal["in_person", "video"]
    opened_at: Instant
    closed_at: Instant | None = None


class Dose(Value):
    """Medicine that was taken: what happened, whether or not it was released."""

    prescription_id: PrescriptionId | None = None
    medicine: Word
    route: Word
    units: Units
    total_mg: TotalMilligrams | None = None
    """None where neither a prescription nor the person who recorded it tells the strength."""

    taken_at: Instant
    recorded_by: StaffId
    breaches: tuple[Code, ...] = ()


class Release(Value):
    """The decision that medicine may be taken, and what it was decided on."""

    prescription_id: PrescriptionId
    units: Units
    total_mg: TotalMilligrams
    released_by: StaffId
    released_at: Instant
    decision: Decision
    decided_on: dict[str, int]
    """Each document that was looked at, by id, with the sequence it had told."""


class Discharge(Value):
    """Who let the client go, when, and what was found (`domain.md` §4.6)."""

    discharged_by: StaffId
    discharged_at: Instant
    effects_resolved_at: Instant
    checklist: tuple[Word, ...]
    breaches: tuple[Code, ...] = ()


class SegmentSeal(Value):
    """One segment as the closed record lists it."""

    segment_id: SegmentId
    phase: Phase
    entries: Annotated[int, Field(ge=0)]
    sha256: Sha256


class Closing(Value):
    """The signature under a session: which segments it has, and the hash over all of them."""

    closed_by: StaffId
    closed_at: Instant
    segments: tuple[SegmentSeal, ...]
    root_sha256: Sha256
    breaches: tuple[Code, ...] = ()


class SessionState(Message):
    """A medicine session: presence, doses and phases; its words travel as segments."""

    topic: ClassVar[str] = "sessions.sessions"
    carries: ClassVar[Literal["state", "happening"]] = "state"
    heard_by: ClassVar[tuple[Service, ...]] = ("intake", "integration", "notifications")
    sealed_as: ClassVar[SealClass | None] = "chart"
    subject_field: ClassVar[str] = "session_id"
    about_field: ClassVar[str | None] = "client_id"

    session_id: SessionId
    visit_id: VisitId
    client_id: ClientId
    pathway_id: PathwayId
    site_id: SiteId
    zone: Zone
    therapist_id: StaffId
    phase: Phase
    presence: tuple[PresenceInterval, ...] = ()
    sitting_opened_at: Instant | None = None
    release: Release | None = None
    doses: tuple[Dose, ...] = ()
    discharge: Discharge | None = None
    closing_at: Instant | None = None
    """The fence: entries that come later are addenda."""

    closing: Closing | None = None


class Entry(Value):
    """Something seen, said or done, in words; its id was made by the device that wrote it."""

    entry_id: EntryId
    phase: Phase
    kind: ENTRY_KINDS
    text: Paragraph
    intensity: Annotated[int, Field(ge=0, le=10)] | None = None
    author_id: StaffId
    observed_at: Instant
    entered_at: Instant
    received_at: Instant
    late_reason: Paragraph | None = None


class SegmentSigned(Message):
    """One phase of a closed session's record, whole and signed.

    Said by: sessions, when a session closes, once a phase that has entries.
    Heard by: integration.
    Personal data: what was seen and said in words; compressed and sealed as chart.
    """

    wire_name: ClassVar[str] = "sessions.segment-signed.v1"
    topic: ClassVar[str] = "sessions.segments"
    carries: ClassVar[Literal["state", "happening"]] = "state"
    heard_by: ClassVar[tuple[Service, ...]] = ("integration",)
    sealed_as: ClassVar[SealClass | None] = "chart"
    compressed: ClassVar[bool] = True
    subject_field: ClassVar[str] = "segment_id"
    about_field: ClassVar[str | None] = "client_id"

    segment_id: SegmentId
    session_id: SessionId
    client_id: ClientId
    pathway_id: PathwayId
    site_id: SiteId
    phase: Phase
    entries: tuple[Entry, ...]
    sha256: Sha256
    """Over the entries, in the order of `entries`, as `contracts.record` writes them."""

    signed_by: StaffId
    signed_at: Instant
    held_on: Day
    """The day of the session at its site."""


class SittingOpened(SessionState):
    """A therapist is with the client and the sitting began.

    Said by: sessions.
    Heard by: intake, integration, notifications.
    Personal data: presence, doses, decisions; sealed as chart.
    """

    wire_name: ClassVar[str] = "sessions.sitting-opened.v1"


class MedicineReleased(SessionState):
    """Every rule passed and the dose is reserved: medicine may be taken.

    Said by: sessions.
    Heard by: intake, integration, notifications.
    Personal data: presence, doses, decisions; sealed as chart.
    """

    wire_name: ClassVar[str] = "sessions.medicine-released.v1"


class MedicineTaken(SessionState):
    """Medicine was taken, released or not; breaches are on the dose.

    Said by: sessions.
    Heard by: intake, integration, notifications.
    Personal data: presence, doses, decisions; sealed as chart.
    """

    wire_name: ClassVar[str] = "sessions.medicine-taken.v1"


class ClientDischarged(SessionState):
    """The client was let go.

    Said by: sessions.
    Heard by: intake, integration, notifications.
    Personal data: presence, doses, decisions; sealed as chart.
    """

    wire_name: ClassVar[str] = "sessions.client-discharged.v1"


class SessionClosed(SessionState):
    """The record is signed: its segments and root hash are fixed.

    Said by: sessions.
    Heard by: intake, integration, notifications.
    Personal data: presence, doses, decisions; sealed as chart.
    """

    wire_name: ClassVar[str] = "sessions.session-closed.v1"
