"""What surrounds a session in the ordinary world: site, client, pathway, policy, ids and times."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from contracts.ids import (
    NS_CAIRN,
    ClientId,
    ConsentId,
    EntryId,
    PathwayId,
    PrescriptionId,
    SiteId,
    StaffId,
    VisitId,
)
from contracts.intake import (
    CareTeamMember,
    ClientState,
    Consent,
    PathwayState,
    Prescriber,
    Prescription,
    SiteChanged,
)
from sessions.model import Known, SittingPolicy, Terms


def named(word: str) -> UUID:
    """Name something of the ordinary world."""
    return uuid5(NS_CAIRN, f"test:{word}")


SITE = SiteId(named("nashville"))
CLIENT = ClientId(named("client"))
PATHWAY = PathwayId(named("pathway"))
THERAPIST = StaffId(named("therapist"))
OTHER_THERAPIST = StaffId(named("other therapist"))
STRANGER = StaffId(named("stranger"))
PRESCRIPTION = PrescriptionId(named("prescription"))
VISIT = VisitId(named("visit"))
ENTRY = EntryId(named("entry"))
MEDICINE, ROUTE = "medicine-a", "sublingual"

NOON = datetime(2026, 12, 1, 18, 0, tzinfo=UTC)
"""Noon in Chicago: when medicine is released in the ordinary world."""

POLICY = SittingPolicy(
    presence_before_release_minutes_min=15,
    presence_after_resolved_minutes_min=30,
    preparation_visits_attended_min=1,
    integration_booked_within_hours_max=72,
    visit_minutes_max=480,
    visit_booked_ahead_days_max=400,
    stated_ahead_minutes_max=2,
    late_after_minutes=10,
    entry_gap_minutes_max=15,
    discharge_after_dose_minutes_min={ROUTE: 120},
    discharge_after_dose_other_route_minutes_min=150,
    discharge_checklist=("gait_steady", "escort_present"),
    documented_phases=("safety_check", "peak"),
)
TERMS = Terms(POLICY, "kap-sitting@2026-11-01#000000000000")


def minutes(count: float) -> timedelta:
    """Say how long something lasts."""
    return timedelta(minutes=count)


def a_site(**but: Any) -> SiteChanged:
    """A site in Nashville without video presence."""
    usual: dict[str, Any] = {"site_id": SITE, "name": "Nashville", "zone": "America/Chicago"}
    return SiteChanged(**{**usual, **but})


def a_client(**but: Any) -> ClientState:
    """A client in care."""
    usual: dict[str, Any] = {
        "client_id": CLIENT,
        "site_id": SITE,
        "zone": "America/Chicago",
        "language": "en",
        "standing": "active",
        "legal_name": "Robin",
    }
    return ClientState(**{**usual, **but})


def a_consent(**but: Any) -> Consent:
    """A consent to the sitting, signed a month ago."""
    usual: dict[str, Any] = {
        "consent_id": ConsentId(named("consent")),
        "kind": "treatment_kap",
        "text_version": "v1",
        "text_sha256": "0" * 64,
        "language": "en",
        "signed_at": NOON - timedelta(days=30),
        "expires_on": date(2027, 11, 1),
    }
    return Consent(**{**usual, **but})


def a_prescription(**but: Any) -> Prescription:
    """A prescription of 50 mg a unit."""
    usual: dict[str, Any] = {
        "prescription_id": PRESCRIPTION,
        "medicine": MEDICINE,
        "route": ROUTE,
        "formulation": "rdt",
        "intended_use": "home_use",
        "strength_mg_per_unit": Decimal(50),
        "dose_mg_min": Decimal(50),
        "dose_mg_max": Decimal(100),
        "session_mg_max": Decimal(100),
        "units_per_session_max": Decimal(2),
        "quantity_units": Decimal(8),
        "refills_authorized": 0,
        "days_between_doses_min": 7,
        "issued_on": date(2026, 11, 1),
        "valid_from_on": date(2026, 11, 1),
        "valid_to_on": date(2027, 4, 1),
        "issuance_basis": "in_person_exam",
        "prescriber": Prescriber(
            kind="physician",
            name="Vale",
            npi="1234567893",
            licence_state="TN",
            licence_number="MD1",
        ),
        "verified_by": named("coordinator"),
        "verified_at": NOON - timedelta(days=20),
    }
    return Prescription(**{**usual, **but})


def a_pathway(**but: Any) -> PathwayState:
    """A KAP pathway with two therapists, a consent and a prescription."""
    usual: dict[str, Any] = {
        "pathway_id": PATHWAY,
        "client_id": CLIENT,
        "site_id": SITE,
        "kind": "kap",
        "opened_at": NOON - timedelta(days=40),
        "care_team": (
            CareTeamMember(staff_id=THERAPIST, role="lead_therapist"),
            CareTeamMember(staff_id=OTHER_THERAPIST, role="therapist"),
        ),
        "consents": (a_consent(),),
        "prescriptions": (a_prescription(),),
    }
    return PathwayState(**{**usual, **but})


def known(**but: Any) -> Known:
    """Everything around a visit is known."""
    return Known(**{"pathway": a_pathway(), "client": a_client(), "site": a_site(), **but})
