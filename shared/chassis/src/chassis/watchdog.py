"""What if a consumer stands still and says nothing? Its process ends, and starts anew.

aiokafka has several known ways to stop without an error (`engineering.md` §3.3). Lag without any
movement for a minute is the one sign all of them share.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from chassis.bus import Bus, Hearing
from chassis.clock import Clock
from chassis.loops import pause
from chassis.metrics import ASSIGNED_PARTITIONS, BUS_LAG, NEWEST_FACT_AGE_SECONDS
from chassis.mongo import Mongo

log = structlog.get_logger(__name__)

STILL_SECONDS = 60.0
EXIT_CODE = 70
_LOOK_EVERY_SECONDS = 5.0
_POSITION_SECONDS = 1.0
_ENDS_SECONDS = 3.0


@dataclass
class _Place:
    position: int
    since: float


class Watchdog:
    """Watches every assigned partition of a process."""

    def __init__(
        self, bus: Bus, mongo: Mongo, clock: Clock, *, still_seconds: float = STILL_SECONDS
    ) -> None:
        """End the process when a partition has lag and has not moved for this long."""
        self._bus = bus
        self._mongo = mongo
        self._clock = clock
        self._still_seconds = still_seconds
        self._places: dict[TopicPartition, _Place] = {}

    async def run(self) -> None:
        """Look every few seconds, until cancelled."""
        while True:
            await pause(_LOOK_EVERY_SECONDS)
            if await self.stands_still():
                log.critical("watchdog_ends_process")
                os._exit(EXIT_CODE)

    async def stands_still(self) -> bool:
        """Say whether anything stands still that should move; the lag is measured on the way."""
        if stopped := self._bus.stopped_tasks():
            log.critical("consumer_task_ended", topics=stopped)
            return True
        still = [await self._is_still(hearing) for hearing in self._bus.hearings]
        return any(still) and await self._mongo.has_primary()

    async def _is_still(self, hearing: Hearing) -> bool:
        consumer = hearing.consumer
        if consumer is None:
            return False
        self._measure(hearing, consumer)
        excused = bool(hearing.paused) or not hearing.gate.idle.is_set()
        ends = await _ends(consumer)
        still = False
        for place in consumer.assignment():
            position = await _position(consumer, place)
            if position is None:
                continue
            lag = ends.get(place, position) - position
            BUS_LAG.labels(topic=place.topic, partition=str(place.partition)).set(lag)
            still = self._has_waited(place, position, excused=excused or lag <= 0) or still
        return still

    def _measure(self, hearing: Hearing, consumer: AIOKafkaConsumer) -> None:
        ASSIGNED_PARTITIONS.labels(topic=hearing.topic).set(len(consumer.assignment()))
        newest_at = hearing.dispatcher.newest_at
        if newest_at is not None:
            age = self._clock.infrastructure_now() - newest_at
            NEWEST_FACT_AGE_SECONDS.labels(topic=hearing.topic).set(age.total_seconds())

    def _has_waited(self, place: TopicPartition, position: int, *, excused: bool) -> bool:
        now = time.monotonic()
        known = self._places.get(place)
        if excused or known is None or known.position != position:
            self._places[place] = _Place(position, now)
            return False
        return now - known.since > self._still_seconds


async def _ends(consumer: AIOKafkaConsumer) -> Mapping[TopicPartition, int]:
    """Ask the broker: one who fetches nothing knows no newer end; none while Kafka is away."""
    places = list(consumer.assignment())
    if not places:
        return {}
    ends: Mapping[TopicPartition, int] = {}
    with contextlib.suppress(KafkaError, TimeoutError):
        async with asyncio.timeout(_ENDS_SECONDS):
            ends = await consumer.end_offsets(places)
    return ends


async def _position(consumer: AIOKafkaConsumer, place: TopicPartition) -> int | None:
    position: int | None = None
    with contextlib.suppress(KafkaError, TimeoutError):
        async with asyncio.timeout(_POSITION_SECONDS):
            position = await consumer.position(place)
    return position
