"""Where a slip of the keyboard ends."""

from decimal import Decimal

import pytest
from pydantic import TypeAdapter, ValidationError

from contracts import units

BOUNDS = [
    pytest.param(units.SystolicMmHg, 50, 300, 1, id="systolic"),
    pytest.param(units.DiastolicMmHg, 20, 200, 1, id="diastolic"),
    pytest.param(units.BeatsPerMinute, 20, 250, 1, id="heart rate"),
    pytest.param(units.BreathsPerMinute, 4, 60, 1, id="breathing"),
    pytest.param(units.SpO2Percent, 50, 100, 1, id="oxygen"),
    pytest.param(units.Celsius, Decimal("30.0"), Decimal("43.0"), Decimal("0.1"), id="temperature"),
    pytest.param(
        units.Milligrams, Decimal("0.01"), Decimal(2000), Decimal("0.01"), id="milligrams"
    ),
    pytest.param(units.Units, Decimal("0.01"), Decimal(500), Decimal("0.01"), id="units"),
    pytest.param(units.SignedUnits, Decimal(-500), Decimal(500), Decimal("0.01"), id="moved"),
    pytest.param(units.TotalMilligrams, 0, 1_000_000, Decimal("0.0001"), id="total"),
    pytest.param(units.Minutes, 0, 1440, 1, id="minutes"),
]


@pytest.mark.parametrize(("unit", "lowest", "highest", "step"), BOUNDS)
class TestBounds:
    def test_hold_what_a_living_body_or_a_pharmacy_can_show(self, unit, lowest, highest, step):
        """A true reading that is refused is written on paper and lost."""
        for possible in (lowest, lowest + step, highest - step, highest):
            assert TypeAdapter(unit).validate_python(possible) == possible

    def test_refuse_one_step_beyond(self, unit, lowest, highest, step):
        """1200 for 120 is a slip; it must not reach a rule that judges danger."""
        for slip in (lowest - step, highest + step):
            with pytest.raises(ValidationError):
                TypeAdapter(unit).validate_python(slip)


@pytest.mark.parametrize("unit", [pytest.param(case.values[0], id=case.id) for case in BOUNDS])
class TestNumbers:
    def test_are_finite_and_there(self, unit):
        """Not-a-number is neither above a limit nor below it, so every rule would let it pass."""
        for written in ("NaN", "Infinity", "1e400", "", None):
            with pytest.raises(ValidationError):
                TypeAdapter(unit).validate_python(written)


class TestProducts:
    def test_of_units_and_strength_fit_into_a_total(self):
        """A total that did not fit would refuse a dose that was taken."""
        strongest = Decimal(500) * Decimal(2000)
        finest = Decimal("0.01") * Decimal("0.01")
        for total in (strongest, finest):
            assert TypeAdapter(units.TotalMilligrams).validate_python(total) == total
