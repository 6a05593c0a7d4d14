"""May a message change so? Every release is compared with all earlier ones, both ways.

Services are not replaced in one moment, and what was said is kept for ever: old readers meet new
facts, new readers meet old ones. So within one wire name only optional fields may come or go.
Everything else stays as it was released: types, bounds and patterns, defaults, and sets of words,
which may not even grow, for an old reader parks a word it does not know. A set that will grow is
a `Word` from the start; what must change otherwise gets a new wire name, `….v2`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from contracts.base import Message

Schema: TypeAlias = Mapping[str, Any]

_FOR_PEOPLE = frozenset({"title", "description", "examples"})
_LOOKED_INTO = frozenset(
    {"$defs", "properties", "required", "items", "additionalProperties", "anyOf"}
)
_TRAVELS = ("topic", "carries", "subject_field", "about_field", "sealed_as")


class Incompatible(Exception):
    """A message changed so that some reader, old or new, could not follow."""

    def __init__(self, wire_name: str, differences: tuple[str, ...]) -> None:
        """Name the message and every difference."""
        super().__init__(f"{wire_name}: {'; '.join(differences)}")
        self.differences = differences


def schema_of(message: type[Message]) -> Schema:
    """Describe a message as it is released: its fields, and how it travels."""
    travels = {name: getattr(message, name) for name in _TRAVELS}
    return {**message.model_json_schema(), "x-travels": travels}


def differences(new: Schema, old: Schema) -> tuple[str, ...]:
    """Find whatever keeps a reader of one from reading the other, by path; none means it may go."""
    return tuple(_compare(_Within(new, new), _Within(old, old), ""))


def next_release(message: type[Message], released: Mapping[int, Schema]) -> int | None:
    """Number the next release of a message; None where the newest one still tells it all.

    Raises:
        Incompatible: It differs from some earlier release in more than optional fields.
    """
    new = schema_of(message)
    if found := tuple(dict.fromkeys(_differences_from_all(new, released.values()))):
        raise Incompatible(message.wire_name, found)
    newest = max(released, default=0)
    told = newest > 0 and _without_prose(released[newest]) == _without_prose(new)
    return None if told else newest + 1


def _without_prose(part: Any, *, by_name: bool = False) -> Any:
    """Leave out what only people read; under `properties` the same words are names of fields."""
    if isinstance(part, list):
        return [_without_prose(item) for item in part]
    if not isinstance(part, Mapping):
        return part
    return {
        name: _without_prose(below, by_name=not by_name and name in {"properties", "$defs"})
        for name, below in part.items()
        if by_name or name not in _FOR_PEOPLE
    }


def _differences_from_all(new: Schema, earlier: Iterable[Schema]) -> Iterator[str]:
    for old in earlier:
        yield from differences(new, old)


class _Within:
    """A part of a schema, with the whole that its references point into."""

    def __init__(self, part: Any, whole: Schema) -> None:
        """Follow references at once, so that a renamed class is no difference."""
        while isinstance(part, Mapping) and "$ref" in part:
            part = {
                **whole["$defs"][part["$ref"].removeprefix("#/$defs/")],
                **{name: value for name, value in part.items() if name != "$ref"},
            }
        self.part = part
        self.whole = whole

    def at(self, *path: str | int) -> "_Within":
        part = self.part
        for step in path:
            part = part[step]
        return _Within(part, self.whole)

    def names(self, keyword: str) -> set[str]:
        return set(self.part.get(keyword, ()))


def _compare(new: _Within, old: _Within, path: str) -> Iterator[str]:
    if not isinstance(new.part, Mapping) or not isinstance(old.part, Mapping):
        if new.part != old.part:
            yield f"{path or '/'} is another kind of value"
        return
    yield from _compare_keywords(new, old, path)
    yield from _compare_fields(new, old, path)
    yield from _compare_children(new, old, path)


def _compare_keywords(new: _Within, old: _Within, path: str) -> Iterator[str]:
    for keyword in sorted((new.part.keys() | old.part.keys()) - _FOR_PEOPLE - _LOOKED_INTO):
        now, before = new.part.get(keyword), old.part.get(keyword)
        if keyword == "enum" and now and before:
            now, before = sorted(now), sorted(before)
        if now != before:
            yield f"{path or '/'} has another {keyword}"


def _compare_fields(new: _Within, old: _Within, path: str) -> Iterator[str]:
    required, was_required = new.names("required"), old.names("required")
    for name in sorted(required - was_required):
        yield f"{path}/{name} became required"
    for name in sorted(was_required - required):
        yield f"{path}/{name} was required"
    for name in sorted(new.names("properties") & old.names("properties")):
        step = ("properties", name)
        yield from _compare(new.at(*step), old.at(*step), f"{path}/{name}")


def _compare_children(new: _Within, old: _Within, path: str) -> Iterator[str]:
    for keyword, written in (("items", "/[]"), ("additionalProperties", "/*")):
        if keyword in new.part and keyword in old.part:
            yield from _compare(new.at(keyword), old.at(keyword), path + written)
        elif keyword in new.part or keyword in old.part:
            yield f"{path or '/'} has another {keyword}"
    choices, had = len(new.part.get("anyOf", ())), len(old.part.get("anyOf", ()))
    if choices != had:
        yield f"{path or '/'} may be {choices or 1} kinds of value and was {had or 1}"
        return
    for choice in range(choices):
        yield from _compare(new.at("anyOf", choice), old.at("anyOf", choice), path)
