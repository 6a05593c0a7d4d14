"""What does intake keep, and by which dated policy does it judge?"""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from chassis.domain import Document
from contracts.base import Day, Email, Line, Value, Word
from contracts.ids import PrescriptionId, SessionId, SiteId, StaffId, VisitId
from contracts.intake import (
    Channel,
    ClientState,
    ConsentKind,
    Language,
    PathwayState,
    Phone,
    Prescription,
    Reservation,
    Sha256,
    SiteChanged,
    StaffChanged,
    Zone,
)
from contracts.units import Units

Mode: TypeAlias = Literal["in_person", "video"]
Months: TypeAlias = Annotated[int, Field(ge=1, le=120)]


class Client(ClientState, Document):
    """A client of the network; name and contact are open to nobody who has no key."""

    clear_fields: ClassVar[tuple[str, ...]] = ("site_id", "standing")

    @property
    def open_channels(self) -> tuple[Channel, ...]:
        """The channels this client lets us use."""
        return tuple(consent.channel for consent in self.channels)


class Pathway(PathwayState, Document):
    """A client's way through one kind of care: all that intake decides at a release stands here."""

    clear_fields: ClassVar[tuple[str, ...]] = ("site_id", "client_id", "open_kap_of")

    @property
    def open_kap_of(self) -> str | None:
        """The client whose one open KAP pathway this is; a unique index stands on it."""
        return str(self.client_id) if self.kind == "kap" and self.closed_at is None else None

    def prescription(self, prescription_id: PrescriptionId) -> Prescription | None:
        """Find a prescription of this pathway."""
        named = (each for each in self.prescriptions if each.prescription_id == prescription_id)
        return next(named, None)

    def units_left(self, prescription_id: PrescriptionId) -> Decimal:
        """Add up what came and went; below zero is an incident, not an impossibility."""
        moved = (each.units for each in self.ledger if each.prescription_id == prescription_id)
        return sum(moved, start=Decimal(0))

    def last_taken_at(self, medicine: str) -> datetime | None:
        """Tell when this client last took the medicine, as far as the ledger knows."""
        of_medicine = {
            each.prescription_id for each in self.prescriptions if each.medicine == medicine
        }
        taken = (
            each.moved_at
            for each in self.ledger
            if each.kind == "taken" and each.prescription_id in of_medicine
        )
        return max(taken, default=None)

    def live_reservations(self, at: datetime) -> tuple[Reservation, ...]:
        """Give the reservations that are neither used nor lapsed at this moment."""
        return tuple(
            each for each in self.reservations if each.used_at is None and at <= each.lapses_at
        )


class StaffMember(StaffChanged, Document):
    """Somebody who works in the network, with licences and trainings."""

    clear_fields: ClassVar[tuple[str, ...]] = ("site_id",)


class Site(SiteChanged, Document):
    """A place where clients are seen."""

    clear_fields: ClassVar[tuple[str, ...]] = ("site_id",)


class Contact(Value):
    """How a client is called and reached, whole: what is left out is not known any more."""

    zone: Zone
    language: Language
    legal_name: Line
    preferred_name: Line | None = None
    born_on: Day | None = None
    email: Email | None = None
    phone: Phone | None = None
    channels: tuple[Channel, ...] = ()


class ConsentSigning(Value):
    """A signature as it is given: under which text, in which language it was shown."""

    kind: ConsentKind
    text_version: Word
    text_sha256: Sha256
    language: Language


class DoseAsked(Value):
    """The dose that a session would release, as sessions puts it to intake."""

    session_id: SessionId
    visit_id: VisitId
    therapist_id: StaffId
    mode: Mode
    medicine: Word
    route: Word
    units: Units
    prescription_id: PrescriptionId
    site_id: SiteId
    held_on: Day
    """The day of the session at its site."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What stands outside the pathway and is looked at when a dose is asked for."""

    client: Client | None
    therapist: StaffMember | None
    zone: tzinfo | None
    """Of the site where the session takes place, for days are counted there; None: no such site."""


class IssuanceBasis(Value):
    """On which ground a prescription may be issued, and until when that ground is known to hold."""

    basis: Literal["in_person_exam", "telemedicine_flexibility", "special_registration", "other"]
    last_issued_on: Day | None = None
    """None where no end is set."""


class PrescribingPolicy(Value):
    """What a prescription, a clearance and a therapist must be for a dose to be released."""

    permitted_medicines: tuple[Word, ...]
    permitted_uses: tuple[Literal["home_use", "clinic_administered"], ...]
    never_home_use: tuple[Word, ...]
    formulations_by_route: dict[Word, tuple[Word, ...]]
    licence_state: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    independent_kinds: tuple[Literal["physician", "aprn", "pa"], ...]
    """Who prescribes without a delegation."""

    refills_max: Annotated[int, Field(ge=0, le=99)]
    valid_months_max: Months
    issuance_bases: tuple[IssuanceBasis, ...]
    monitoring_check_months: Months
    clearance_months: Months
    adult_age_years: Annotated[int, Field(ge=0, le=120)]
    independent_professions: tuple[Word, ...]
    supervised_professions: tuple[Word, ...]
    reservation_minutes: Annotated[int, Field(ge=1, le=240)]

    def basis(self, named: str) -> IssuanceBasis | None:
        """Find the ground of this name; None where it is not accepted at all."""
        return next((each for each in self.issuance_bases if each.basis == named), None)


class ConsentPage(Value):
    """One text in one language, by its file beside the ruleset and the hash of its bytes."""

    file: Annotated[str, Field(pattern=r"^texts/[a-z0-9._-]+\.md$")]
    sha256: Sha256


class ConsentTerms(Value):
    """Which text of one kind is the current one, and how long a signature under it holds."""

    material_version: Word
    valid_months: Months
    sober_only: bool
    """Whether signing it asks for a clear head: not between a dose and the next morning."""

    pages: dict[Language, ConsentPage]


class ConsentPolicy(Value):
    """Which consents there are, and which of them a dose needs."""

    kinds: dict[ConsentKind, ConsentTerms]
    needed_for_dose: dict[Mode, tuple[ConsentKind, ...]]
    sober_from_hour: Annotated[int, Field(ge=0, le=23)]
    """From this hour of the day after a dose a client may sign again, in the client's zone."""


@dataclass(frozen=True, slots=True)
class Policies:
    """The dated policies a dose is judged by, with the names that go into the answer."""

    prescribing: PrescribingPolicy
    consents: ConsentPolicy
    names: tuple[str, ...]
