"""Heaps of facts that lie on the bus before anybody hears them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer

from chassis.outbox import as_record
from chassis.producer import Record
from chassis.rows import fact_entry
from chassis.vault import KeyRing, Vault
from contracts.base import Message, SealClass
from contracts.ids import SiteId, key_id
from contracts.intake import SiteChanged
from contracts.sessions import VisitScheduled, VisitState
from visit_facts import TELLING, a_visit, told

_OPENED_AT_ONCE = 64
_SENT_AT_ONCE = 500


@dataclass(frozen=True)
class Heap:
    """Facts of one kind on a topic of their own, each about another document."""

    topic: str
    states: type[Message]
    messages: tuple[type[Message], ...]
    clear_fields: tuple[str, ...]
    count: int
    key_ids: tuple[UUID, ...] = ()
    forgets_keys: bool = False
    """Whether each round begins with no key in memory."""

    @property
    def sealed(self) -> bool:
        """Whether the bodies are sealed."""
        return self.states.sealed_as is not None

    async def prepare(self, vault: Vault) -> None:
        """Forget the keys, or have them all at hand."""
        vault.forget()
        if not self.forgets_keys:
            await vault.fetch(self.key_ids)

    async def check(self, rows: Any) -> None:
        """Make sure that all of it was kept, and clear it away."""
        kept = await rows.count_documents({})
        await rows.drop()
        if kept != self.count:
            raise RuntimeError(f"{kept} of {self.count} facts were kept")


async def visits_of(clients: int, *, topic: str, count: int, vault: Vault, bootstrap: str) -> Heap:
    """Lay out sealed visits of so many clients; one client a visit means every key is new."""
    ids = [uuid4() for _ in range(clients)]
    ring = await opened(ids, vault, ("chart",))
    records = [
        told(a_visit(client_id=ids[n % clients]), sequence=1, ring=ring) for n in range(count)
    ]
    await send(bootstrap, [replace(record, topic=topic) for record in records])
    return Heap(
        topic,
        VisitState,
        (VisitScheduled,),
        ("client_id",),
        count,
        tuple(key_id(each, "chart") for each in ids),
        forgets_keys=clients == count,
    )


async def sites(*, topic: str, count: int, bootstrap: str) -> Heap:
    """Lay out facts that travel in the clear."""
    records = []
    for _ in range(count):
        site = SiteChanged(site_id=SiteId(uuid4()), name="Harbor", zone="America/Chicago")
        entry = fact_entry(site, sequence=1, site=site.site_id, ring=KeyRing(), telling=TELLING)
        records.append(as_record(entry))
    await send(bootstrap, [replace(record, topic=topic) for record in records])
    return Heap(topic, SiteChanged, (SiteChanged,), (), count)


async def send(bootstrap: str, records: Sequence[Record]) -> None:
    """Put records on the bus and wait for them all."""
    kafka = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    await kafka.start()
    try:
        for first in range(0, len(records), _SENT_AT_ONCE):
            sent = [
                await kafka.send(
                    record.topic, record.value, key=record.key, headers=list(record.headers)
                )
                for record in records[first : first + _SENT_AT_ONCE]
            ]
            await asyncio.gather(*sent)
    finally:
        await kafka.stop()


async def opened(people: Sequence[UUID], vault: Vault, classes: Sequence[SealClass]) -> KeyRing:
    """Open the keys of these people, and give them all."""
    for first in range(0, len(people), _OPENED_AT_ONCE):
        some = people[first : first + _OPENED_AT_ONCE]
        await asyncio.gather(*(vault.open_keys(each, classes) for each in some))
    return await vault.fetch(key_id(each, one) for each in people for one in classes)
