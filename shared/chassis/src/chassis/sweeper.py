"""What if the process that wrote never came to publish? Somebody else does, a little later."""

from collections.abc import Sequence
from datetime import timedelta

import structlog

from chassis.clock import Clock
from chassis.loops import pause
from chassis.metrics import OUTBOX_OLDEST_SECONDS, PARKED
from chassis.mongo import Rows, StoreAway, found, majority_reads
from chassis.outbox import Relay
from chassis.parking import Parking

log = structlog.get_logger(__name__)

SWEEP_AGE = timedelta(seconds=3)
"""Longer than a fast path takes; sweeping too early would only repeat it."""

_SWEEP_EVERY_SECONDS = 1.0
_DOCUMENTS_AT_ONCE = 500


class Sweeper:
    """Looks for documents whose outbox is older than a few seconds; needs no lock and no leader."""

    def __init__(
        self, relay: Relay, clock: Clock, parking: Parking, collections: Sequence[Rows]
    ) -> None:
        """Watch these collections."""
        self._relay = relay
        self._clock = clock
        self._parking = parking
        self._collections = collections

    async def run(self) -> None:
        """Sweep until cancelled; a database that is away is waited for."""
        while True:
            await pause(_SWEEP_EVERY_SECONDS)
            try:
                await self.sweep()
            except StoreAway:
                log.warning("sweep_waits")

    async def sweep(self) -> None:
        """Offer every old outbox once, and say how old the oldest is."""
        oldest_seconds = 0.0
        for collection in self._collections:
            oldest_seconds = max(oldest_seconds, await self._sweep_one(collection))
        OUTBOX_OLDEST_SECONDS.set(oldest_seconds)
        PARKED.set(await self._parking.count())

    async def _sweep_one(self, collection: Rows) -> float:
        now = self._clock.infrastructure_now()
        pending = await found(
            majority_reads(collection),
            {"outbox_oldest": {"$lt": now - SWEEP_AGE}},
            order=(("outbox_oldest", 1),),
            limit=_DOCUMENTS_AT_ONCE,
            fields={"outbox": 1, "outbox_oldest": 1},
        )
        for document in pending:
            self._relay.offer(collection, document["_id"], document.get("outbox", ()))
        if not pending:
            return 0.0
        return float((now - pending[0]["outbox_oldest"]).total_seconds())
