"""What other services tell, put on a real bus as they put it there: sealed, keyed, in order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from aiokafka import AIOKafkaProducer

from chassis.mongo import Mongo
from chassis.outbox import as_record
from chassis.rows import Telling, fact_entry
from chassis.vault import Vault
from contracts.base import Message
from wired import Servers
from worlds import MASTER_KEY

_AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@dataclass
class Teller:
    """Tells facts with sequences that count up by themselves."""

    vault: Vault
    producer: AIOKafkaProducer
    sequences: dict[UUID, int] = field(default_factory=dict)

    async def tell(self, *messages: Message) -> None:
        """Tell these facts, each under the next sequence of its document."""
        for message in messages:
            sequence = self.sequences.get(message.subject, 0) + 1
            self.sequences[message.subject] = sequence
            await self.tell_again(message, sequence=sequence)

    async def tell_again(self, message: Message, *, sequence: int) -> None:
        """Tell a fact under a sequence that may have been told before."""
        sealed_under = message.sealed_under()
        if message.about is None or sealed_under is None:
            ring = await self.vault.fetch([])
        else:
            ring = await self.vault.open_keys(message.about, {"chart", sealed_under})
        telling = Telling(service=message.topic.partition(".")[0], time=_AT, traceparent=None)
        site = getattr(message, "site_id", None)
        entry = fact_entry(message, sequence=sequence, site=site, ring=ring, telling=telling)
        record = as_record(entry)
        await self.producer.send_and_wait(
            record.topic, key=record.key, value=record.value, headers=[*record.headers]
        )


@asynccontextmanager
async def a_teller(servers: Servers) -> AsyncIterator[Teller]:
    """Connect to the bus and the vault."""
    mongo = Mongo(servers.mongo_url)
    producer = AIOKafkaProducer(bootstrap_servers=servers.kafka_bootstrap, acks="all")
    await producer.start()
    try:
        yield Teller(Vault(mongo, MASTER_KEY), producer)
    finally:
        await producer.stop()
        await mongo.close()
