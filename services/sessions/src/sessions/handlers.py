"""What does sessions do after its own facts? A visit is over once its client went home."""

import asyncio
from collections.abc import Sequence

from chassis.access import Intent
from chassis.domain import Work
from sessions.rules.visits import attend_visit
from sessions.store import Store

_OWN = Intent.own("sessions")


async def attend_visits(store: Store, works: Sequence[Work]) -> None:
    """Let these visits be over; one that is over already stays as it is."""
    await asyncio.gather(*(store.visits.change(work.subject, attend_visit, _OWN) for work in works))
