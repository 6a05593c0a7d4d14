"""What intake keeps, read past intake."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.mongo import Database, Mongo, found
from hearings import eventually

COLLECTIONS = ("clients", "pathways")
TOPICS = ("intake.clients", "intake.pathways")


@asynccontextmanager
async def intake_database(mongo_url: str) -> AsyncIterator[Database]:
    """Open intake's own database."""
    mongo = Mongo(mongo_url)
    try:
        yield mongo.database("cairn_intake")
    finally:
        await mongo.close()


async def nothing_waits(database: Database) -> None:
    """Wait until every outbox is empty, for a minute at the most."""
    waits = {"outbox_oldest": {"$exists": True}}

    async def waiting() -> int:
        rows = [await found(database[name], waits, fields={"_id": 1}) for name in COLLECTIONS]
        return sum(map(len, rows))

    await eventually(waiting, 0)
