"""What may change in a message that was released, and what some reader could not follow."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, ClassVar, Literal
from uuid import UUID

import pytest
from pydantic import Field, ValidationError, create_model

from contracts.__main__ import release, released
from contracts.base import Message, Value, Word
from contracts.catalog import BY_WIRE_NAME
from contracts.release import Incompatible, differences, next_release, schema_of

SCHEMAS = Path(__file__).parents[2] / "shared" / "contracts" / "schemas"
EXAMPLES = Path(__file__).parent / "examples"
NAME = "intake.trial-told.v1"


class Trial(Message):
    """A trial message of the shape that messages have."""

    wire_name: ClassVar[str] = NAME
    topic: ClassVar[str] = "intake.trials"
    carries: ClassVar[Literal["state", "happening"]] = "state"
    subject_field: ClassVar[str] = "trial_id"

    trial_id: UUID


class Part(Value):
    """A value inside the trial message."""

    dose_mg: Annotated[int, Field(ge=1, le=100)]
    note: Word | None = None


class Told(Trial):
    """The first release."""

    state: Literal["open", "closed"]
    dose_mg: Annotated[int, Field(ge=1, le=100)]
    note: Word | None = None
    parts: tuple[Part, ...] = ()
    counts: dict[str, Part]


BODY = {
    "trial_id": "11111111-1111-5111-8111-111111111111",
    "state": "open",
    "dose_mg": 50,
    "note": "calm",
    "parts": [{"dose_mg": 50, "note": "calm"}],
    "counts": {"all": {"dose_mg": 50, "note": None}},
}


def changed(message=Told, without=(), **fields):
    """The trial message with other fields, each given as a type or as a type and its default."""
    kept = {
        name: (field.rebuild_annotation(), ... if field.is_required() else field.default)
        for name, field in message.model_fields.items()
        if name not in without
    }
    given = {
        name: kind if isinstance(kind, tuple) else (kind, ...) for name, kind in fields.items()
    }
    base = Trial if issubclass(message, Message) else Value
    return create_model(message.__name__, __base__=base, **(kept | given))


PART_WITH_UNIT = changed(Part, unit=Word)
PART_WITH_NOTE_ONLY = changed(Part, without=("dose_mg",))
PART_WITH_TIGHT_DOSE = changed(Part, dose_mg=Annotated[int, Field(ge=1, le=40)])
PART_WITH_HINT = changed(Part, hint=(Word | None, None))


class Mood(StrEnum):
    """Another way to write the same closed set of words."""

    CLOSED = "closed"
    OPEN = "open"


FORBIDDEN = [
    pytest.param(changed(unit=Word), "/unit became required", id="a required field comes"),
    pytest.param(
        changed(without=("dose_mg",)), "/dose_mg was required", id="a required field goes"
    ),
    pytest.param(
        changed(dose_mg=(Annotated[int, Field(ge=1, le=100)], 1)),
        "/dose_mg was required",
        id="a required field becomes optional",
    ),
    pytest.param(changed(note=Word | None), "/note became required", id="an optional one required"),
    pytest.param(changed(dose_mg=Word), "/dose_mg has another type", id="another type"),
    pytest.param(
        changed(dose_mg=Annotated[int, Field(ge=1, le=100)] | None),
        "/dose_mg may be 2 kinds of value and was 1",
        id="null is allowed",
    ),
    pytest.param(
        changed(note=(Word, "calm")), "/note may be 1 kinds of value and was 2", id="null is not"
    ),
    pytest.param(changed(note=(Word | None, "calm")), "/note has another default", id="default"),
    pytest.param(changed(state=Literal["open"]), "/state has another enum", id="a word goes"),
    pytest.param(
        changed(state=Literal["open", "closed", "lost"]),
        "/state has another enum",
        id="a word comes",
    ),
    pytest.param(
        changed(dose_mg=Annotated[int, Field(ge=1, le=40)]),
        "/dose_mg has another maximum",
        id="a bound is tightened",
    ),
    pytest.param(
        changed(dose_mg=Annotated[int, Field(ge=1, le=400)]),
        "/dose_mg has another maximum",
        id="a bound is loosened",
    ),
    pytest.param(
        changed(dose_mg=Annotated[int, Field(ge=1)]),
        "/dose_mg has another maximum",
        id="a bound is dropped",
    ),
    pytest.param(
        changed(note=(Annotated[str, Field(pattern="^[a-z]+$")] | None, None)),
        "/note has another pattern",
        id="another pattern",
    ),
    pytest.param(
        changed(parts=(tuple[PART_WITH_UNIT, ...], ())),
        "/parts/[]/unit became required",
        id="a required field comes inside a list",
    ),
    pytest.param(
        changed(parts=(tuple[PART_WITH_NOTE_ONLY, ...], ())),
        "/parts/[]/dose_mg was required",
        id="a required field goes inside a list",
    ),
    pytest.param(
        changed(counts=dict[str, PART_WITH_TIGHT_DOSE]),
        "/counts/*/dose_mg has another maximum",
        id="a bound is tightened inside a map",
    ),
    pytest.param(changed(parts=(Part | None, None)), "/parts", id="one instead of many"),
]

ALLOWED = [
    pytest.param(changed(hint=(Word | None, None)), id="an optional field comes"),
    pytest.param(changed(without=("note",)), id="an optional field goes"),
    pytest.param(
        changed(parts=(tuple[PART_WITH_HINT, ...], ())), id="an optional field comes inside a list"
    ),
    pytest.param(changed(state=Mood), id="the same words are written otherwise"),
]


def reads(message, body):
    return message.model_validate_json(json.dumps(body), extra="ignore")


class TestGate:
    @pytest.mark.parametrize(("new", "difference"), FORBIDDEN)
    def test_names_every_change_that_some_reader_cannot_follow(self, new, difference):
        """Services are replaced one by one, and what was said is read again for years."""
        found = differences(schema_of(new), schema_of(Told))
        assert any(named.startswith(difference) for named in found), found

    @pytest.mark.parametrize("new", ALLOWED)
    def test_lets_optional_fields_come_and_go(self, new):
        """Each reader then reads the other's body, and this shows that it does."""
        assert differences(schema_of(new), schema_of(Told)) == ()
        assert differences(schema_of(Told), schema_of(new)) == ()
        body = reads(Told, BODY).model_dump(mode="json")
        assert reads(Told, reads(new, body).model_dump(mode="json")).dose_mg == 50

    def test_is_needed_where_it_says_so(self):
        """A gate that forbids what would have worked is soon switched off."""
        narrow, wide = changed(state=Literal["open"]), changed(dose_mg=int)
        with pytest.raises(ValidationError):
            reads(narrow, BODY | {"state": "closed"})
        with pytest.raises(ValidationError):
            reads(Told, reads(wide, BODY | {"dose_mg": 400}).model_dump(mode="json"))

    def test_names_every_difference_at_once(self):
        """Whoever mends only the first comes back for the second."""
        new = changed(without=("state",), dose_mg=Word, unit=Word)
        assert differences(schema_of(new), schema_of(Told)) == (
            "/unit became required",
            "/state was required",
            "/dose_mg has another maximum",
            "/dose_mg has another minimum",
            "/dose_mg has another pattern",
            "/dose_mg has another type",
        )

    @pytest.mark.parametrize(
        ("variable", "value"),
        [("topic", "intake.others"), ("sealed_as", "chart"), ("about_field", "trial_id")],
    )
    def test_keeps_the_way_a_fact_travels(self, variable, value):
        """A reader looks for the key and the order where they were; a moved fact is lost to it."""
        moved = type("Told", (Told,), {variable: value, "__module__": __name__})
        assert differences(schema_of(moved), schema_of(Told)) == ("/ has another x-travels",)


class TestRelease:
    def test_compares_with_all_earlier_ones(self):
        """A name that was dropped and comes back as something else is misread in old facts."""
        first = changed(hint=(Word | None, None))
        second = changed()
        third = changed(hint=(int | None, None))
        history = {1: schema_of(first), 2: schema_of(second)}
        assert differences(schema_of(third), history[2]) == ()
        with pytest.raises(Incompatible, match="/hint"):
            next_release(third, history)

    def test_is_numbered_only_when_the_wire_changed(self):
        """Better words in a docstring are no news to a reader."""
        told_better = changed()
        told_better.__doc__ = "The first release, said better."
        history = {1: schema_of(Told)}
        assert next_release(told_better, history) is None
        assert next_release(changed(hint=(Word | None, None)), history) == 2
        assert next_release(Told, {}) == 1

    def test_writes_all_files_or_none(self, tmp_path):
        """A half-written release would be compared with ever after."""
        assert [file.name for file in release(tmp_path, {NAME: Told})] == [f"{NAME}.1.json"]
        assert release(tmp_path, {NAME: Told}) == []
        longer = changed(hint=(Word | None, None))
        assert [file.name for file in release(tmp_path, {NAME: longer})] == [f"{NAME}.2.json"]
        assert released(tmp_path, NAME).keys() == {1, 2}
        with pytest.raises(Incompatible):
            release(tmp_path, {"intake.another.v1": longer, NAME: changed(unit=Word)})
        assert len(list(tmp_path.iterdir())) == 2


def unread(schemas, examples, messages):
    """Every release that today's messages do not tell any more, or whose example they misread."""
    for file in sorted(schemas.glob("*.json")):
        message = messages[file.stem.rpartition(".")[0]]
        if next_release(message, released(schemas, message.wire_name)) is not None:
            yield f"{file.stem} is not what is told today: make release"
        try:
            body = (examples / file.name).read_text()
            message.model_validate_json(body, extra="ignore")
        except (OSError, ValidationError) as failed:
            yield f"{file.stem} has no example that is read today: {type(failed).__name__}"


class TestReleased:
    def test_messages_are_told_and_read_as_they_were(self):
        """What was released is on the bus for ever, and somebody will read it again."""
        assert list(unread(SCHEMAS, EXAMPLES, BY_WIRE_NAME)) == []

    def test_messages_that_changed_or_misread_an_example_are_found(self, tmp_path):
        """Nothing may be released yet; this shows that the check above bites when something is."""
        schemas, examples = tmp_path / "schemas", tmp_path / "examples"
        examples.mkdir()
        release(schemas, {NAME: Told})
        example = examples / f"{NAME}.1.json"
        example.write_text(json.dumps(BODY | {"later": 1}))
        assert list(unread(schemas, examples, {NAME: Told})) == []
        longer = changed(hint=(Word | None, None))
        assert len(list(unread(schemas, examples, {NAME: longer}))) == 1
        example.write_text(json.dumps(BODY | {"dose_mg": 400}))
        assert len(list(unread(schemas, examples, {NAME: Told}))) == 1
        example.unlink()
        assert len(list(unread(schemas, examples, {NAME: Told}))) == 1
