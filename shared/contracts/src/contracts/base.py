"""What is every value and every fact made of?"""

from datetime import UTC, date, datetime
from typing import Annotated, ClassVar, Literal, TypeAlias
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints

Service: TypeAlias = Literal["intake", "sessions", "integration", "notifications"]
SealClass: TypeAlias = Literal["contact", "chart", "harm_reduction"]

_EARLIEST_YEAR, _LATEST_YEAR = 1900, 2100


def _whole_milliseconds(instant: datetime) -> datetime:
    if not _EARLIEST_YEAR <= instant.year < _LATEST_YEAR:
        msg = "the year lies outside 1900 to 2099"
        raise ValueError(msg)
    utc = instant.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def _plausible_day(day: date) -> date:
    if not _EARLIEST_YEAR <= day.year < _LATEST_YEAR:
        msg = "the year lies outside 1900 to 2099"
        raise ValueError(msg)
    return day


Instant: TypeAlias = Annotated[AwareDatetime, AfterValidator(_whole_milliseconds)]
"""A point in time: UTC, whole milliseconds; a time without a zone is refused."""

Day: TypeAlias = Annotated[date, AfterValidator(_plausible_day)]
"""A calendar day at some place, without a time."""

Word: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
"""A code or name of ours: lower case, 64 characters at most."""

Line: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""One line of text written by a person."""

Paragraph: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
"""A few sentences written by a person."""


class Value(BaseModel):
    """Something without an identity: frozen, strict about its fields, equal when its parts are."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True
    )


class Message(Value):
    """A fact told on the bus.

    A *state* carries the whole public state of its document, and the newest sequence wins.
    A *happening* has no state; it is acted on once, by its deterministic id.
    """

    wire_name: ClassVar[str]
    """`<service>.<what-happened>.v<major>`: written out, never derived from the class."""

    topic: ClassVar[str]
    """`<service>.<documents>`."""

    carries: ClassVar[Literal["state", "happening"]]
    heard_by: ClassVar[tuple[Service, ...]]

    sealed_as: ClassVar[SealClass | None] = None
    """The class of key the whole body is sealed under; None where the body travels in the clear."""

    subject_field: ClassVar[str]
    """The field that holds the id of the document this speaks of."""

    about_field: ClassVar[str | None] = None
    """The field with the id of the person whose key seals the body (a client, a staff member).

    It is also the key on the bus, so that one person's facts keep their order; None where the
    document's own id is the key.
    """

    @property
    def subject(self) -> UUID:
        """The id of the document this speaks of."""
        subject: UUID = getattr(self, self.subject_field)
        return subject

    @property
    def about(self) -> UUID | None:
        """The id of the person this is about; None where it is about nobody."""
        return None if self.about_field is None else getattr(self, self.about_field)

    def sealed_under(self) -> SealClass | None:
        """Name the class of key that seals this body; a pathway of harm reduction has its own."""
        return self.sealed_as
