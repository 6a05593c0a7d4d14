"""Where do random names come from? From here alone, and only where no other id can give one."""

from uuid import UUID, uuid4


def new_id() -> UUID:
    """Name what no command and no other id can name: a claim, a row of the audit trail."""
    return uuid4()


def process_name() -> str:
    """Name one life of one process; two starts never share a name."""
    return uuid4().hex
