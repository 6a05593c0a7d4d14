"""A write whose answer never came: it may have been kept, and is sent again with its key."""

import asyncio
import time

import pytest

from chassis.domain import Change
from chassis.mongo import CALL_MS, OutcomeUnknown, StoreAway
from hearings import eventually
from mute_proxy import a_mute_proxy
from stone_bus import a_shelf_on_the_bus, outbox, stones_topic, told_all
from tape import a_tape
from trial import add_weight, lay
from worlds import a_shelf, an_intent

pytestmark = pytest.mark.wired


@pytest.fixture
async def proxy(mongo_url):
    async with a_mute_proxy(mongo_url) as proxy:
        yield proxy


@pytest.fixture
async def shelf(proxy):
    async with a_shelf(proxy.url) as shelf:
        yield shelf


def from_here_on(proxy, value):
    """Cut the line after everything was read, and before anything is written."""
    proxy.cut = True
    return value


async def unanswered(shelf, proxy, write):
    """Let a write arrive and its answer not, and mend the line afterwards."""
    began = time.monotonic()
    with pytest.raises(OutcomeUnknown):
        await write
    took = time.monotonic() - began
    proxy.cut = False
    await eventually(shelf.mongo.has_primary, wanted=True)
    return took


class TestUnknownOutcome:
    """O9, O10. Nobody can say whether it was kept."""

    async def test_is_said_within_the_limit(self, shelf, proxy):
        """A command has five seconds; whoever waits longer is not answered at all.

        Without: give `Mongo` no `timeoutMS`, or let `translate` take a lost write for undone.
        """
        stone = await shelf.a_stone()

        proxy.cut = True
        took = await unanswered(shelf, proxy, shelf.stones.add(lay(stone), an_intent(key="lay")))

        assert took < CALL_MS / 1_000 + 0.5

    async def test_of_a_change_has_one_effect_however_often_it_is_sent(self, shelf, proxy):
        """Two doses, two consents, two bookings: whatever a person asked for once.

        Without: let `Collection._keep` leave out `keys`.
        """
        stone = await shelf.a_stone()
        await shelf.stones.add(lay(stone), an_intent())
        intent = an_intent(key="heavier")

        change = shelf.stones.change(
            stone.stone_id, lambda stone: from_here_on(proxy, add_weight(stone)), intent
        )
        await unanswered(shelf, proxy, change)
        again = [await shelf.stones.change(stone.stone_id, add_weight, intent) for _ in range(3)]

        assert [(each.replayed, each.document.weight) for each in again] == [(True, 1)] * 3
        facts = await outbox(shelf.raw, stone.stone_id, lane="fact")
        assert [each["sequence"] for each in facts] == [1, 2]

    async def test_of_a_new_document_has_one_effect_however_often_it_is_sent(self, shelf, proxy):
        """A client registered twice is two people from then on.

        Without: let the id of a new document not come from its command.
        """
        stone = await shelf.a_stone()
        intent = an_intent(key="lay")

        proxy.cut = True
        await unanswered(shelf, proxy, shelf.stones.add(lay(stone), intent))
        again = await shelf.stones.add(lay(stone), intent)

        assert (again.replayed, again.version, again.sequence) == (True, 1, 1)
        assert len(await outbox(shelf.raw, stone.stone_id, lane="fact")) == 1


class TestReplay:
    """The answer to a command that was carried out before."""

    @pytest.mark.parametrize(
        "rule",
        [pytest.param(add_weight, id="replayed"), pytest.param(Change, id="nothing-to-do")],
    )
    async def test_waits_for_a_majority_as_the_first_answer_did(self, mongo_url, rule):
        """O10. What the primary shows may still be taken back by a failover; an answer may not.

        Without: answer what was seen before, or what changes nothing, by what `_load` read.
        One member cannot fail over, so the server's own profile is the witness.
        """
        async with a_shelf(mongo_url) as shelf:
            stone = await shelf.a_stone()
            intent = an_intent(key="the same")
            await shelf.stones.add(lay(stone), an_intent())
            await shelf.stones.change(stone.stone_id, rule, intent)
            database = shelf.raw.database
            await database.command("profile", 2)

            again = await shelf.stones.change(stone.stone_id, rule, intent)

            await database.command("profile", 0)
            seen = await database["system.profile"].find({"ns": shelf.raw.full_name}).to_list()
            levels = [each["command"].get("readConcern", {}).get("level") for each in seen]
            assert again.replayed is (rule is add_weight)
            assert levels[-1] == "linearizable"


class TestFrozenDatabase:
    """A write that is carried out after its sender gave up, beside the same one sent again."""

    @pytest.mark.fault
    async def test_leaves_each_command_one_effect(self, killable, monkeypatch):
        """O9. Whichever of the two comes first, the other finds the key.

        Without: let `Collection._keep` leave out `keys`.
        """
        with stones_topic(killable.kafka_bootstrap, monkeypatch) as topic:
            async with (
                a_tape(killable.kafka_bootstrap, topic) as tape,
                a_shelf_on_the_bus(killable.mongo_url, killable.kafka_bootstrap) as shelf,
            ):
                stones = [await shelf.a_stone() for _ in range(10)]
                for stone in stones:
                    await shelf.stones.add(lay(stone), an_intent())
                    await told_all(shelf.raw, stone.stone_id)

                freezing = Freezing(killable.mongod, len(stones))
                given_up = await asyncio.gather(
                    *(heavier(shelf, stone, freezing.rule) for stone in stones),
                    return_exceptions=True,
                )
                killable.mongod.resume()
                await asyncio.gather(*(until_heavier(shelf, stone) for stone in stones))

                assert any(isinstance(each, OutcomeUnknown) for each in given_up)
                for stone in stones:
                    await sweep(shelf, stone)
                    assert (await shelf.stones.get(stone.stone_id)).document.weight == 1
                    assert await tape.sequences(stone.stone_id) == [1, 2]


class Freezing:
    """A rule that freezes the database once it was asked often enough: before the last write."""

    def __init__(self, mongod, times):
        self._mongod = mongod
        self._times = times

    def rule(self, stone):
        """Make a stone heavier."""
        self._times -= 1
        if self._times == 0:
            self._mongod.suspend()
        return add_weight(stone)


async def heavier(shelf, stone, rule=add_weight):
    """Make one stone heavier, once."""
    return await shelf.stones.change(stone.stone_id, rule, an_intent(key="heavier"))


async def until_heavier(shelf, stone):
    """Send it until it is answered, as a caller does."""

    async def done():
        try:
            return (await heavier(shelf, stone)).document.weight
        except StoreAway:
            return None

    await eventually(done, 1)


async def sweep(shelf, stone):
    """Tell what was left, as a sweeper does."""
    shelf.relay.offer(shelf.raw, stone.stone_id, await outbox(shelf.raw, stone.stone_id))
    await told_all(shelf.raw, stone.stone_id)
