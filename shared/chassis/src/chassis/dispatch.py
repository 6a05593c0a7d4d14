"""What is done with one batch of one topic? Everything that can be; what cannot is parked."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic
from uuid import UUID

import structlog
from aiokafka import TopicPartition

from chassis.hearing import Arrival, Heard, Hearer, Later, Opened, outside_of
from chassis.metrics import FACTS_DROPPED
from chassis.mongo import StoreAway
from chassis.parking import Parking
from chassis.vault import KeyRing, KeyShredded, Vault
from contracts.envelope import Unreadable

log = structlog.get_logger(__name__)

BATCH_SECONDS = 2.0
HANDLER_SECONDS = 10.0
TRIES = 5
_AT_ONCE = 250
_RETRY_PAUSE_SECONDS = 0.2


@dataclass
class Progress:
    """How far a batch came, by partition: what to commit, and from where to read again."""

    done: dict[TopicPartition, int] = field(default_factory=dict)
    again: dict[TopicPartition, int] = field(default_factory=dict)
    store_away: bool = False

    def finished(self, records: Iterable[Arrival]) -> None:
        """Note that these are acted on or parked, save what must be read again."""
        for record in records:
            self.done[TopicPartition(record.topic, record.partition)] = record.offset + 1

    def unfinished(self, records: Iterable[Arrival]) -> None:
        """Note that these must be read again."""
        for record in records:
            place = TopicPartition(record.topic, record.partition)
            self.again[place] = min(record.offset, self.again.get(place, record.offset))

    def to_commit(self) -> dict[TopicPartition, int]:
        """Give the offsets before which nothing is left to do."""
        return {
            place: min(offset, self.again.get(place, offset)) for place, offset in self.done.items()
        }


class Dispatcher(Generic[Opened]):
    """Acts on the records of one topic, and lets nothing that one record does stop the others."""

    def __init__(self, hearer: Hearer[Opened], vault: Vault, parking: Parking) -> None:
        """Hand what is readable to this hearer."""
        self._hearer = hearer
        self._vault = vault
        self._parking = parking
        self._tries: Counter[tuple[str, int, int]] = Counter()
        self.newest_at: datetime | None = None
        """When the newest fact that was heard so far had been said."""

    async def take(self, records: Sequence[Arrival]) -> Progress:
        """Act on a batch for two seconds at the most; what is left over is to be read again."""
        progress, started = Progress(), time.monotonic()
        for first in range(0, len(records), _AT_ONCE):
            some = records[first : first + _AT_ONCE]
            try:
                await self._take_some(some, progress, until=started + BATCH_SECONDS)
            except StoreAway:
                progress.store_away = True
            if progress.store_away:
                progress.unfinished(records[first:])
                return progress
            progress.finished(some)
            if time.monotonic() - started > BATCH_SECONDS:
                progress.unfinished(records[first + _AT_ONCE :])
                return progress
        return progress

    async def retry(self, record: Arrival) -> None:
        """Act on one parked record again, as if it came now; what was wrong is raised.

        Raises:
            Unreadable: it still cannot be read.
            KeyShredded: nobody will ever read it.
        """
        heard = outside_of(record)
        ring = await self._vault.fetch([heard.kid] if heard.kid else [])
        async with asyncio.timeout(HANDLER_SECONDS):
            await self._hearer.hear([self._hearer.open(heard, ring)])

    async def _take_some(
        self, records: Sequence[Arrival], progress: Progress, *, until: float
    ) -> None:
        outsides = [await self._outside(record) for record in records]
        heard = [each for each in outsides if each is not None]
        said_at = [each.envelope.time for each in heard]
        self.newest_at = max(filter(None, [*said_at, self.newest_at]), default=None)
        ring = await self._vault.fetch({each.kid for each in heard if each.kid is not None})
        opened = await self._opened(heard, ring)
        if not opened:
            return
        try:
            async with asyncio.timeout(HANDLER_SECONDS):
                await self._hearer.hear([each for _, each in opened])
        except StoreAway:
            raise
        except Exception as trouble:  # noqa: BLE001 - whatever it is, one by one tells whose it is
            log.warning("batch_split", topic=self._hearer.topic, error=type(trouble).__name__)
            for one, what in opened:
                if time.monotonic() > until:
                    progress.unfinished([one.record])
                else:
                    await self._hear_one(one, what, progress)

    async def _outside(self, record: Arrival) -> Heard | None:
        try:
            return outside_of(record)
        except Unreadable as unreadable:
            await self._park(record, None, unreadable.code, unreadable.says)
        return None

    async def _opened(self, heard: Sequence[Heard], ring: KeyRing) -> list[tuple[Heard, Opened]]:
        """Open every record, whatever counts later: so what is parked does not hang on batches."""
        opened: list[tuple[Heard, Opened]] = []
        for each in heard:
            try:
                opened.append((each, self._hearer.open(each, ring)))
            except KeyShredded:
                FACTS_DROPPED.labels(reason="key_shredded").inc()
            except Unreadable as unreadable:
                await self._park(each.record, each, unreadable.code, unreadable.says)
        return _newest(opened) if self._hearer.newest_only else opened

    async def _hear_one(self, heard: Heard, opened: Opened, progress: Progress) -> None:
        record = heard.record
        name = (record.topic, record.partition, record.offset)
        try:
            async with asyncio.timeout(HANDLER_SECONDS):
                await self._hearer.hear([opened])
        except StoreAway:
            raise
        except Later:
            self._tries[name] += 1
            if self._tries[name] < TRIES:
                await asyncio.sleep(_RETRY_PAUSE_SECONDS)
                progress.unfinished([record])
                return
            await self._park(record, heard, "TRIED_TOO_OFTEN", "It did not pass in five tries.")
        except TimeoutError:
            await self._park(record, heard, "HANDLER_TOO_SLOW", "Acting on it took too long.")
        except Exception as trouble:
            log.exception("handler_failed", topic=record.topic, error=type(trouble).__name__)
            await self._park(record, heard, "HANDLER_FAILED", "Acting on it failed.")
        self._tries.pop(name, None)

    async def _park(self, record: Arrival, heard: Heard | None, code: str, says: str) -> None:
        await self._parking.park(record, code=code, says=says)
        if heard is not None:
            await self._hearer.doubt(heard)
        log.error("parked", topic=record.topic, partition=record.partition, code=code)


def _newest(opened: Sequence[tuple[Heard, Opened]]) -> list[tuple[Heard, Opened]]:
    """Keep of each document the state with the greatest sequence."""
    newest: dict[UUID, tuple[Heard, Opened]] = {}
    for heard, what in opened:
        kept = newest.get(heard.envelope.subject)
        if kept is None or kept[0].envelope.sequence < heard.envelope.sequence:
            newest[heard.envelope.subject] = (heard, what)
    return list(newest.values())
