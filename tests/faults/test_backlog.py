"""What waits while the bus is away: nothing is dropped, and it does not grow without end."""

import pytest

from chassis.domain import Change
from chassis.refusals import BusBacklog
from chassis.rows import BACKLOG_BYTES, COALESCE_BYTES
from stone_bus import (
    StoneCracked,
    a_dead_writer,
    a_shelf_on_the_bus,
    outbox,
    stones_topic,
    told_all,
)
from tape import a_tape, first_occurrences
from trial import StoneLaid, add_weight, lay
from worlds import an_intent

pytestmark = pytest.mark.wired

LARGE = "x" * 180_000
"""Nearly as much as one fact may hold once it is sealed."""


@pytest.fixture
async def tape(kafka_bootstrap, monkeypatch):
    with stones_topic(kafka_bootstrap, monkeypatch) as topic:
        async with a_tape(kafka_bootstrap, topic) as tape:
            yield tape


@pytest.fixture
async def shelf(mongo_url, kafka_bootstrap, tape):  # noqa: ARG001 - its topic comes first
    async with a_shelf_on_the_bus(mongo_url, kafka_bootstrap) as shelf:
        yield shelf


def crack(stone):
    """Tell a happening of nearly the greatest size; it has happened, whoever waits."""
    fact = StoneCracked(stone_id=stone.stone_id, walker_id=stone.walker_id, words=LARGE)
    return Change(stone.but(weight=stone.weight + 1), (fact,), happened=True)


def write_at_length(stone):
    """Tell a state of nearly the greatest size; it is only intended."""
    longer = stone.but(words=LARGE, weight=stone.weight + 1)
    return Change(longer, (longer.tell(StoneLaid),))


class TestBacklog:
    """More waits in one document than may."""

    async def test_refuses_intentions_and_keeps_what_has_happened(self, shelf, tape):
        """O8. A document that grew past what the database takes could keep nothing any more.

        Without: drop the question for `backlog_bytes` from `Collection.change`; or refuse
        whatever comes; or let `Collection._keep` begin a new outbox when the old one is large.
        """
        stone, dead = await shelf.a_stone(), a_dead_writer(shelf)
        await dead.add(lay(stone), an_intent())
        while sum(len(each.get("body", b"")) for each in await waiting(shelf, stone)) <= (
            BACKLOG_BYTES
        ):
            await dead.change(stone.stone_id, crack, an_intent())
        before = await shelf.row(stone.stone_id)

        with pytest.raises(BusBacklog):
            await dead.change(stone.stone_id, add_weight, an_intent())
        assert await shelf.row(stone.stone_id) == before
        await dead.change(stone.stone_id, crack, an_intent())

        told = (await shelf.row(stone.stone_id))["sequence"]
        shelf.relay.offer(shelf.raw, stone.stone_id, await waiting(shelf, stone))
        await told_all(shelf.raw, stone.stone_id)
        assert await tape.sequences(stone.stone_id) == list(range(1, told + 1))
        await shelf.stones.change(stone.stone_id, add_weight, an_intent())

    async def test_lets_a_newer_state_take_the_place_of_those_that_wait(self, shelf, tape):
        """The newest says all that they say; the happenings between them stay.

        Without: let `Collection._keep` never leave out what waits.
        """
        stone, dead = await shelf.a_stone(), a_dead_writer(shelf)
        await dead.add(lay(stone), an_intent())
        await dead.change(stone.stone_id, crack, an_intent())
        for _ in range(6):
            await dead.change(stone.stone_id, write_at_length, an_intent())

        facts = await outbox(shelf.raw, stone.stone_id, lane="fact")
        assert sum(len(each["body"]) for each in facts) < COALESCE_BYTES + 2 * 256 * 1024
        shelf.relay.offer(shelf.raw, stone.stone_id, await waiting(shelf, stone))
        await told_all(shelf.raw, stone.stone_id)

        said = first_occurrences(await tape.of(stone.stone_id))
        assert said == sorted(said)
        assert {2, 8} <= set(said)


async def waiting(shelf, stone):
    """Give all that waits to be told."""
    return await outbox(shelf.raw, stone.stone_id)
