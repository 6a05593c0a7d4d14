"""How is a session's record hashed, so that whoever receives it can tell that it is whole?"""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from contracts.sessions import Entry, SegmentSeal

HASHED_OF_ENTRY = (
    "entry_id",
    "phase",
    "kind",
    "text",
    "intensity",
    "author_id",
    "observed_at",
    "entered_at",
    "received_at",
    "late_reason",
)
"""The list is fixed for ever: a reader that does not know a newer field comes to the same hash."""


def segment_sha256(entries: Iterable[Entry]) -> str:
    """Hash the entries of one segment in their order; each is a JSON list on a line of its own."""
    digest = hashlib.sha256()
    for entry in entries:
        values = [_written(getattr(entry, name)) for name in HASHED_OF_ENTRY]
        digest.update(json.dumps(values, separators=(",", ":")).encode())
        digest.update(b"\n")
    return digest.hexdigest()


def root_sha256(segments: Iterable[SegmentSeal]) -> str:
    """Hash the list of segments: leaving one out, adding one or changing their order shows."""
    digest = hashlib.sha256()
    for segment in segments:
        line = f"{segment.segment_id} {segment.phase} {segment.entries} {segment.sha256}\n"
        digest.update(line.encode())
    return digest.hexdigest()


def _written(value: UUID | datetime | str | int | None) -> str | int | None:
    """Write a value in the one way that no library may change for us."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds")
    return str(value) if isinstance(value, UUID) else value
