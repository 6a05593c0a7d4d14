"""The one producer of a process, on a broker that freezes, goes away and comes back."""

import asyncio
import os
from functools import partial

import pytest

from hearings import eventually
from stone_bus import a_shelf_on_the_bus, outbox, stones_topic, told_all
from tape import a_tape
from trial import add_weight, lay
from worlds import an_intent

pytestmark = [pytest.mark.wired, pytest.mark.fault]


@pytest.fixture
def servers(own_servers):
    """Servers that may be frozen."""
    if "CAIRN_KAFKA_BOOTSTRAP" in os.environ:
        pytest.skip("freezing asks for a Kafka of one's own")
    yield own_servers
    own_servers.kafka.resume()
    own_servers.kafka.wait_ready()


@pytest.fixture
async def tape(servers, monkeypatch):
    with stones_topic(servers.kafka_bootstrap, monkeypatch) as topic:
        async with a_tape(servers.kafka_bootstrap, topic) as tape:
            yield tape


@pytest.fixture
async def shelf(servers, tape, monkeypatch):  # noqa: ARG001 - the tape's topic comes first
    monkeypatch.setattr("chassis.producer.SEND_SECONDS", 0.5)
    async with a_shelf_on_the_bus(servers.mongo_url, servers.kafka_bootstrap) as shelf:
        stone = await shelf.a_stone()
        await shelf.stones.add(lay(stone), an_intent())
        await told_all(shelf.raw, stone.stone_id)
        yield shelf


class TestTimedOutSend:
    """A send that was given up on: what it did is unknown, and it may still arrive."""

    async def test_is_not_sent_again_by_the_same_process(self, shelf, servers, tape):
        """O5. Each further try would arrive too, once the broker is back.

        Without: let `Producer.send` always put the record into the buffer.
        """
        stone = await shelf.a_stone()
        servers.kafka.suspend()
        await shelf.stones.add(lay(stone), an_intent())
        await shelf.stones.change(stone.stone_id, add_weight, an_intent())
        for _ in range(4):
            await asyncio.sleep(0.6)
            shelf.relay.offer(shelf.raw, stone.stone_id, await outbox(shelf.raw, stone.stone_id))
        assert len(await outbox(shelf.raw, stone.stone_id, lane="fact")) == 2

        servers.kafka.resume()
        await told_all(shelf.raw, stone.stone_id)

        assert await tape.sequences(stone.stone_id) == [1, 2]

    async def test_is_taken_from_the_outbox_when_it_arrives_late(self, shelf, servers, tape):
        """What has arrived and still stands there would be told twice by the next sweeper.

        Without: let `Producer.send` forget `landed_late`.
        """
        stone = await shelf.a_stone()
        servers.kafka.suspend()
        await shelf.stones.add(lay(stone), an_intent())
        await asyncio.sleep(1)

        servers.kafka.resume()
        await told_all(shelf.raw, stone.stone_id)

        assert await tape.sequences(stone.stone_id) == [1]


class TestEndedProducer:
    """A producer whose inside has ended for good."""

    async def test_is_replaced(self, shelf, tape):
        """A process that could never tell anything again would look as healthy as before.

        Without: let `Producer._put` take every error for one that passes.
        """
        await shelf.producer._kafka.stop()  # noqa: SLF001 - the fault itself: its client is gone
        stone = await shelf.a_stone()

        await shelf.stones.add(lay(stone), an_intent())
        await eventually(partial(_offered_again, shelf, stone.stone_id), [])

        assert await tape.sequences(stone.stone_id) == [1]


async def _offered_again(shelf, stone_id):
    waiting = await outbox(shelf.raw, stone_id)
    shelf.relay.offer(shelf.raw, stone_id, waiting)
    return waiting
