"""What does notifications do when others speak? It plans again, and keeps the difference."""

from collections.abc import Sequence

from chassis.domain import Work
from notifications.store import Store


async def plan_visits(store: Store, works: Sequence[Work]) -> None:
    """Plan these visits; a plan that did not change is not written."""
    await store.plan_visits([work.subject for work in works])


async def plan_clients(store: Store, works: Sequence[Work]) -> None:
    """Plan whatever may still change for these clients."""
    await store.plan_visits(await store.visits_to_plan(work.subject for work in works))
