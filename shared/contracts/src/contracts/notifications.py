"""What does notifications tell, and of what?"""

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field
from typing_extensions import override

from contracts.base import Instant, Message, SealClass, Service, Value, Word
from contracts.clinical import Code
from contracts.ids import ClientId, NoticeId, PlanId, SiteId, VisitId
from contracts.intake import Channel
from contracts.pathways import PathwayKind, chart_class

NoticeClass: TypeAlias = Literal["safety", "visit", "measure"]
NoticeStanding: TypeAlias = Literal[
    "planned", "held", "claimed", "intended", "sent", "failed", "unknown", "cancelled", "stale"
]


class Notice(Value):
    """One message to a client, and where it stands."""

    notice_id: NoticeId
    item: Word
    """The item of the pack it was planned by."""

    notice_class: NoticeClass
    channel: Channel
    due_at: Instant
    expires_at: Instant
    """When it is too late to be of use; it is dropped then, not sent."""

    standing: NoticeStanding = "planned"
    why: tuple[Code, ...] = ()
    """Why it is held, cancelled, stale, failed or unknown."""

    settled_at: Instant | None = None


class PlanState(Message):
    """The notices around one visit."""

    topic: ClassVar[str] = "notifications.plans"
    carries: ClassVar[Literal["state", "happening"]] = "state"
    heard_by: ClassVar[tuple[Service, ...]] = ("sessions", "intake")
    sealed_as: ClassVar[SealClass | None] = "chart"
    subject_field: ClassVar[str] = "plan_id"
    about_field: ClassVar[str | None] = "client_id"

    plan_id: PlanId
    visit_id: VisitId
    client_id: ClientId
    site_id: SiteId
    anchor_sequence: Annotated[int, Field(ge=0)]
    """The visit's sequence this plan was made from; a send that carries an older one is refused."""

    waiting_for: Word | None = None
    """A companion that has not come yet, as `client`."""

    notices: tuple[Notice, ...] = ()
    pathway_kind: PathwayKind = "kap"
    """As of the visit; decides the class of key."""

    @override
    def sealed_under(self) -> SealClass | None:
        return chart_class(self.pathway_kind)


class NoticeSettled(PlanState):
    """A notice was sent, failed, or its outcome is unknown and a person must look.

    Said by: notifications.
    Heard by: sessions, intake.
    Personal data: which notices a client got, and when; sealed as chart.
    """

    wire_name: ClassVar[str] = "notifications.notice-settled.v1"
