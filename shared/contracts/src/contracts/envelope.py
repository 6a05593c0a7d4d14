"""What stands on the outside of a fact? CloudEvents 1.0 attributes, as the headers of a record."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import UUID

JSON = "application/json"
SEALED = "application/jose"

Headers: TypeAlias = list[tuple[str, bytes]]
_Found: TypeAlias = Mapping[str, bytes | None]

_KNOWN = frozenset(
    {
        "ce_specversion",
        "ce_id",
        "ce_source",
        "ce_subject",
        "ce_type",
        "ce_time",
        "ce_sequence",
        "ce_dataschema",
        "site",
        "traceparent",
        "content-type",
    }
)
_SPECVERSION = b"1.0"
_SEQUENCE_DIGITS = 10
_UUID_CHARACTERS = 36


class Unreadable(Exception):
    """A record that can never be read, however often it is tried; it names no value of it."""

    def __init__(self, code: str, says: str) -> None:
        """Say by a stable code, and in a sentence, what cannot be read."""
        super().__init__(f"{code}: {says}")
        self.code = code
        self.says = says


@dataclass(frozen=True, slots=True)
class Envelope:
    """The outside of one fact; ids, codes and times only, for it travels in the clear."""

    id: UUID
    """Made from the document and the sequence, so a repeat bears the same one."""

    source: str
    """`/<service>/<documents>`."""

    subject: UUID
    type: str
    """The wire name. Whether it is known is for the reader to say."""

    time: datetime
    sequence: int
    """Counted by document, from 1."""

    content_type: str
    dataschema: str | None = None
    site: UUID | None = None
    traceparent: str | None = None

    @property
    def sealed(self) -> bool:
        """Whether the body is a JWE."""
        return self.content_type == SEALED


def to_headers(envelope: Envelope) -> Headers:
    """Write an envelope; the same one always gives the same bytes in the same order."""
    if not 0 < envelope.sequence < 10**_SEQUENCE_DIGITS:
        msg = "a sequence is counted from 1 and has ten digits at most"
        raise ValueError(msg)
    headers = [
        ("ce_specversion", _SPECVERSION),
        ("ce_id", str(envelope.id).encode()),
        ("ce_source", envelope.source.encode()),
        ("ce_subject", str(envelope.subject).encode()),
        ("ce_type", envelope.type.encode()),
        ("ce_time", _written(envelope.time)),
        ("ce_sequence", b"%010d" % envelope.sequence),
        ("content-type", envelope.content_type.encode()),
    ]
    if envelope.dataschema is not None:
        headers.append(("ce_dataschema", envelope.dataschema.encode()))
    if envelope.site is not None:
        headers.append(("site", str(envelope.site).encode()))
    if envelope.traceparent is not None:
        headers.append(("traceparent", envelope.traceparent.encode()))
    return headers


def read_headers(headers: Iterable[tuple[str, bytes | None]]) -> Envelope:
    """Read an envelope from whatever came.

    Strange headers are passed over. Of one that stands twice the first counts: whoever adds
    headers on the way adds them behind ours.

    Raises:
        Unreadable: One of ours is missing, or is not what it should be.
    """
    found: dict[str, bytes | None] = {}
    for name, value in headers:
        if name in _KNOWN and name not in found:
            found[name] = value
    if _text(found, "ce_specversion") != "1.0":
        raise Unreadable("SPECVERSION_UNKNOWN", "The header ce_specversion is not 1.0.")
    return Envelope(
        id=_uuid(found, "ce_id"),
        source=_text(found, "ce_source"),
        subject=_uuid(found, "ce_subject"),
        type=_text(found, "ce_type"),
        time=_instant(found, "ce_time"),
        sequence=_sequence(found),
        content_type=_text(found, "content-type"),
        dataschema=_text(found, "ce_dataschema") if "ce_dataschema" in found else None,
        site=_uuid(found, "site") if "site" in found else None,
        traceparent=_traceparent(found),
    )


def _text(found: _Found, name: str) -> str:
    if name not in found:
        raise Unreadable("HEADER_MISSING", f"The header {name} is missing.")
    value = found[name]
    if value is None:
        raise Unreadable("HEADER_NOT_TEXT", f"The header {name} has no value.")
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise Unreadable("HEADER_NOT_TEXT", f"The header {name} is not UTF-8.") from None


def _uuid(found: _Found, name: str) -> UUID:
    text = _text(found, name)
    try:
        if len(text) == _UUID_CHARACTERS:
            return UUID(text)
    except ValueError:
        pass
    raise Unreadable("HEADER_NOT_UUID", f"The header {name} is not a UUID.")


def _instant(found: _Found, name: str) -> datetime:
    try:
        instant = datetime.fromisoformat(_text(found, name))
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Unreadable("HEADER_NOT_INSTANT", f"The header {name} is not a time with its zone.")


def _sequence(found: _Found) -> int:
    text = _text(found, "ce_sequence")
    if len(text) == _SEQUENCE_DIGITS and text.isascii() and text.isdigit() and int(text) > 0:
        return int(text)
    raise Unreadable("SEQUENCE_UNREADABLE", "The header ce_sequence is not ten digits from 1.")


def _traceparent(found: _Found) -> str | None:
    """Give the trace this belongs to; a broken one loses the trace and nothing else."""
    try:
        return _text(found, "traceparent")
    except Unreadable:
        return None


def _written(instant: datetime) -> bytes:
    text = instant.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z").encode()
