"""Keys are made once, read by all, and destroyed for good."""

import asyncio
import base64
import os
from uuid import uuid4

import pytest

from chassis.mongo import Mongo, found
from chassis.testing import MemoryVault
from chassis.vault import (
    CACHE_SECONDS,
    DATABASE,
    KeyShredded,
    KeyUnknown,
    MasterKeyWrong,
    Vault,
    read_master_key,
)
from contracts.ids import key_id


class TestReadMasterKey:
    """The one secret that opens all others."""

    @pytest.mark.parametrize(
        "encode", [base64.b64encode, base64.urlsafe_b64encode], ids=["base64", "for addresses"]
    )
    def test_reads_base64_of_32_bytes(self, tmp_path, encode):
        """Both alphabets are in use, and a line break at the end is what editors leave."""
        key = bytes(range(224, 256))
        (tmp_path / "key").write_bytes(encode(key) + b"\n")

        assert read_master_key(tmp_path / "key") == key

    @pytest.mark.parametrize("held", [b"", b"abc", base64.b64encode(bytes(16)), b"\xff" * 44])
    def test_refuses_anything_else(self, tmp_path, held):
        """A short key would be accepted by nothing later, or worse, by something."""
        (tmp_path / "key").write_bytes(held)

        with pytest.raises(MasterKeyWrong):
            read_master_key(tmp_path / "key")


class TestSubkey:
    """Keys for one use each."""

    def test_differs_by_label_and_is_the_same_in_every_process(self):
        """A hash of a name must be found by all, and tell nothing about an audit chain."""
        key = os.urandom(32)

        assert MemoryVault(key).subkey("names") == MemoryVault(key).subkey("names")
        assert MemoryVault(key).subkey("names") != MemoryVault(key).subkey("audit")
        assert MemoryVault(key).subkey("names") != MemoryVault().subkey("names")


MASTER_KEY = os.urandom(32)


@pytest.mark.wired
class TestVault:
    """The vault on a real database."""

    @pytest.fixture
    async def mongo(self, mongo_url):
        """A driver of its own."""
        mongo = Mongo(mongo_url)
        yield mongo
        await mongo.close()

    @pytest.fixture
    def vault(self, mongo):
        """A vault as one process has it."""
        return Vault(mongo, MASTER_KEY)

    async def test_makes_one_key_however_many_ask_at_once(self, mongo):
        """With two keys under one id, half of what is sealed could never be opened."""
        about = uuid4()
        vaults = [Vault(mongo, MASTER_KEY) for _ in range(20)]

        rings = await asyncio.gather(*(vault.open_keys(about, ("chart",)) for vault in vaults))

        assert len({ring.key(key_id(about, "chart")).jwk.raw_value for ring in rings}) == 1

    async def test_keeps_no_key_in_the_clear(self, vault, mongo):
        """Whoever copies the database has nothing without the master key."""
        about = uuid4()
        ring = await vault.open_keys(about, ("chart",))
        kid = key_id(about, "chart")

        (row,) = await found(mongo.database(DATABASE)["keys"], {"_id": kid})
        assert row["about"] == about
        assert row["class"] == "chart"
        assert ring.key(kid).jwk.raw_value not in bytes(row["wrapped"])

    async def test_refuses_to_open_with_another_master_key(self, vault, mongo):
        """A wrong key file must be told from a lost key."""
        about = uuid4()
        await vault.open_keys(about, ("chart",))

        with pytest.raises(MasterKeyWrong):
            await Vault(mongo, os.urandom(32)).fetch([key_id(about, "chart")])

    async def test_refuses_a_wrapped_key_that_was_moved(self, vault, mongo):
        """Who may write to the vault must not be able to give one person another one's key."""
        mine, theirs = uuid4(), uuid4()
        for about in (mine, theirs):
            await vault.open_keys(about, ("chart",))
        keys = mongo.database(DATABASE)["keys"]
        (row,) = await found(keys, {"_id": key_id(theirs, "chart")})
        await keys.update_one({"_id": key_id(mine, "chart")}, {"$set": {"wrapped": row["wrapped"]}})

        with pytest.raises(MasterKeyWrong):
            await Vault(mongo, MASTER_KEY).fetch([key_id(mine, "chart")])

    async def test_tells_shredded_from_unknown(self, vault, mongo):
        """The one is dropped and counted, the other parked: somebody must look."""
        about = uuid4()
        await vault.open_keys(about, ("chart", "contact"))
        await vault.shred(key_id(about, "chart"), by=uuid4())
        never_made = uuid4()

        wanted = [key_id(about, "chart"), key_id(about, "contact"), never_made]
        ring = await Vault(mongo, MASTER_KEY).fetch(wanted)
        with pytest.raises(KeyShredded):
            ring.key(key_id(about, "chart"))
        assert ring.knows(key_id(about, "contact"))
        with pytest.raises(KeyUnknown):
            ring.key(never_made)

    async def test_never_opens_a_shredded_key_again(self, vault):
        """Erasure is a promise, and a late command must not break it."""
        about = uuid4()
        await vault.open_keys(about, ("chart",))
        await vault.shred(key_id(about, "chart"), by=uuid4())

        with pytest.raises(KeyShredded):
            await vault.open_keys(about, ("chart",))

    async def test_keeps_a_key_shredded_that_comes_back_with_a_backup(self, vault, mongo):
        """A restored vault must not undo an erasure."""
        about = uuid4()
        kid = key_id(about, "chart")
        await vault.open_keys(about, ("chart",))
        keys = mongo.database(DATABASE)["keys"]
        (backup,) = await found(keys, {"_id": kid})
        await vault.shred(kid, by=uuid4())
        await keys.insert_one(backup)

        assert (await Vault(mongo, MASTER_KEY).fetch([kid])).shredded(kid)

    async def test_shreds_and_opens_at_once_without_a_key_left_to_use(self, mongo):
        """Whichever comes first, the person stays erased."""
        for _ in range(20):
            about = uuid4()
            kid = key_id(about, "chart")
            opening = Vault(mongo, MASTER_KEY).open_keys(about, ("chart",))
            shredding = Vault(mongo, MASTER_KEY).shred(kid, by=uuid4())

            await asyncio.gather(opening, shredding, return_exceptions=True)

            assert (await Vault(mongo, MASTER_KEY).fetch([kid])).shredded(kid)

    async def test_forgets_a_key_that_was_shredded_elsewhere(self, mongo):
        """A cache that keeps keys for ever keeps the erased readable for ever."""
        about = uuid4()
        kid = key_id(about, "chart")
        caching = Vault(mongo, MASTER_KEY, cache_seconds=0.2)
        await caching.open_keys(about, ("chart",))
        await Vault(mongo, MASTER_KEY).shred(kid, by=uuid4())
        assert (await caching.fetch([kid])).knows(kid)

        await asyncio.sleep(0.25)

        assert (await caching.fetch([kid])).shredded(kid)

    def test_promises_readers_half_a_minute_at_most(self):
        """25 s of cache leave 5 s for the shredding itself."""
        assert CACHE_SECONDS <= 25
