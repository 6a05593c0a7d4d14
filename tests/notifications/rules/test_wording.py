from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from notice_builders import PACK
from notifications.rules.wording import (
    Template,
    forbidden_in,
    local_start,
    unknown_fields_in,
    write,
)

CHICAGO = ZoneInfo("America/Chicago")
NEW_YORK = ZoneInfo("America/New_York")
ENGLISH, SPANISH = PACK.forms
TEMPLATE = Template(template="a", language="en", subject="{clinic}", body="{day} {time} {phone}\n")


def written(at, *, form=ENGLISH, clinic="Harbor", phone="+1"):
    return write(TEMPLATE, form, clinic=clinic, phone=phone, starts_at=at)


class TestForbiddenIn:
    """K-WORDING: no medicine, diagnosis, score or pathway leaves in an e-mail."""

    @pytest.mark.parametrize(
        "text",
        [
            "Your KETAMINE visit",
            "ketamina",
            "kétamine",
            "(ketamine)",
            "k\u0065\u0301tamine",
            "_ketamin",
        ],
        ids=["capitals", "another ending", "accent", "brackets", "combined accent", "underscore"],
    )
    def test_finds_a_stem_however_it_is_written(self, text):
        """Who wants to be discreet must not be found out by a capital letter."""
        assert forbidden_in(text, ["ketamin"]) == ("ketamin",)

    @pytest.mark.parametrize("text", ["your visit", "overdrugged", ""])
    def test_leaves_ordinary_words_alone(self, text):
        """A stem begins a word; within one it means nothing."""
        assert forbidden_in(text, ["ketamin", "drug"]) == ()

    def test_ignores_accents_in_the_stem_as_well(self):
        """The list is written as people spell."""
        assert forbidden_in("su sesion", ["sesión"]) == ("sesión",)

    def test_names_every_stem(self):
        """Who mends a template mends it once."""
        assert forbidden_in("dose of a drug", PACK.forbidden) == ("drug", "dose")


class TestUnknownFieldsIn:
    """K-WORDING: a template fills in nothing but clinic, day, time and telephone."""

    def test_finds_what_must_not_be_filled_in(self):
        """A name in a subject line is read on a locked screen."""
        assert unknown_fields_in("{clinic} {name} {diagnosis}") == ("diagnosis", "name")

    def test_accepts_what_may_be_filled_in(self):
        """These four are all that a reminder needs."""
        assert unknown_fields_in("{clinic} {day} {time} {phone}") == ()


class TestWrite:
    """A notice names the day and the time as its language does."""

    @pytest.mark.parametrize(
        ("hour", "expected"),
        [(0, "12:05am"), (9, "9:05am"), (12, "12:05pm"), (15, "3:05pm")],
        ids=["midnight", "morning", "noon", "afternoon"],
    )
    def test_writes_english_times_by_the_half_day(self, hour, expected):
        """Noon is pm, midnight is am: a whole day hangs on it."""
        at = datetime(2026, 12, 8, hour, 5, tzinfo=CHICAGO)

        assert written(at).body == f"Tue 12/8 {expected} CST +1"

    def test_writes_spanish_days_first(self):
        """8/12 is December there."""
        at = datetime(2026, 12, 8, 15, 5, tzinfo=CHICAGO)

        assert written(at, form=SPANISH).body == "mar 8/12 15:05 CST +1"

    def test_names_the_clinic_where_it_has_no_telephone(self):
        """A sentence that ends in nothing helps nobody."""
        at = datetime(2026, 12, 8, 15, 5, tzinfo=CHICAGO)

        assert written(at, phone=None).body.endswith("CST Harbor")

    def test_keeps_the_clinic_on_one_line(self):
        """A line break in a subject would begin a header of its own."""
        at = datetime(2026, 12, 8, 15, 5, tzinfo=CHICAGO)

        assert written(at, clinic="Harbor\r\nBcc: all").subject == "Harbor Bcc: all"


class TestLocalStart:
    """The time in a reminder is the one on the clock its reader looks at."""

    def test_is_the_site_s_where_the_client_comes(self):
        """Who crosses a zone to the clinic must not come an hour late."""
        at = datetime(2026, 12, 8, 16, tzinfo=UTC)

        assert local_start(at, place=CHICAGO, client=NEW_YORK, in_person=True).hour == 10

    def test_is_the_client_s_own_at_home(self):
        """A video visit takes place where the client is."""
        at = datetime(2026, 12, 8, 16, tzinfo=UTC)

        assert local_start(at, place=CHICAGO, client=NEW_YORK, in_person=False).hour == 11
