"""How does a clinical or procedural question get its answer?"""

from enum import StrEnum
from typing import Annotated, Self, TypeAlias

from pydantic import Field, StringConstraints

from contracts.base import Line, Paragraph, Value

Code: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{1,63}$")]
Evidence: TypeAlias = bool | int | str | None


class Outcome(StrEnum):
    """What a rule found."""

    PASS = "pass"  # noqa: S105 - the word is an outcome, not a secret
    REFUSE = "refuse"
    HOLD = "hold"


class Reason(Value):
    """One thing that stands in the way, said so that a person can act on it."""

    code: Code
    says: Paragraph
    """A whole sentence, without a name or any other personal word."""

    facts: dict[str, Evidence] = Field(default_factory=dict)
    """What the rule looked at: ids, days, numbers and codes. None means unknown."""


class Decision(Value):
    """What rules answered, with every reason at once and the rulesets they used."""

    outcome: Outcome
    reasons: tuple[Reason, ...] = ()
    rulesets: tuple[Line, ...] = ()
    """`id@date#hash` of each ruleset that was used, with ` not approved` behind where it is not."""

    @classmethod
    def by(cls, reasons: tuple[Reason, ...] | list[Reason], *, rulesets: tuple[str, ...]) -> Self:
        """Pass when no reason stands in the way, refuse otherwise."""
        outcome = Outcome.REFUSE if reasons else Outcome.PASS
        return cls(outcome=outcome, reasons=tuple(reasons), rulesets=rulesets)

    @property
    def passed(self) -> bool:
        """Whether nothing stands in the way."""
        return self.outcome is Outcome.PASS
