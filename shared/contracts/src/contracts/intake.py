"""What does intake tell, and of what?"""

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field, StringConstraints

from contracts.base import (
    Day,
    Email,
    Instant,
    Language,
    Line,
    Message,
    Phone,
    SealClass,
    Service,
    Sha256,
    Value,
    Word,
    Zone,
)
from contracts.ids import ClientId, SiteId, StaffId
from contracts.pathways import (
    EVERY_OTHER,
    CareRole,
    CareTeamChanged,
    CareTeamMember,
    Clearance,
    ClearanceDecided,
    ClearanceOutcome,
    Consent,
    ConsentKind,
    ConsentSigned,
    ConsentWithdrawn,
    Delegation,
    DoseReserved,
    LedgerMoved,
    LedgerMovement,
    PathwayClosed,
    PathwayKind,
    PathwayOpened,
    PathwayState,
    Prescriber,
    Prescription,
    PrescriptionEnded,
    PrescriptionVerified,
    Reservation,
)

__all__ = [
    "EVERY_OTHER",
    "CareRole",
    "CareTeamChanged",
    "CareTeamMember",
    "Channel",
    "ChannelConsent",
    "Clearance",
    "ClearanceDecided",
    "ClearanceOutcome",
    "ClientRegistered",
    "ClientState",
    "Consent",
    "ConsentKind",
    "ConsentSigned",
    "ConsentWithdrawn",
    "ContactChanged",
    "Delegation",
    "DoseReserved",
    "Email",
    "Language",
    "LedgerMoved",
    "LedgerMovement",
    "Licence",
    "PathwayClosed",
    "PathwayKind",
    "PathwayOpened",
    "PathwayState",
    "Phone",
    "Prescriber",
    "Prescription",
    "PrescriptionEnded",
    "PrescriptionVerified",
    "Reservation",
    "Sha256",
    "SiteChanged",
    "StaffChanged",
    "Standing",
    "StandingChanged",
    "Training",
    "Zone",
]
"""Whatever intake tells is found here; pathways are long enough for a module of their own."""

Channel: TypeAlias = Literal["email", "sms", "voice"]
Standing: TypeAlias = Literal["active", "in_hospital", "left", "deceased"]


class ChannelConsent(Value):
    """A client's word that one channel may be used, and since when."""

    channel: Channel
    granted_at: Instant


class ClientState(Message):
    """A client of the network, as every service may know them."""

    topic: ClassVar[str] = "intake.clients"
    carries: ClassVar[Literal["state", "happening"]] = "state"
    heard_by: ClassVar[tuple[Service, ...]] = EVERY_OTHER
    sealed_as: ClassVar[SealClass | None] = "contact"
    subject_field: ClassVar[str] = "client_id"
    about_field: ClassVar[str | None] = "client_id"

    client_id: ClientId
    site_id: SiteId
    zone: Zone
    language: Language
    standing: Standing
    legal_name: Line
    preferred_name: Line | None = None
    born_on: Day | None = None
    """None while unknown; a rule that asks for an age then refuses."""

    email: Email | None = None
    phone: Phone | None = None
    channels: tuple[ChannelConsent, ...] = ()


class ClientRegistered(ClientState):
    """A person became a client of the network.

    Said by: intake, once a client.
    Heard by: sessions, integration, notifications.
    Personal data: name, day of birth, e-mail, phone; sealed as contact.
    """

    wire_name: ClassVar[str] = "intake.client-registered.v1"


class ContactChanged(ClientState):
    """A client's name, address, zone, language or channel consent changed.

    Said by: intake.
    Heard by: sessions, integration, notifications.
    Personal data: name, day of birth, e-mail, phone; sealed as contact.
    """

    wire_name: ClassVar[str] = "intake.contact-changed.v1"


class StandingChanged(ClientState):
    """A client went to hospital, left, died, or came back.

    Said by: intake.
    Heard by: sessions, integration, notifications.
    Personal data: name, day of birth, e-mail, phone, standing; sealed as contact.
    """

    wire_name: ClassVar[str] = "intake.standing-changed.v1"


class Licence(Value):
    """A state's permission to practise, with its days."""

    state: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    profession: Word
    number: Line
    valid_from_on: Day
    valid_to_on: Day
    supervised_by: StaffId | None = None
    """Named where the licence only allows practice under supervision."""


class Training(Value):
    """A completed training in one medicine."""

    medicine: Word
    provider: Line
    hours: Annotated[int, Field(ge=1, le=5000)]
    completed_on: Day
    expires_on: Day


class StaffChanged(Message):
    """A member of staff joined, or their licences or trainings changed.

    Said by: intake.
    Heard by: sessions, integration, notifications.
    Personal data: a staff member's name and licence numbers; sealed under their own contact key.
    """

    wire_name: ClassVar[str] = "intake.staff-changed.v1"
    topic: ClassVar[str] = "intake.staff"
    carries: ClassVar[Literal["state", "happening"]] = "state"
    heard_by: ClassVar[tuple[Service, ...]] = EVERY_OTHER
    sealed_as: ClassVar[SealClass | None] = "contact"
    subject_field: ClassVar[str] = "staff_id"
    about_field: ClassVar[str | None] = "staff_id"

    staff_id: StaffId
    site_id: SiteId
    name: Line
    roles: tuple[Word, ...]
    licences: tuple[Licence, ...] = ()
    trainings: tuple[Training, ...] = ()


class SiteChanged(Message):
    """A site opened, or its name, zone or policy changed.

    Said by: intake.
    Heard by: sessions, integration, notifications.
    Personal data: none.
    """

    wire_name: ClassVar[str] = "intake.site-changed.v1"
    topic: ClassVar[str] = "intake.sites"
    carries: ClassVar[Literal["state", "happening"]] = "state"
    heard_by: ClassVar[tuple[Service, ...]] = EVERY_OTHER
    subject_field: ClassVar[str] = "site_id"

    site_id: SiteId
    name: Line
    zone: Zone
    phone: Phone | None = None
    video_presence_allowed: bool = False
    """Whether a therapist may be present by live video (R12); off until policy says on."""
