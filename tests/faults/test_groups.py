"""Workers of one group come and go in the middle of their work."""

import asyncio
import time
from uuid import uuid4

import pytest

from chassis.mongo import Mongo, found
from chassis.vault import Vault
from contracts.ids import key_id
from hearings import eventually, send_all
from listeners import Group, judge
from visit_facts import a_visit, told
from worlds import MASTER_KEY

pytestmark = pytest.mark.fault

CLIENTS = 300
STATES = 34
ROUND_SECONDS = 0.45
LEAVE_SECONDS = 20


@pytest.fixture
def group(stage, tmp_path):
    return Group(stage, f"group{uuid4().hex[:8]}", tmp_path / "lines.jsonl")


async def visits_told(mongo_url):
    """Make clients with a key, and tell every state of one visit of each, round by round."""
    mongo = Mongo(mongo_url)
    vault, clients = Vault(mongo, MASTER_KEY), [uuid4() for _ in range(CLIENTS)]
    await asyncio.gather(*(vault.open_keys(client, ("chart",)) for client in clients))
    ring = await vault.fetch(key_id(client, "chart") for client in clients)
    await mongo.close()
    visits = [a_visit(client_id=client) for client in clients]
    return [
        [told(visit, sequence=sequence, ring=ring) for visit in visits]
        for sequence in range(1, STATES + 1)
    ]


async def send_in_rounds(kafka_bootstrap, rounds):
    """Keep everybody busy for a while: a round at a time."""
    for records in rounds:
        began = time.monotonic()
        await send_all(kafka_bootstrap, records)
        await asyncio.sleep(max(0.0, ROUND_SECONDS - (time.monotonic() - began)))


class TestGroup:
    """Two workers; a third joins, one is asked to leave, one is killed."""

    async def test_loses_nothing_and_keeps_each_clients_order(self, stage, group):
        """Two workers at once on one client's facts would act on what is no longer so.

        Without: let `Gate.on_partitions_revoked` wait for nothing.
        """
        rounds = await visits_told(stage.servers.mongo_url)
        first, second = group.join("first"), group.join("second")
        await eventually(lambda: len(group.assigned()), 2)
        sending = asyncio.create_task(send_in_rounds(stage.servers.kafka_bootstrap, rounds))

        third = await joined_and_left(group, first, second)
        killed = time.monotonic()
        await sending
        await all_heard(stage, group)
        took = time.monotonic() - killed
        third.stop(LEAVE_SECONDS)

        hearing = judge(group.written("start", "end"), killed=first.pid)
        print(f"{hearing}, all heard {took:.1f} s after the kill")
        assert second.returncode == 0
        assert hearing.repeats == []
        assert hearing.order_breaks == []


async def joined_and_left(group, first, second):
    """Let a third join in the middle of the work, ask the second to leave, and kill the first."""
    await asyncio.sleep(3)
    third = group.join("third")
    await eventually(lambda: third.pid in group.assigned(), wanted=True)
    await asyncio.sleep(2)
    second.ask_to_end()
    assert await asyncio.to_thread(second.wait, LEAVE_SECONDS)
    await asyncio.sleep(1)
    first.kill()
    return third


async def all_heard(stage, group):
    """Wait until every visit stands at its newest state."""
    mongo = Mongo(stage.servers.mongo_url)
    mirror = mongo.database(group.name)["heard_sessions_visits"]

    async def sequences():
        return [row["sequence"] for row in await found(mirror, {}, fields={"sequence": 1})]

    await eventually(sequences, [STATES] * CLIENTS)
    await mongo.close()
