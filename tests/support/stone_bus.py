"""Stones on a bus of their own, and processes that die between writing, sending and removing."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Literal
from uuid import UUID, uuid4

import pytest

from cairn.topics import Topic, Topics, apply
from chassis.mongo import Rows
from chassis.outbox import Relay
from chassis.producer import Producer
from chassis.store import Collection
from contracts.base import Message, SealClass, Service
from hearings import eventually
from trial import Stone, StoneLaid, StoneState
from worlds import Shelf, a_shelf

_NOWHERE = "127.0.0.1:9"


class StoneCracked(Message):
    """A stone cracked; a happening, which no newer fact says again."""

    wire_name: ClassVar[str] = "intake.stone-cracked.v1"
    topic: ClassVar[str] = StoneState.topic
    carries: ClassVar[Literal["state", "happening"]] = "happening"
    heard_by: ClassVar[tuple[Service, ...]] = ("sessions",)
    sealed_as: ClassVar[SealClass | None] = "chart"
    subject_field: ClassVar[str] = "stone_id"
    about_field: ClassVar[str | None] = "walker_id"

    stone_id: UUID
    walker_id: UUID
    words: str


class StoneLost(StoneState):
    """A stone that is spoken of in a topic that nobody has made."""

    wire_name: ClassVar[str] = "intake.stone-lost.v1"


@contextmanager
def stones_topic(kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Let stones be spoken of in a topic that no service of another test hears."""
    topic = f"trial.stones-{uuid4().hex[:8]}"
    make_topic(kafka_bootstrap, topic)
    for fact in (StoneLaid, StoneCracked):
        monkeypatch.setattr(fact, "topic", topic)
    monkeypatch.setattr(StoneLost, "topic", f"trial.lost-{uuid4().hex[:8]}")
    yield topic


def make_topic(kafka_bootstrap: str, topic: str) -> None:
    """Make a topic as `cairn topics apply` would."""
    made = {topic: Topic(writer="intake", readers=("sessions",))}
    apply(kafka_bootstrap, Topics(partitions=2, retention_ms=-1, topics=made))


@asynccontextmanager
async def a_shelf_on_the_bus(mongo_url: str, kafka_bootstrap: str) -> AsyncIterator[Shelf]:
    """Open a shelf whose producer has found Kafka."""
    async with a_shelf(mongo_url, kafka_bootstrap=kafka_bootstrap) as shelf:
        await eventually(lambda: shelf.producer.connected, wanted=True)
        yield shelf


def a_dead_writer(shelf: Shelf, name: str = "stones") -> Collection[Stone]:
    """A process that keeps stones on the same shelf and ends before it publishes anything."""
    relay = Relay(Producer(_NOWHERE), shelf.keeping.audit, shelf.keeping.clock)
    rows = shelf.raw.database[name]
    return Collection(Stone, rows, replace(shelf.keeping, relay=relay))


def a_relay_that_removes_nothing(shelf: Shelf) -> Relay:
    """A process that publishes and ends before it removes; started, it goes on to remove."""
    return Relay(shelf.producer, shelf.keeping.audit, shelf.keeping.clock)


async def outbox(rows: Rows, stone_id: UUID, *, lane: str | None = None) -> list[dict[str, Any]]:
    """Give what waits to be told of a stone."""
    row: dict[str, Any] = await rows.find_one({"_id": stone_id}) or {}
    return [each for each in row.get("outbox", []) if lane in {None, each["lane"]}]


async def told_all(rows: Rows, stone_id: UUID) -> None:
    """Wait until nothing waits any more."""
    await eventually(partial(outbox, rows, stone_id), [])
