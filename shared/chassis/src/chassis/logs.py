"""What may stand in a log? Ids, codes and numbers under known keys, one JSON object a line.

A key that is not on the list is dropped and counted, so that a name cannot be logged by accident.
What libraries say is shown by its template alone and no more than once in ten seconds.
"""

import logging
import re
import sys
import time
import traceback
from collections.abc import Mapping, MutableMapping
from enum import Enum
from typing import Any, Final
from uuid import UUID

import structlog
from structlog.typing import EventDict, Processor
from typing_extensions import override

from chassis.metrics import LOG_KEYS_DROPPED
from chassis.telemetry import current_trace_id

ALLOWED: Final = frozenset(
    {
        *("event", "level", "at", "service", "process", "role", "mode", "trace_id"),
        *("route", "method", "status", "code", "codes", "outcome", "seconds", "host", "port"),
        *("document_id", "subject", "collection", "version", "sequence", "site_id", "caller_id"),
        *(
            "topic",
            "topics",
            "partition",
            "partitions",
            "offset",
            "group",
            "wire_name",
            "fact_id",
            "verb",
        ),
        *("key_id", "index", "ruleset", "count", "bytes", "attempt", "lag", "reason", "lane"),
        *("error", "where", "library", "says", "suppressed", "timer", "owner", "name", "state"),
    }
)
"""Keys whose values are ids, codes, numbers or names of our own parts."""

_WITHHELD = "withheld"
_CODE_LIKE = re.compile(r"[!-~]{0,200}")
_PERSONAL = re.compile(r"@[A-Za-z]|^\+?[0-9]{7,15}$")
_QUIET = frozenset({"pymongo", "aiokafka", "faststream", "httpx", "httpcore", "asyncio", "uvicorn"})
_ONCE_IN_SECONDS = 10.0
_TEMPLATE_CHARACTERS = 160


def configure(service: str, *, level: str = "info", role: str = "all") -> None:
    """Send our own events and everybody else's to standard output, once for the process."""
    least = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=processors(service, role),
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers[:] = [LibraryHandler()]
    root.setLevel(logging.WARNING)
    for name in _QUIET:
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
        library.setLevel(logging.WARNING)


def processors(service: str, role: str) -> list[Processor]:
    """List what every event passes through on its way to a line of JSON."""

    def add_place(_: Any, __: str, event: EventDict) -> EventDict:
        event.update(service=service, role=role)
        trace_id = current_trace_id()
        if trace_id is not None:
            event["trace_id"] = trace_id
        return event

    return [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        add_place,
        name_error,
        keep_allowed,
        structlog.processors.JSONRenderer(default=str),
    ]


def name_error(_: Any, __: str, event: EventDict) -> EventDict:
    """Say what kind of error it was and where; its message may quote what a person wrote."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event.update(error=type(error).__name__, where=place_of(error))
    return event


def place_of(error: BaseException) -> str:
    """Name the file, line and function in which an error arose, deepest first."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    names = (f"{frame.filename.rpartition('/')[2]}:{frame.lineno}:{frame.name}" for frame in frames)
    return "<".join(reversed(list(names)))


def keep_allowed(_: Any, __: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Drop every key that is not on the list, and withhold every value that reads like words."""
    for key in event.keys() - ALLOWED:
        LOG_KEYS_DROPPED.labels(key=key).inc()
    return {key: _plain(key, event[key]) for key in event if key in ALLOWED}


def _plain(key: str, given: Any) -> Any:
    if isinstance(given, Enum):
        given = given.value
    if given is None or isinstance(given, bool | int | float | UUID):
        return given
    if isinstance(given, list | tuple | set | frozenset):
        return [_plain(key, each) for each in given]
    if isinstance(given, str) and (key == "says" or _is_code(given)):
        return given
    LOG_KEYS_DROPPED.labels(key=key).inc()
    return _WITHHELD


def _is_code(text: str) -> bool:
    return _CODE_LIKE.fullmatch(text) is not None and _PERSONAL.search(text) is None


class LibraryHandler(logging.Handler):
    """Shows what libraries log, each template once in a while, without what was put into it."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[tuple[str, str], tuple[float, int]] = {}

    @override
    def emit(self, record: logging.LogRecord) -> None:
        template = _template_of(record)
        suppressed = self._due((record.name, template))
        if suppressed is None:
            return
        structlog.get_logger().log(
            record.levelno,
            "library",
            library=record.name,
            says=template,
            suppressed=suppressed,
            exc_info=record.exc_info,
        )

    def _due(self, kind: tuple[str, str]) -> int | None:
        """Say how many like this were held back; None to hold back this one too."""
        now = time.monotonic()
        shown_at, held_back = self._seen.get(kind, (0.0, 0))
        if shown_at and now - shown_at < _ONCE_IN_SECONDS:
            self._seen[kind] = (shown_at, held_back + 1)
            return None
        self._seen[kind] = (now, 0)
        return held_back


def _template_of(record: logging.LogRecord) -> str:
    """Give the text before anything was put into it; a text without gaps may hold anything."""
    if not record.args or not isinstance(record.msg, str):
        return _WITHHELD
    return record.msg.partition("\n")[0][:_TEMPLATE_CHARACTERS]
