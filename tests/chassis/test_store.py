"""One change is one write, on both drivers."""

import asyncio
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest

from chassis.domain import Change, Refused
from chassis.mongo import Index, Taken
from chassis.refusals import Busy, KeyReused, NotFound, Stale
from chassis.vault import KeyUnknown
from trial import StoneLaid, add_weight, lay, refuse
from worlds import Shelf, a_shelf, an_intent

pytestmark = pytest.mark.wired

PLACES = Index("places", ("clear.places",), unique=True, partial={"clear.places": {"$gt": ""}})


@pytest.fixture(params=["pymongo", "motor"])
async def shelf(request, mongo_url):
    async with a_shelf(mongo_url, driver=request.param, indexes=(PLACES,)) as shelf:
        yield shelf


async def laid(shelf: Shelf, **but):
    """Lay one ordinary stone of a walker who has a key."""
    stone = await shelf.a_stone(**but)
    return (await shelf.stones.add(lay(stone), an_intent(key=str(stone.stone_id)))).document


class TestAdd:
    """Keeping a new document."""

    async def test_keeps_the_document_and_what_it_tells_in_one_write(self, shelf):
        """A fact in a second write would be lost by a crash between the two."""
        stone = await laid(shelf)

        row = await shelf.row(stone.stone_id)
        assert row["version"] == 1
        assert row["sequence"] == 1
        assert [entry["lane"] for entry in row["outbox"]] == ["fact", "audit"]
        assert row["outbox"][0]["type"] == StoneLaid.wire_name
        assert row["outbox_oldest"] == row["outbox"][0]["at"]

    async def test_keeps_no_word_in_the_clear(self, shelf):
        """Whoever copies the database must read nothing of a person."""
        stone = await laid(shelf, words="a sentence nobody else may read")

        assert "sentence" not in str(await shelf.row(stone.stone_id))
        assert (await shelf.stones.get(stone.stone_id)).document.words == stone.words

    async def test_answers_a_repeat_with_the_document_as_it_stands(self, shelf):
        """A caller who never got the first answer asks again, perhaps much later."""
        stone = await laid(shelf)
        intent = an_intent(key=str(stone.stone_id))
        await shelf.stones.change(stone.stone_id, add_weight, an_intent(key="other"))

        kept = await shelf.stones.add(lay(stone), intent)

        assert kept.replayed
        assert kept.document.weight == 1

    async def test_refuses_the_same_key_with_another_body(self, shelf):
        """Silently keeping the first body would look as if the second had been kept."""
        stone = await laid(shelf)

        with pytest.raises(KeyReused):
            await shelf.stones.add(
                lay(stone), an_intent(key=str(stone.stone_id), fingerprint="other")
            )

    async def test_keeps_one_of_twenty_that_came_at_once(self, shelf):
        """A double click must not lay two stones, nor tell two facts."""
        stone = await shelf.a_stone()
        intent = an_intent(key="same")

        kept = await asyncio.gather(*(shelf.stones.add(lay(stone), intent) for _ in range(20)))

        assert [each.replayed for each in kept].count(False) == 1
        assert (await shelf.row(stone.stone_id))["sequence"] == 1

    async def test_refuses_what_a_unique_index_holds(self, shelf):
        """Two rooms cannot be one room at the same time, whoever asks first."""
        place = str(uuid4())
        await laid(shelf, places=(place,))

        with pytest.raises(Taken) as taken:
            await laid(shelf, places=("elsewhere" + place, place))

        assert taken.value.index == "places"

    async def test_lets_any_number_lie_nowhere(self, shelf):
        """An index that took two empty lists for the same place would refuse the second."""
        await laid(shelf, places=())

        assert (await laid(shelf, places=())).places == ()

    async def test_seals_nothing_for_whom_there_is_no_key(self, shelf):
        """A key made in passing would bring back a person who was erased."""
        stone = await shelf.a_stone(with_key=False)

        with pytest.raises(KeyUnknown):
            await shelf.stones.add(lay(stone), an_intent(key="k"))

        assert await shelf.row(stone.stone_id) is None


class TestChange:
    """Changing a document by a rule."""

    async def test_loses_no_change_of_many_at_once(self, shelf):
        """The last writer must not win over the others."""
        stone = await laid(shelf)

        async def heavier():
            while True:
                try:
                    return await shelf.stones.change(stone.stone_id, add_weight, an_intent())
                except Busy:
                    await asyncio.sleep(0.01)

        await asyncio.gather(*(heavier() for _ in range(12)))

        kept = await shelf.stones.get(stone.stone_id)
        assert (kept.document.weight, kept.version, kept.sequence) == (12, 13, 13)

    async def test_keeps_the_facts_in_the_order_of_their_sequence(self, shelf):
        """The relay publishes the prefix as it stands here."""
        stone = await laid(shelf)
        for _ in range(3):
            await shelf.stones.change(stone.stone_id, add_weight, an_intent())

        row = await shelf.row(stone.stone_id)
        told = [entry["sequence"] for entry in row["outbox"] if entry["lane"] == "fact"]
        assert told == [1, 2, 3, 4]

    async def test_stores_nothing_when_the_rule_refuses(self, shelf):
        """A refusal that left a trace would look like a decision."""
        stone = await laid(shelf)
        before = await shelf.row(stone.stone_id)

        with pytest.raises(Refused) as refused:
            await shelf.stones.change(stone.stone_id, refuse, an_intent(key="k"))

        assert [reason.code for reason in refused.value.reasons] == ["STONE_TOO_HEAVY", "STONE_WET"]
        assert await shelf.row(stone.stone_id) == before

    async def test_writes_nothing_when_the_rule_finds_nothing_to_do(self, shelf):
        """A handler that hears a fact twice must not make a new version of the document."""
        stone = await laid(shelf)

        kept = await shelf.stones.change(stone.stone_id, Change, an_intent())

        assert kept.version == 1

    async def test_does_a_command_once_however_often_it_comes(self, shelf):
        """The key is kept in the same write as its effect, so the two cannot disagree."""
        stone = await laid(shelf)
        intent = an_intent(key="once")

        kept = await asyncio.gather(
            *(shelf.stones.change(stone.stone_id, add_weight, intent) for _ in range(10))
        )

        assert {each.document.weight for each in kept} == {1}
        assert [each.replayed for each in kept].count(False) == 1

    async def test_refuses_a_version_that_is_over(self, shelf):
        """Somebody decided on what is no longer so."""
        stone = await laid(shelf)

        with pytest.raises(Stale):
            await shelf.stones.change(stone.stone_id, add_weight, an_intent(if_match=7))

    async def test_does_not_know_what_is_not_there(self, shelf):
        """A missing document is not an empty one."""
        with pytest.raises(NotFound):
            await shelf.stones.change(uuid4(), add_weight, an_intent())

    async def test_hides_a_document_of_another_site(self, shelf):
        """That it exists is already something to know."""
        stone = await laid(shelf)

        with pytest.raises(NotFound):
            await shelf.stones.change(stone.stone_id, add_weight, an_intent(site=uuid4()))

    async def test_carries_work_for_ourselves_in_the_same_write(self, shelf):
        """What follows for other documents must survive a crash as a fact does."""
        stone = await laid(shelf)

        await shelf.stones.change(stone.stone_id, partial(add_weight, follow=True), an_intent())

        work = [
            each for each in (await shelf.row(stone.stone_id))["outbox"] if each["lane"] == "work"
        ]
        assert [(each["topic"], each["type"]) for each in work] == [
            ("intake.work", "intake.weigh.v1")
        ]

    async def test_does_not_open_under_another_documents_id(self, shelf):
        """A body moved from one person's row to another's must not be read as theirs."""
        one, other = await laid(shelf), await laid(shelf)
        body = (await shelf.row(one.stone_id))["body"]
        await shelf.raw.update_one({"_id": other.stone_id}, {"$set": {"body": body}})

        with pytest.raises(Exception, match=r".*") as broken:
            await shelf.stones.get(other.stone_id)

        assert type(broken.value).__name__ == "SealBroken"


class TestFind:
    """Finding documents by what is clear."""

    async def test_pages_without_leaving_one_out(self, shelf):
        """A list that skips somebody at a page's edge hides them."""
        walker = uuid4()
        stones = {(await laid(shelf, walker_id=walker)).stone_id for _ in range(5)}

        first = await shelf.stones.find({"clear.walker_id": walker}, limit=2)
        rest = await shelf.stones.find(
            {"clear.walker_id": walker}, limit=10, after=first[-1].document.id
        )

        assert {kept.document.stone_id for kept in [*first, *rest]} == stones


class TestErasure:
    """What a shredded key leaves."""

    async def test_leaves_nothing_readable(self, shelf):
        """Backups and copies cannot be called back; the key can be destroyed."""
        stone = await laid(shelf)
        await shelf.shred(stone.walker_id)

        with pytest.raises(NotFound):
            await shelf.stones.get(stone.stone_id)
        assert await shelf.stones.find({"clear.walker_id": stone.walker_id}) == []


class TestOutboxAge:
    """The stamp by which a sweeper finds what was left."""

    async def test_is_the_databases_own_time(self, shelf):
        """Clocks of processes differ; ages must not."""
        stone = await laid(shelf)

        row = await shelf.row(stone.stone_id)
        hello = await shelf.mongo.hello()
        assert abs(row["outbox_oldest"] - hello["localTime"]) < timedelta(seconds=5)
