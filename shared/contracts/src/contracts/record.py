"""How is a session's record hashed, so that whoever receives it can tell that it is whole?"""

import hashlib
from collections.abc import Iterable

from contracts.sessions import Entry, SegmentSeal


def segment_sha256(entries: Iterable[Entry]) -> str:
    """Hash the entries of one segment in their order; the JSON of each entry stands on a line."""
    digest = hashlib.sha256()
    for entry in entries:
        digest.update(entry.model_dump_json().encode())
        digest.update(b"\n")
    return digest.hexdigest()


def root_sha256(segments: Iterable[SegmentSeal]) -> str:
    """Hash the list of segments: leaving one out, adding one or changing their order shows."""
    digest = hashlib.sha256()
    for segment in segments:
        digest.update(
            f"{segment.segment_id} {segment.phase} {segment.entries} {segment.sha256}\n".encode()
        )
    return digest.hexdigest()
