"""A server that is gone, or frozen, while people work: they wait or go on, and nothing is lost."""

import asyncio
import time
from contextlib import asynccontextmanager
from functools import partial

import pytest

from chassis.limits import DEADLINE_SECONDS
from hearings import eventually, send_all
from intake_rows import COLLECTIONS, TOPICS, nothing_waits
from keeper import kept, until_ready
from ledger import evidence, judge
from session_facts import a_session_told
from tape import everything_said

pytestmark = pytest.mark.fault

OUTAGE_SECONDS = 30
DESKS = 25
COMMANDS_EACH = 8


@pytest.fixture
def kafka(killable):
    """A broker that may be killed or frozen, and that the next test finds well."""
    yield killable.kafka
    if killable.kafka.runs:
        killable.kafka.resume()
        killable.kafka.wait_ready()
    else:
        killable.kafka.start()


@pytest.fixture
def mongod(killable):
    """A database that may be killed or frozen, and that the next test finds well."""
    yield killable.mongod
    if killable.mongod.runs:
        killable.mongod.resume()
        killable.mongod.wait_ready()
    else:
        killable.mongod.start()


@asynccontextmanager
async def an_intake(stage):
    """A process of intake, ready to be asked."""
    process = stage.service("intake")
    async with stage.served(process) as served, kept(process) as keeper:
        await until_ready(served)
        yield served, keeper


class TestMongodKilled:
    """The database is killed and started again while commands come in."""

    async def test_keeps_every_answered_command_once(self, stage, people, mongod, database, ledger):
        """An answer was a promise, and a command without one may be sent again."""
        async with an_intake(stage) as (served, keeper):
            desk, over = people.desk(served, ledger), asyncio.Event()
            work = asyncio.gather(*(desk.work_until(over) for _ in range(8)))
            for away_seconds in (0, 0, DEADLINE_SECONDS + 1):
                await asyncio.sleep(1)
                await asyncio.to_thread(mongod.kill)
                await asyncio.sleep(away_seconds)
                await asyncio.to_thread(mongod.start)
            over.set()
            await work
            await nothing_waits(database)
            assert keeper.endings == []
        verdict = await judged(stage, database, ledger)

        print(verdict)
        assert verdict.unknown_answers > 0
        assert verdict.faults == {}


class TestMongodFrozen:
    """The database takes what it is given and does not answer."""

    async def test_is_answered_within_the_limit_and_done_once(
        self, stage, people, mongod, database, ledger
    ):
        """O9, O10. The frozen write is carried out after all, beside the one sent again."""
        async with an_intake(stage) as (served, _):
            desk = people.desk(served, ledger)
            clients = [await desk.client() for _ in range(8)]
            mongod.suspend()
            work = asyncio.gather(*(desk.rename(client, 1) for client in clients))
            await asyncio.sleep(DEADLINE_SECONDS + 2)
            mongod.resume()
            await work
            await nothing_waits(database)
        verdict = await judged(stage, database, ledger)

        print(verdict)
        unknown = ledger.lines("unknown")
        assert {line["status"] for line in unknown} <= {503, 504}
        assert max(line["seconds"] for line in unknown) < DEADLINE_SECONDS + 1.5
        assert verdict.faults == {}


class TestKafkaStopped:
    """The bus is gone for half a minute."""

    async def test_delays_no_command_and_loses_none(self, stage, people, kafka, database, ledger):
        """A clinic goes on while the bus is away; what it said is heard afterwards."""
        async with an_intake(stage) as (served, keeper):
            desk = people.desk(served, ledger)
            kafka.kill()
            stopped = time.monotonic()
            await asyncio.gather(*(desk.care_for_one() for _ in range(DESKS)))
            answered = time.monotonic() - stopped
            assert ledger.lines("unknown", "fail") == []
            assert len(ledger.lines("ok")) == DESKS * COMMANDS_EACH
            assert answered < OUTAGE_SECONDS

            await asyncio.sleep(OUTAGE_SECONDS - answered)
            await asyncio.to_thread(kafka.start)
            back = time.monotonic()
            await nothing_waits(database)
            caught_up = time.monotonic() - back
            assert keeper.endings == []
        verdict = await judged(stage, database, ledger)

        print(f"answered in {answered:.1f} s, all told {caught_up:.1f} s after; {verdict}")
        assert verdict.faults == {}


class TestKafkaFrozen:
    """The bus accepts connections and says nothing."""

    async def test_keeps_no_service_from_stopping_starting_or_serving(
        self, stage, people, kafka, database, ledger
    ):
        """A deploy in the middle of an outage must not wait for its end."""
        async with an_intake(stage) as (served, keeper):
            desk = people.desk(served, ledger)
            pathway = await desk.care_for_one()
            kafka.suspend()
            await asyncio.gather(*(desk.care_for_one() for _ in range(5)))
            began = time.monotonic()
            await asyncio.to_thread(keeper.process.stop)
            stopped = time.monotonic() - began
            await until_ready(served)
            await asyncio.gather(*(desk.care_for_one() for _ in range(5)))
            [ending] = keeper.endings

            kafka.resume()
            await nothing_waits(database)
            session_id, facts = await a_session_told(stage.servers.mongo_url, pathway, doses=0)
            await send_all(stage.servers.kafka_bootstrap, facts)
            await eventually(partial(heard, database, session_id), 1)
        verdict = await judged(stage, database, ledger)

        print(f"stopped in {stopped:.1f} s; {verdict}")
        assert ending != -9
        assert verdict.faults == {}


async def heard(database, session_id):
    """Give the sequence at which intake's mirror of a session stands."""
    row = await database["heard_sessions_sessions"].find_one({"_id": session_id})
    return row and row["sequence"]


async def judged(stage, database, ledger):
    """Compare the ledger with the topics and the rows."""
    said = await everything_said(stage.servers.kafka_bootstrap, TOPICS)
    return judge(ledger, await evidence(said, database, COLLECTIONS))
