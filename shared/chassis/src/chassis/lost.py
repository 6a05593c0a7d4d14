"""What was lost, and what was taken? The driver's errors, in the words that everybody else uses."""

from collections.abc import Mapping
from typing import Any

from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DuplicateKeyError,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WriteConcernError,
)

_DUPLICATE = 11000


class StoreAway(Exception):
    """The database has no primary or cannot be reached; nothing was done."""


class OutcomeUnknown(StoreAway):
    """The database was lost in the middle of a write, which may or may not have been kept."""


class Taken(Exception):
    """A unique index has this already."""

    def __init__(self, index: str) -> None:
        super().__init__(index)
        self.index = index
        """The name of the index; `_id_` where the id itself is there already."""


class SomeTaken(Exception):
    """Some rows of a bulk write were there already; an ordered one stopped there."""

    def __init__(self, taken: Mapping[int, str]) -> None:
        super().__init__(f"{len(taken)} taken")
        self.taken = taken
        """The index that said so, by the position of the row."""


class translate:  # noqa: N801 - it reads as the verb it is: `with translate():`
    """Turn the driver's errors into ours.

    Whatever ends a write after it may have reached the server leaves its outcome unknown.

    Raises:
        StoreAway: nothing was done.
        OutcomeUnknown: it may have been done.
        Taken: a unique index has this already.
        SomeTaken: the same, for some rows of a bulk write.
    """

    __slots__ = ("_writing",)

    def __init__(self, *, writing: bool = True) -> None:
        self._writing = writing

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        if isinstance(error, PyMongoError):
            ours = _ours(error, writing=self._writing)
            if ours is not None:
                raise ours from None


def _index_of(details: Mapping[str, Any]) -> str:
    """Name the index; a server that gives only the pattern of its keys is read by its message."""
    if list(details.get("keyPattern", {})) == ["_id"]:
        return "_id_"
    _, found_name, rest = str(details.get("errmsg", "")).partition(" index: ")
    return rest.split(" ", 1)[0] if found_name else ""


def _ours(error: PyMongoError, *, writing: bool) -> Exception | None:
    """Say the driver's error in our words; None where the mistake is ours and stays one."""
    if isinstance(error, DuplicateKeyError):
        return Taken(_index_of(error.details or {}))
    if isinstance(error, ServerSelectionTimeoutError | WaitQueueTimeoutError):
        return StoreAway(type(error).__name__)
    if isinstance(error, BulkWriteError):
        return _ours_of_bulk(error)
    if not _passes(error):
        return None
    return (OutcomeUnknown if writing else StoreAway)(type(error).__name__)


def _ours_of_bulk(bulk: BulkWriteError) -> Exception | None:
    details = bulk.details or {}
    if details.get("writeConcernErrors"):
        return OutcomeUnknown(type(bulk).__name__)
    errors = details.get("writeErrors", [])
    if any(error.get("code") != _DUPLICATE for error in errors):
        return None
    return SomeTaken({error["index"]: _index_of(error) for error in errors})


def _passes(lost: PyMongoError) -> bool:
    """Say whether trying again can help; a write that no majority confirmed is done, or undone."""
    if isinstance(lost, ConnectionFailure | WriteConcernError) or lost.timeout:
        return True
    labels = ("RetryableWriteError", "TransientTransactionError", "SystemOverloadedError")
    return any(lost.has_error_label(label) for label in labels)
