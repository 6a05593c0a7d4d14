"""Time is the database's, and only a demonstration moves it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from chassis.clock import Clock
from chassis.mongo import Mongo
from chassis.testing import FrozenClock

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class TestFrozenClock:
    """The clock of tests."""

    def test_moves_only_when_it_is_moved(self):
        """A test that waits is slow, and one that does not is a coin toss."""
        clock = FrozenClock(AT)
        assert clock.now() == AT

        clock.move(timedelta(hours=2))

        assert clock.now() == clock.infrastructure_now() == AT + timedelta(hours=2)

    def test_shifts_rules_but_not_infrastructure_in_a_demonstration(self):
        """Tokens must not expire because a month was played in a minute."""
        clock = FrozenClock(AT)
        clock.demo_offset_ms = 3_600_000

        assert clock.now() == AT + timedelta(hours=1)
        assert clock.infrastructure_now() == AT


class SlowAtFirst(Mongo):
    """A database whose first answer takes long and tells a time that is too late."""

    def __init__(self):
        super().__init__("mongodb://127.0.0.1:9")
        self.asked = 0

    async def hello(self):
        """Tell the time; the first answer is 100 ms ahead of the middle of its way."""
        self.asked += 1
        told = datetime.now(UTC)
        await asyncio.sleep(0.2 if self.asked == 1 else 0)
        return {"localTime": told + timedelta(milliseconds=200 if self.asked == 1 else 0)}


class TestSampling:
    """Carrying the database's time on between samples."""

    async def test_never_goes_back_between_two_looks(self):
        """A reading that is older than the one before it looks like a late entry."""
        mongo = SlowAtFirst()
        clock = Clock(mongo, demo=False, sample_seconds=0.1)
        await clock.start()
        told = []
        for _ in range(100):
            told.append(clock.now())
            await asyncio.sleep(0.004)

        assert mongo.asked > 2
        assert told == sorted(told)
        assert abs(clock.now() - datetime.now(UTC)) < timedelta(milliseconds=100)
        await clock.stop()


@pytest.mark.wired
class TestClock:
    """The clock on a real database."""

    @pytest.fixture
    async def mongo(self, mongo_url):
        """A database whose demonstration starts unmoved."""
        mongo = Mongo(mongo_url)
        await mongo.database("cairn_keys")["clock"].delete_many({})
        yield mongo
        await mongo.database("cairn_keys")["clock"].delete_many({})
        await mongo.close()

    async def test_agrees_with_the_database_in_whole_milliseconds(self, mongo):
        """BSON keeps no more, so a finer time would come back as another one."""
        clock = Clock(mongo, demo=False)
        await clock.start()

        told = (await mongo.hello())["localTime"]

        assert abs(clock.now() - told) < timedelta(milliseconds=250)
        assert clock.now().microsecond % 1000 == 0
        assert clock.now().tzinfo is UTC
        await clock.stop()

    async def test_follows_the_demonstration_within_a_second_or_two(self, mongo):
        """`cairn clock advance` moves all services together."""
        clock = Clock(mongo, demo=True)
        await clock.start()
        hour_ms = 3_600_000
        await mongo.database("cairn_keys")["clock"].update_one(
            {"_id": "demo"}, {"$set": {"offset_ms": hour_ms}}, upsert=True
        )

        await asyncio.sleep(1.6)

        ahead = clock.now() - clock.infrastructure_now()
        assert abs(ahead - timedelta(hours=1)) < timedelta(milliseconds=50)
        await clock.stop()

    async def test_is_not_moved_outside_of_a_demonstration(self, mongo):
        """A row that is left over in the vault must not move a clinic."""
        await mongo.database("cairn_keys")["clock"].insert_one({"_id": "demo", "offset_ms": 10**9})
        clock = Clock(mongo, demo=False)
        await clock.start()

        assert clock.now() - clock.infrastructure_now() < timedelta(seconds=1)
        await clock.stop()

    async def test_starts_by_the_machine_s_clock_while_the_database_is_away(self):
        """A worker starts before its database, and joins when it returns."""
        mongo = Mongo("mongodb://127.0.0.1:9/?replicaSet=rs0")
        clock = Clock(mongo, demo=True)
        await clock.start()

        assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=1)
        await clock.stop()
        await mongo.close()
