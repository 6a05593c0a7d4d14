"""What is said of a site and of those who work there?"""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from contracts.base import Line, Phone, Value
from contracts.ids import SiteId, StaffId
from intake.schemas.zones import KnownZone

StaffRole: TypeAlias = Literal[
    "therapist",
    "prescriber",
    "prescriber_designee",
    "intake_coordinator",
    "clinical_supervisor",
    "privacy_officer",
    "site_admin",
    "operator",
]


class StaffGiven(Value):
    """Somebody who works at a site; the id is the one that the issuer of tokens knows them by."""

    staff_id: StaffId
    site_id: SiteId
    name: Line
    roles: Annotated[tuple[StaffRole, ...], Field(min_length=1, max_length=8)]


class SiteGiven(Value):
    """A site; the id is the one that tokens name their roles by."""

    site_id: SiteId
    name: Line
    zone: KnownZone
    phone: Phone | None = None
    video_presence_allowed: bool = False
