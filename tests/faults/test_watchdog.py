"""A consumer that stands still and says nothing, and the one that ends its process for it."""

import asyncio
import time
from contextlib import asynccontextmanager
from functools import partial
from uuid import uuid4

import pytest

from chassis.clock import Clock
from chassis.metrics import BUS_LAG
from chassis.watchdog import EXIT_CODE, Watchdog
from contracts.sessions import VisitState
from hearings import an_ear, eventually, send_all
from listeners import Group
from tape import unheard
from visit_facts import a_visit, told

pytestmark = pytest.mark.fault

TOPIC = VisitState.topic
STILL_SECONDS = 0.5
FETCH_IN_HAND_SECONDS = 1.5
"""A question that was put to Kafka before the fault still gets its answer."""

AWAY_SECONDS = 6.0
PATIENCE_SECONDS = 40


async def one_client(vault):
    """Make a client with a key, and give a way to tell states of one visit of theirs."""
    visit = a_visit()
    ring = await vault.open_keys(visit.client_id, ("chart",))
    return lambda *sequences: [told(visit, sequence=n, ring=ring) for n in sequences]


@asynccontextmanager
async def a_deaf_ear(servers, *, still_seconds=STILL_SECONDS):
    """Hear one fact, then fetch no more, and let nobody know of it."""
    name, kafka_bootstrap = f"ear{uuid4().hex[:8]}", servers.kafka_bootstrap
    async with an_ear(servers.mongo_url, kafka_bootstrap, name=name) as ear:
        states = await one_client(ear.vault)
        await send_all(kafka_bootstrap, states(1))
        await eventually(partial(unheard, kafka_bootstrap, name, TOPIC), 0)
        [hearing] = ear.bus.hearings
        hearing.consumer.pause(*hearing.consumer.assignment())
        await asyncio.sleep(FETCH_IN_HAND_SECONDS)
        await send_all(kafka_bootstrap, states(2, 3, 4))
        clock = Clock(ear.mongo, demo=False)
        yield hearing, Watchdog(ear.bus, ear.mongo, clock, still_seconds=still_seconds)


async def barks(watchdog):
    """Let it look for three times as long as it would take to find a standstill."""
    seen, until = False, time.monotonic() + 3 * STILL_SECONDS
    while not seen and time.monotonic() < until:
        seen = await watchdog.stands_still()
        await asyncio.sleep(STILL_SECONDS / 5)
    return seen


class TestStandstill:
    """Facts wait, nothing moves, and nobody says a word."""

    async def test_ends_the_process(self, stage, tmp_path):
        """A worker that looks alive and hears nothing would be found by its patients.

        Without: take the newest offset from what the consumer itself has fetched last.
        """
        group = Group(stage, f"deaf{uuid4().hex[:8]}", tmp_path / "lines.jsonl")
        servers = stage.servers
        async with an_ear(servers.mongo_url, servers.kafka_bootstrap, start=False) as ear:
            states = await one_client(ear.vault)
        member = group.join("member", still_seconds=2)
        await eventually(lambda: len(group.assigned()), 1)
        await send_all(servers.kafka_bootstrap, states(1))
        await eventually(lambda: len(group.written("deaf")), 1)
        await asyncio.sleep(FETCH_IN_HAND_SECONDS)
        await send_all(servers.kafka_bootstrap, states(2, 3))

        began = time.monotonic()
        ended = await asyncio.to_thread(member.wait, PATIENCE_SECONDS)

        print(f"ended after {time.monotonic() - began:.1f} s")
        assert ended
        assert member.returncode == EXIT_CODE

    async def test_is_seen_in_the_lag(self, killable):
        """The metric that an alert stands on must not come from the one who stands still."""
        async with a_deaf_ear(killable) as (hearing, watchdog):
            await watchdog.stands_still()

            lags = [
                BUS_LAG.labels(topic=place.topic, partition=str(place.partition))
                for place in hearing.consumer.assignment()
            ]
            assert sum(lag._value.get() for lag in lags) == 3  # noqa: SLF001 - no public reading


class TestExcuse:
    """Reasons to stand still that a new start would not mend."""

    async def test_is_a_pause_a_running_handler_or_the_database_away(self, killable):
        """Ending a process that waits rightly would only keep it from ever getting through."""
        async with a_deaf_ear(killable) as (hearing, watchdog):
            assert await barks(watchdog)

            hearing.paused = set(hearing.consumer.assignment())
            assert not await barks(watchdog)
            hearing.paused = set()
            assert await barks(watchdog)

            hearing.gate.idle.clear()
            assert not await barks(watchdog)
            hearing.gate.idle.set()
            assert await barks(watchdog)

            killable.mongod.suspend()
            try:
                assert not await barks(watchdog)
            finally:
                killable.mongod.resume()

    async def test_is_the_bus_away(self, killable):
        """What nobody can fetch now is no standstill, nor is it one the moment Kafka is back.

        Without: pass over a partition whose end is not known, instead of excusing it.
        """
        async with a_deaf_ear(killable, still_seconds=AWAY_SECONDS) as (_, watchdog):
            await watchdog.stands_still()
            killable.kafka.suspend()
            gone = time.monotonic()
            try:
                while time.monotonic() < gone + AWAY_SECONDS + 1:
                    assert not await watchdog.stands_still()
            finally:
                killable.kafka.resume()
            assert not await watchdog.stands_still()
        killable.kafka.wait_ready()
