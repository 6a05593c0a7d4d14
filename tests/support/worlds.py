"""A chassis on real servers, without a service around it."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from chassis.access import Caller, Intent, may
from chassis.audit import AuditChain
from chassis.clock import Clock
from chassis.mongo import Database, Driver, Index, Mongo, Rows
from chassis.outbox import Relay
from chassis.producer import Producer
from chassis.store import Collection, Keeping
from chassis.vault import Vault
from contracts.ids import key_id
from trial import Stone

SITE = UUID("8d1a6f0e-6d0f-4b43-9a8a-0d5f6b1c2e3f")
MASTER_KEY = os.urandom(32)


def an_intent(
    *,
    key: str | None = None,
    fingerprint: str = "fingerprint",
    if_match: int | None = None,
    site: UUID = SITE,
) -> Intent:
    """A coordinator at the trial site who lays stones."""
    caller = Caller(UUID(int=7), "staff", {str(site): frozenset({"intake_coordinator"})})
    return Intent(
        caller=caller,
        row=may("intake_coordinator"),
        route="POST /v1/stones",
        path="/v1/stones",
        key=key,
        fingerprint=fingerprint,
        if_match=if_match,
    )


@dataclass(frozen=True)
class Ground:
    """What keeps and tells in one process, in a database of its own."""

    mongo: Mongo
    vault: Vault
    clock: Clock
    audit: AuditChain
    producer: Producer
    relay: Relay
    keeping: Keeping
    database: Database


@asynccontextmanager
async def a_ground(
    mongo_url: str,
    name: str,
    *,
    service: str = "intake",
    driver: Driver = "pymongo",
    kafka_bootstrap: str | None = None,
    master_key: bytes = MASTER_KEY,
) -> AsyncIterator[Ground]:
    """Lay the ground; without a bus, what is told stays in the outbox."""
    mongo = Mongo(mongo_url, driver=driver)
    vault = Vault(mongo, master_key)
    clock = Clock(mongo, demo=False)
    await clock.start()
    database = mongo.database(name)
    audit = AuditChain(database["audit"], key=b"k" * 32, process=uuid4().hex)
    await audit.start()
    producer = Producer(kafka_bootstrap or "127.0.0.1:9")
    relay = Relay(producer, audit, clock)
    if kafka_bootstrap is not None:
        producer.start()
        relay.start()
    keeping = Keeping(service, vault, relay, clock, audit)
    try:
        yield Ground(mongo, vault, clock, audit, producer, relay, keeping, database)
    finally:
        await relay.stop(within_seconds=2)
        await asyncio.gather(producer.stop(), audit.stop(), clock.stop())
        await mongo.close()


@dataclass(frozen=True)
class Shelf:
    """A collection of stones in a database of its own."""

    mongo: Mongo
    vault: Vault
    stones: Collection[Stone]
    relay: Relay
    keeping: Keeping
    producer: Producer

    @property
    def raw(self) -> Rows:
        """The collection as the driver sees it."""
        return self.stones.raw

    async def row(self, stone_id: UUID) -> dict[str, Any] | None:
        """Read a stone as it lies in the database."""
        row: dict[str, Any] | None = await self.raw.find_one({"_id": stone_id})
        return row

    async def a_stone(self, *, with_key: bool = True, **but: Any) -> Stone:
        """An ordinary stone of a walker who has a key."""
        given = {"stone_id": uuid4(), "walker_id": uuid4(), "site_id": SITE, "words": "grey"} | but
        stone = Stone(**given)
        if with_key:
            await self.vault.open_keys(stone.walker_id, ("chart",))
        return stone

    async def shred(self, walker_id: UUID) -> None:
        """Erase a walker."""
        await self.vault.shred(key_id(walker_id, "chart"), by=UUID(int=1))


@asynccontextmanager
async def a_shelf(
    mongo_url: str,
    *,
    driver: Driver = "pymongo",
    indexes: Sequence[Index] = (),
    kafka_bootstrap: str | None = None,
) -> AsyncIterator[Shelf]:
    """Open a shelf in a database of its own."""
    name = f"trial_{uuid4().hex[:12]}"
    async with a_ground(mongo_url, name, driver=driver, kafka_bootstrap=kafka_bootstrap) as ground:
        stones = Collection(Stone, ground.database["stones"], ground.keeping, indexes=indexes)
        await stones.ensure_indexes()
        yield Shelf(
            ground.mongo, ground.vault, stones, ground.relay, ground.keeping, ground.producer
        )
