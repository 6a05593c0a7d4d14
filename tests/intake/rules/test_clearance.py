import pytest

from chassis.domain import Refused
from contracts.intake import ClearanceDecided
from intake.rules.clearance import decide_clearance
from intake_builders import NOW, a_clearance, a_pathway


class TestDecideClearance:
    def test_replaces_the_decision_before_and_tells(self):
        """The newest decision counts, also when it is a no."""
        declined = a_clearance(outcome="declined", decided_at=NOW)
        change = decide_clearance(a_pathway(), declined)
        assert change.document.clearance == declined
        assert [type(fact) for fact in change.told] == [ClearanceDecided]

    def test_asks_for_the_conditions(self):
        """A condition that nobody wrote down is kept by nobody."""
        with pytest.raises(Refused, match="CONDITIONS_MISSING"):
            decide_clearance(a_pathway(), a_clearance(outcome="cleared_with_conditions"))

    def test_keeps_the_conditions(self):
        """The therapist reads them on the day."""
        given = a_clearance(outcome="cleared_with_conditions", conditions=("Fasting",))
        assert decide_clearance(a_pathway(), given).document.clearance == given

    def test_refuses_where_no_medicine_is_given(self):
        """Nobody is cleared for what is not provided here."""
        with pytest.raises(Refused) as refused:
            decide_clearance(a_pathway(kind="harm_reduction", closed_at=NOW), a_clearance())
        codes = [reason.code for reason in refused.value.reasons]
        assert codes == ["PATHWAY_CLOSED", "PATHWAY_NOT_KAP"]
