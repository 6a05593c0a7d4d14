"""A trial document and its fact, for tests of the chassis that should know no medicine."""

from typing import ClassVar, Literal
from uuid import UUID

from chassis.domain import Change, Document, Refused, Work
from contracts.base import Message, SealClass, Service
from contracts.clinical import Reason


class StoneState(Message):
    """A stone on a cairn."""

    topic: ClassVar[str] = "intake.pathways"
    carries: ClassVar[Literal["state", "happening"]] = "state"
    heard_by: ClassVar[tuple[Service, ...]] = ("sessions",)
    sealed_as: ClassVar[SealClass | None] = "chart"
    subject_field: ClassVar[str] = "stone_id"
    about_field: ClassVar[str | None] = "walker_id"

    stone_id: UUID
    walker_id: UUID
    site_id: UUID
    words: str
    weight: int = 0


class StoneLaid(StoneState):
    """A stone was laid.

    Said by: intake.
    Heard by: sessions.
    Personal data: words; sealed as chart.
    """

    wire_name: ClassVar[str] = "intake.stone-laid.v1"


class Stone(StoneState, Document):
    """A stone as its keeper knows it."""

    clear_fields: ClassVar[tuple[str, ...]] = ("walker_id", "weight", "places")
    places: tuple[str, ...] = ()
    """Where it lies: a place holds one stone."""


def lay(stone: Stone) -> Change[Stone]:
    """Lay a stone and say so."""
    return Change(stone, (stone.tell(StoneLaid),))


def add_weight(stone: Stone, grams: int = 1, *, follow: bool = False) -> Change[Stone]:
    """Make a stone heavier; a rule that never looks anywhere else."""
    heavier = stone.but(weight=stone.weight + grams)
    work = (Work("weigh", stone.stone_id, stone.walker_id),) if follow else ()
    return Change(heavier, (heavier.tell(StoneLaid),), work)


def refuse(_stone: Stone) -> Change[Stone]:
    """Say no, for two reasons."""
    raise Refused(
        Reason(code="STONE_TOO_HEAVY", says="The stone is too heavy."),
        Reason(code="STONE_WET", says="The stone is wet."),
    )
