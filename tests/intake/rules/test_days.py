from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from intake.rules.days import age_on, is_between, months_after, morning_after

DAY = date(2026, 12, 4)


class TestMonthsAfter:
    @pytest.mark.parametrize(
        ("day", "months", "then"),
        [
            pytest.param(date(2026, 11, 20), 6, date(2027, 5, 20), id="over the year's end"),
            pytest.param(date(2026, 8, 31), 6, date(2027, 2, 28), id="into a short month"),
            pytest.param(date(2027, 8, 31), 6, date(2028, 2, 29), id="into a leap day"),
            pytest.param(date(2026, 6, 30), 6, date(2026, 12, 30), id="into December"),
            pytest.param(date(2026, 1, 1), 12, date(2027, 1, 1), id="a whole year"),
        ],
    )
    def test_counts_calendar_months(self, day, months, then):
        """The law counts months, not days."""
        assert months_after(day, months) == then


class TestAgeOn:
    @pytest.mark.parametrize(
        ("born_on", "day", "age"),
        [
            pytest.param(date(2008, 12, 4), DAY, 18, id="on the birthday"),
            pytest.param(date(2008, 12, 5), DAY, 17, id="a day before it"),
            pytest.param(date(2008, 2, 29), date(2026, 2, 28), 17, id="leap day, not yet"),
            pytest.param(date(2008, 2, 29), date(2026, 3, 1), 18, id="leap day, the day after"),
        ],
    )
    def test_counts_birthdays(self, born_on, day, age):
        """One day decides whether somebody is an adult."""
        assert age_on(born_on, day) == age


class TestIsBetween:
    @pytest.mark.parametrize(
        ("first", "last", "holds"),
        [
            pytest.param(DAY, DAY, True, id="both ends count"),
            pytest.param(date(2026, 12, 5), date(2027, 1, 1), False, id="not yet"),
            pytest.param(date(2026, 1, 1), date(2026, 12, 3), False, id="no longer"),
            pytest.param(None, date(2027, 1, 1), False, id="unknown begin"),
            pytest.param(date(2026, 1, 1), None, False, id="unknown end"),
        ],
    )
    def test_holds_only_inside_known_ends(self, first, last, holds):
        """An end that nobody verified is not an end that never comes."""
        assert is_between(DAY, first, last) is holds


class TestMorningAfter:
    def test_is_local_also_when_the_clocks_change(self):
        """On 14 March 2027 at 2 o'clock the clocks of Chicago are set ahead to 3."""
        zone = ZoneInfo("America/Chicago")
        moment = datetime(2027, 3, 14, 1, 0, tzinfo=UTC)

        assert morning_after(moment, hour=8, zone=zone).astimezone(UTC) == datetime(
            2027, 3, 14, 13, 0, tzinfo=UTC
        )
