import copy

import pytest
import yaml
from pydantic import ValidationError

from notice_builders import PACK, PACK_FILE
from notifications.rules.packs import NoticePack
from notifications.rules.wording import forbidden_in

POLICY = yaml.safe_load(PACK_FILE.read_text())["policy"]


def refused(change):
    policy = copy.deepcopy(POLICY)
    change(policy)
    with pytest.raises(ValidationError) as wrong:
        NoticePack.model_validate(policy)
    return str(wrong.value)


class TestNoticePack:
    """A pack that must not be sent cannot be read."""

    def test_refuses_words_that_are_not_neutral(self):
        """K-WORDING: one careless template would reach every client."""
        assert "check-in en says ketamin" in refused(
            lambda policy: policy["templates"][4].update(body="Your ketamine day")
        )

    def test_refuses_a_field_that_must_not_be_filled_in(self):
        """K-WORDING: names stay out of e-mail."""
        assert "visit-ahead en names {name}" in refused(
            lambda policy: policy["templates"][0].update(subject="{name}")
        )

    def test_refuses_an_item_without_words(self):
        """It would be planned and could never be sent."""
        assert "k03-week-before has no template" in refused(
            lambda policy: policy["items"][0].update(template="nowhere")
        )

    def test_refuses_two_items_of_one_name(self):
        """A notice is named by its item."""
        assert "item k03-week-before stands twice" in refused(
            lambda policy: policy["items"].append(policy["items"][0])
        )

    def test_refuses_a_template_that_stands_twice(self):
        """Nobody could say which one was approved."""
        assert "template visit-ahead en stands twice" in refused(
            lambda policy: policy["templates"].append(policy["templates"][0])
        )

    def test_refuses_a_language_without_form(self):
        """A day cannot be written without the names of days."""
        assert "es has no form" in refused(lambda policy: policy["forms"].pop())

    def test_refuses_an_unknown_field(self):
        """A misspelt limit would silently not hold."""
        assert "extra_forbidden" in refused(lambda policy: policy["items"][0].update(grace=1))


class TestWordsFor:
    """Words are looked up by item and language."""

    def test_finds_them(self):
        """Both languages are offered for every item."""
        found = [
            PACK.words_for(item.item, language) for item in PACK.items for language in ("en", "es")
        ]

        assert [(template.template, form.language) for template, form in found] == [
            (item.template, language) for item in PACK.items for language in ("en", "es")
        ]

    @pytest.mark.parametrize(("item", "language"), [("k06-day-before", "other"), ("nowhere", "en")])
    def test_finds_none_where_there_are_none(self, item, language):
        """Nothing is sent in a language nobody asked for."""
        assert PACK.words_for(item, language) is None


class TestShippedPack:
    """The pack in deploy/rulesets says what the clinical brief says, and not more."""

    def test_has_the_notices_around_a_medicine_visit(self):
        """K03, K06 and K07 before; K10, K11 and K13 after."""
        assert {
            item.item[:3]: (item.anchor, item.offset_days, item.offset_hours) for item in PACK.items
        } == {
            "k03": ("start", -7, 0),
            "k06": ("start", 0, -24),
            "k07": ("start", 0, -3),
            "k10": ("discharge", 0, 3),
            "k11": ("discharge", 0, 24),
            "k13": ("discharge", 0, 48),
        }

    def test_counts_two_as_safety(self):
        """Only these are exempt from holds."""
        safety = [item.item[:3] for item in PACK.items if item.notice_class == "safety"]

        assert safety == ["k10", "k11"]

    @pytest.mark.parametrize(
        "word", ["ketamine", "psychedelic", "therapy", "terapia", "PHQ-9", "50 mg dose", "medicine"]
    )
    def test_forbids_what_must_never_leave(self, word):
        """Each of these tells a stranger what the visit is for."""
        assert forbidden_in(word, PACK.forbidden)
