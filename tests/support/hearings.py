"""A service that only hears: a mirror of visits, on real servers."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaProducer

from chassis.bus import Bus, Hearing
from chassis.dispatch import Dispatcher
from chassis.domain import Work
from chassis.hearing import Fact
from chassis.mirrors import Mirror
from chassis.mongo import Mongo
from chassis.outbox import Relay
from chassis.parking import Parking
from chassis.producer import Record
from chassis.vault import Vault
from contracts.sessions import VisitState
from worlds import MASTER_KEY, a_ground

WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class Ear:
    """What a listening process is made of."""

    mongo: Mongo
    vault: Vault
    mirror: Mirror[VisitState]
    parking: Parking
    dispatcher: Dispatcher[Fact]
    bus: Bus
    relay: Relay

    async def position_reached(self, count: int) -> None:
        """Wait until this group has committed as many records as were sent."""
        await eventually(self._committed, count)

    async def _committed(self) -> int:
        consumer = self.bus.hearings[0].consumer
        if consumer is None:
            return 0
        offsets = [await consumer.committed(place) for place in consumer.assignment()]
        return sum(offset or 0 for offset in offsets)


async def eventually(look: Callable[[], Any], wanted: Any) -> None:
    """Look again and again until what is seen is what is wanted, for a minute at the most."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        seen = look()
        if asyncio.iscoroutine(seen):
            seen = await seen
        if seen == wanted:
            return
        if time.monotonic() > deadline:
            msg = f"waited for {wanted!r}, still {seen!r}"
            raise AssertionError(msg)
        await asyncio.sleep(0.05)


@asynccontextmanager
async def an_ear(
    mongo_url: str,
    kafka_bootstrap: str,
    *,
    master_key: bytes = MASTER_KEY,
    name: str | None = None,
    follow: Callable[[VisitState], Sequence[Work]] | None = None,
    start: bool = True,
) -> AsyncIterator[Ear]:
    """Listen to visits in a group and database of one's own."""
    name = name or f"ear{uuid4().hex[:10]}"
    async with a_ground(
        mongo_url,
        name,
        service="notifications",
        kafka_bootstrap=kafka_bootstrap,
        master_key=master_key,
    ) as ground:
        mirror = Mirror(
            VisitState,
            ground.database["heard_sessions_visits"],
            ground.keeping,
            clear_fields=("client_id",),
            follow=follow,
        )
        await mirror.ensure_indexes()
        parking = Parking(ground.database["parked"], ground.clock)
        await parking.ensure_indexes()
        dispatcher = Dispatcher(mirror, ground.vault, parking)
        bus = Bus(kafka_bootstrap, name, [Hearing(mirror.topic, dispatcher, ground.mongo)])
        if start:
            bus.start()
        try:
            yield Ear(ground.mongo, ground.vault, mirror, parking, dispatcher, bus, ground.relay)
        finally:
            await bus.stop()


async def send_all(kafka_bootstrap: str, records: Sequence[Record]) -> None:
    """Put records on the bus in this order, whatever they are."""
    kafka = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, acks="all", enable_idempotence=True)
    await kafka.start()
    try:
        for first in range(0, len(records), 500):
            sent = [
                await kafka.send(
                    record.topic,
                    record.value,
                    key=record.key,
                    headers=list(record.headers),
                )
                for record in records[first : first + 500]
            ]
            await asyncio.gather(*sent)
    finally:
        await kafka.stop()
