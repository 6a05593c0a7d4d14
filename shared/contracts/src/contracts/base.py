"""What is every value and every fact made of?"""

from datetime import UTC, date, datetime
from typing import Annotated, ClassVar, Literal, TypeAlias
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
)

Service: TypeAlias = Literal["intake", "sessions", "integration", "notifications"]
SealClass: TypeAlias = Literal["contact", "chart", "harm_reduction"]

_EARLIEST_YEAR, _LATEST_YEAR = 1900, 2099
_DAY_CHARACTERS = 10


def _written_out(value: object) -> object:
    """Refuse a bare number: seconds or milliseconds, of which clock? It would pass for a time."""
    if isinstance(value, int | float) or (isinstance(value, str) and value[4:5] != "-"):
        raise ValueError("a time is written out, as RFC 3339 says")
    return value


def _only_a_day(value: object) -> object:
    if isinstance(value, datetime) or (isinstance(value, str) and len(value) != _DAY_CHARACTERS):
        raise ValueError("a day has no time")
    return _written_out(value)


def _plausible_day(day: date) -> date:
    if not _EARLIEST_YEAR <= day.year <= _LATEST_YEAR:
        raise ValueError("the year lies outside 1900 to 2099")
    return day


def _whole_milliseconds(instant: datetime) -> datetime:
    _plausible_day(instant)
    utc = instant.astimezone(UTC)
    _plausible_day(utc)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


Instant: TypeAlias = Annotated[
    AwareDatetime, BeforeValidator(_written_out), AfterValidator(_whole_milliseconds)
]
"""A point in time: UTC, whole milliseconds; a time without a zone is refused."""

Day: TypeAlias = Annotated[date, BeforeValidator(_only_a_day), AfterValidator(_plausible_day)]
"""A calendar day at some place, without a time."""

Word: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
"""A code or name of ours: lower case, 64 characters at most."""

Line: TypeAlias = Annotated[
    str,
    StringConstraints(
        pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$", max_length=200
    ),
]
"""One line of text written by a person: not blank, and no line breaks that a mail would obey."""

Paragraph: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
"""A few sentences written by a person."""


Email: TypeAlias = Annotated[
    str,
    StringConstraints(
        pattern=r'^[^@\x00-\x20\x7f<>()\[\],;:"\\]{1,64}'
        r'@([^@\x00-\x20\x7f<>()\[\],;:"\\.]{1,63}\.)+[^@\x00-\x20\x7f<>()\[\],;:"\\.]{2,63}$',
        max_length=254,
    ),
]
"""An address that cannot break out of a mail header; whether it exists, a message to it shows."""

Phone: TypeAlias = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]
"""E.164."""

Zone: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$", max_length=64)
]
"""An IANA zone name; the edge that takes it in checks that it exists."""

Language: TypeAlias = Literal["en", "es", "other"]
Sha256: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


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

    compressed: ClassVar[bool] = False
    """Whether the body is deflated before it is sealed: for what is told in many words."""

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
