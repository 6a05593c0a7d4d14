"""Which notices are there, when, for which visits, and in which words? Dated data."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from contracts.base import Line, Value, Word
from contracts.intake import Channel, Language
from contracts.notifications import NoticeClass
from contracts.sessions import VisitKind
from notifications.rules.hours import Window
from notifications.rules.wording import LocalForm, Template, forbidden_in, unknown_fields_in


class Item(Value):
    """One notice of the pack: for which visits, counted from what, in which hours."""

    item: Word
    notice_class: NoticeClass
    visit_kinds: Annotated[tuple[VisitKind, ...], Field(min_length=1)]
    anchor: Literal["start", "discharge"]
    offset_days: int = 0
    """Days on the calendar: the same time on the wall, whatever the clocks did in between."""

    offset_hours: int = 0
    """Hours that pass."""

    channel: Channel
    template: Word
    grace_hours: Annotated[int, Field(ge=1, le=48)]
    """How late it may be and still be of use."""

    window: Window


class NoticePack(Value):
    """The notices around a visit; a pack whose words are not neutral cannot be read at all."""

    impairment_minutes_before_start: Annotated[int, Field(ge=0, le=240)]
    presumed_discharge_hours_after_end: Annotated[int, Field(ge=0, le=24)]
    items: tuple[Item, ...]
    templates: tuple[Template, ...]
    forms: tuple[LocalForm, ...]
    forbidden: Annotated[tuple[Line, ...], Field(min_length=1)]
    """Stems that may begin no word of anything that is sent."""

    @model_validator(mode="after")
    def _fit_to_send(self) -> Self:
        problems = tuple(problems_in(self))
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def words_for(self, item: str, language: Language) -> tuple[Template, LocalForm] | None:
        """Find the words of an item in a language; None where the pack has none."""
        named = next((one.template for one in self.items if one.item == item), None)
        template = next(
            (t for t in self.templates if (t.template, t.language) == (named, language)), None
        )
        form = next((form for form in self.forms if form.language == language), None)
        return None if template is None or form is None else (template, form)


def problems_in(pack: NoticePack) -> Iterator[str]:
    """Name everything that keeps a pack from being used.

    Rule: K-WORDING.
    """
    yield from _twice_in("item", [item.item for item in pack.items])
    yield from _twice_in("template", [f"{t.template} {t.language}" for t in pack.templates])
    for item in pack.items:
        if not any(template.template == item.template for template in pack.templates):
            yield f"{item.item} has no template"
    for template in pack.templates:
        name, text = f"{template.template} {template.language}", _text(template)
        yield from (f"{name} says {stem}" for stem in forbidden_in(text, pack.forbidden))
        yield from (f"{name} names {{{field}}}" for field in unknown_fields_in(text))
        if not any(form.language == template.language for form in pack.forms):
            yield f"{name} has no form for days and times"


def _twice_in(kind: str, names: list[str]) -> Iterator[str]:
    yield from (f"{kind} {name} stands twice" for name in sorted({*names}) if names.count(name) > 1)


def _text(template: Template) -> str:
    return f"{template.subject}\n{template.body}"
