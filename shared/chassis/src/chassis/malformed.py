"""What is wrong with a body, said by place and without repeating what was sent?"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from contracts.clinical import Reason

_REASONS_AT_MOST = 100
_OUR_NAMES = re.compile(r"[a-z][a-z0-9_]{0,63}")
_ANOTHER = "A value of another kind is expected."
_SAYS: Final[Mapping[str, str]] = {
    "missing": "A value is required.",
    "extra_forbidden": "There is no such field.",
    "uuid_parsing": "An id (UUID) is expected.",
    "uuid_type": "An id (UUID) is expected.",
    "string_type": "Text is expected.",
    "string_unicode": "The text is not valid Unicode.",
    "string_too_short": "The text needs at least {min_length} characters.",
    "string_too_long": "The text may have at most {max_length} characters.",
    "string_pattern_mismatch": "The text must look like {pattern}.",
    "int_type": "A whole number is expected.",
    "int_parsing": "A whole number is expected.",
    "int_from_float": "A whole number is expected.",
    "bool_type": "true or false is expected.",
    "bool_parsing": "true or false is expected.",
    "decimal_parsing": "A number is expected.",
    "decimal_type": "A number is expected.",
    "decimal_max_digits": "The number may have at most {max_digits} digits.",
    "decimal_max_places": "The number may have at most {decimal_places} decimal places.",
    "finite_number": "A finite number is expected.",
    "greater_than": "The number must be greater than {gt}.",
    "greater_than_equal": "The number must be at least {ge}.",
    "less_than": "The number must be less than {lt}.",
    "less_than_equal": "The number must be at most {le}.",
    "literal_error": "One of {expected} is expected.",
    "enum": "One of {expected} is expected.",
    "timezone_aware": "The time needs its offset from UTC, as Z.",
    "datetime_type": "A time as RFC 3339 is expected.",
    "datetime_parsing": "A time as RFC 3339 is expected.",
    "datetime_from_date_parsing": "A time as RFC 3339 is expected.",
    "datetime_object_invalid": "A time as RFC 3339 is expected.",
    "date_type": "A day as YYYY-MM-DD is expected.",
    "date_parsing": "A day as YYYY-MM-DD is expected.",
    "date_from_datetime_parsing": "A day as YYYY-MM-DD is expected.",
    "date_from_datetime_inexact": "A day without a time is expected.",
    "tuple_type": "A list is expected.",
    "list_type": "A list is expected.",
    "too_long": "The list may have at most {max_length} items.",
    "too_short": "The list needs at least {min_length} items.",
    "dict_type": "An object is expected.",
    "model_type": "An object is expected.",
    "model_attributes_type": "An object is expected.",
    "value_error": "The value is not possible here.",
}
_FROM_OUR_OWN_SCHEMA: Final = frozenset(
    {
        *("min_length", "max_length", "pattern", "expected", "max_digits", "decimal_places"),
        *("gt", "ge", "lt", "le"),
    }
)


def reasons_of(problems: Iterable[Mapping[str, Any]]) -> tuple[Reason, ...]:
    """Name every problem of a validation by its place; 100 at most, or a bad list fills the answer.

    The library's own sentences are not used: some of them quote what was sent.
    """
    return tuple(map(_reason, list(problems)[:_REASONS_AT_MOST]))


def _reason(problem: Mapping[str, Any]) -> Reason:
    kind = str(problem["type"])
    ours = {
        name: given
        for name, given in problem.get("ctx", {}).items()
        if name in _FROM_OUR_OWN_SCHEMA
    }
    try:
        says = _SAYS.get(kind, _ANOTHER).format_map(ours)
    except KeyError:
        says = _ANOTHER
    return Reason(code=kind.upper(), says=says, facts=_place(problem["loc"]))


def _place(loc: Sequence[str | int]) -> dict[str, str]:
    """Point into the body, or name the parameter; a field that is not ours is not repeated."""
    where, *path = loc or ("body",)
    steps = [_step(step) for step in path]
    if where == "body":
        return {"pointer": "".join(f"/{step}" for step in steps)}
    return {"parameter": "/".join(steps), "in": str(where)}


def _step(step: str | int) -> str:
    if isinstance(step, int) or _OUR_NAMES.fullmatch(step):
        return str(step)
    return "?"
