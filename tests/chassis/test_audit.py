"""What was done, seen or tried stands in a chain that shows every change to it."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from chassis.audit import INDEXES, AuditChain, AuditRow, link_hash, read_row, refused_row, write_row
from chassis.domain import Document
from chassis.mongo import Mongo, StoreAway, ensure_indexes, found
from chassis.testing import an_intent
from contracts.ids import SiteId

KEY = b"k" * 32
AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class Stone(Document):
    """A document at a site, with a word nobody else may read."""

    subject_field = "stone_id"

    stone_id: SiteId
    site_id: SiteId
    words: str


def a_stone():
    """Make an ordinary stone."""
    return Stone(stone_id=uuid4(), site_id=uuid4(), words="the sea, and someone singing")


def a_row():
    """Make the row of an ordinary read."""
    return read_row(an_intent(), a_stone(), kind="stones", version=3, service="sessions", at=AT)


class TestRows:
    """What a row says."""

    def test_names_who_did_what_to_which_document(self):
        """These are the questions an auditor asks."""
        stone, intent = a_stone(), an_intent()

        row = write_row(intent, stone, kind="stones", version=3, service="sessions", at=AT)

        assert (row["caller_id"], row["action"]) == (intent.caller.id, "POST /v1/things")
        assert (row["object_kind"], row["object_id"], row["version"]) == ("stones", stone.id, 3)
        assert (row["site_id"], row["outcome"], row["at"]) == (stone.site_id, "done", AT)

    def test_hold_no_word_of_the_document(self):
        """The trail is kept for years and read by people who may not read charts."""
        row = write_row(an_intent(), a_stone(), kind="stones", version=3, service="s", at=AT)

        assert "singing" not in str(row)

    def test_are_named_alike_for_the_same_write_and_anew_for_each_look(self):
        """A write that is brought twice is one row; a second look is a second one."""
        stone, said = a_stone(), {"kind": "stones", "version": 3, "service": "s", "at": AT}

        assert write_row(an_intent(), stone, **said) == write_row(an_intent(), stone, **said)
        assert (
            read_row(an_intent(), stone, **said)["id"] != read_row(an_intent(), stone, **said)["id"]
        )

    def test_of_refusals_name_the_codes(self):
        """Who tried, and what stood in the way."""
        row = refused_row(
            an_intent(), outcome="refused", codes=["A_CODE"], object_id=None, service="s", at=AT
        )

        assert (row["outcome"], row["codes"]) == ("refused", ["A_CODE"])


class TestLinkHash:
    """What ties one row to the next."""

    def test_changes_with_everything_that_is_said(self):
        """Whatever the hash does not cover can be rewritten."""
        row = a_row()
        place = {"process": "p", "n": 1, "prev": bytes(32), "key": KEY}
        whole = link_hash(row, **place)

        for name, other in [("codes", ["X"]), ("caller_id", uuid4()), ("version", 4), ("id", None)]:
            assert link_hash(row | {name: other}, **place) != whole
        for name, other in [("process", "q"), ("n", 2), ("prev", b"x" * 32), ("key", b"x" * 32)]:
            assert link_hash(row, **(place | {name: other})) != whole


def check_chain(rows):
    """Follow every process's chain from its beginning, and count its links."""
    heads = {}
    for row in rows:
        prev, n = heads.get(row["process"], (bytes(32), 0))
        assert (row["n"], bytes(row["prev"])) == (n, prev)
        said = {name: row.get(name) for name in AuditRow.__annotations__}
        head = link_hash(said, process=row["process"], n=n, prev=prev, key=KEY)
        assert bytes(row["hash"]) == head
        heads[row["process"]] = (head, n + 1)
    return len(rows)


@pytest.mark.wired
class TestAuditChain:
    """The chain on a real database."""

    @pytest.fixture
    async def kept(self, mongo_url):
        """A collection of its own."""
        mongo = Mongo(mongo_url)
        kept = mongo.database("cairn_audit_test")[uuid4().hex]
        await ensure_indexes(kept, INDEXES)
        yield kept
        await kept.drop()
        await mongo.close()

    async def chain(self, kept, process="one"):
        """Start the chain of one process."""
        chain = AuditChain(kept, key=KEY, process=process)
        await chain.start()
        return chain

    async def rows(self, kept):
        """Read all chains in their order."""
        return await found(kept, {}, order=[("process", 1), ("n", 1)])

    async def test_has_every_row_once_whoever_awaits_it_goes_on(self, kept):
        """An answer is given when its row is kept, not before."""
        chain = await self.chain(kept)

        await asyncio.gather(*(chain.append(a_row()) for _ in range(500)))

        assert check_chain(await self.rows(kept)) == 500
        await chain.stop()

    async def test_writes_together_what_comes_together(self, kept, monkeypatch):
        """One write a row would be 53 to 172 rows a second; the edge needs thousands."""
        chain = await self.chain(kept)
        inserts = []
        insert_many = kept.insert_many
        monkeypatch.setattr(
            kept,
            "insert_many",
            lambda rows, **how: inserts.append(rows) or insert_many(rows, **how),
        )

        await asyncio.gather(*(chain.append(a_row()) for _ in range(500)))

        assert len(inserts) < 10
        await chain.stop()

    async def test_keeps_a_row_single_that_two_processes_bring(self, kept):
        """The fast path and the sweeper may carry the same write's row; both chains stay whole."""
        one, two = await self.chain(kept, "one"), await self.chain(kept, "two")
        carried = [a_row() for _ in range(100)]

        await asyncio.gather(
            *(chain.append_many([row]) for row in carried for chain in (one, two, one)),
            *(chain.append(a_row()) for _ in range(50) for chain in (one, two)),
        )

        assert check_chain(await self.rows(kept)) == 200
        await one.stop()
        await two.stop()

    async def test_says_so_when_a_row_may_not_be_kept_and_goes_on_later(self, kept, monkeypatch):
        """Nobody is answered without a row, and a restart of the database ends no process."""
        chain = await self.chain(kept)
        insert_many = kept.insert_many

        async def away(*_, **__):
            raise StoreAway

        monkeypatch.setattr(kept, "insert_many", away)
        with pytest.raises(StoreAway):
            await chain.append(a_row())
        monkeypatch.setattr(kept, "insert_many", insert_many)
        await chain.append(a_row())

        assert check_chain(await self.rows(kept)) == 2
        await chain.stop()

    async def test_stays_whole_when_a_write_was_kept_but_not_acknowledged(self, kept, monkeypatch):
        """The outcome of a lost connection is unknown; a second copy would break the chain."""
        chain = await self.chain(kept)
        insert_many = kept.insert_many

        async def kept_but_lost(rows, **how):
            await insert_many(rows, **how)
            raise StoreAway

        monkeypatch.setattr(kept, "insert_many", kept_but_lost)
        with pytest.raises(StoreAway):
            await chain.append(a_row())
        monkeypatch.setattr(kept, "insert_many", insert_many)
        await chain.append(a_row())

        assert check_chain(await self.rows(kept)) == 2
        await chain.stop()
