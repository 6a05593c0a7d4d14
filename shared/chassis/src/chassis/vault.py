"""Where are the data keys? In one database that every service reads, wrapped by the master key.

A key that was shredded stands in a register, and the register wins: a wrapped key that comes back
with an old backup, or is made in the same moment as it is shredded, opens nothing.
"""

import base64
import binascii
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc.jwk import OctKey

from chassis.mongo import Mongo, Taken, aggregated, translate
from contracts.base import SealClass
from contracts.ids import key_id

DATABASE = "cairn_keys"
CACHE_SECONDS = 25.0
_CACHED_KEYS = 20_000
_KEY_BYTES = 32
_NONCE_BYTES = 12


class MasterKeyWrong(Exception):
    """The master key cannot be read, or is not the one that wrapped the data keys."""


class KeyShredded(Exception):
    """The key was destroyed on purpose; what it sealed can never be read again."""

    def __init__(self, key: UUID) -> None:
        super().__init__(str(key))
        self.key_id = key


class KeyUnknown(Exception):
    """There is no such key, and nobody destroyed it: something is wrong."""

    def __init__(self, key: UUID) -> None:
        super().__init__(str(key))
        self.key_id = key


@dataclass(frozen=True, slots=True)
class DataKey:
    """One person's key for one class of bodies, ready for use."""

    id: UUID
    jwk: OctKey = field(repr=False)


_NO_KEYS: Final[Mapping[UUID, DataKey]] = MappingProxyType({})


class KeyRing:
    """The keys of one batch, as they stood when they were fetched."""

    __slots__ = ("_keys", "_shredded")

    def __init__(
        self, keys: Mapping[UUID, DataKey] = _NO_KEYS, *, shredded: frozenset[UUID] = frozenset()
    ) -> None:
        self._keys = keys
        self._shredded = shredded

    def key(self, kid: UUID) -> DataKey:
        """Give one key.

        Raises:
            KeyShredded: it was destroyed on purpose.
            KeyUnknown: it was never made, or is lost.
        """
        key = self._keys.get(kid)
        if key is not None:
            return key
        raise KeyShredded(kid) if kid in self._shredded else KeyUnknown(kid)

    def shredded(self, kid: UUID) -> bool:
        """Say whether a key was destroyed on purpose."""
        return kid in self._shredded

    def knows(self, kid: UUID) -> bool:
        """Say whether a key is there."""
        return kid in self._keys


_SHREDDED: Final = "shredded"
_Held: TypeAlias = DataKey | Literal["shredded"]


class Vault:
    """The data keys of every client and member of staff."""

    def __init__(
        self, mongo: Mongo, master_key: bytes, *, cache_seconds: float = CACHE_SECONDS
    ) -> None:
        self._master_key = master_key
        self._cache_seconds = cache_seconds
        self._wrapping = AESGCM(self.subkey("wrap"))
        self._cache: dict[UUID, tuple[float, _Held]] = {}
        database = mongo.database(DATABASE)
        self._keys = database["keys"]
        self._register = database["shredded"]

    def subkey(self, label: str) -> bytes:
        """Derive the key for one use; every use has its own label."""
        derivation = HKDF(SHA256(), _KEY_BYTES, salt=None, info=f"cairn:{label}".encode())
        return derivation.derive(self._master_key)

    async def open_keys(self, about: UUID, classes: Iterable[SealClass]) -> KeyRing:
        """Make the keys of a person that are not there yet, and give them all.

        Done before anything is sealed for that person; repeating it changes nothing.

        Raises:
            KeyShredded: this person was erased; nothing is ever sealed for them again.
        """
        wanted = {key_id(about, sealed_as): sealed_as for sealed_as in classes}
        ring = await self.fetch(wanted)
        for kid, sealed_as in wanted.items():
            if ring.shredded(kid):
                raise KeyShredded(kid)
            if not ring.knows(kid):
                await self._keep_new(kid, about, sealed_as)
        return await self.fetch(wanted)

    async def fetch(self, key_ids: Iterable[UUID]) -> KeyRing:
        """Give these keys, asking the database once for all that are not in the cache.

        A key that is not there is looked for again each time; one that is there or was shredded
        is remembered for 25 s.
        """
        now = time.monotonic()
        wanted = dict.fromkeys(key_ids)
        held = {kid: it for kid in wanted if (it := self._cached(kid, now)) is not None}
        missing = [kid for kid in wanted if kid not in held]
        if missing:
            loaded = await self._load(missing)
            self._remember(loaded, until=now + self._cache_seconds)
            held |= loaded
        return KeyRing(
            {kid: it for kid, it in held.items() if isinstance(it, DataKey)},
            shredded=frozenset(kid for kid, it in held.items() if it == _SHREDDED),
        )

    async def shred(self, kid: UUID, *, by: UUID) -> None:
        """Destroy a key: the register first, so that a crash in between leaves nothing readable."""
        with translate():
            await self._register.update_one(
                {"_id": kid},
                [{"$set": {"by": {"$ifNull": ["$by", by]}, "at": {"$ifNull": ["$at", "$$NOW"]}}}],
                upsert=True,
            )
            await self._keys.delete_one({"_id": kid})
        self._cache.pop(kid, None)

    def forget(self) -> None:
        """Drop what is remembered, so that the next question goes to the database."""
        self._cache.clear()

    async def _keep_new(self, kid: UUID, about: UUID, sealed_as: SealClass) -> None:
        """Two makers at once are one: the first one's key stays."""
        row = {"about": about, "class": sealed_as, "wrapped": self._wrap(kid, _new_key())}
        made: dict[str, Any] = {name: {"$ifNull": [f"${name}", text]} for name, text in row.items()}
        made["made_at"] = {"$ifNull": ["$made_at", "$$NOW"]}
        try:
            with translate():
                await self._keys.update_one({"_id": kid}, [{"$set": made}], upsert=True)
        except Taken:
            return  # the other maker was faster between the look and the write

    def _cached(self, kid: UUID, now: float) -> _Held | None:
        until, held = self._cache.get(kid, (0.0, None))
        return held if until > now else None

    async def _load(self, missing: list[UUID]) -> dict[UUID, _Held]:
        """Read wrapped keys and the register in one query; the register wins."""
        chosen = {"$match": {"_id": {"$in": missing}}}
        rows = await aggregated(
            self._keys,
            [
                chosen,
                {"$project": {"wrapped": 1}},
                {
                    "$unionWith": {
                        "coll": self._register.name,
                        "pipeline": [chosen, {"$project": {"shredded": {"$literal": True}}}],
                    }
                },
            ],
        )
        shredded = {row["_id"] for row in rows if "shredded" in row}
        held: dict[UUID, _Held] = dict.fromkeys(shredded, _SHREDDED)
        for row in rows:
            if row["_id"] not in shredded:
                held[row["_id"]] = self._unwrap(row["_id"], bytes(row["wrapped"]))
        return held

    def _remember(self, loaded: Mapping[UUID, _Held], *, until: float) -> None:
        """Forget the oldest first where there are too many."""
        for kid, key in loaded.items():
            self._cache.pop(kid, None)
            self._cache[kid] = (until, key)
        while len(self._cache) > _CACHED_KEYS:
            del self._cache[next(iter(self._cache))]

    def _wrap(self, kid: UUID, key: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._wrapping.encrypt(nonce, key, kid.bytes)

    def _unwrap(self, kid: UUID, wrapped: bytes) -> DataKey:
        try:
            key = self._wrapping.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], kid.bytes)
        except InvalidTag:
            raise MasterKeyWrong("a data key was wrapped by another master key") from None
        return data_key(kid, key)


def data_key(kid: UUID, key: bytes) -> DataKey:
    """Make a key ready for use once, so that no seal pays for it."""
    return DataKey(kid, OctKey.import_key(key))


def read_master_key(path: Path) -> bytes:
    """Read the master key: one line, base64 of 32 bytes.

    Raises:
        MasterKeyWrong: the file holds something else.
    """
    text = path.read_bytes().strip().translate(bytes.maketrans(b"-_", b"+/"))
    try:
        key = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != _KEY_BYTES:
        raise MasterKeyWrong("CAIRN_MASTER_KEY_FILE must hold base64 of 32 random bytes")
    return key


def _new_key() -> bytes:
    return os.urandom(_KEY_BYTES)
