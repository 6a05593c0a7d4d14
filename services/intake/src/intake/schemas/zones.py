"""Is this the name of a time zone?"""

from functools import cache
from typing import Annotated, TypeAlias
from zoneinfo import available_timezones

from pydantic import AfterValidator

from contracts.base import Zone


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known(zone: str) -> str:
    if zone not in _zones():
        raise ValueError("there is no such time zone")
    return zone


KnownZone: TypeAlias = Annotated[Zone, AfterValidator(_known)]
"""A zone that the database of time zones knows."""
