"""What does a number measure?

The bounds catch slips of the keyboard (`domain.md` §4.3), not clinical danger: danger is judged by
rules over dated limits.
"""

from decimal import Decimal
from typing import Annotated, TypeAlias

from pydantic import Field

SystolicMmHg: TypeAlias = Annotated[int, Field(ge=50, le=300)]
DiastolicMmHg: TypeAlias = Annotated[int, Field(ge=20, le=200)]
BeatsPerMinute: TypeAlias = Annotated[int, Field(ge=20, le=250)]
BreathsPerMinute: TypeAlias = Annotated[int, Field(ge=4, le=60)]
SpO2Percent: TypeAlias = Annotated[int, Field(ge=50, le=100)]
Celsius: TypeAlias = Annotated[Decimal, Field(ge=30, le=43, decimal_places=1)]
Milligrams: TypeAlias = Annotated[Decimal, Field(gt=0, le=2000, max_digits=6, decimal_places=2)]
Units: TypeAlias = Annotated[Decimal, Field(gt=0, le=500, max_digits=5, decimal_places=2)]
"""Tablets, troches, sprays or capsules; halves and quarters exist."""

SignedUnits: TypeAlias = Annotated[Decimal, Field(ge=-500, le=500, max_digits=5, decimal_places=2)]
TotalMilligrams: TypeAlias = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=4)]
"""Units times their strength: as wide as its two factors together."""

Minutes: TypeAlias = Annotated[int, Field(ge=0, le=1440)]
