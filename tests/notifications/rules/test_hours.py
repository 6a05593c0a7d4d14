from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from notifications.rules.hours import (
    Window,
    fit,
    instant_of,
    is_open,
    next_open,
    offset_from,
    zone_named,
)

ZONES = sorted(available_timezones())
CHICAGO = ZoneInfo("America/Chicago")
DAY = Window(opens=time(9), closes=time(20))
SAME_DAY = Window(opens=time(8), closes=time(20), before="evening_before", evening_at=time(19))
CHECK = Window(opens=time(9), closes=time(21), after="person")

zones = st.integers(0, len(ZONES) - 1).map(lambda number: ZoneInfo(ZONES[number]))
instants = st.datetimes(
    min_value=datetime(2024, 1, 1),  # noqa: DTZ001 - hypothesis wants bounds without a zone
    max_value=datetime(2037, 12, 31),  # noqa: DTZ001 - as above
    timezones=st.just(UTC),
)


def chicago(month, day, hour, minute=0, *, year=2026, fold=0):
    return datetime(year, month, day, hour, minute, tzinfo=CHICAGO, fold=fold).astimezone(UTC)


class TestZoneNamed:
    """A zone that does not exist holds a notice instead of breaking the plan."""

    @pytest.mark.parametrize("name", ["America/Chicago", "UTC", "Asia/Kathmandu"])
    def test_finds_a_zone(self, name):
        """The name is kept with the client as they gave it."""
        assert zone_named(name).key == name

    @pytest.mark.parametrize(
        "name", ["Mars/Olympus", "America", "../etc/passwd", "", "America/Chicago/"]
    )
    def test_finds_nothing_where_there_is_no_such_zone(self, name):
        """A folder of zones, a path and an empty word are no zones either."""
        assert zone_named(name) is None

    def test_knows_every_zone_there_is(self):
        """A client may live anywhere."""
        assert all(zone_named(name) is not None for name in ZONES)


class TestInstantOf:
    """Two rules settle the days on which clocks are changed."""

    def test_moves_a_time_that_does_not_exist_forward(self):
        """02:30 on the Sunday of March is 03:30: as far forward as the clock was put."""
        assert instant_of(date(2026, 3, 8), time(2, 30), CHICAGO) == chicago(3, 8, 3, 30)

    def test_means_the_first_of_a_time_that_exists_twice(self):
        """01:30 on the Sunday of November comes twice; the earlier is never too late."""
        assert instant_of(date(2026, 11, 1), time(1, 30), CHICAGO) == chicago(11, 1, 1, 30, fold=0)
        assert chicago(11, 1, 1, 30, fold=0) < chicago(11, 1, 1, 30, fold=1)

    def test_moves_a_day_that_does_not_exist_to_the_next(self):
        """Samoa left out 30 December 2011 altogether."""
        apia = ZoneInfo("Pacific/Apia")
        left_out = instant_of(date(2011, 12, 30), time(9), apia)

        assert left_out == instant_of(date(2011, 12, 31), time(9), apia)

    @given(zones, instants)
    def test_is_never_earlier_on_the_wall_than_asked(self, zone, at):
        """Whatever the clocks do, nobody is reached before the hour that was meant."""
        local = at.astimezone(zone)
        got = instant_of(local.date(), local.time(), zone).astimezone(zone)

        assert got.replace(tzinfo=None) >= local.replace(tzinfo=None)


class TestOffsetFrom:
    """Days keep the time on the wall; hours are hours that pass."""

    def test_keeps_the_time_on_the_wall_over_days(self):
        """A week before ten in the morning is ten in the morning, in winter time or not."""
        starts_at = chicago(11, 3, 10)

        assert offset_from(starts_at, days=-7, hours=0, zone=CHICAGO) == chicago(10, 27, 10)

    def test_counts_hours_that_pass(self):
        """24 hours before ten on the day after the change is nine or eleven on the wall."""
        starts_at = chicago(11, 1, 10)

        assert offset_from(starts_at, days=0, hours=-24, zone=CHICAGO) == chicago(10, 31, 11)

    def test_counts_days_before_hours(self):
        """Both may be given; the calendar comes first."""
        at = offset_from(chicago(11, 3, 10), days=-7, hours=-1, zone=CHICAGO)

        assert at == chicago(10, 27, 9)

    @given(zones, instants)
    def test_stays_within_a_day_of_the_plain_difference(self, zone, starts_at):
        """No change of clocks is larger than a day."""
        got = offset_from(starts_at, days=-7, hours=0, zone=zone)

        assert abs(got - (starts_at - timedelta(days=7))) <= timedelta(days=1)


class TestWindow:
    """Hours that cannot be kept are refused where they are read."""

    @pytest.mark.parametrize(
        "fields",
        [
            pytest.param({"opens": "20:00", "closes": "09:00"}, id="closes before it opens"),
            pytest.param({"opens": "09:00", "closes": "09:00"}, id="never open"),
            pytest.param(
                {"opens": "09:00", "closes": "20:00", "before": "evening_before"},
                id="no evening",
            ),
            pytest.param(
                {"opens": "09:00", "closes": "20:00", "evening_at": "19:00"}, id="needless evening"
            ),
            pytest.param(
                {
                    "opens": "09:00",
                    "closes": "20:00",
                    "before": "evening_before",
                    "evening_at": "20:00",
                },
                id="evening outside",
            ),
        ],
    )
    def test_refuses_hours_that_make_no_sense(self, fields):
        """A pack is data that people write."""
        with pytest.raises(ValidationError):
            Window.model_validate(fields)


class TestFit:
    """K-WINDOW: nothing automated comes outside the hours of the client's own clock."""

    @pytest.mark.parametrize(
        ("hour", "minute"), [(9, 0), (14, 30), (19, 59)], ids=["opening", "inside", "last minute"]
    )
    def test_leaves_what_lies_inside(self, hour, minute):
        """The first minute is inside, and so is the last before closing."""
        wished = chicago(12, 8, hour, minute)

        assert fit(wished, DAY, CHICAGO) == (wished, False, False)

    @pytest.mark.parametrize(
        ("hour", "minute", "day"),
        [(8, 59, 8), (0, 0, 8), (20, 0, 9), (23, 59, 9)],
        ids=["just before", "midnight", "at closing", "night"],
    )
    def test_waits_for_the_next_opening(self, hour, minute, day):
        """Closing time itself is too late."""
        assert fit(chicago(12, 8, hour, minute), DAY, CHICAGO).at == chicago(12, day, 9)

    def test_brings_a_notice_of_the_early_morning_forward_to_the_evening(self):
        """At seven it would wake somebody; at eight it could be too late."""
        landed = fit(chicago(12, 8, 7), SAME_DAY, CHICAGO)

        assert landed == (chicago(12, 7, 19), False, True)

    def test_leaves_a_late_check_to_a_person(self):
        """Who came home from a session late is called, not written to at night."""
        assert fit(chicago(12, 8, 21), CHECK, CHICAGO).needs_person
        assert not fit(chicago(12, 8, 20, 59), CHECK, CHICAGO).needs_person

    def test_goes_by_the_clock_of_the_zone(self):
        """Nine in Chicago is ten in New York."""
        wished = chicago(12, 8, 8, 30)

        assert fit(wished, DAY, ZoneInfo("America/New_York")).at == wished
        assert fit(wished, DAY, CHICAGO).at == chicago(12, 8, 9)

    @given(zones, instants)
    @example(ZoneInfo("America/Chicago"), datetime(2026, 3, 8, 8, 30, tzinfo=UTC))
    @example(ZoneInfo("America/Chicago"), datetime(2026, 11, 1, 6, 30, tzinfo=UTC))
    @example(ZoneInfo("Australia/Lord_Howe"), datetime(2026, 4, 4, 15, 15, tzinfo=UTC))
    @example(ZoneInfo("Pacific/Chatham"), datetime(2026, 9, 26, 14, 30, tzinfo=UTC))
    def test_lands_inside_and_never_early(self, zone, wished):
        """In every zone there is, on every day on which a clock is changed."""
        landed = fit(wished, DAY, zone)

        assert is_open(DAY, landed.at, zone)
        assert wished <= landed.at <= wished + timedelta(days=1)

    @given(zones, instants)
    def test_lands_inside_also_the_evening_before(self, zone, wished):
        """The one case in which a notice comes earlier than it was wished."""
        landed = fit(wished, SAME_DAY, zone)

        assert is_open(SAME_DAY, landed.at, zone)
        assert landed.brought_forward is (landed.at < wished)

    @given(zones, instants)
    def test_changes_nothing_when_asked_again(self, zone, wished):
        """A plan is recomputed often; a notice must not creep."""
        landed = fit(wished, DAY, zone)

        assert fit(landed.at, DAY, zone).at == landed.at


class TestNextOpen:
    """K-WINDOW: what is late waits as well."""

    @given(zones, instants)
    def test_is_open_and_not_earlier(self, zone, at):
        """A service that comes back at night sends nothing until morning."""
        got = next_open(SAME_DAY, at, zone)

        assert is_open(SAME_DAY, got, zone)
        assert at <= got <= at + timedelta(days=1)
