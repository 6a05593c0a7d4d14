"""What does sessions tell of a visit?"""

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field
from typing_extensions import override

from contracts.base import Instant, Message, SealClass, Service, Word, Zone
from contracts.ids import ClientId, PathwayId, SiteId, StaffId, VisitId
from contracts.pathways import PathwayKind, chart_class

VisitKind: TypeAlias = Literal["preparation", "medicine", "integration"]
VisitMode: TypeAlias = Literal["in_person", "video"]
VisitStanding: TypeAlias = Literal["scheduled", "checked_in", "attended", "missed", "cancelled"]


class VisitState(Message):
    """An appointment of one client with one therapist."""

    topic: ClassVar[str] = "sessions.visits"
    carries: ClassVar[Literal["state", "happening"]] = "state"
    heard_by: ClassVar[tuple[Service, ...]] = ("intake", "integration", "notifications")
    sealed_as: ClassVar[SealClass | None] = "chart"
    subject_field: ClassVar[str] = "visit_id"
    about_field: ClassVar[str | None] = "client_id"

    visit_id: VisitId
    client_id: ClientId
    pathway_id: PathwayId
    site_id: SiteId
    zone: Zone
    """Where the visit takes place; its local times are meant in this zone."""

    kind: VisitKind
    mode: VisitMode
    therapist_id: StaffId
    room: Word | None = None
    starts_at: Instant
    ends_at: Instant
    standing: VisitStanding = "scheduled"
    moves: Annotated[int, Field(ge=0)] = 0
    """How often it was moved; with the start it tells one plan from the next."""

    pathway_kind: PathwayKind = "kap"
    """Decides the class of key: what belongs to harm reduction has one of its own."""

    @override
    def sealed_under(self) -> SealClass | None:
        return chart_class(self.pathway_kind)


class VisitScheduled(VisitState):
    """A visit was booked.

    Said by: sessions.
    Heard by: intake, integration, notifications.
    Personal data: who meets whom, when; sealed as chart.
    """

    wire_name: ClassVar[str] = "sessions.visit-scheduled.v1"


class VisitMoved(VisitState):
    """A visit got another time, room or therapist.

    Said by: sessions.
    Heard by: intake, integration, notifications.
    Personal data: who meets whom, when; sealed as chart.
    """

    wire_name: ClassVar[str] = "sessions.visit-moved.v1"


class VisitCancelled(VisitState):
    """A visit will not take place.

    Said by: sessions.
    Heard by: intake, integration, notifications.
    Personal data: who meets whom, when; sealed as chart.
    """

    wire_name: ClassVar[str] = "sessions.visit-cancelled.v1"


class VisitAttended(VisitState):
    """The client came: checked in at first, attended once it is over.

    Said by: sessions.
    Heard by: intake, integration, notifications.
    Personal data: who meets whom, when; sealed as chart.
    """

    wire_name: ClassVar[str] = "sessions.visit-attended.v1"


class VisitMissed(VisitState):
    """The client did not come.

    Said by: sessions.
    Heard by: intake, integration, notifications.
    Personal data: who meets whom, when; sealed as chart.
    """

    wire_name: ClassVar[str] = "sessions.visit-missed.v1"
