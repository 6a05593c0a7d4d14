"""Nobody else knows which driver speaks to MongoDB."""

import asyncio
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from bson.decimal128 import Decimal128
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    DuplicateKeyError,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    ServerSelectionTimeoutError,
    WTimeoutError,
)

from chassis.mongo import (
    Index,
    Mongo,
    OutcomeUnknown,
    SomeTaken,
    StoreAway,
    Taken,
    aggregated,
    changed,
    ensure_indexes,
    found,
    lightly,
    majority_reads,
    translate,
)


class TestTranslate:
    """The driver's errors in our words."""

    @pytest.mark.parametrize(
        ("error", "while_writing", "while_reading"),
        [
            (ServerSelectionTimeoutError(), StoreAway, StoreAway),
            (AutoReconnect(), OutcomeUnknown, StoreAway),
            (NetworkTimeout(), OutcomeUnknown, StoreAway),
            (NotPrimaryError(), OutcomeUnknown, StoreAway),
            (WTimeoutError("waited"), OutcomeUnknown, StoreAway),
            (OperationFailure("bad", code=2), OperationFailure, OperationFailure),
        ],
        ids=lambda given: type(given).__name__ if isinstance(given, Exception) else "",
    )
    def test_tells_undone_from_unknown(self, error, while_writing, while_reading):
        """After a lost write the same key must be sent again; to call it undone would double it."""
        for writing, ours in ((True, while_writing), (False, while_reading)):
            with pytest.raises(ours) as raised, translate(writing=writing):
                raise error
            assert type(raised.value) is ours

    def test_is_a_kind_of_away_when_unknown(self):
        """Whoever waits for the database to return waits in both cases."""
        assert issubclass(OutcomeUnknown, StoreAway)

    @pytest.mark.parametrize(
        ("details", "index"),
        [
            ({"keyPattern": {"_id": 1}, "errmsg": "… index: _id_ dup key: …"}, "_id_"),
            ({"keyPattern": {"clear.holds": 1}, "errmsg": "… index: holds dup key: …"}, "holds"),
        ],
        ids=["id", "index"],
    )
    def test_names_the_index_that_was_taken(self, details, index):
        """The same id again is a repeat; the same room is somebody else's visit."""
        with pytest.raises(Taken) as taken, translate():
            raise DuplicateKeyError("E11000", details=details)

        assert taken.value.index == index

    def test_names_the_rows_of_a_bulk_that_were_there(self):
        """The others were written, and must not be written again."""
        there = {"code": 11000, "index": 3, "keyPattern": {"_id": 1}}

        with pytest.raises(SomeTaken) as taken, translate():
            raise BulkWriteError({"writeErrors": [there]})

        assert taken.value.taken == {3: "_id_"}

    @pytest.mark.parametrize(
        ("details", "ours"),
        [
            ({"writeErrors": [{"code": 2, "index": 0}]}, BulkWriteError),
            ({"writeErrors": [], "writeConcernErrors": [{"code": 64}]}, OutcomeUnknown),
        ],
        ids=["our mistake", "not yet with a majority"],
    )
    def test_keeps_other_bulk_errors_apart(self, details, ours):
        """A mistake of ours must not be waited for as if it would pass."""
        with pytest.raises(ours), translate():
            raise BulkWriteError(details)


@pytest.mark.wired
class TestMongo:
    """A real database, with each driver."""

    @pytest.fixture(params=["pymongo", "motor"])
    async def mongo(self, request, mongo_url):
        """A driver of its own."""
        mongo = Mongo(mongo_url, driver=request.param)
        yield mongo
        await mongo.close()

    @pytest.fixture
    async def rows(self, mongo):
        """A collection of its own."""
        rows = mongo.database("cairn_mongo_test")[uuid4().hex]
        yield rows
        await rows.drop()

    async def test_keeps_ids_times_days_and_numbers_as_they_are(self, rows):
        """A number that comes back as a float is another dose."""
        kept = {
            "_id": uuid4(),
            "at": datetime(2026, 11, 23, 9, 0, 0, 123_000, tzinfo=UTC),
            "mg": Decimal128("12.50"),
        }
        given = {**kept, "mg": Decimal("12.50"), "on": date(2026, 11, 23)}
        await rows.insert_one(given)

        (row,) = await found(rows, {})
        assert row == {**kept, "on": "2026-11-23"}
        assert str(row["mg"]) == "12.50"
        assert row["at"].tzinfo is not None

    async def test_finds_in_order_with_a_limit_and_some_fields(self, rows):
        """Both drivers must page alike."""
        await rows.insert_many([{"_id": n, "a": -n, "b": 1} for n in range(5)])

        chosen = await found(rows, {"_id": {"$gt": 0}}, limit=2, order=[("a", 1)], fields={"a": 1})
        assert chosen == [{"_id": 4, "a": -4}, {"_id": 3, "a": -3}]
        assert await aggregated(rows, [{"$group": {"_id": None, "sum": {"$sum": "$b"}}}]) == [
            {"_id": None, "sum": 5}
        ]

    async def test_writes_with_a_majority_unless_told_otherwise(self, rows):
        """What was acknowledged must outlive the primary."""
        assert rows.write_concern.document == {"w": "majority", "j": True}
        assert lightly(rows).write_concern.document == {"w": 1}
        assert majority_reads(rows).read_concern.level == "majority"

    async def test_makes_indexes_again_when_their_definition_changes(self, rows):
        """A service that starts with an old index would hold nothing by it."""
        await ensure_indexes(rows, [Index("holds", ("a",))])
        await ensure_indexes(
            rows, [Index("holds", (("a", 1), "b"), unique=True, partial={"a": {"$gt": ""}})]
        )
        await ensure_indexes(rows, [Index("gone", ("at",), expire_after_seconds=60)])

        made = await rows.index_information()
        assert made["holds"]["key"] == [("a", 1), ("b", 1)]
        assert made["holds"]["unique"]
        assert made["gone"]["expireAfterSeconds"] == 60

    async def test_names_the_index_of_a_real_server(self, rows):
        """What the server says differs by version; this one is the one we run on."""
        await ensure_indexes(rows, [Index("holds", ("a",), unique=True)])
        await rows.insert_one({"_id": 1, "a": "x"})

        for again, index in (({"_id": 1}, "_id_"), ({"_id": 2, "a": "x"}, "holds")):
            with pytest.raises(Taken) as taken, translate():
                await rows.insert_one(again)
            assert taken.value.index == index

    async def test_says_when_it_has_a_primary(self, mongo):
        """Readiness is asked every few seconds."""
        assert await mongo.has_primary()


@pytest.mark.wired
class TestAway:
    """A database that is not there."""

    @pytest.fixture(params=["pymongo", "motor"])
    async def mongo(self, request):
        """A driver that finds nobody."""
        mongo = Mongo("mongodb://127.0.0.1:9/?replicaSet=rs0", driver=request.param)
        yield mongo
        await mongo.close()

    async def test_says_so_before_the_command_that_waits_must_end(self, mongo):
        """A command has five seconds in all, and `STORE_AWAY` is a better answer than none."""
        began = time.monotonic()

        with pytest.raises(StoreAway):
            await mongo.ping()

        assert time.monotonic() - began < 4.8

    async def test_is_not_ready_at_once(self, mongo):
        """Readiness is asked every few seconds, and requests go on coming meanwhile."""
        began = time.monotonic()

        assert not await mongo.has_primary()
        assert time.monotonic() - began < 2


@pytest.mark.wired
@pytest.mark.fault
class TestAPrimaryThatStepsDown:
    @pytest.mark.parametrize("driver", ["pymongo", "motor"])
    async def test_is_no_mistake_of_ours(self, own_servers, driver):
        """It happens at every upgrade of the database; a 500 would tell people not to try again."""
        mongo, ended, mistakes, kept = Mongo(own_servers.mongo_url, driver=driver), [], [], []
        rows = mongo.database("cairn_mongo_test")[uuid4().hex]

        async def write(row_id):
            while not ended:
                try:
                    await changed(
                        rows, {"_id": row_id}, [{"$set": {"a": 1}}], fields={}, upsert=True
                    )
                    kept.append(row_id)
                except StoreAway:
                    await asyncio.sleep(0.02)
                except Exception as mistake:  # noqa: BLE001 - any other is what this looks for
                    mistakes.append(mistake)
                    await asyncio.sleep(0.02)

        writing = [asyncio.create_task(write(row_id)) for row_id in range(20)]
        for _ in range(2):
            await asyncio.sleep(0.5)
            await asyncio.to_thread(own_servers.mongod.restart)
        ended.append(True)
        await asyncio.gather(*writing)
        await mongo.close()

        assert set(kept) == set(range(20))
        assert mistakes == []
