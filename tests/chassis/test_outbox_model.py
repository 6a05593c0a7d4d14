"""Whether the rules of the outbox hold together, and whether each of them is needed."""

import pytest

from outbox_model import Rule, broken, play

GAMES = range(3_000)


class TestOutboxRules:
    def test_lose_nothing_invent_nothing_and_leave_no_gap(self):
        """A hearer that counts 1, 2, 4 waits for ever, or acts on what was never decided."""
        assert broken(GAMES) == {}

    def test_are_tried_hard(self):
        """Games in which nothing is ever sent twice would prove nothing."""
        assert sum(play(seed).repeats > 0 for seed in GAMES) > 0.9 * len(GAMES)

    @pytest.mark.parametrize(
        ("rule", "violation"),
        [
            pytest.param(Rule.WHOLE_PREFIX, "gap", id="O1 the whole pending prefix"),
            pytest.param(Rule.STOP_AT_FAILURE, "gap", id="O2 stop at the first failure"),
            pytest.param(Rule.ONLY_MAJORITY, "ghost", id="O3 only what a majority has"),
            pytest.param(Rule.REMOVE_BY_ID, "loss", id="O4 remove by acknowledged id"),
        ],
    )
    def test_are_each_needed(self, rule, violation):
        """A rule that nothing misses is taken out one day, and then something does."""
        found = broken(GAMES, without=rule)
        assert any(violation in violations for violations in found.values())
