from datetime import timedelta

import pytest

from cairn.durations import NoDuration, duration


class TestDuration:
    """Reading a length of time as people type it."""

    @pytest.mark.parametrize(
        ("text", "length"),
        [
            pytest.param("90s", timedelta(seconds=90), id="seconds"),
            pytest.param("15m", timedelta(minutes=15), id="minutes"),
            pytest.param("2h", timedelta(hours=2), id="hours"),
            pytest.param("3d", timedelta(days=3), id="days"),
            pytest.param("1w", timedelta(weeks=1), id="weeks"),
            pytest.param("1d12h", timedelta(days=1, hours=12), id="two parts"),
        ],
    )
    def test_knows_every_unit(self, text, length):
        """Minutes taken for months would move a demonstration past everything it shows."""
        assert duration(text) == length

    @pytest.mark.parametrize(
        "text", ["", "2", "h", "-2h", "2h ", "2 h", "1.5h", "2y", "0h", "0m0s"]
    )
    def test_refuses_what_it_cannot_be_sure_of(self, text):
        """A clock that only moves forward cannot take a guess back."""
        with pytest.raises(NoDuration):
            duration(text)
