"""What passes for a time, a day, a line and an address."""

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts.base import Day, Email, Instant, Line, Phone, Value, Word, Zone

INSTANT, DAY = TypeAdapter(Instant), TypeAdapter(Day)


class TestInstant:
    @pytest.mark.parametrize(
        "written",
        [
            pytest.param("2026-03-01T09:00:00", id="without a zone"),
            pytest.param(1_772_355_600, id="seconds"),
            pytest.param(1_772_355_600_000, id="milliseconds"),
            pytest.param("1772355600", id="seconds in quotes"),
            pytest.param(True, id="a boolean"),
            pytest.param("0001-01-01T00:00:00+05:00", id="before the year one in UTC"),
            pytest.param("1900-01-01T00:00:00+05:00", id="in 1899 in UTC"),
            pytest.param("2099-12-31T23:59:59-12:00", id="in 2100 in UTC"),
            pytest.param("9999-12-31T23:59:59-05:00", id="after the last year in UTC"),
            pytest.param("2026-02-30T09:00:00Z", id="a day that is not"),
        ],
    )
    def test_refuses_what_may_mean_another_moment(self, written):
        """A dose taken at an unknown hour is worse than a form sent back."""
        with pytest.raises(ValidationError):
            INSTANT.validate_python(written)

    def test_is_utc_in_whole_milliseconds(self):
        """BSON keeps no more: a fact and the document it came from would differ."""
        read = INSTANT.validate_python("2026-03-01T09:00:00.123999-06:00")
        assert read == datetime(2026, 3, 1, 15, 0, 0, 123_000, tzinfo=UTC)
        assert INSTANT.dump_json(read) == b'"2026-03-01T15:00:00.123000Z"'


class TestDay:
    @pytest.mark.parametrize(
        "written",
        [
            pytest.param("2026-03-01T00:00:00Z", id="with a time"),
            pytest.param(datetime(2026, 3, 1, tzinfo=UTC), id="an instant"),
            pytest.param(20_513, id="a number"),
            pytest.param("1772323200", id="ten digits"),
            pytest.param("1899-12-31", id="before 1900"),
            pytest.param("2100-01-01", id="after 2099"),
        ],
    )
    def test_refuses_what_is_not_a_day(self, written):
        """Midnight in UTC is the day before in Nashville."""
        with pytest.raises(ValidationError):
            DAY.validate_python(written)


class TestWordsOfPeople:
    @pytest.mark.parametrize(
        ("kind", "written"),
        [
            pytest.param(Line, "", id="an empty line"),
            pytest.param(Line, "  ", id="a blank line"),
            pytest.param(Line, "Robin\r\nBcc: all", id="a line that is two"),
            pytest.param(Line, "x" * 201, id="a line that does not end"),
            pytest.param(Email, "robin", id="an address without a place"),
            pytest.param(Email, "robin@harbor.example\r\nBcc: all", id="an address with a header"),
            pytest.param(Email, "robin@harbor.example, all@harbor.example", id="two addresses"),
            pytest.param(Email, "robin@harbor..example", id="an address with a hole"),
            pytest.param(Phone, "615-555-0100", id="a number without its country"),
            pytest.param(Word, "Two words", id="a word that is two"),
            pytest.param(Zone, "../../etc/localtime", id="a path for a zone"),
        ],
    )
    def test_are_refused_where_a_mail_or_a_file_would_obey_them(self, kind, written):
        """What a person writes is printed into headers and looked up by name later."""
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(written)

    @pytest.mark.parametrize(
        ("kind", "written"),
        [
            pytest.param(Line, "Zoë O'Brien-Núñez", id="a name"),
            pytest.param(Email, "robin.o'brien+kap@mail.harbor.example", id="an address"),
            pytest.param(Email, "jürgen@münchen.example", id="an address beyond ASCII"),
            pytest.param(Phone, "+16155550100", id="a phone"),
            pytest.param(Zone, "America/Argentina/Buenos_Aires", id="a zone"),
            pytest.param(Zone, "Etc/GMT+5", id="a zone by its offset"),
        ],
    )
    def test_pass_as_they_were_written(self, kind, written):
        """A person whose name does not fit is a person who cannot be helped."""
        assert TypeAdapter(kind).validate_python(written) == written


class TestValue:
    def test_never_quotes_what_it_refuses(self):
        """Errors are logged and shown; a name in one is a name in a log."""

        class Person(Value):
            phone: Phone

        with pytest.raises(ValidationError) as refused:
            Person(phone="Robin 615")
        assert "Robin" not in str(refused.value)
