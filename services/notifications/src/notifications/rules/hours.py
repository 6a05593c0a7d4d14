"""When does a person's own clock say that a notice may come?

Two rules settle the days on which clocks are changed. A local time that does not exist is moved
forward by as much as the clock was; of a local time that exists twice the first is meant.
Offsets in days keep the time on the wall; offsets in hours are hours that pass.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, NamedTuple, Self
from zoneinfo import ZoneInfo

from pydantic import model_validator

from contracts.base import Value


class Window(Value):
    """The hours of a day in which something automated may reach a person, and what else then."""

    opens: time
    closes: time
    """The first minute that is too late."""

    before: Literal["next_open", "evening_before"] = "next_open"
    evening_at: time | None = None
    after: Literal["next_open", "person"] = "next_open"
    """`person`: nothing automated comes that late or next morning; somebody calls."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.opens < self.closes:
            raise ValueError("a window opens before it closes")
        needs_evening = self.before == "evening_before"
        if needs_evening is (self.evening_at is None):
            raise ValueError("evening_at is for evening_before, which needs it")
        if self.evening_at is not None and not self.opens <= self.evening_at < self.closes:
            raise ValueError("evening_at lies outside the window")
        return self


class Fit(NamedTuple):
    """Where a wished instant lands in a window."""

    at: datetime
    needs_person: bool = False
    brought_forward: bool = False


def zone_named(name: str) -> ZoneInfo | None:
    """Find an IANA zone; None where there is no such zone."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # a folder of zones, as America, is an OSError
        return None


def instant_of(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """Give the instant at which the clock on the wall shows this, by the two rules above."""
    return datetime.combine(day, wall.replace(fold=0), tzinfo=zone).astimezone(UTC)


def offset_from(anchor: datetime, *, days: int, hours: int, zone: ZoneInfo) -> datetime:
    """Count days on the calendar of the zone, then hours that pass."""
    if days:
        local = anchor.astimezone(zone)
        anchor = instant_of(local.date() + timedelta(days=days), local.time(), zone)
    return anchor + timedelta(hours=hours)


def fit(wished: datetime, window: Window, zone: ZoneInfo) -> Fit:
    """Move a wished instant into the window: never earlier, save for `evening_before`.

    Rule: K-WINDOW.
    """
    local = wished.astimezone(zone)
    if local.time() < window.opens:
        if window.evening_at is not None:
            evening = local.date() - timedelta(days=1)
            return Fit(instant_of(evening, window.evening_at, zone), brought_forward=True)
        return Fit(_opening(local.date(), window, wished, zone))
    if local.time() < window.closes:
        return Fit(wished)
    if window.after == "person":
        return Fit(wished, needs_person=True)
    return Fit(_opening(local.date() + timedelta(days=1), window, wished, zone))


def is_open(window: Window, at: datetime, zone: ZoneInfo) -> bool:
    """Tell whether something automated may come at this instant."""
    return window.opens <= at.astimezone(zone).time() < window.closes


def next_open(window: Window, at: datetime, zone: ZoneInfo) -> datetime:
    """Give this instant where the window is open, else its next opening."""
    day = at.astimezone(zone).date()
    if is_open(window, at, zone):
        return at
    if at.astimezone(zone).time() < window.opens:
        return _opening(day, window, at, zone)
    return _opening(day + timedelta(days=1), window, at, zone)


def _opening(day: date, window: Window, wished: datetime, zone: ZoneInfo) -> datetime:
    # An opening that came twice lies before what was wished: it is open by then.
    return max(instant_of(day, window.opens, zone), wished)
