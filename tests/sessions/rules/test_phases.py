import pytest

from sessions.rules.phases import ORDER, furthest, needs_medicine


class TestFurthest:
    def test_moves_on(self):
        """The session sheet shows where the client is now."""
        assert furthest("safety_check", "released") == "released"

    def test_never_moves_back(self):
        """What is told late was true earlier, and is not where the client is now."""
        assert furthest("recovery", "medicine_taken") == "recovery"


class TestNeedsMedicine:
    @pytest.mark.parametrize("phase", ["onset", "peak", "reemergence", "recovery"])
    def test_holds_between_taking_and_discharge(self, phase):
        """A session without a dose has no peak to write about."""
        assert needs_medicine(phase)

    @pytest.mark.parametrize("phase", [*ORDER[: ORDER.index("medicine_taken")], "discharged"])
    def test_does_not_hold_before_and_at_discharge(self, phase):
        """These exist whether or not anything was taken."""
        assert not needs_medicine(phase)
