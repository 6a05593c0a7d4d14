"""May these words leave the house, and how is a visit named in them?"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from string import Formatter
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from contracts.base import Line, Paragraph, Value, Word
from contracts.intake import Language

FIELDS = frozenset({"clinic", "day", "time", "phone"})
"""What a template may name: nothing else about a client or a visit is ever put into a notice."""


_NOON = 12


class Template(Value):
    """The words of one notice in one language."""

    template: Word
    language: Language
    subject: Line
    body: Paragraph


class LocalForm(Value):
    """How one language writes a day and a time."""

    language: Language
    weekdays: Annotated[tuple[Line, ...], Field(min_length=7, max_length=7)]
    """From Monday on."""

    day: Line
    """With {weekday}, {month} and {day}."""

    clock: Literal["12h", "24h"]


class Words(Value):
    """What is written to a client: a subject and a body, neutral both."""

    subject: str
    body: str


def forbidden_in(text: str, stems: Iterable[str]) -> tuple[str, ...]:
    """Find the stems that begin a word of this text, whatever its case or accents.

    Rule: K-WORDING.
    """
    plain = _plain(text)
    return tuple(
        stem for stem in stems if re.search(rf"(?<![^\W_]){re.escape(_plain(stem))}", plain)
    )


def unknown_fields_in(text: str) -> tuple[str, ...]:
    """Find what a template names that it must not: only `FIELDS` may be filled in."""
    named = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    return tuple(sorted(named - FIELDS))


def write(
    template: Template, form: LocalForm, *, clinic: str, phone: str | None, starts_at: datetime
) -> Words:
    """Fill a template in; `starts_at` bears the zone whose clock the client will look at.

    A clinic without a telephone number is named once more instead.
    """
    filled: Mapping[str, str] = {
        "clinic": " ".join(clinic.split()),
        "day": form.day.format(
            weekday=form.weekdays[starts_at.weekday()], month=starts_at.month, day=starts_at.day
        ),
        "time": _time(form, starts_at),
        "phone": phone or " ".join(clinic.split()),
    }
    return Words(
        subject=template.subject.format_map(filled), body=template.body.format_map(filled).strip()
    )


def local_start(
    starts_at: datetime, *, place: ZoneInfo, client: ZoneInfo, in_person: bool
) -> datetime:
    """Give the start by the clock the client will look at: the site's, or their own at home."""
    return starts_at.astimezone(place if in_person else client)


def _time(form: LocalForm, at: datetime) -> str:
    zone = at.strftime("%Z")
    if form.clock == "24h":
        return f"{at.hour}:{at.minute:02d} {zone}"
    half = "am" if at.hour < _NOON else "pm"
    return f"{at.hour % _NOON or _NOON}:{at.minute:02d}{half} {zone}"


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))
