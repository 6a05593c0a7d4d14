"""What time is it? The database's time, so that every process of the network agrees.

A sample is taken once in a while and carried on by the monotonic clock, so that reading it costs
nothing and a jump of the machine's own clock moves nothing.
"""

import asyncio
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.loops import pause
from chassis.mongo import Mongo, StoreAway, translate

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DEMO_SAMPLE_SECONDS = 1.0
_REAL_SAMPLE_SECONDS = 5.0
_SAMPLES_KEPT = 8
_STEP_BACK_MS = 250
KEYS_DATABASE = "cairn_keys"
OFFSET_ROW = "demo"


@dataclass(frozen=True, slots=True)
class _Sample:
    ahead_ms: float
    """The database's time less the monotonic clock."""

    round_trip_ms: float


class Clock:
    """The time of the network."""

    def __init__(self, mongo: Mongo, *, demo: bool, sample_seconds: float | None = None) -> None:
        self._mongo = mongo
        self._demo = demo
        usual = _DEMO_SAMPLE_SECONDS if demo else _REAL_SAMPLE_SECONDS
        self._sample_seconds = usual if sample_seconds is None else sample_seconds
        self._samples: deque[_Sample] = deque(maxlen=_SAMPLES_KEPT)
        self._ahead_ms = time.time() * 1000 - _monotonic_ms()
        self._latest_ms = 0
        self._sampling: asyncio.Task[None] | None = None
        self.demo_offset_ms = 0
        """How far a demonstration has been moved ahead; 0 outside of one."""

    async def start(self) -> None:
        """Take a first sample if the database answers, and go on sampling.

        While the database is away the machine's own clock stands in, so that a worker can start.
        """
        with suppress(StoreAway):
            await self._sample()
        self._sampling = asyncio.create_task(self._keep_sampling(), name="clock")

    async def stop(self) -> None:
        """Stop sampling; the clock goes on from the last sample."""
        if self._sampling is not None:
            self._sampling.cancel()
            with suppress(asyncio.CancelledError):
                await self._sampling
            self._sampling = None

    def now(self) -> datetime:
        """Tell the time that rules and documents go by: UTC, whole milliseconds, demo-shifted."""
        return _instant(self._now_ms() + self.demo_offset_ms)

    def infrastructure_now(self) -> datetime:
        """Tell the unshifted time, for the ages of tokens, claims and outboxes."""
        return _instant(self._now_ms())

    def _now_ms(self) -> int:
        """A better sample may lie a little behind; then the clock waits instead of going back."""
        reckoned = int(_monotonic_ms() + self._ahead_ms)
        if 0 < self._latest_ms - reckoned < _STEP_BACK_MS:
            return self._latest_ms
        self._latest_ms = reckoned
        return reckoned

    async def _keep_sampling(self) -> None:
        while True:
            await pause(self._sample_seconds)
            with suppress(StoreAway):
                await self._sample()

    async def _sample(self) -> None:
        before = _monotonic_ms()
        answer = await self._mongo.hello()
        after = _monotonic_ms()
        told_ms = (answer["localTime"] - _EPOCH) / timedelta(milliseconds=1)
        self._learn(_Sample(told_ms - (before + after) / 2, after - before))
        if self._demo:
            self.demo_offset_ms = await self._offset_ms()

    def _learn(self, sample: _Sample) -> None:
        """Trust the quickest answer of the last few; forget them all when the time has jumped."""
        if any(abs(sample.ahead_ms - kept.ahead_ms) > _STEP_BACK_MS for kept in self._samples):
            self._samples.clear()
        self._samples.append(sample)
        self._ahead_ms = min(self._samples, key=lambda kept: kept.round_trip_ms).ahead_ms

    async def _offset_ms(self) -> int:
        with translate(writing=False):
            row: dict[str, Any] | None = await self._mongo.database(KEYS_DATABASE)[
                "clock"
            ].find_one({"_id": OFFSET_ROW})
        return int(row["offset_ms"]) if row else 0


def _monotonic_ms() -> float:
    return time.monotonic() * 1000


def _instant(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)
