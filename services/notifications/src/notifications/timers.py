"""What is due, and who takes up what a process left behind when it died?

A notice goes out in three writes around one call: claimed, intended, the call, settled. Each write
is a conditional change of its plan, so a cancel in between wins or comes too late, never both.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import structlog

from chassis.ids import new_id
from chassis.mongo import StoreAway
from contracts.ids import NoticeId
from contracts.intake import SiteChanged
from contracts.notifications import NoticeStanding
from notifications.gateways import CALL_SECONDS, Words
from notifications.model import Claim, Outcome, Plan, PlannedNotice
from notifications.rules.confirming import confirmed_by_owners
from notifications.rules.delivery import Surroundings, claim_due, end_leases, intend, settle
from notifications.rules.letters import Written, write_letter
from notifications.rules.packs import NoticePack
from notifications.store import OWN, Store

log = structlog.get_logger(__name__)

T = TypeVar("T")

LEASE = timedelta(seconds=30)
_BATCH = 50
_ROUNDS = 20
_PAGE = 200
_CONFIRMED_SECONDS = 2.0
_SETTLE_TRIES = 15
_SETTLE_PAUSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Batch:
    """What is known about the notices that one process has in hand."""

    claim: Claim
    pack: NoticePack
    around: Mapping[UUID, Surroundings]
    sites: Mapping[UUID, SiteChanged]
    visits: Words
    clients: Words
    confirmed_seconds: float
    """When the owners had answered, by the event loop's clock."""

    def is_fresh(self) -> bool:
        """Tell whether the owners' answers may still be acted on."""
        return asyncio.get_running_loop().time() - self.confirmed_seconds < _CONFIRMED_SECONDS


async def deliver_due(store: Store) -> None:
    """Send what is due, some at a time, for as long as there is more."""
    for _ in range(_ROUNDS):
        due = await store.due(at=store.clock.now(), limit=_BATCH)
        if not due or not await _deliver(store, due):
            return


async def take_up(store: Store) -> None:
    """Take up what dead processes had in hand: plan it again, or list it as unknown."""
    unshifted_at = store.clock.infrastructure_now()
    rule = partial(end_leases, unshifted_at=unshifted_at, at=store.clock.now())
    left = await store.leases_over(unshifted_at=unshifted_at, limit=_PAGE)
    await _each(store.plans.change(plan.plan_id, rule, OWN) for plan in left)


async def look_again(store: Store) -> None:
    """Plan again what waits for something that nobody tells us."""
    after: UUID | None = None
    while plans := await store.waiting(after=after, limit=_PAGE):
        await store.plan_visits([plan.visit_id for plan in plans])
        after = plans[-1].plan_id


async def go_on_with_owners(store: Store) -> None:
    """Look again at once when owners who gave no answer are back, not only in half a minute."""
    if await store.owners.are_back():
        await look_again(store)


async def to_the_end(sends: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Let every call that has begun end, also when this process is told to stop meanwhile."""
    sending = asyncio.gather(*sends, return_exceptions=True)
    try:
        results = await asyncio.shield(sending)
    except asyncio.CancelledError:
        await asyncio.wait([sending], timeout=CALL_SECONDS)
        raise
    for failed in (one for one in results if one is not None):
        log.error("notice_not_settled", exc_info=failed)


async def _deliver(store: Store, due: Sequence[Plan]) -> bool:
    """Claim what is due, ask the owners, send; say whether anything could be done at all."""
    at = store.clock.now()
    pack, around = store.pack(at).policy, await store.surroundings(due)
    claim = Claim(token=new_id(), lease_until=store.clock.infrastructure_now() + LEASE)
    kept = await _each(
        store.plans.change(
            plan.plan_id,
            partial(claim_due, around=around[plan.plan_id], claim=claim, pack=pack, at=at),
            OWN,
        )
        for plan in due
    )
    plans = [each.document for each in kept if _in_hand(each.document, claim, "claimed")]
    if plans:
        batch = await _confirmed(store, plans, around, claim, pack)
        await to_the_end([_send(store, plan, batch) for plan in plans])
    return bool(kept)


async def _confirmed(
    store: Store,
    plans: Sequence[Plan],
    around: Mapping[UUID, Surroundings],
    claim: Claim,
    pack: NoticePack,
) -> Batch:
    """Ask the owners: of a visit by the sequence the plan was made from, not by a newer one."""
    sites = await store.sites(plan.site_id for plan in plans)
    known = [around[plan.plan_id].known for plan in plans]
    visits, clients = await store.owners.confirm(
        {plan.visit_id: plan.anchor_sequence for plan in plans},
        {each.visit.client_id: each.client_sequence for each in known if each is not None},
    )
    now_seconds = asyncio.get_running_loop().time()
    return Batch(claim, pack, around, sites, visits, clients, now_seconds)


async def _send(store: Store, plan: Plan, batch: Batch) -> None:
    written = {
        notice.notice_id: _written(plan, notice, batch)
        for notice in _in_hand(plan, batch.claim, "claimed")
    }
    verdicts = {notice_id: each.why for notice_id, each in written.items()}
    rule = partial(intend, claim=batch.claim, verdicts=verdicts)
    intended = (await store.plans.change(plan.plan_id, rule, OWN)).document
    letters = [
        letter
        for notice in _in_hand(intended, batch.claim, "intended")
        if (letter := written[notice.notice_id].letter) is not None
    ]
    at = store.clock.now()
    outcomes = await asyncio.gather(*(store.mail.send(letter, at=at) for letter in letters))
    named = {letter.notice_id: each for letter, each in zip(letters, outcomes, strict=True)}
    if named:
        await _settle(store, plan, batch.claim, named)


def _written(plan: Plan, notice: PlannedNotice, batch: Batch) -> Written:
    known = batch.around[plan.plan_id].known
    if known is None or known.client is None:
        return Written(None, ("CONFIRMATION_WAITING",))
    why = confirmed_by_owners(
        notice,
        visit=batch.visits.get(plan.visit_id) if batch.is_fresh() else None,
        client=batch.clients.get(plan.client_id) if batch.is_fresh() else None,
    )
    about = (known.visit, known.client, batch.sites.get(plan.site_id))
    written = write_letter(notice.notice_id, notice.item, about=about, pack=batch.pack)
    return Written(None, why) if why else written


async def _settle(
    store: Store, plan: Plan, claim: Claim, outcomes: Mapping[NoticeId, Outcome]
) -> None:
    """Write down what the gateway said, though the database may be away for a moment.

    Given up in the end, the lease runs out and a person looks: it is never sent again.
    """
    for _ in range(_SETTLE_TRIES):
        rule = partial(settle, claim=claim, outcomes=outcomes, at=store.clock.now())
        try:
            await store.plans.change(plan.plan_id, rule, OWN)
        except StoreAway:
            await asyncio.sleep(_SETTLE_PAUSE_SECONDS)
        else:
            return


def _in_hand(plan: Plan, claim: Claim, standing: NoticeStanding) -> list[PlannedNotice]:
    return [
        notice
        for notice in plan.notices
        if notice.standing == standing
        and notice.claim is not None
        and notice.claim.token == claim.token
    ]


async def _each(changes: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Make every change that can be made: one plan that cannot be must not hold up the others.

    Raises:
        StoreAway: None can be made now.
    """
    results = await asyncio.gather(*changes, return_exceptions=True)
    for failed in (one for one in results if isinstance(one, BaseException)):
        if isinstance(failed, StoreAway):
            raise failed
        log.error("plan_not_changed", exc_info=failed)
    return [one for one in results if not isinstance(one, BaseException)]
