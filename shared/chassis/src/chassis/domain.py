"""What may a rule know of the chassis? Documents, changes and refusals: words only, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Self, TypeVar
from uuid import UUID

from contracts.base import Message, SealClass, Value
from contracts.clinical import Reason

M = TypeVar("M", bound=Message)


class Document(Value):
    """Something with an identity that one service owns and changes one write at a time.

    A document usually is the state it tells others plus what it keeps to itself:
    `class Visit(VisitState, Document)`. At rest its whole body is one sealed value; only
    `clear_fields` stand beside it, for indexes and queries.
    """

    subject_field: ClassVar[str]
    about_field: ClassVar[str | None] = None
    sealed_as: ClassVar[SealClass | None] = None

    clear_fields: ClassVar[tuple[str, ...]] = ()
    """Fields or properties kept in the clear at rest: ids, codes, times, numbers; never words."""

    def but(self, **fields: Any) -> Self:
        """Copy this with other fields, validated again (a plain copy would accept anything)."""
        kept = {name: getattr(self, name) for name in type(self).model_fields}
        unknown = fields.keys() - kept.keys()
        if unknown:
            msg = f"{type(self).__name__} has no {', '.join(sorted(unknown))}"
            raise TypeError(msg)
        return type(self)(**{**kept, **fields})

    def tell(self, fact: type[M]) -> M:
        """Say this fact with the public state of the document: the fields that the fact names."""
        return fact(**{name: getattr(self, name) for name in fact.model_fields})

    def clear(self) -> Mapping[str, Any]:
        """Give what stands in the clear at rest; a field that is None is left out."""
        kept = {name: getattr(self, name) for name in self.clear_fields}
        return {name: value for name, value in kept.items() if value is not None}

    @property
    def id(self) -> UUID:
        """The id of the document."""
        identity: UUID = getattr(self, self.subject_field)
        return identity


D = TypeVar("D", bound=Document)


@dataclass(frozen=True, slots=True)
class Work:
    """A follow-up addressed to the same service: do this verb for that document."""

    verb: str
    subject: UUID
    ordered_by: UUID
    """Work with the same key keeps its order: the client's id where there is one."""


@dataclass(frozen=True, slots=True)
class Change(Generic[D]):
    """A document as it should now stand, with what it tells others and ourselves."""

    document: D
    told: tuple[Message, ...] = ()
    work: tuple[Work, ...] = field(default=())

    happened: bool = False
    """True for what has happened already: it is stored where an intention would have to wait."""


class Refused(Exception):
    """A procedural no: nothing is stored, nothing is told, every reason is named."""

    def __init__(self, *reasons: Reason) -> None:
        """Refuse for these reasons."""
        super().__init__(", ".join(reason.code for reason in reasons))
        self.reasons = reasons
