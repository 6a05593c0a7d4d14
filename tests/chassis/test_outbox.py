"""From a document's outbox onto the bus: each rule has a test that fails when it is taken out.

How to take it out stands in the test after "Without". The model in `test_outbox_model.py` plays
the same rules against every order of events.
"""

import asyncio
import time
from functools import partial

import pytest

from chassis.clock import Clock
from chassis.domain import Change
from chassis.mongo import CALL_MS, OutcomeUnknown
from chassis.parking import Parking
from chassis.sweeper import SWEEP_AGE, Sweeper
from contracts.ids import fact_id
from hearings import eventually
from mute_proxy import a_mute_proxy
from stone_bus import (
    StoneLost,
    a_dead_writer,
    a_relay_that_removes_nothing,
    a_shelf_on_the_bus,
    make_topic,
    outbox,
    stones_topic,
    told_all,
)
from tape import a_tape
from trial import StoneLaid, add_weight, lay
from worlds import an_intent

pytestmark = pytest.mark.wired


@pytest.fixture
def topic(kafka_bootstrap, monkeypatch):
    with stones_topic(kafka_bootstrap, monkeypatch) as topic:
        yield topic


@pytest.fixture
async def tape(kafka_bootstrap, topic):
    async with a_tape(kafka_bootstrap, topic) as tape:
        yield tape


@pytest.fixture
async def shelf(mongo_url, kafka_bootstrap):
    async with a_shelf_on_the_bus(mongo_url, kafka_bootstrap) as shelf:
        yield shelf


class TestPrefix:
    """What is published when something new was told."""

    async def test_is_all_that_waits_in_its_order(self, shelf, tape):
        """O1. Whoever hears 2 before 1 hears of a document that never was.

        Without: let `Relay.offer` keep only the last of what it was told.
        """
        stone = await shelf.a_stone()
        await a_dead_writer(shelf).add(lay(stone), an_intent())

        await shelf.stones.change(stone.stone_id, add_weight, an_intent())
        await told_all(shelf.raw, stone.stone_id)

        assert await tape.sequences(stone.stone_id) == [1, 2]

    async def test_ends_at_the_first_that_fails(self, shelf, tape, kafka_bootstrap, monkeypatch):
        """O2. A later fact would overtake the one that could not be sent.

        Without: let `Relay._send_prefix` go on with the next entry where it returns.
        """
        monkeypatch.setattr("chassis.producer.SEND_SECONDS", 0.5)
        stone = await shelf.a_stone()
        told = (stone.tell(StoneLost), stone.tell(StoneLaid))

        await shelf.stones.add(Change(stone, told), an_intent())
        await shelf.relay.stop(within_seconds=3)
        assert await tape.sequences(stone.stone_id) == []

        make_topic(kafka_bootstrap, StoneLost.topic)
        entries = await outbox(shelf.raw, stone.stone_id)
        a_relay_that_removes_nothing(shelf).offer(shelf.raw, stone.stone_id, entries)
        await eventually(partial(tape.sequences, stone.stone_id), [2])


class TestRemoval:
    """What leaves an outbox once Kafka has it."""

    async def test_is_by_acknowledged_id(self, shelf, tape):
        """O4. What was told in between would be lost for ever.

        Without: let `_without` set an empty outbox.
        """
        stone = await shelf.a_stone()
        dead, relay = a_dead_writer(shelf), a_relay_that_removes_nothing(shelf)
        await dead.add(lay(stone), an_intent())
        relay.offer(shelf.raw, stone.stone_id, await outbox(shelf.raw, stone.stone_id))
        await eventually(partial(tape.sequences, stone.stone_id), [1])
        await dead.change(stone.stone_id, add_weight, an_intent())

        await relay.stop(within_seconds=2)

        row = await shelf.row(stone.stone_id)
        assert [each.get("sequence") for each in row["outbox"]] == [2, None]
        assert row["outbox_oldest"] == row["outbox"][0]["at"]

    async def test_of_the_last_takes_the_stamp_with_it(self, shelf, tape):
        """A stamp left behind would be swept for ever."""
        stone = await shelf.a_stone()
        await shelf.stones.add(lay(stone), an_intent())
        await told_all(shelf.raw, stone.stone_id)

        assert await tape.sequences(stone.stone_id) == [1]
        assert "outbox_oldest" not in await shelf.row(stone.stone_id)

    async def test_is_made_up_in_every_collection_when_the_database_was_away(
        self, mongo_url, kafka_bootstrap, tape
    ):
        """What is taken for removed and is not stands in its outbox until the next start.

        Without: let `Relay._remove_once` keep only the collection that it was busy with.
        """
        async with (
            a_mute_proxy(mongo_url) as proxy,
            a_shelf_on_the_bus(proxy.url, kafka_bootstrap) as shelf,
        ):
            relay = a_relay_that_removes_nothing(shelf)
            laid = [(a_dead_writer(shelf, name), await shelf.a_stone()) for name in ("a", "b")]
            for kept, stone in laid:
                await kept.add(lay(stone), an_intent())
                facts = await outbox(kept.raw, stone.stone_id, lane="fact")
                relay.offer(kept.raw, stone.stone_id, facts)
                await eventually(partial(tape.sequences, stone.stone_id), [1])

            proxy.cut = True
            relay.start()
            await asyncio.sleep(CALL_MS / 1_000 + 0.5)
            proxy.cut = False

            for kept, stone in laid:
                await eventually(partial(outbox, kept.raw, stone.stone_id, lane="fact"), [])
            await relay.stop(within_seconds=2)


class TestCommitted:
    """What may be published at all."""

    async def test_is_only_what_a_majority_has(self, shelf, tape):
        """O3. What a failover takes back must never have been told.

        Without: drop `majority_reads` in `Sweeper._sweep_one`, or the write concern in
        `Mongo.database`. One member cannot fail over; the server's own profile is the witness.
        """
        database = shelf.raw.database
        await database.command("profile", 2)
        stone = await shelf.a_stone()
        await shelf.stones.add(lay(stone), an_intent())
        await shelf.stones.change(stone.stone_id, add_weight, an_intent())
        await _sweeper(shelf).sweep()
        await told_all(shelf.raw, stone.stone_id)
        await database.command("profile", 0)

        seen = await database["system.profile"].find({"ns": shelf.raw.full_name}).to_list()
        commands = [each["command"] for each in seen]
        writes = [each["writeConcern"] for each in commands if "findAndModify" in each]
        sweeps = [each for each in commands if "outbox_oldest" in each.get("filter", {})]
        assert [(each["w"], each["j"]) for each in writes] == [("majority", True)] * 2
        assert [each["readConcern"]["level"] for each in sweeps] == ["majority"]
        assert await tape.sequences(stone.stone_id) == [1, 2]

    async def test_is_not_what_its_writer_got_no_answer_to(self, mongo_url, kafka_bootstrap, tape):
        """O3, O10. Nobody knows yet whether it is so; the sweeper tells it once it is.

        Without: let `Collection.add` offer what it inserts before the answer comes.
        """
        async with (
            a_mute_proxy(mongo_url) as proxy,
            a_shelf_on_the_bus(proxy.url, kafka_bootstrap) as shelf,
        ):
            stone = await shelf.a_stone()
            proxy.cut = True
            with pytest.raises(OutcomeUnknown):
                await shelf.stones.add(lay(stone), an_intent())
            proxy.cut = False
            await eventually(shelf.mongo.has_primary, wanted=True)

            assert (await shelf.row(stone.stone_id))["version"] == 1
            assert await tape.sequences(stone.stone_id) == []


class TestRepeat:
    """The same fact, published by two processes."""

    async def test_is_the_same_byte_for_byte(self, shelf, tape):
        """O6. Whoever hears it twice must be able to tell, by its id and by everything else.

        Without: let `as_record` stamp the time or make the id itself.
        """
        stone = await shelf.a_stone()
        await a_dead_writer(shelf).add(lay(stone), an_intent())
        entries = await outbox(shelf.raw, stone.stone_id)

        for times in (1, 2):
            relay = a_relay_that_removes_nothing(shelf)
            relay.offer(shelf.raw, stone.stone_id, entries)
            await eventually(partial(tape.sequences, stone.stone_id), [1] * times)

        first, again = await tape.of(stone.stone_id)
        assert first.offset != again.offset
        assert first.bytes_alone == again.bytes_alone
        assert first.id == fact_id(stone.stone_id, 1)


class TestSweeper:
    """What a process left that died before it published."""

    async def test_tells_it_once_it_is_old_by_the_databases_time(self, shelf, tape):
        """O7. A machine whose clock is wrong must neither repeat everybody nor tell nothing.

        Without: let `Clock.start` take no sample, or set `SWEEP_AGE` to nothing.
        """
        clock = await _clock_of_a_machine_that_is_an_hour_ahead(shelf)
        sweeper = _sweeper(shelf, clock)
        stone = await shelf.a_stone()
        await a_dead_writer(shelf).add(lay(stone), an_intent())

        await sweeper.sweep()
        await asyncio.sleep(0.5)
        assert await tape.sequences(stone.stone_id) == []

        await asyncio.sleep(SWEEP_AGE.total_seconds())
        await sweeper.sweep()
        await told_all(shelf.raw, stone.stone_id)
        assert await tape.sequences(stone.stone_id) == [1]
        await clock.stop()


def _sweeper(shelf, clock=None):
    """Look after the same shelf from another process."""
    clock = clock or shelf.keeping.clock
    return Sweeper(shelf.relay, clock, Parking(shelf.raw.database["parked"], clock), [shelf.raw])


async def _clock_of_a_machine_that_is_an_hour_ahead(shelf):
    real = time.time
    with pytest.MonkeyPatch.context() as machine:
        machine.setattr(time, "time", lambda: real() + 3_600)
        clock = Clock(shelf.mongo, demo=False)
        await clock.start()
    return clock
