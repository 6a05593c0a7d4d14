"""Which notices may go out now, and what is written down before and after they do?

planned -> claimed -> intended -> sent | failed | unknown. Each arrow is one conditional write on
the plan. What is claimed can still be cancelled; what is intended may already be on its way, and
is never sent by anybody again.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from chassis.domain import Change
from contracts.clinical import Code
from contracts.ids import NoticeId
from contracts.intake import ClientState
from notifications.model import Claim, Outcome, Plan, PlannedNotice
from notifications.rules.gates import Sitting, is_impaired, reasons_to_hold
from notifications.rules.hours import is_open, next_open, zone_named
from notifications.rules.packs import Item, NoticePack
from notifications.rules.plans import Known
from notifications.rules.telling import told


class Surroundings(NamedTuple):
    """What the send gate looks at besides the plan itself."""

    known: Known | None
    sittings: tuple[Sitting, ...] = ()


def claim_due(
    plan: Plan, around: Surroundings, claim: Claim, *, pack: NoticePack, at: datetime
) -> Change[Plan]:
    """Claim what is due and may go out; hold, put off or drop the rest, each with why.

    Rules: K-GRACE, K-WINDOW, K-IMPAIRMENT, K-STANDING, K-CHANNEL, K-ZONE, K-LANGUAGE.
    """

    def looked_at(notice: PlannedNotice) -> PlannedNotice:
        if notice.standing in {"planned", "held"} and notice.expires_at <= at:
            return _stale(notice, at)
        if notice.standing != "planned" or at < notice.due_at:
            return notice
        return _gated(notice, around, claim, pack, at)

    return _each(plan, looked_at)


def intend(plan: Plan, claim: Claim, verdicts: Mapping[NoticeId, tuple[Code, ...]]) -> Change[Plan]:
    """Write down that claimed notices go to the gateway now; what has reasons waits instead.

    Only what is still claimed by this token: a cancel or a move in between has won.

    Rules: K-CONFIRMED, K-ONCE.
    """

    def decided(notice: PlannedNotice) -> PlannedNotice:
        if notice.standing != "claimed" or not _is_by(notice, claim):
            return notice
        why = verdicts.get(notice.notice_id, ("CONFIRMATION_WAITING",))
        if why:
            return notice.but(standing="held", why=why, claim=None)
        return notice.but(standing="intended", why=(), claim=claim)

    return _each(plan, decided)


def settle(
    plan: Plan, claim: Claim, outcomes: Mapping[NoticeId, Outcome], *, at: datetime
) -> Change[Plan]:
    """Write down what the gateway answered, also where the lease was over by then.

    Rule: K-ONCE.
    """

    def settled(notice: PlannedNotice) -> PlannedNotice:
        outcome = outcomes.get(notice.notice_id)
        if outcome is None or not _is_by(notice, claim):
            return notice
        if notice.standing not in {"intended", "unknown"}:
            return notice
        settled_at = None if outcome.standing == "held" else at
        left = notice.claim if outcome.standing == "unknown" else None
        return notice.but(
            standing=outcome.standing, why=outcome.why, settled_at=settled_at, claim=left
        )

    return _each(plan, settled)


def end_leases(plan: Plan, *, unshifted_at: datetime, at: datetime) -> Change[Plan]:
    """Take up what a process left behind: what was only claimed is planned again.

    What was intended may have been sent. It becomes unknown, for a person to look at, and is
    never sent again.

    Rule: K-ONCE.
    """

    def taken_up(notice: PlannedNotice) -> PlannedNotice:
        if notice.claim is None or unshifted_at < notice.claim.lease_until:
            return notice
        if notice.standing == "claimed":
            return notice.but(standing="planned", why=(), claim=None)
        if notice.standing == "intended":
            why = ("OUTCOME_UNKNOWN",)
            return notice.but(standing="unknown", why=why, settled_at=at)
        return notice

    return _each(plan, taken_up)


def _gated(
    notice: PlannedNotice,
    around: Surroundings,
    claim: Claim,
    pack: NoticePack,
    at: datetime,
) -> PlannedNotice:
    item = next((one for one in pack.items if one.item == notice.item), None)
    if around.known is None or around.known.client is None or item is None:
        return notice.but(standing="held", why=("CONFIRMATION_WAITING",))
    client = around.known.client
    why = reasons_to_hold(item, around.known.visit, client, pack)
    if not why and notice.notice_class != "safety" and is_impaired(around.sittings, pack, at=at):
        why = ("IMPAIRMENT_WINDOW",)
    if why:
        return notice.but(standing="held", why=why)
    return _put_off(notice, item, client, at) or notice.but(standing="claimed", claim=claim)


def _put_off(
    notice: PlannedNotice, item: Item, client: ClientState, at: datetime
) -> PlannedNotice | None:
    zone = zone_named(client.zone)
    if zone is None or is_open(item.window, at, zone):
        return None
    if item.window.after == "person" and at.astimezone(zone).time() >= item.window.closes:
        return notice.but(standing="held", why=("PERSON_MUST_CALL",))
    due_at = next_open(item.window, at, zone)
    return _stale(notice, at) if notice.expires_at <= due_at else notice.but(due_at=due_at)


def _stale(notice: PlannedNotice, at: datetime) -> PlannedNotice:
    return notice.but(standing="stale", why=(*notice.why, "DUE_PASSED"), settled_at=at)


def _is_by(notice: PlannedNotice, claim: Claim) -> bool:
    return notice.claim is not None and notice.claim.token == claim.token


def _each(plan: Plan, look: Callable[[PlannedNotice], PlannedNotice]) -> Change[Plan]:
    return told(plan, plan.but(notices=tuple(look(notice) for notice in plan.notices)))
