"""What has a service heard of other services' documents? One mirror a topic, the newest wins."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from chassis.domain import Work
from chassis.hearing import Fact, Heard, fact_of, work_of
from chassis.mongo import Index, Rows, change_many, ensure_indexes, found, majority_reads
from chassis.rows import stamped, work_entry
from chassis.sealing import key_id_of, open_sealed
from chassis.store import Keeping
from chassis.vault import KeyRing
from contracts.base import Message
from contracts.catalog import TOPICS
from contracts.envelope import Unreadable

M = TypeVar("M", bound=Message)

_OUTBOX = Index("outbox", ("outbox_oldest",), partial={"outbox_oldest": {"$exists": True}})
_SETTLED = {
    "$set": {"in_doubt": {"$cond": [{"$gt": ["$in_doubt", "$sequence"]}, "$in_doubt", "$$REMOVE"]}}
}
"""No doubt is left once the kept state is as new as what could not be applied."""


@dataclass(frozen=True, slots=True)
class Mirrored(Generic[M]):
    """A document of another service as last heard: for showing, planning and finding."""

    state: M
    sequence: int
    in_doubt: bool
    """Whether something newer arrived that could not be read."""


class Mirror(Generic[M]):
    """The newest heard state of every document of one topic.

    The sealed body stays as it came; beside it stand only the fields that queries need. A state
    is taken if its sequence is greater than the kept one, by one pipeline upsert filtered by the
    id alone: filtered by the sequence it would lose the newest state in races.
    """

    newest_only = True

    def __init__(
        self,
        states: type[M],
        raw: Rows,
        keeping: Keeping,
        *,
        clear_fields: Sequence[str] = (),
        follow: Callable[[M], Sequence[Work]] | None = None,
        indexes: Sequence[Index] = (),
    ) -> None:
        """Mirror the topic of these states, and follow each new one up with this work."""
        self.topic = states.topic
        self._states = states
        self._known = {message.wire_name: message for message in TOPICS[self.topic]}
        self._raw = raw
        self._keeping = keeping
        self._clear_fields = clear_fields
        self._follow = follow
        self._indexes = (_OUTBOX, *indexes)

    @property
    def raw(self) -> Rows:
        """The collection itself, for sweeping."""
        return self._raw

    async def ensure_indexes(self) -> None:
        """Make the indexes that queries and the sweeper need."""
        await ensure_indexes(self._raw, self._indexes)

    async def get(self, subject: UUID) -> Mirrored[M] | None:
        """Give the newest heard state of one document; None while nothing was heard."""
        return (await self.get_many([subject])).get(subject)

    async def get_many(self, subjects: Iterable[UUID]) -> dict[UUID, Mirrored[M]]:
        """Give the newest heard states of those documents that were heard of."""
        mirrored = await self.find({"_id": {"$in": list(subjects)}}, limit=0)
        return {each.state.subject: each for each in mirrored}

    async def find(self, where: Mapping[str, Any], *, limit: int = 100) -> list[Mirrored[M]]:
        """Give newest heard states by their clear fields; a limit of 0 means all of them."""
        rows = await found(self._raw, {**where, "body": {"$exists": True}}, limit=limit)
        kids = [key_id_of(row["body"]) for row in rows if row["sealed"]]
        ring = await self._keeping.vault.fetch(kids)
        return [
            self._read(row, ring)
            for row in rows
            if not (row["sealed"] and ring.shredded(key_id_of(row["body"])))
        ]

    def _read(self, row: Mapping[str, Any], ring: KeyRing) -> Mirrored[M]:
        body = row["body"]
        if row["sealed"]:
            body = open_sealed(
                ring, body, subject=row["_id"], kind=row["type"], sequence=row["sequence"]
            )
        state = self._states.model_validate_json(body, extra="ignore")
        return Mirrored(state, row["sequence"], "in_doubt" in row)

    def open(self, heard: Heard, ring: KeyRing) -> Fact:
        """Open one state of this topic."""
        return fact_of(heard, ring, known=self._known)

    async def hear(self, opened: Sequence[Fact]) -> None:
        """Take each state that is newer than the kept one, with its follow-ups, in one call."""
        await change_many(self._raw, map(self._taking, opened), upsert=True)
        if self._follow is not None:
            await self._publish(fact.message.subject for fact in opened)

    async def doubt(self, heard: Heard) -> None:
        """Show this document as in doubt until a newer state, or a retry of this one, is taken."""
        sequence = heard.envelope.sequence
        kept = {"$ifNull": ["$sequence", -1]}
        doubted = {"$max": ["$in_doubt", sequence]}
        update = {"in_doubt": {"$cond": [{"$lt": [kept, sequence]}, doubted, "$in_doubt"]}}
        where = {"_id": heard.envelope.subject}
        await change_many(self._raw, [(where, [{"$set": update}])], upsert=True)

    async def _publish(self, subjects: Iterable[UUID]) -> None:
        pending = await found(
            majority_reads(self._raw),
            {"_id": {"$in": list(subjects)}, "outbox_oldest": {"$exists": True}},
            fields={"outbox": 1},
        )
        for row in pending:
            self._keeping.relay.offer(self._raw, row["_id"], row["outbox"])

    def _taking(self, fact: Fact) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
        envelope = fact.heard.envelope
        kept = {
            "_id": envelope.subject,
            "sequence": envelope.sequence,
            "type": envelope.type,
            "sealed": envelope.sealed,
            "body": fact.heard.record.value,
            "clear": self._clear(fact.message),
        }
        parts: list[Any] = ["$$ROOT", {"$literal": kept}]
        if work := self._work(fact):
            pending = {"$ifNull": ["$outbox", []]}
            parts.append(
                {
                    "outbox": {"$concatArrays": [pending, stamped(work)]},
                    "outbox_oldest": {"$ifNull": ["$outbox_oldest", "$$NOW"]},
                }
            )
        newer = {"$gt": [envelope.sequence, {"$ifNull": ["$sequence", -1]}]}
        return (
            {"_id": envelope.subject},
            [{"$replaceWith": {"$cond": [newer, {"$mergeObjects": parts}, "$$ROOT"]}}, _SETTLED],
        )

    def _work(self, fact: Fact) -> list[dict[str, Any]]:
        if self._follow is None:
            return []
        telling = self._keeping.telling(traceparent=fact.heard.envelope.traceparent)
        state = self._states.model_validate(fact.message, from_attributes=True)
        return [
            work_entry(work, cause=fact.heard.envelope.id, telling=telling)
            for work in self._follow(state)
        ]

    def _clear(self, message: Message) -> dict[str, Any]:
        values = {name: getattr(message, name) for name in self._clear_fields}
        return {name: value for name, value in values.items() if value is not None}


class Follower:
    """Does the work that this service has asked of itself."""

    newest_only = False

    def __init__(self, service: str, verbs: Mapping[str, Callable[[Sequence[Work]], Any]]) -> None:
        """Do each verb by its function."""
        self.topic = f"{service}.work"
        self._verbs = verbs

    def open(self, heard: Heard, ring: KeyRing) -> Work:  # noqa: ARG002 - work is never sealed
        """Read one follow-up of a known verb."""
        work = work_of(heard)
        if work.verb not in self._verbs:
            raise Unreadable("TYPE_UNKNOWN", "No work of this name is known here.")
        return work

    async def hear(self, opened: Sequence[Work]) -> None:
        """Do the work verb by verb, each document once."""
        for verb, act in self._verbs.items():
            asked = {work.subject: work for work in opened if work.verb == verb}
            if asked:
                await act(list(asked.values()))

    async def doubt(self, heard: Heard) -> None:
        """Work changes no mirror: that it is parked says all there is."""
