"""How long is `2h`? Lengths of time as people type them."""

import re
from datetime import timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_PART = re.compile(r"(\d{1,6})([smhdw])")


class NoDuration(ValueError):
    """Not a length of time such as 15m, 2h, 3d or 1w2d."""


def duration(text: str) -> timedelta:
    """Read whole numbers with units, the largest first or in any order: `15m`, `1d12h`.

    Raises:
        NoDuration: it is none, or it is zero: time moves forward or not at all.
    """
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise NoDuration("a length of time is written like 15m, 2h, 3d or 1w")
    length = sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())
    if not length:
        raise NoDuration("time moves forward or not at all")
    return length
