"""What is told, by whom, to whom, and whether its words and its workings agree."""

import inspect
import re
from datetime import date
from pathlib import Path
from types import SimpleNamespace, UnionType
from typing import Annotated, Union, get_args, get_origin
from uuid import UUID

import pytest
from pydantic import AwareDatetime, BaseModel

from contracts.__main__ import table
from contracts.base import Message
from contracts.catalog import BY_WIRE_NAME, TOPICS, by_wire_name

FACTS_FILE = Path(__file__).parents[2] / "shared" / "contracts" / "FACTS.md"
SERVICES = {"intake", "sessions", "integration", "notifications"}
OTHERS = {service: SERVICES - {service} for service in SERVICES}

JOURNEY = {
    "intake.clients": (
        OTHERS["intake"],
        {"client-registered", "contact-changed", "standing-changed"},
    ),
    "intake.pathways": (
        OTHERS["intake"],
        {
            "pathway-opened",
            "consent-signed",
            "consent-withdrawn",
            "prescription-verified",
            "prescription-ended",
            "dose-reserved",
            "ledger-moved",
            "clearance-decided",
            "care-team-changed",
            "pathway-closed",
        },
    ),
    "intake.staff": (OTHERS["intake"], {"staff-changed"}),
    "intake.sites": (OTHERS["intake"], {"site-changed"}),
    "sessions.visits": (
        OTHERS["sessions"],
        {"visit-scheduled", "visit-moved", "visit-cancelled", "visit-attended", "visit-missed"},
    ),
    "sessions.sessions": (
        OTHERS["sessions"],
        {
            "sitting-opened",
            "medicine-released",
            "medicine-taken",
            "client-discharged",
            "session-closed",
        },
    ),
    "sessions.segments": ({"integration"}, {"segment-signed"}),
    "integration.cases": ({"sessions", "notifications"}, {"case-opened"}),
    "notifications.plans": ({"sessions", "intake"}, {"notice-settled"}),
}

every_message = pytest.mark.parametrize("message", BY_WIRE_NAME.values(), ids=BY_WIRE_NAME)
every_topic = pytest.mark.parametrize("topic", TOPICS)


def said(message, label):
    found = re.search(rf"^{label}: (.+)\.$", inspect.cleandoc(message.__doc__), re.MULTILINE)
    return found.group(1) if found else None


def parts_of(kind):
    """Every type that an annotation is made of, down to the leaves."""
    origin = get_origin(kind)
    if origin is Annotated:
        return parts_of(get_args(kind)[0])
    if origin in (Union, UnionType, tuple, dict):
        return {part for below in get_args(kind) for part in parts_of(below)}
    return {getattr(kind, "__supertype__", kind)}


def fields_within(model):
    """Every field of a message and of the values inside it, with the types it is made of."""
    for name, field in model.model_fields.items():
        parts = parts_of(field.annotation)
        yield name, parts
        for part in parts:
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from fields_within(part)


@every_message
class TestMessage:
    def test_says_who_says_it(self, message):
        """Whoever wonders where a fact comes from reads the message and looks no further."""
        assert said(message, "Said by").startswith(message.wire_name.partition(".")[0])

    def test_says_who_hears_it(self, message):
        """A hearer that is not named here is forgotten when the fact changes."""
        assert said(message, "Heard by") == ", ".join(message.heard_by)

    def test_is_heard_by_others(self, message):
        """What a service tells itself is a follow-up, not a fact."""
        speaker = message.wire_name.partition(".")[0]
        assert set(message.heard_by) <= OTHERS[speaker]
        assert message.heard_by

    def test_says_what_personal_data_it_carries(self, message):
        """A privacy officer reads this line; it may not claim a seal that is not there."""
        personal = said(message, "Personal data")
        assert personal is not None
        sealed = re.search(r"sealed .*\b(contact|chart|harm_reduction)\b", personal)
        assert (sealed is not None) == (message.sealed_as is not None)
        assert message.sealed_as is None or message.sealed_as in personal
        assert ("compressed" in personal) == message.compressed

    def test_is_named_after_its_speaker_and_topic(self, message):
        """The name is on every record for ever; a slip in it cannot be taken back."""
        assert re.fullmatch(r"[a-z]+\.[a-z]+(-[a-z]+)*\.v[1-9][0-9]*", message.wire_name)
        service, _, documents = message.topic.partition(".")
        assert service in SERVICES
        assert message.wire_name.startswith(f"{service}.")
        assert documents.endswith("s") or documents == "staff"

    def test_names_its_document_by_a_field_it_has(self, message):
        """The gate of every mirror compares sequences of this id."""
        assert parts_of(message.model_fields[message.subject_field].annotation) == {UUID}

    def test_about_a_person_is_sealed_under_their_key_and_ordered_by_it(self, message):
        """A client's facts in the clear stay on the bus for ever, whatever is shredded."""
        people = {"client_id", "staff_id"} & message.model_fields.keys()
        assert message.about_field == (people.pop() if people else None)
        assert (message.sealed_as is None) == (message.about_field is None)

    def test_carries_its_site(self, message):
        """Access is decided by site; a fact without one could be shown to nobody or to all."""
        assert parts_of(message.model_fields["site_id"].annotation) == {UUID}

    def test_names_instants_and_days_so_that_none_is_taken_for_the_other(self, message):
        """A day is a day at some place; compared with an instant it is off by hours."""
        for name, parts in fields_within(message):
            if AwareDatetime in parts:
                assert name.endswith("_at"), name
            if date in parts:
                assert name.endswith(("_on", "_from", "_to")), name
            assert not name.endswith("_at") or AwareDatetime in parts, name

    def test_holds_no_binary_fractions_and_nothing_untyped(self, message):
        """A tenth is not a tenth as a float, and doses are added up and compared with limits."""
        for name, parts in fields_within(message):
            assert float not in parts, name
            assert object not in parts, name

    def test_bounds_every_text(self, message):
        """One text without an end fills the 256 kB that a whole document may take on the bus."""
        endless = list(_endless(message.model_json_schema(), ()))
        assert endless == []


def _endless(part, path):
    if isinstance(part, list):
        number = any(item.get("type") == "number" for item in part if isinstance(item, dict))
        for item in () if number else part:  # a decimal is a number that may be written as text
            yield from _endless(item, path)
    elif isinstance(part, dict):
        ends = {"pattern", "enum", "const", "format", "maxLength"} & part.keys()
        if part.get("type") == "string" and not ends and "facts" not in path:
            yield "/".join(path)
        for name, below in part.items():
            yield from _endless(below, (*path, name))


@every_topic
class TestTopic:
    def test_tells_one_state_in_all_its_facts(self, topic):
        """The newest wins whatever its name; a fact with fewer fields would erase the rest."""
        shapes = {
            frozenset((name, str(field.annotation)) for name, field in told.model_fields.items())
            for told in TOPICS[topic]
            if told.carries == "state"
        }
        assert len(shapes) == 1

    def test_travels_in_one_way(self, topic):
        """One document has one key on the bus; under two its facts would overtake each other."""
        ways = {(told.subject_field, told.about_field, told.sealed_as) for told in TOPICS[topic]}
        assert len(ways) == 1


class TestCatalogue:
    def test_holds_the_facts_of_the_journey_and_who_hears_them(self):
        """These names were agreed once for four services and their operators."""
        told = {
            topic: (
                {hearer for message in messages for hearer in message.heard_by},
                {message.wire_name.split(".")[1] for message in messages},
            )
            for topic, messages in TOPICS.items()
        }
        assert told == JOURNEY

    def test_is_the_table_in_the_repository(self):
        """The table is what people read; `make catalog` writes it again."""
        assert FACTS_FILE.read_text() == table()

    def test_refuses_two_messages_of_one_name(self):
        """The second would silently take the place of the first, and be read as it."""

        class Told(Message):
            wire_name = "intake.trial-told.v1"

        class ToldAgain(Message):
            wire_name = "intake.trial-told.v1"

        module = SimpleNamespace(__name__=__name__, one=Told, other=ToldAgain)
        with pytest.raises(ValueError, match="two messages"):
            by_wire_name(module)


class TestSealing:
    def test_of_a_harm_reduction_pathway_has_a_class_of_its_own(self):
        """A chart may be released to others; what is told in harm reduction is kept apart."""
        opened = BY_WIRE_NAME["intake.pathway-opened.v1"]
        world = {
            "pathway_id": UUID(int=1),
            "client_id": UUID(int=2),
            "site_id": UUID(int=3),
            "opened_at": "2026-03-01T15:00:00Z",
        }
        assert opened(**world, kind="harm_reduction").sealed_under() == "harm_reduction"
        assert opened(**world, kind="kap").sealed_under() == "chart"
