"""Which notices belong to a visit as it now stands, and what changes when it does?"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import uuid5
from zoneinfo import ZoneInfo

from chassis.domain import Change
from contracts.clinical import Code
from contracts.ids import NoticeId, PlanId, plan_of
from contracts.intake import ClientState
from contracts.sessions import SessionState, VisitState
from notifications.model import Plan, PlannedNotice
from notifications.rules.gates import (
    impairment_opens_at,
    presumed_discharge_at,
    reasons_to_hold,
)
from notifications.rules.hours import Fit, fit, offset_from, zone_named
from notifications.rules.packs import Item, NoticePack
from notifications.rules.telling import told

_UTC = ZoneInfo("UTC")
_REACHED = ("intended", "sent", "unknown", "failed")


class Known(NamedTuple):
    """What was heard about one visit: the facts a plan is made from."""

    visit: VisitState
    sequence: int
    client: ClientState | None = None
    client_sequence: int = 0
    session: SessionState | None = None
    session_sequence: int = 0


class Anchor(NamedTuple):
    """What a notice is counted from."""

    at: datetime
    presumed: bool = False


class Overtaken(Exception):
    """Somebody who had heard more was faster; what was heard must be looked up again."""


def new_plan(visit: VisitState) -> Plan:
    """Make the plan of a visit, without any notice yet."""
    return Plan(
        plan_id=plan_of(visit.visit_id),
        visit_id=visit.visit_id,
        client_id=visit.client_id,
        site_id=visit.site_id,
        anchor_sequence=0,
        pathway_kind=visit.pathway_kind,
    )


def plan_visit(
    plan: Plan, known: Known, *, pack: NoticePack, ruleset: str, at: datetime
) -> Change[Plan]:
    """Recompute a plan from what was heard; what was heard later than this is never undone.

    Raises:
        Overtaken: The plan was made from something newer.

    Rule: K-REPLAN.
    """
    if _is_older(known, plan):
        raise Overtaken
    notices = plan_notices(known, pack=pack, existing=plan.notices, at=at)
    after = plan.but(
        anchor_sequence=known.sequence,
        client_sequence=max(known.client_sequence, plan.client_sequence),
        session_sequence=max(known.session_sequence, plan.session_sequence),
        notices=notices,
        waiting_for="client" if known.client is None else None,
        pack=ruleset,
    )
    return told(plan, after)


def plan_notices(
    known: Known, *, pack: NoticePack, existing: tuple[PlannedNotice, ...], at: datetime
) -> tuple[PlannedNotice, ...]:
    """Give the notices as they should now stand: moved, kept, held, cancelled or new.

    Whatever is settled or under way to a gateway is never touched. Without the client nothing new
    is planned, as nobody knows their hours, but what is off is cancelled all the same.

    Rules: K-REPLAN, K-ANCHOR, K-GRACE.
    """
    wanted = {item.item: item for item in pack.items if known.visit.kind in item.visit_kinds}
    after = [_again(one, wanted.get(one.item), known, pack, at) for one in existing]
    plan_id = plan_of(known.visit.visit_id)
    after.extend(_new(plan_id, tuple(after), wanted.values(), known, pack, at))
    return tuple(after)


def _is_older(known: Known, plan: Plan) -> bool:
    return (
        known.sequence < plan.anchor_sequence
        or (known.client is not None and known.client_sequence < plan.client_sequence)
        or (known.session is not None and known.session_sequence < plan.session_sequence)
    )


def _again(
    notice: PlannedNotice, item: Item | None, known: Known, pack: NoticePack, at: datetime
) -> PlannedNotice:
    if not notice.is_open:
        return notice
    off = "NOT_IN_PACK" if item is None else off_because(item, known)
    anchor = None if item is None else _anchor(item, known, pack)
    if off is not None or anchor is None:
        why = off or "ANCHOR_GONE"
        return notice.but(standing="cancelled", why=(why,), settled_at=at, claim=None)
    if known.client is None or item is None:
        return notice
    wished = _wished(notice.notice_id, item, anchor, known, known.client, pack)
    if notice.standing == "claimed" and _same_time(notice, wished) and not wished.why:
        return notice
    return _unless_late(wished, at)


def _new(
    plan_id: PlanId,
    existing: tuple[PlannedNotice, ...],
    wanted: Iterable[Item],
    known: Known,
    pack: NoticePack,
    at: datetime,
) -> Iterator[PlannedNotice]:
    for item in wanted:
        anchor = _anchor(item, known, pack)
        before = [one for one in existing if one.item == item.item]
        if known.client is None or anchor is None or off_because(item, known) is not None:
            continue
        if any(one.is_open for one in before):
            continue
        notice_id = NoticeId(uuid5(plan_id, f"{item.item}:{len(before)}"))
        wished = _wished(notice_id, item, anchor, known, known.client, pack)
        notice = _unless_late(wished, at)
        if not _is_answered(notice, before):
            yield notice


def _is_answered(notice: PlannedNotice, before: list[PlannedNotice]) -> bool:
    """Tell whether an earlier notice of this item already did what this one would do.

    One that went out counted from the same instant did. So did a safety check that went out after
    this one would be due, though the discharge it was counted from was presumed. One that came too
    late is not written down twice.
    """
    return any(
        (one.anchor_at == notice.anchor_at and one.standing in _REACHED)
        or (one.presumed and one.standing in _REACHED and notice.due_at <= one.due_at)
        or (one.anchor_at == notice.anchor_at and {one.standing, notice.standing} == {"stale"})
        for one in before
    )


def off_because(item: Item, known: Known) -> Code | None:
    """Say why a notice has no purpose any more; None while it has one.

    What follows a session stands once the session is known to have begun, whatever becomes of the
    visit: who had medicine is checked on.

    Rule: K-ANCHOR.
    """
    standing = known.visit.standing
    if item.anchor == "discharge" and known.session is not None:
        return None
    if standing == "cancelled":
        return "VISIT_CANCELLED"
    if standing == "missed":
        return "VISIT_MISSED"
    if item.anchor == "start" and standing in {"checked_in", "attended"}:
        return "VISIT_BEGUN"
    return None


def _anchor(item: Item, known: Known, pack: NoticePack) -> Anchor | None:
    if item.anchor == "start":
        return Anchor(known.visit.starts_at)
    if known.session is not None and known.session.discharge is not None:
        return Anchor(known.session.discharge.discharged_at)
    if item.notice_class == "safety":
        return Anchor(presumed_discharge_at(known.visit, pack), presumed=True)
    return None


def _wished(
    notice_id: NoticeId,
    item: Item,
    anchor: Anchor,
    known: Known,
    client: ClientState,
    pack: NoticePack,
) -> PlannedNotice:
    zone = zone_named(client.zone) or _UTC
    ideal = offset_from(anchor.at, days=item.offset_days, hours=item.offset_hours, zone=zone)
    landed = fit(ideal, item.window, zone)
    why = reasons_to_hold(item, known.visit, client, pack)
    if landed.needs_person:
        why = (*why, "PERSON_MUST_CALL")
    return PlannedNotice(
        notice_id=notice_id,
        item=item.item,
        notice_class=item.notice_class,
        channel=item.channel,
        due_at=landed.at,
        expires_at=_expires_at(item, ideal, landed, known.visit, pack),
        standing="held" if why else "planned",
        why=why,
        anchor_at=anchor.at,
        presumed=anchor.presumed,
    )


def _expires_at(
    item: Item, ideal: datetime, landed: Fit, visit: VisitState, pack: NoticePack
) -> datetime:
    """Count grace from the wish; from where it landed for safety, which no night makes stale."""
    is_from_landing = item.notice_class == "safety" or landed.brought_forward
    expires_at = (landed.at if is_from_landing else ideal) + timedelta(hours=item.grace_hours)
    if item.anchor == "start":
        return min(expires_at, impairment_opens_at(visit, pack))
    return expires_at


def _unless_late(notice: PlannedNotice, at: datetime) -> PlannedNotice:
    if notice.expires_at <= notice.due_at:
        return notice.but(standing="stale", why=(*notice.why, "OUTSIDE_WINDOW"), settled_at=at)
    if notice.expires_at <= at:
        return notice.but(standing="stale", why=(*notice.why, "DUE_PASSED"), settled_at=at)
    return notice


def _same_time(before: PlannedNotice, after: PlannedNotice) -> bool:
    return (before.anchor_at, before.due_at) == (after.anchor_at, after.due_at)
