"""Facts from Kafka into mirrors, as a service hears them."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from heard_facts import Heap
from rounds import Sample
from typing_extensions import override

from chassis.audit import AuditChain
from chassis.bus import Bus, Hearing
from chassis.clock import Clock
from chassis.dispatch import Dispatcher
from chassis.hearing import Arrival
from chassis.mirrors import Mirror
from chassis.mongo import Mongo
from chassis.outbox import Relay
from chassis.parking import Parking
from chassis.producer import Producer
from chassis.store import Keeping
from chassis.vault import Vault

_ROUND_SECONDS = 60


class TimedHearing(Hearing):
    """A topic as a service hears it, with a stop watch from the first batch to the last commit."""

    def __init__(
        self, topic: str, dispatcher: Dispatcher[Any], mongo: Mongo, *, count: int
    ) -> None:
        """Stop after so many records."""
        super().__init__(topic, dispatcher, mongo)
        self._left = count
        self.began: tuple[float, float] | None = None
        self.ended = (0.0, 0.0)
        self.over = asyncio.Event()

    @override
    async def take(self, records: Sequence[Arrival]) -> None:
        self.began = self.began or (time.perf_counter(), time.process_time())
        await super().take(records)
        self._left -= len(records)
        if self._left <= 0:
            self.ended = (time.perf_counter(), time.process_time())
            self.over.set()


class Projection:
    """The chassis with one mirror and no service around it."""

    def __init__(
        self, mongo: Mongo, vault: Vault, clock: Clock, bootstrap: str, heap: Heap
    ) -> None:
        """Hear this heap, each time in a new group and into an empty mirror."""
        self._mongo = mongo
        self._vault = vault
        self._clock = clock
        self._bootstrap = bootstrap
        self._heap = heap

    async def hear(self, number: int) -> Sample:
        """Hear the whole heap once."""
        name = f"ours{number}_{uuid4().hex[:8]}"
        database = self._mongo.database("bench_projection")
        producer = Producer(self._bootstrap)
        audit = AuditChain(database["audit"], key=b"k" * 32, process=name)
        relay = Relay(producer, audit, self._clock)
        keeping = Keeping("notifications", self._vault, relay, self._clock, audit)
        rows = database[name]
        mirror = Mirror(self._heap.states, rows, keeping, clear_fields=self._heap.clear_fields)
        await mirror.ensure_indexes()
        await self._heap.prepare(self._vault)
        dispatcher = Dispatcher(mirror, self._vault, Parking(database["parked"], self._clock))
        hearing = TimedHearing(self._heap.topic, dispatcher, self._mongo, count=self._heap.count)
        bus = Bus(self._bootstrap, name, [hearing])
        bus.start()
        try:
            async with asyncio.timeout(_ROUND_SECONDS):
                await hearing.over.wait()
        finally:
            await bus.stop()
        await self._heap.check(rows)
        (began, cpu_began), (ended, cpu_ended) = hearing.began or (0.0, 0.0), hearing.ended
        return Sample(self._heap.count, ended - began, cpu_ended - cpu_began)
