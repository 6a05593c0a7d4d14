"""Every decision names the text it was decided by."""

from datetime import date
from decimal import Decimal
from textwrap import dedent

import pytest

from chassis.rulesets import RulesetMissing, Rulesets, RulesetWrong
from contracts.base import Value


class Policy(Value):
    days: int
    factor: Decimal = Decimal(1)


def text(*, day="2026-01-01", policy="days: 7", id_="a-policy"):
    """Write a ruleset as it lies in its file."""
    return dedent(f"""\
        id: {id_}
        effective_from: {day}
        signed_by: null
        sources: [a book]
        policy:
          {policy}
        """)


@pytest.fixture
def folder(tmp_path):
    """A folder of two versions of one policy."""
    (tmp_path / "a-policy").mkdir()
    (tmp_path / "a-policy/2026-01-01.yaml").write_text(text())
    (tmp_path / "a-policy/2026-06-01.yaml").write_text(text(day="2026-06-01", policy="days: 9"))
    return tmp_path


class TestNewest:
    """Finding what holds on a day."""

    @pytest.mark.parametrize(
        ("on", "days"),
        [
            (date(2026, 1, 1), 7),
            (date(2026, 5, 31), 7),
            (date(2026, 6, 1), 9),
            (date(2027, 1, 1), 9),
        ],
        ids=["first day", "last day before the next", "the next one's first day", "later"],
    )
    def test_gives_the_newest_in_force(self, folder, on, days):
        """A dose of May is judged by the limits of May."""
        found = Rulesets(folder, demo=True).newest(Policy, "a-policy", on=on)

        assert found.policy == Policy(days=days)

    @pytest.mark.parametrize("id_", ["a-policy", "no-policy"])
    def test_has_nothing_before_the_first(self, folder, id_):
        """No rule at all is not a rule that lets everything pass."""
        with pytest.raises(RulesetMissing):
            Rulesets(folder, demo=True).newest(Policy, id_, on=date(2025, 12, 31))

    def test_names_id_day_and_content(self, folder):
        """A comma that was moved makes another ruleset, and nobody has approved that one."""
        before = Rulesets(folder, demo=True).newest(Policy, "a-policy", on=date(2026, 2, 1))
        (folder / "a-policy/2026-01-01.yaml").write_text(text(policy="days:  7"))
        after = Rulesets(folder, demo=True).newest(Policy, "a-policy", on=date(2026, 2, 1))

        assert before.name.startswith("a-policy@2026-01-01#")
        assert before.name.endswith(" not approved")
        assert before.policy == after.policy
        assert before.name != after.name

    def test_uses_only_what_was_approved_outside_of_a_demonstration(self, folder):
        """A file that was dropped into a folder must not move a limit of a real clinic."""
        shown = Rulesets(folder, demo=True).newest(Policy, "a-policy", on=date(2026, 2, 1)).name
        name = shown.removesuffix(" not approved")

        with pytest.raises(RulesetMissing):
            Rulesets(folder, demo=False).newest(Policy, "a-policy", on=date(2026, 7, 1))
        approved = Rulesets(folder, demo=False, approved=[name])
        assert approved.newest(Policy, "a-policy", on=date(2026, 7, 1)).name == name

    def test_refuses_a_policy_that_lacks_a_number(self, folder):
        """A limit that is not there would be a limit of nothing."""
        (folder / "a-policy/2026-01-01.yaml").write_text(text(policy="weeks: 1"))

        with pytest.raises(RulesetWrong, match="days"):
            Rulesets(folder, demo=True).newest(Policy, "a-policy", on=date(2026, 2, 1))


class TestRulesets:
    """Reading the folder."""

    @pytest.mark.parametrize(
        "wrong",
        ["{", "[]", "id: a-policy", text(day="2026-02-02"), text(id_="b-policy"), text() + "x: 1"],
        ids=["no YAML", "no object", "half", "another day", "another id", "unknown field"],
    )
    def test_refuses_a_file_that_is_no_ruleset(self, folder, wrong):
        """A file that is silently left out is a limit that silently does not hold."""
        (folder / "a-policy/2026-01-01.yaml").write_text(wrong)

        with pytest.raises(RulesetWrong):
            Rulesets(folder, demo=True)
