"""Which shapes does sessions take in and show over HTTP?"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from pydantic import Field

from chassis.rows import Kept
from contracts.base import Instant, Value
from contracts.clinical import Reason
from contracts.ids import ClientId, EntryId, VisitId
from contracts.sessions import Entry, VisitStanding
from sessions.model import (
    AdverseEvents,
    DischargeAsked,
    DoseAsked,
    EntryDocument,
    MoveAsked,
    PresenceMode,
    TakenAsked,
    Visit,
    VisitAsked,
)

EntryOutcome: TypeAlias = Literal["stored", "repeated", "addendum", "malformed"]


class NothingMore(Value):
    """A command whose address says it all."""


class VisitGiven(VisitAsked):
    """A visit to be booked."""


class VisitsAsked(Value):
    """Which visits of a client to list."""

    client: ClientId
    since: Annotated[Instant | None, Field(alias="from")] = None
    until: Annotated[Instant | None, Field(alias="to")] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 100
    after: VisitId | None = None

    def starting(self) -> dict[str, datetime]:
        """Give the bounds of their start, as the store compares them."""
        bounds = {"$gte": self.since, "$lt": self.until}
        return {how: moment for how, moment in bounds.items() if moment is not None}


class MoveGiven(MoveAsked):
    """Another time for a visit."""


class PresenceGiven(Value):
    """How the therapist is with the client from now on."""

    mode: PresenceMode


class DoseGiven(DoseAsked):
    """The dose to be released."""


class TakenGiven(TakenAsked):
    """Medicine as it was taken."""


class DischargeGiven(DischargeAsked):
    """What was found before the client is let go."""


class SignatureGiven(Value):
    """What the signer of a record states."""

    adverse_events: AdverseEvents | None = None
    """None is no statement, and a record without one is not whole."""


class VisitTold(Value):
    """A visit as another service heard of it last."""

    id: VisitId
    sequence: Annotated[int, Field(ge=0)]


class VisitsTold(Value):
    """Visits that another service is about to act for."""

    visits: Annotated[tuple[VisitTold, ...], Field(max_length=200)]


class VisitConfirmed(Value):
    """Whether what was heard of a visit is still how it stands."""

    id: VisitId
    current: bool
    sequence: int | None = None
    """The newest that was told; None for a visit that is not known."""

    standing: VisitStanding | None = None
    starts_at: datetime | None = None

    @classmethod
    def of(cls, told: VisitTold, kept: Kept[Visit] | None) -> "VisitConfirmed":
        """Hold what was heard against what stands."""
        if kept is None:
            return cls(id=told.id, current=False)
        return cls(
            id=told.id,
            current=kept.sequence == told.sequence,
            sequence=kept.sequence,
            standing=kept.document.standing,
            starts_at=kept.document.starts_at,
        )


class VisitsConfirmed(Value):
    """The answer for each visit asked about, in the order of the question."""

    visits: tuple[VisitConfirmed, ...]

    @classmethod
    def of(cls, told: VisitsTold, kept: Mapping[UUID, Kept[Visit]]) -> "VisitsConfirmed":
        """Answer for each visit."""
        return cls(visits=tuple(VisitConfirmed.of(one, kept.get(one.id)) for one in told.visits))


class EntriesGiven(Value):
    """Entries as a device sends them; each is read by itself, so that none spoils another."""

    entries: Annotated[tuple[dict[str, Any], ...], Field(min_length=1, max_length=100)]


class EntryResult(Value):
    """What became of one entry that was sent."""

    entry_id: EntryId | None
    """None where what was sent names no id that could be read."""

    outcome: EntryOutcome
    problems: tuple[Reason, ...] = ()

    def late(self) -> "EntryResult":
        """Say that what was new came behind the fence."""
        if self.outcome != "stored":
            return self
        return EntryResult(entry_id=self.entry_id, outcome="addendum")


class EntryResults(Value):
    """What became of each entry, in the order they were sent."""

    entries: tuple[EntryResult, ...]

    @classmethod
    def of(cls, results: Iterable[EntryResult], *, in_time: bool) -> "EntryResults":
        """Say of what is new whether it came before the fence."""
        return cls(entries=tuple(each if in_time else each.late() for each in results))


class EntryShown(Entry):
    """An entry, and whether it belongs to the record or was added to it."""

    addendum: bool

    @classmethod
    def of(cls, entry: EntryDocument, *, addendum: bool) -> "EntryShown":
        """Show one entry."""
        return cls(**entry.entry().model_dump(), addendum=addendum)


class EntriesShown(Value):
    """A page of entries."""

    items: tuple[EntryShown, ...]
    next: EntryId | None = None
    """What to ask for `after`; None on the last page."""

    @classmethod
    def page(
        cls, entries: Sequence[EntryDocument], *, addenda: Collection[EntryId], limit: int
    ) -> "EntriesShown":
        """Show one page; a full one names where the next begins."""
        items = (EntryShown.of(each, addendum=each.entry_id in addenda) for each in entries)
        full = len(entries) >= limit
        return cls(items=tuple(items), next=entries[-1].entry_id if full else None)
