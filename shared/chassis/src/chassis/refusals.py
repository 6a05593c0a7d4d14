"""Which noes are the chassis's own, whatever the document?"""

from typing import ClassVar

from contracts.clinical import Reason


class NotFound(Exception):
    """There is no such document, or none that the caller may know of."""


class NotPermitted(Exception):
    """The caller is known at the document's site, but not in a role that may do this."""


class Stale(Exception):
    """The document has another version than the one that `If-Match` named."""


class Busy(Exception):
    """Others changed the document at the same moment, five times in a row."""


class KeyReused(Exception):
    """The idempotency key was used before with another body."""


class BusBacklog(Exception):
    """So much waits for the bus that new intentions must wait too."""


class TooLarge(Exception):
    """A fact or a document would outgrow its limit."""

    code: ClassVar[str] = "TOO_LARGE"


class Malformed(Exception):
    """What was sent has a shape or value that no rule can be asked about."""

    def __init__(self, *reasons: Reason) -> None:
        super().__init__(", ".join(reason.code for reason in reasons))
        self.reasons = reasons
