"""Which shapes does notifications show over HTTP?"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

from chassis.access import Caller
from chassis.rows import Kept
from contracts.base import Value
from contracts.ids import ClientId, NoticeId, PlanId, SiteId, VisitId
from contracts.intake import Channel
from contracts.notifications import NoticeClass, NoticeStanding
from notifications.model import Plan, PlannedNotice

_WHO_CARE = ("intake_coordinator", "therapist", "client")


class NoticeShown(Value):
    """One notice, and why it is where it is."""

    notice_id: NoticeId
    """Also the Message-ID by which a mail server's log knows it."""

    item: str | None
    notice_class: NoticeClass
    channel: Channel
    due_at: datetime
    expires_at: datetime
    anchor_at: datetime | None
    presumed: bool
    standing: NoticeStanding
    why: tuple[str, ...]
    settled_at: datetime | None

    @classmethod
    def of(cls, notice: PlannedNotice, *, about_whom: bool) -> Self:
        """Show a notice; without whom it is about, also not which item of the care it is."""
        shown = cls(**{name: getattr(notice, name) for name in cls.model_fields})
        return shown if about_whom else cls(**{**dict(shown), "item": None, "anchor_at": None})


class PlanShown(Value):
    """The notices around one visit; an operator sees where they stand, not whom they are about."""

    id: PlanId
    version: int
    sequence: int
    plan_id: PlanId
    site_id: SiteId
    visit_id: VisitId | None
    client_id: ClientId | None
    anchor_sequence: int
    waiting_for: str | None
    pack: str | None
    notices: tuple[NoticeShown, ...]

    @classmethod
    def of(cls, kept: Kept[Plan], caller: Caller) -> Self:
        """Show a plan as far as this caller's roles at its site reach."""
        plan = kept.document
        about_whom = caller.has(_WHO_CARE, plan.site_id)
        return cls(
            id=plan.plan_id,
            version=kept.version,
            sequence=kept.sequence,
            plan_id=plan.plan_id,
            site_id=plan.site_id,
            visit_id=plan.visit_id if about_whom else None,
            client_id=plan.client_id if about_whom else None,
            anchor_sequence=plan.anchor_sequence,
            waiting_for=plan.waiting_for,
            pack=plan.pack,
            notices=_shown(plan.notices, about_whom=about_whom),
        )


class PlansShown(Value):
    """A page of plans."""

    items: tuple[PlanShown, ...]
    next: UUID | None = None
    """The id after which the next page begins; None on the last."""

    @classmethod
    def page(cls, kept: Sequence[Kept[Plan]], caller: Caller, *, limit: int) -> Self:
        """Show a page; a full one says where the next begins."""
        return cls(
            items=tuple(PlanShown.of(each, caller) for each in kept),
            next=kept[-1].document.plan_id if len(kept) >= limit else None,
        )


def _shown(notices: Collection[PlannedNotice], *, about_whom: bool) -> tuple[NoticeShown, ...]:
    return tuple(NoticeShown.of(notice, about_whom=about_whom) for notice in notices)
