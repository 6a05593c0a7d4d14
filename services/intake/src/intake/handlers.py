"""What does intake do when sessions speak? It counts what was taken."""

import asyncio
from collections.abc import Sequence

from chassis.access import Intent
from chassis.domain import Work
from contracts.sessions import SessionState
from intake.rules import ledger
from intake.store import Store

_OWN = Intent.own("intake")


async def count_dose(store: Store, works: Sequence[Work]) -> None:
    """Count the doses of these sessions; those that are counted already change nothing."""
    heard = await store.heard_sessions.get_many(work.subject for work in works)
    await asyncio.gather(*(_count(store, each.state) for each in heard.values()))


async def _count(store: Store, session: SessionState) -> None:
    await store.pathways.change(
        session.pathway_id, lambda pathway: ledger.count_doses(pathway, session), _OWN
    )
