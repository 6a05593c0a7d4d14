"""What does an owner's answer mean for a notice that is about to go out?"""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from contracts.clinical import Code
from notifications.model import PlannedNotice

OwnersWord: TypeAlias = Literal["current", "changed", "no"] | None
"""What an owner says of what we heard; None where there was no answer."""


def visit_word(row: Mapping[str, Any]) -> OwnersWord:
    """Read what sessions says of a visit: a cancelled, missed or unknown one is a no."""
    if row["current"]:
        return "current"
    return "no" if row.get("standing") in {"cancelled", "missed", None} else "changed"


def client_word(row: Mapping[str, Any]) -> OwnersWord:
    """Read what intake says of a client: one not active, unknown or without e-mail is a no."""
    if row["current"]:
        return "current"
    may_be_written_to = row.get("standing") == "active" and "email" in row.get("channels", ())
    return "changed" if may_be_written_to else "no"


def confirmed_by_owners(
    notice: PlannedNotice, *, visit: OwnersWord, client: OwnersWord
) -> tuple[Code, ...]:
    """Say why a notice waits for its owners; nothing where it may go.

    A safety check goes without an answer, and also where something changed that we have not heard
    of yet; only an owner's no holds it, and of the visit only where no session was heard of.
    Everything else goes only where both owners say that what we know still stands.

    Rule: K-CONFIRMED.
    """
    if notice.notice_class == "safety":
        is_off = client == "no" or (visit == "no" and notice.presumed)
    else:
        is_off = (visit, client) != ("current", "current")
    return ("CONFIRMATION_WAITING",) if is_off else ()
