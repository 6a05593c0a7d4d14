"""An ordinary world of intake: everything is in order unless a test says otherwise."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from contracts.ids import (
    NS_CAIRN,
    ClientId,
    ConsentId,
    PathwayId,
    PrescriptionId,
    SessionId,
    SiteId,
    StaffId,
    VisitId,
)
from contracts.intake import (
    ChannelConsent,
    Clearance,
    Consent,
    ConsentKind,
    Delegation,
    LedgerMovement,
    Licence,
    Prescriber,
    Prescription,
    Reservation,
    Training,
)
from contracts.sessions import Dose, SessionState
from intake.model import (
    Circumstances,
    Client,
    DoseAsked,
    Pathway,
    Site,
    StaffMember,
)
from intake_policies import CONSENTS, ENGLISH_SHA256


def _named(word: str) -> UUID:
    return uuid5(NS_CAIRN, f"test:{word}")


NASHVILLE = SiteId(_named("nashville"))
KNOXVILLE = SiteId(_named("knoxville"))
CLIENT = ClientId(_named("client"))
PATHWAY = PathwayId(_named("pathway"))
PRESCRIPTION = PrescriptionId(_named("prescription"))
SESSION = SessionId(_named("session"))
OTHER_SESSION = SessionId(_named("other session"))
VISIT = VisitId(_named("visit"))
THERAPIST = StaffId(_named("therapist"))
SUPERVISOR = StaffId(_named("supervisor"))
COORDINATOR = StaffId(_named("coordinator"))
PRESCRIBER = StaffId(_named("prescriber"))

CENTRAL = ZoneInfo("America/Chicago")
NOW = datetime(2026, 12, 4, 16, 0, tzinfo=UTC)
TODAY = date(2026, 12, 4)
GOOD_NPI, GOOD_DEA_NUMBER = "1234567893", "AB1234563"


def a_site(**but: Any) -> Site:
    """Build the site at Nashville."""
    return Site(**{"site_id": NASHVILLE, "name": "Nashville", "zone": "America/Chicago", **but})


def a_client(**but: Any) -> Client:
    """Build an adult client in care, reachable by e-mail."""
    ordinary: dict[str, Any] = {
        "client_id": CLIENT,
        "site_id": NASHVILLE,
        "zone": "America/Chicago",
        "language": "en",
        "standing": "active",
        "legal_name": "A Person",
        "born_on": date(1990, 5, 17),
        "email": "person@example.org",
        "channels": (ChannelConsent(channel="email", granted_at=NOW),),
    }
    return Client(**{**ordinary, **but})


def a_licence(**but: Any) -> Licence:
    """Build a licence of the state that holds today."""
    ordinary: dict[str, Any] = {
        "state": "TN",
        "profession": "lcsw",
        "number": "L-1",
        "valid_from_on": date(2024, 1, 1),
        "valid_to_on": date(2027, 12, 31),
    }
    return Licence(**{**ordinary, **but})


def a_training(**but: Any) -> Training:
    """Build a completed training that holds today."""
    ordinary: dict[str, Any] = {
        "medicine": "ketamine",
        "provider": "A school",
        "hours": 40,
        "completed_on": date(2025, 3, 1),
        "expires_on": date(2028, 3, 1),
    }
    return Training(**{**ordinary, **but})


def a_therapist(**but: Any) -> StaffMember:
    """Build a trained and licensed therapist."""
    ordinary: dict[str, Any] = {
        "staff_id": THERAPIST,
        "site_id": NASHVILLE,
        "name": "A Therapist",
        "roles": ("therapist",),
        "licences": (a_licence(),),
        "trainings": (a_training(),),
    }
    return StaffMember(**{**ordinary, **but})


def a_physician(**but: Any) -> Prescriber:
    """Build a physician of the state."""
    ordinary: dict[str, Any] = {
        "kind": "physician",
        "name": "A Physician",
        "npi": GOOD_NPI,
        "dea_number": GOOD_DEA_NUMBER,
        "licence_state": "TN",
        "licence_number": "MD-1",
        "licence_valid_from": date(2020, 1, 1),
        "licence_valid_to": date(2027, 12, 31),
    }
    return Prescriber(**{**ordinary, **but})


def a_delegation(**but: Any) -> Delegation:
    """Build a delegation in force, under a physician of the state."""
    ordinary: dict[str, Any] = {
        "physician": a_physician(),
        "in_force_from": date(2026, 1, 1),
        "in_force_to": date(2027, 1, 1),
    }
    return Delegation(**{**ordinary, **but})


def a_prescription(**but: Any) -> Prescription:
    """Build a prescription of 100 mg troches for home use, two a session."""
    ordinary: dict[str, Any] = {
        "prescription_id": PRESCRIPTION,
        "medicine": "ketamine",
        "route": "sublingual",
        "formulation": "troche",
        "intended_use": "home_use",
        "strength_mg_per_unit": Decimal(100),
        "dose_mg_min": Decimal(100),
        "dose_mg_max": Decimal(200),
        "session_mg_max": Decimal(200),
        "units_per_session_max": Decimal(2),
        "quantity_units": Decimal(6),
        "refills_authorized": 2,
        "days_between_doses_min": 3,
        "issued_on": date(2026, 11, 20),
        "valid_from_on": date(2026, 11, 20),
        "valid_to_on": date(2027, 5, 20),
        "issuance_basis": "in_person_exam",
        "prescriber": a_physician(),
        "pharmacy_monitoring_checked_on": date(2026, 11, 20),
        "verified_by": COORDINATOR,
        "verified_at": datetime(2026, 11, 24, 15, 0, tzinfo=UTC),
    }
    return Prescription(**{**ordinary, **but})


def a_consent(kind: ConsentKind = "treatment_kap", **but: Any) -> Consent:
    """Build a consent under the current text."""
    ordinary: dict[str, Any] = {
        "consent_id": ConsentId(_named(f"consent {kind}")),
        "kind": kind,
        "text_version": CONSENTS.kinds[kind].material_version,
        "text_sha256": ENGLISH_SHA256,
        "language": "en",
        "signed_at": datetime(2026, 11, 24, 15, 0, tzinfo=UTC),
        "expires_on": date(2027, 11, 24),
    }
    return Consent(**{**ordinary, **but})


def a_clearance(**but: Any) -> Clearance:
    """Build the prescriber's yes, a few days old."""
    ordinary: dict[str, Any] = {
        "outcome": "cleared",
        "decided_by": PRESCRIBER,
        "decided_at": datetime(2026, 11, 25, 15, 0, tzinfo=UTC),
    }
    return Clearance(**{**ordinary, **but})


def a_movement(**but: Any) -> LedgerMovement:
    """Build the receipt of six troches."""
    ordinary: dict[str, Any] = {
        "kind": "received",
        "prescription_id": PRESCRIPTION,
        "units": Decimal(6),
        "moved_at": datetime(2026, 11, 26, 15, 0, tzinfo=UTC),
    }
    return LedgerMovement(**{**ordinary, **but})


def a_dose_taken(moved_at: datetime, **but: Any) -> LedgerMovement:
    """Build two troches that were taken."""
    return a_movement(**{"kind": "taken", "units": Decimal(-2), "moved_at": moved_at, **but})


def a_reservation(**but: Any) -> Reservation:
    """Build a reservation of two troches, made now."""
    ordinary: dict[str, Any] = {
        "session_id": SESSION,
        "prescription_id": PRESCRIPTION,
        "therapist_id": THERAPIST,
        "units": Decimal(2),
        "total_mg": Decimal(200),
        "reserved_at": NOW,
        "lapses_at": datetime(2026, 12, 4, 16, 15, tzinfo=UTC),
    }
    return Reservation(**{**ordinary, **but})


def a_pathway(**but: Any) -> Pathway:
    """Build a KAP pathway on which a dose may be released."""
    ordinary: dict[str, Any] = {
        "pathway_id": PATHWAY,
        "client_id": CLIENT,
        "site_id": NASHVILLE,
        "kind": "kap",
        "opened_at": datetime(2026, 11, 24, 14, 0, tzinfo=UTC),
        "consents": (a_consent(),),
        "prescriptions": (a_prescription(),),
        "ledger": (a_movement(),),
        "clearance": a_clearance(),
    }
    return Pathway(**{**ordinary, **but})


def a_dose_asked(**but: Any) -> DoseAsked:
    """Build the question for two troches, today, in person."""
    ordinary: dict[str, Any] = {
        "session_id": SESSION,
        "visit_id": VISIT,
        "therapist_id": THERAPIST,
        "mode": "in_person",
        "medicine": "ketamine",
        "route": "sublingual",
        "units": Decimal(2),
        "prescription_id": PRESCRIPTION,
        "site_id": NASHVILLE,
        "held_on": TODAY,
    }
    return DoseAsked(**{**ordinary, **but})


def circumstances(**but: Any) -> Circumstances:
    """Build an active client with a fit therapist at Nashville."""
    return Circumstances(
        **{"client": a_client(), "therapist": a_therapist(), "zone": CENTRAL, **but}
    )


def a_dose(**but: Any) -> Dose:
    """Build two troches as a session tells that they were taken."""
    ordinary: dict[str, Any] = {
        "prescription_id": PRESCRIPTION,
        "medicine": "ketamine",
        "route": "sublingual",
        "units": Decimal(2),
        "total_mg": Decimal(200),
        "taken_at": NOW,
        "recorded_by": THERAPIST,
    }
    return Dose(**{**ordinary, **but})


def a_session(**but: Any) -> SessionState:
    """Build a session in which one dose was taken."""
    ordinary: dict[str, Any] = {
        "session_id": SESSION,
        "visit_id": VISIT,
        "client_id": CLIENT,
        "pathway_id": PATHWAY,
        "site_id": NASHVILLE,
        "zone": "America/Chicago",
        "therapist_id": THERAPIST,
        "phase": "medicine_taken",
        "doses": (a_dose(),),
    }
    return SessionState(**{**ordinary, **but})
