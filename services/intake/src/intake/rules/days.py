"""How are calendar days counted?"""

from calendar import monthrange
from datetime import date, datetime, time, timedelta, tzinfo

_MONTHS_PER_YEAR = 12


def months_after(day: date, months: int) -> date:
    """Count whole months on; the 31st of a shorter month is its last day."""
    years, month = divmod(day.month - 1 + months, _MONTHS_PER_YEAR)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def age_on(born_on: date, day: date) -> int:
    """Count the birthdays up to this day; who was born on 29 February turns on 1 March."""
    had_birthday = (day.month, day.day) >= (born_on.month, born_on.day)
    return day.year - born_on.year - (0 if had_birthday else 1)


def is_between(day: date, first: date | None, last: date | None) -> bool:
    """Say whether a day lies in a span, both ends included; an unknown end holds nothing."""
    return first is not None and last is not None and first <= day <= last


def morning_after(moment: datetime, *, hour: int, zone: tzinfo) -> datetime:
    """Give the next local day's hour after a moment."""
    next_day = moment.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(next_day, time(hour), tzinfo=zone)
