"""What does the evidence of a prescription say, and what came and went?"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contracts.base import Day, Instant, Value, Word
from contracts.ids import PrescriptionId, StaffId
from contracts.intake import (
    Delegation,
    LedgerMovement,
    Prescriber,
    Prescription,
)
from contracts.units import Milligrams, Units
from intake.rules.ledger import signed_units


class PrescriptionGiven(Value):
    """A prescription as the evidence shows it."""

    medicine: Word
    route: Word
    formulation: Word
    intended_use: Literal["home_use", "clinic_administered"] | None = None
    strength_mg_per_unit: Milligrams
    dose_mg_min: Milligrams
    dose_mg_max: Milligrams
    session_mg_max: Milligrams
    units_per_session_max: Units
    quantity_units: Units
    refills_authorized: Annotated[int, Field(ge=0, le=99)]
    days_between_doses_min: Annotated[int, Field(ge=0, le=365)]
    issued_on: Day
    valid_from_on: Day
    valid_to_on: Day
    issuance_basis: Literal[
        "in_person_exam", "telemedicine_flexibility", "special_registration", "other"
    ]
    prescriber: Prescriber
    delegation: Delegation | None = None
    pharmacy_monitoring_checked_on: Day | None = None

    def verified(self, prescription_id: UUID, *, by: UUID, at: Instant) -> Prescription:
        """Say who verified it, and when."""
        return Prescription(
            **dict(self),
            prescription_id=PrescriptionId(prescription_id),
            verified_by=StaffId(by),
            verified_at=at,
        )


class PrescriptionEnd(Value):
    """Which prescription ends, and why."""

    prescription_id: PrescriptionId
    cause: Literal["exhausted", "expired", "cancelled", "suspended"]


class MovementGiven(Value):
    """Units that came, went or were lost outside of a session; sessions count their own doses."""

    kind: Literal["received", "taken", "returned", "lost", "destroyed"]
    prescription_id: PrescriptionId
    units: Units
    """How many, without a sign: the kind says which way they went."""

    moved_at: Instant

    def movement(self) -> LedgerMovement:
        """Give the units their sign."""
        return LedgerMovement(
            kind=self.kind,
            prescription_id=self.prescription_id,
            units=signed_units(self.kind, self.units),
            moved_at=self.moved_at,
        )
