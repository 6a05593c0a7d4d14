"""What do tests stand on? Doubles that keep the same promises without any I/O."""

import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from typing_extensions import override

from chassis.access import Caller, CallerKind, Intent, Row, may
from chassis.clock import Clock
from chassis.mongo import Mongo
from chassis.vault import KeyRing, KeyShredded, Vault, data_key
from contracts.base import SealClass
from contracts.ids import NS_CAIRN, key_id

_NOWHERE = "mongodb://127.0.0.1:1"


class FrozenClock(Clock):
    """A clock that stands still until a test moves it."""

    def __init__(self, at: datetime) -> None:
        super().__init__(Mongo(_NOWHERE), demo=True)
        self._at = at

    @override
    async def start(self) -> None:
        """Need nothing."""

    @override
    def now(self) -> datetime:
        return self._at + timedelta(milliseconds=self.demo_offset_ms)

    @override
    def infrastructure_now(self) -> datetime:
        return self._at

    def move(self, by: timedelta) -> None:
        """Let time pass."""
        self._at += by


class MemoryVault(Vault):
    """A vault whose keys live in memory; shredding and unknown keys are as in the real one."""

    def __init__(self, master_key: bytes = bytes(32)) -> None:
        super().__init__(Mongo(_NOWHERE), master_key)
        self._in_memory: dict[UUID, bytes] = {}
        self._shredded: set[UUID] = set()

    @override
    async def open_keys(self, about: UUID, classes: Iterable[SealClass]) -> KeyRing:
        wanted = [key_id(about, sealed_as) for sealed_as in classes]
        for kid in wanted:
            if kid in self._shredded:
                raise KeyShredded(kid)
            self._in_memory.setdefault(kid, os.urandom(32))
        return await self.fetch(wanted)

    @override
    async def fetch(self, key_ids: Iterable[UUID]) -> KeyRing:
        wanted = set(key_ids)
        return KeyRing(
            {kid: data_key(kid, self._in_memory[kid]) for kid in wanted & self._in_memory.keys()},
            shredded=frozenset(wanted & self._shredded),
        )

    @override
    async def shred(self, kid: UUID, *, by: UUID) -> None:
        self._shredded.add(kid)
        self._in_memory.pop(kid, None)


def a_caller(
    *roles: str, site_id: UUID | None = None, kind: CallerKind = "staff", name: str = "somebody"
) -> Caller:
    """Make a caller who holds these roles at one site, or at every site."""
    site = "*" if site_id is None else str(site_id)
    return Caller(
        id=uuid5(NS_CAIRN, f"test:{name}"),
        kind=kind,
        roles={site: frozenset(roles)} if roles else {},
        name=name if kind == "service" else None,
    )


def an_intent(
    caller: Caller | None = None,
    row: Row | None = None,
    *,
    route: str = "POST /v1/things",
    key: str | None = "a-key",
    fingerprint: str | None = "a-fingerprint",
    if_match: int | None = None,
) -> Intent:
    """Make the intent of a command that its caller may give."""
    return Intent(
        caller=caller or a_caller("site_admin"),
        row=row or may("site_admin"),
        route=route,
        path=route.partition(" ")[2],
        key=key,
        fingerprint=fingerprint,
        if_match=if_match,
    )
