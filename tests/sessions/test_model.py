from datetime import UTC, datetime

import pytest

from sessions.model import quarter_hours
from sessions_builders import a_session, a_visit, presence
from sessions_surroundings import NOON, OTHER_THERAPIST, THERAPIST, minutes


class TestQuarterHours:
    @pytest.mark.parametrize(
        ("start", "end", "touched"),
        [
            pytest.param(0, 15, 1, id="exactly one"),
            pytest.param(1, 15, 1, id="part of one"),
            pytest.param(14, 16, 2, id="a minute on either side"),
            pytest.param(0, 60, 4, id="an hour"),
            pytest.param(7, 67, 5, id="an hour between the quarters"),
        ],
    )
    def test_counts_every_quarter_hour_it_touches(self, start, end, touched):
        """A quarter left out is a quarter somebody else can book."""
        assert len(quarter_hours(NOON + minutes(start), NOON + minutes(end))) == touched

    def test_does_not_touch_the_quarter_that_begins_at_its_end(self):
        """Back-to-back visits are how a day is planned."""
        before = quarter_hours(NOON, NOON + minutes(60))
        after = quarter_hours(NOON + minutes(60), NOON + minutes(120))

        assert not set(before) & set(after)

    def test_counts_from_the_epoch(self):
        """Every process must give the same quarter the same number."""
        half_past = datetime(1970, 1, 1, 0, 30, tzinfo=UTC)

        assert list(quarter_hours(half_past, half_past + minutes(15))) == [2]


class TestHolds:
    def test_names_therapist_client_and_room_for_every_quarter_hour(self):
        """What is not held can be booked twice."""
        visit = a_visit(ends_at=NOON - minutes(30))

        kinds = [hold.partition(":")[0] for hold in visit.holds]

        assert sorted(kinds) == ["client"] * 2 + ["room"] * 2 + ["staff"] * 2

    def test_holds_no_room_where_there_is_none(self):
        """Two video visits without a room do not exclude each other."""
        assert not any(hold.startswith("room") for hold in a_visit(room=None).holds)

    def test_keeps_rooms_of_the_same_name_at_two_sites_apart(self):
        """Every site may have a blue room."""
        here, there = a_visit(), a_visit(site_id=OTHER_THERAPIST)

        rooms = [{h for h in visit.holds if h.startswith("room")} for visit in (here, there)]

        assert not rooms[0] & rooms[1]

    @pytest.mark.parametrize("standing", ["cancelled", "missed"])
    def test_holds_nothing_once_it_will_not_take_place(self, standing):
        """A cancelled visit must not keep its room."""
        assert a_visit(standing=standing).holds == ()

    def test_stands_in_the_clear_for_the_index(self):
        """The index sees only what is in the clear."""
        assert a_visit().clear()["holds"] == a_visit().holds


class TestPresent:
    def test_names_only_those_whose_presence_is_open(self):
        """Whoever left may be present elsewhere."""
        session = a_session(
            presence=(
                presence(closed_at=NOON),
                presence(therapist_id=OTHER_THERAPIST, opened_at=NOON - minutes(1)),
            )
        )

        assert session.present == (str(OTHER_THERAPIST),)

    def test_names_a_therapist_once(self):
        """The index is on therapists, not on intervals."""
        session = a_session(presence=(presence(closed_at=NOON), presence(opened_at=NOON)))

        assert session.present == (str(THERAPIST),)
