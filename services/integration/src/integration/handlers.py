"""What does integration do when sessions speak? It looks at what came of a record."""

from collections.abc import Sequence

from chassis.domain import Work
from integration.store import Store


async def receive_records(store: Store, works: Sequence[Work]) -> None:
    """Look at these sessions' records; one that did not change changes nothing."""
    await store.receive_records([work.subject for work in works])
