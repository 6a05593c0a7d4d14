"""What does intake tell of a pathway, the one document that all gates of a dose ask?"""

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field, StringConstraints
from typing_extensions import override

from contracts.base import (
    Day,
    Instant,
    Language,
    Line,
    Message,
    SealClass,
    Service,
    Sha256,
    Value,
    Word,
)
from contracts.ids import (
    ClientId,
    ConsentId,
    PathwayId,
    PrescriptionId,
    SessionId,
    SiteId,
    StaffId,
)
from contracts.units import Milligrams, SignedUnits, TotalMilligrams, Units

PathwayKind: TypeAlias = Literal["kap", "harm_reduction", "integration_only"]
ConsentKind: TypeAlias = Literal[
    "treatment_therapy", "treatment_kap", "telehealth", "chaperone_disclosure", "emergency_contact"
]
ClearanceOutcome: TypeAlias = Literal["cleared", "cleared_with_conditions", "deferred", "declined"]
CareRole: TypeAlias = Literal["lead_therapist", "therapist", "prescriber", "coordinator"]
EVERY_OTHER: tuple[Service, ...] = ("sessions", "integration", "notifications")


class CareTeamMember(Value):
    """A member of staff who cares for this client, and as what."""

    staff_id: StaffId
    role: CareRole


class Consent(Value):
    """One consent, pinned to the text that was shown. A change is a new row, or a withdrawal."""

    consent_id: ConsentId
    kind: ConsentKind
    text_version: Word
    text_sha256: Sha256
    language: Language
    signed_at: Instant
    expires_on: Day
    withdrawn_at: Instant | None = None


class Prescriber(Value):
    """Who prescribed, with what a board would ask of them."""

    kind: Literal["physician", "aprn", "pa"]
    name: Line
    npi: Annotated[str, StringConstraints(pattern=r"^[0-9]{10}$")]
    dea_number: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[0-9]{7}$")] | None = None
    licence_state: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    licence_number: Line
    licence_valid_from: Day | None = None
    """None while intake has not verified it."""

    licence_valid_to: Day | None = None


class Delegation(Value):
    """Under which physician a designee prescribes, and from when to when."""

    physician: Prescriber
    in_force_from: Day | None = None
    in_force_to: Day | None = None


class Prescription(Value):
    """A prescription as intake verified it (`domain.md` §3)."""

    prescription_id: PrescriptionId
    medicine: Word
    route: Word
    formulation: Word
    intended_use: Literal["home_use", "clinic_administered"] | None = None
    """None while intake has not verified it."""

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
    verified_by: StaffId
    verified_at: Instant
    state: Literal["active", "ended"] = "active"
    ended_at: Instant | None = None
    end_cause: Literal["exhausted", "expired", "cancelled", "suspended"] | None = None


class LedgerMovement(Value):
    """Units of a prescription that came, went or were lost; what happened is always recorded."""

    kind: Literal["received", "taken", "returned", "lost", "destroyed"]
    prescription_id: PrescriptionId
    units: SignedUnits
    """Positive when units came in, negative when they went."""

    moved_at: Instant
    session_id: SessionId | None = None


class Clearance(Value):
    """The prescriber's own decision that this client may be dosed."""

    outcome: ClearanceOutcome
    decided_by: StaffId
    decided_at: Instant
    conditions: tuple[Line, ...] = ()


class Reservation(Value):
    """The one dose that is spoken for, and by which session; it lapses when unused."""

    session_id: SessionId
    prescription_id: PrescriptionId
    therapist_id: StaffId
    units: Units
    total_mg: TotalMilligrams
    reserved_at: Instant
    lapses_at: Instant
    used_at: Instant | None = None


def chart_class(kind: PathwayKind) -> SealClass:
    """Name the class of key for what is written of a client on a pathway of this kind."""
    return "harm_reduction" if kind == "harm_reduction" else "chart"


class PathwayState(Message):
    """A client's way through one kind of care, with all that a gate asks."""

    topic: ClassVar[str] = "intake.pathways"
    carries: ClassVar[Literal["state", "happening"]] = "state"
    heard_by: ClassVar[tuple[Service, ...]] = EVERY_OTHER
    sealed_as: ClassVar[SealClass | None] = "chart"
    subject_field: ClassVar[str] = "pathway_id"
    about_field: ClassVar[str | None] = "client_id"

    pathway_id: PathwayId
    client_id: ClientId
    site_id: SiteId
    kind: PathwayKind
    opened_at: Instant
    closed_at: Instant | None = None
    care_team: tuple[CareTeamMember, ...] = ()
    consents: tuple[Consent, ...] = ()
    prescriptions: tuple[Prescription, ...] = ()
    ledger: tuple[LedgerMovement, ...] = ()
    clearance: Clearance | None = None
    reservations: tuple[Reservation, ...] = ()
    incidents: tuple[Word, ...] = ()
    """Codes of what went wrong and needs a person, as `ledger-below-zero`."""

    @override
    def sealed_under(self) -> SealClass | None:
        return chart_class(self.kind)


class PathwayOpened(PathwayState):
    """A client set out on a pathway.

    Said by: intake.
    Heard by: sessions, integration, notifications.
    Personal data: care team, consents, prescriptions, clearance; sealed as chart or harm_reduction.
    """

    wire_name: ClassVar[str] = "intake.pathway-opened.v1"


class CareTeamChanged(PathwayState):
    """Somebody joined or left the care team.

    Said by: intake.
    Heard by: sessions, integration, notifications.
    Personal data: care team, consents, prescriptions, clearance; sealed as chart or harm_reduction.
    """

    wire_name: ClassVar[str] = "intake.care-team-changed.v1"


class ConsentSigned(PathwayState):
    """A client consented to a pinned text.

    Said by: intake.
    Heard by: sessions, integration, notifications.
    Personal data: care team, consents, prescriptions, clearance; sealed as chart or harm_reduction.
    """

    wire_name: ClassVar[str] = "intake.consent-signed.v1"


class ConsentWithdrawn(PathwayState):
    """A client took a consent back; it counts from this moment.

    Said by: intake.
    Heard by: sessions, integration, notifications.
    Personal data: care team, consents, prescriptions, clearance; sealed as chart or harm_reduction.
    """

    wire_name: ClassVar[str] = "intake.consent-withdrawn.v1"


class PrescriptionVerified(PathwayState):
    """Intake verified a prescription and its checks passed.

    Said by: intake.
    Heard by: sessions, integration, notifications.
    Personal data: care team, consents, prescriptions, clearance; sealed as chart or harm_reduction.
    """

    wire_name: ClassVar[str] = "intake.prescription-verified.v1"


class PrescriptionEnded(PathwayState):
    """A prescription no longer covers anything.

    Said by: intake.
    Heard by: sessions, integration, notifications.
    Personal data: care team, consents, prescriptions, clearance; sealed as chart or harm_reduction.
    """

    wire_name: ClassVar[str] = "intake.prescription-ended.v1"


class ClearanceDecided(PathwayState):
    """The prescriber decided whether this client may be dosed.

    Said by: intake.
    Heard by: sessions, integration, notifications.
    Personal data: care team, consents, prescriptions, clearance; sealed as chart or harm_reduction.
    """

    wire_name: ClassVar[str] = "intake.clearance-decided.v1"


class DoseReserved(PathwayState):
    """One session may release one dose; nobody else may until it is used or lapses.

    Said by: intake.
    Heard by: sessions, integration, notifications.
    Personal data: care team, consents, prescriptions, clearance; sealed as chart or harm_reduction.
    """

    wire_name: ClassVar[str] = "intake.dose-reserved.v1"


class LedgerMoved(PathwayState):
    """Units came, went or were lost.

    Said by: intake.
    Heard by: sessions, integration, notifications.
    Personal data: care team, consents, prescriptions, clearance; sealed as chart or harm_reduction.
    """

    wire_name: ClassVar[str] = "intake.ledger-moved.v1"


class PathwayClosed(PathwayState):
    """The pathway ended.

    Said by: intake.
    Heard by: sessions, integration, notifications.
    Personal data: care team, consents, prescriptions, clearance; sealed as chart or harm_reduction.
    """

    wire_name: ClassVar[str] = "intake.pathway-closed.v1"
