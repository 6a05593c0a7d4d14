"""What does a record say, and may it be believed?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, TypeVar
from uuid import UUID

from aiokafka import ConsumerRecord
from pydantic import ValidationError

from chassis.domain import Work
from chassis.sealing import SealBroken, key_id_of, open_sealed
from chassis.vault import KeyRing, KeyUnknown
from contracts.base import Message
from contracts.envelope import Envelope, Unreadable, read_headers

Arrival: TypeAlias = ConsumerRecord[bytes | None, bytes | None]


class Later(Exception):
    """Trouble that passes: ask for this again in a later batch, five times at most."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One record as it arrived, its outside read."""

    record: Arrival
    envelope: Envelope
    kid: UUID | None
    """The data key that its body names; None for a body in the clear."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact whose body was opened and fits its type."""

    heard: Heard
    message: Message


Opened = TypeVar("Opened")


class Hearer(Protocol[Opened]):
    """Whoever acts on what one topic says."""

    @property
    def topic(self) -> str:
        """The topic it hears."""

    @property
    def newest_only(self) -> bool:
        """Whether of each document in a batch only the newest record counts."""

    def open(self, heard: Heard, ring: KeyRing) -> Opened:
        """Open one record, or raise `Unreadable`."""

    async def hear(self, opened: Sequence[Opened]) -> None:
        """Act on records whose subjects differ; a repeat must change nothing."""

    async def doubt(self, heard: Heard) -> None:
        """Note that a record about this document could not be applied."""


def outside_of(record: Arrival) -> Heard:
    """Read the outside of a record.

    Raises:
        Unreadable: it has no body, or its headers say nothing we know.
    """
    envelope = read_headers(record.headers)
    if not record.value:
        raise Unreadable("BODY_EMPTY", "The record has no body.")
    try:
        kid = key_id_of(record.value) if envelope.sealed else None
    except SealBroken:
        raise Unreadable("SEAL_BROKEN", "The body is no sealed value.") from None
    return Heard(record, envelope, kid)


def fact_of(heard: Heard, ring: KeyRing, *, known: Mapping[str, type[Message]]) -> Fact:
    """Open a fact and hold it against its type.

    Raises:
        Unreadable: its type is unknown, its body does not open, does not fit its type, speaks of
            another document, or came in the clear although it should be sealed.
        KeyShredded: the person's key was shredded; nobody will ever read this again.
    """
    envelope = heard.envelope
    message_type = known.get(envelope.type)
    if message_type is None:
        raise Unreadable("TYPE_UNKNOWN", "No fact of this name and version is known here.")
    if (message_type.sealed_as is not None) is not envelope.sealed:
        raise Unreadable("NOT_SEALED", "The body is sealed where it should not be, or not sealed.")
    body = _opened(heard, ring)
    try:
        message = message_type.model_validate_json(body, extra="ignore")
    except ValidationError:
        raise Unreadable("BODY_MALFORMED", "The body does not fit its type.") from None
    if message.subject != envelope.subject:
        raise Unreadable("SUBJECT_DIFFERS", "The body speaks of another document.")
    return Fact(heard, message)


def _opened(heard: Heard, ring: KeyRing) -> bytes:
    envelope, value = heard.envelope, heard.record.value or b""
    if not envelope.sealed:
        return value
    try:
        return open_sealed(
            ring,
            value,
            subject=envelope.subject,
            kind=envelope.type,
            sequence=envelope.sequence,
        )
    except KeyUnknown:
        raise Unreadable("KEY_UNKNOWN", "The key of the body is not in the vault.") from None
    except SealBroken:
        raise Unreadable("SEAL_BROKEN", "The body does not belong under these headers.") from None


def work_of(heard: Heard) -> Work:
    """Read a follow-up: its verb is the middle of its type."""
    parts = heard.envelope.type.split(".")
    key = heard.record.key
    if len(parts) != len(("service", "verb", "version")) or key is None:
        raise Unreadable("TYPE_UNKNOWN", "No work of this name is known here.")
    try:
        return Work(parts[1], heard.envelope.subject, UUID(key.decode()))
    except ValueError:
        raise Unreadable("KEY_UNREADABLE", "The key of the record is no id.") from None
