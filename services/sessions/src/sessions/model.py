"""What does sessions remember, and what is it asked?

Documents are the public state of `contracts.sessions` plus what sessions keeps to itself. The
values named `…Asked` are what a person states; the rules turn them into documents.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from chassis.domain import Document
from contracts.base import Day, Instant, Paragraph, SealClass, Value, Word
from contracts.clinical import Decision
from contracts.ids import (
    ClientId,
    EntryId,
    PathwayId,
    PrescriptionId,
    SessionId,
    SiteId,
    StaffId,
    VisitId,
)
from contracts.intake import ClientState, PathwayState, SiteChanged
from contracts.sessions import (
    ENTRY_KINDS,
    Entry,
    Phase,
    SegmentSigned,
    SessionState,
    VisitKind,
    VisitMode,
    VisitState,
)
from contracts.units import Minutes, TotalMilligrams, Units

AdverseEvents: TypeAlias = Literal["none", "recorded"]
"""What the signer states about adverse events: there were none, or the entries tell of them."""

PresenceMode: TypeAlias = Literal["in_person", "video", "audio"]
"""How a therapist says they are present; a voice alone can be stated, and never counts."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_QUARTER_HOUR = timedelta(minutes=15)
_FREE = frozenset({"cancelled", "missed"})


def quarter_hours(starts_at: datetime, ends_at: datetime) -> range:
    """Number the quarter hours since the epoch that the half-open interval touches."""
    first = (starts_at - _EPOCH) // _QUARTER_HOUR
    after_last = -((_EPOCH - ends_at) // _QUARTER_HOUR)
    return range(first, after_last)


class Visit(VisitState, Document):
    """An appointment; while it stands nobody else can hold its people, its room and its time."""

    clear_fields: ClassVar[tuple[str, ...]] = ("client_id", "site_id", "starts_at", "holds")

    @property
    def holds(self) -> tuple[str, ...]:
        """Name every quarter hour of the therapist, the client and the room that this takes."""
        return () if self.standing in _FREE else tuple(self._held())

    def _held(self) -> Iterator[str]:
        for quarter in quarter_hours(self.starts_at, self.ends_at):
            yield f"staff:{self.therapist_id}|{quarter}"
            yield f"client:{self.client_id}|{quarter}"
            if self.room is not None:
                yield f"room:{self.site_id}:{self.room}|{quarter}"


class Session(SessionState, Document):
    """A medicine session; what is told in words are entries, documents of their own."""

    clear_fields: ClassVar[tuple[str, ...]] = ("client_id", "site_id", "present")

    mode: VisitMode
    """As the visit was booked; a video visit asks for one more consent."""

    released_medicine: Word | None = None
    released_route: Word | None = None
    adverse_events: AdverseEvents | None = None

    @property
    def present(self) -> tuple[str, ...]:
        """Name the therapists whose presence is open; nobody can be present in two sessions."""
        opened = {str(each.therapist_id) for each in self.presence if each.closed_at is None}
        return tuple(sorted(opened))


class EntryDocument(Entry, Document):
    """Something told in words about a session; its id was made by the device that wrote it."""

    subject_field: ClassVar[str] = "entry_id"
    about_field: ClassVar[str | None] = "client_id"
    sealed_as: ClassVar[SealClass | None] = "chart"
    clear_fields: ClassVar[tuple[str, ...]] = ("session_id", "observed_at")

    session_id: SessionId
    client_id: ClientId
    site_id: SiteId

    def entry(self) -> Entry:
        """Give what travels: the entry without what only this service needs."""
        return Entry(**{name: getattr(self, name) for name in Entry.model_fields})


class Segment(SegmentSigned, Document):
    """One signed part of a closed session's record."""

    clear_fields: ClassVar[tuple[str, ...]] = ("session_id",)


class VisitAsked(Value):
    """A visit as somebody wants it booked; the client is the one of the pathway."""

    pathway_id: PathwayId
    site_id: SiteId
    kind: VisitKind
    mode: VisitMode
    therapist_id: StaffId
    room: Word | None = None
    starts_at: Instant
    ends_at: Instant


class MoveAsked(Value):
    """Another time for a visit; without a therapist or a room it keeps those it has."""

    starts_at: Instant
    ends_at: Instant
    therapist_id: StaffId | None = None
    room: Word | None = None


class DoseAsked(Value):
    """The dose a therapist wants to release."""

    prescription_id: PrescriptionId
    medicine: Word
    route: Word
    units: Units


class TakenAsked(Value):
    """Medicine as it was taken, whether or not anybody released it."""

    medicine: Word
    route: Word
    units: Units
    taken_at: Instant
    prescription_id: PrescriptionId | None = None
    total_mg: TotalMilligrams | None = None
    """Used only where no known prescription tells the strength."""


class EntryAsked(Value):
    """An entry as a device sends it."""

    entry_id: EntryId
    phase: Phase
    kind: ENTRY_KINDS
    text: Paragraph
    intensity: Annotated[int, Field(ge=0, le=10)] | None = None
    observed_at: Instant
    entered_at: Instant
    late_reason: Paragraph | None = None


class DischargeAsked(Value):
    """What was found before the client is let go."""

    effects_resolved_at: Instant
    checklist: Annotated[tuple[Word, ...], Field(max_length=50)]
    """The items of the ruleset that were found to hold, each by its word."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the mirrors know of a visit's surroundings; None where nothing was heard yet."""

    pathway: PathwayState | None = None
    client: ClientState | None = None
    site: SiteChanged | None = None


@dataclass(frozen=True, slots=True)
class SeenVisit:
    """A visit as it was looked at for a decision."""

    visit: Visit
    sequence: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What intake, the owner, answered about one dose; silence has no decision."""

    decision: Decision | None = None
    total_mg: Decimal | None = None
    """Of the reservation; None where intake was only asked."""

    decided_on: Mapping[str, int] = field(default_factory=dict)
    """Each document that intake looked at, by id, with the sequence it had told."""


class DoseQuestion(Value):
    """A dose as it is put to intake, which decides it by the client's pathway."""

    session_id: SessionId
    visit_id: VisitId
    therapist_id: StaffId
    mode: VisitMode
    medicine: Word
    route: Word
    units: Units
    prescription_id: PrescriptionId
    site_id: SiteId
    held_on: Day


class SittingPolicy(Value):
    """Every number and list that the rules of a sitting ask for (`deploy/rulesets/kap-sitting`)."""

    presence_before_release_minutes_min: Minutes
    presence_after_resolved_minutes_min: Minutes
    preparation_visits_attended_min: Annotated[int, Field(ge=0, le=20)]
    integration_booked_within_hours_max: Annotated[int, Field(ge=1, le=720)]
    visit_minutes_max: Minutes
    visit_booked_ahead_days_max: Annotated[int, Field(ge=1, le=3650)]
    stated_ahead_minutes_max: Minutes
    late_after_minutes: Minutes
    entry_gap_minutes_max: Minutes
    discharge_after_dose_minutes_min: dict[Word, Minutes]
    """By route."""

    discharge_after_dose_other_route_minutes_min: Minutes
    discharge_checklist: tuple[Word, ...]
    documented_phases: tuple[Phase, ...]
    """Phases that need at least one entry before a session closes."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The policy in force, with the name a decision quotes."""

    policy: SittingPolicy
    ruleset: str
