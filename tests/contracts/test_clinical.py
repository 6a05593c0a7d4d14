"""How a question is answered, and what an answer may not leave open."""

import pytest
from pydantic import ValidationError

from contracts.clinical import Decision, Outcome, Reason

WITHDRAWN = Reason(code="CONSENT_WITHDRAWN", says="The consent was withdrawn.")
EXPIRED = Reason(
    code="PRESCRIPTION_EXPIRED",
    says="The prescription is no longer valid.",
    facts={"valid_to_on": "2026-03-01", "checked_on": None},
)
RULESETS = ("kap-sitting@2026-11-23#0123456789ab not approved",)


class TestDecision:
    def test_passes_where_nothing_stands_in_the_way(self):
        """An answer names the limits it was given by, a yes as much as a no."""
        decided = Decision.by((), rulesets=RULESETS)
        assert (decided.outcome, decided.passed) == (Outcome.PASS, True)
        assert decided.rulesets == RULESETS

    def test_refuses_with_every_reason(self):
        """Whoever sees only the first problem mends only the first problem."""
        decided = Decision.by([WITHDRAWN, EXPIRED], rulesets=RULESETS)
        assert (decided.outcome, decided.passed) == (Outcome.REFUSE, False)
        assert decided.reasons == (WITHDRAWN, EXPIRED)

    def test_to_hold_is_no_yes(self):
        """A clinical no is data, and whoever only asks for a refusal would let it pass."""
        assert not Decision(outcome=Outcome.HOLD, reasons=(WITHDRAWN,)).passed

    def test_comes_back_from_the_wire_as_it_was(self):
        """It is stored under a release and told; None must not become false on the way."""
        decided = Decision.by([EXPIRED], rulesets=RULESETS)
        read = Decision.model_validate_json(decided.model_dump_json())
        assert read == decided
        assert read.reasons[0].facts["checked_on"] is None


class TestReason:
    @pytest.mark.parametrize("code", ["consent withdrawn", "Consent_Withdrawn", "", "_X", "1X"])
    def test_has_a_code_that_can_be_counted_and_looked_up(self, code):
        """Two spellings of one code are two rows in every report."""
        with pytest.raises(ValidationError):
            Reason(code=code, says="The consent was withdrawn.")

    def test_says_something(self):
        """A person has to act on it; a code alone sends them to a manual."""
        with pytest.raises(ValidationError):
            Reason(code="CONSENT_WITHDRAWN", says="")
