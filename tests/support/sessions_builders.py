"""An ordinary world of sessions: everything is in order unless a test says otherwise."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from contracts.clinical import Decision, Outcome
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
    session_of,
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
from contracts.sessions import Discharge, Dose, PresenceInterval, Release
from sessions.model import (
    DischargeAsked,
    DoseAsked,
    EntryAsked,
    EntryDocument,
    Known,
    MoveAsked,
    SeenVisit,
    Session,
    SittingPolicy,
    Standing,
    TakenAsked,
    Terms,
    Visit,
    VisitAsked,
)
from sessions.rules.gate import Gate


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


def a_visit(**but: Any) -> Visit:
    """A medicine visit from eleven to three, checked in."""
    usual: dict[str, Any] = {
        "visit_id": VISIT,
        "client_id": CLIENT,
        "pathway_id": PATHWAY,
        "site_id": SITE,
        "zone": "America/Chicago",
        "kind": "medicine",
        "mode": "in_person",
        "therapist_id": THERAPIST,
        "room": "blue",
        "starts_at": NOON - minutes(60),
        "ends_at": NOON + minutes(180),
        "standing": "checked_in",
    }
    return Visit(**{**usual, **but})


def visit_asked(**but: Any) -> VisitAsked:
    """A preparation visit tomorrow."""
    usual: dict[str, Any] = {
        "pathway_id": PATHWAY,
        "site_id": SITE,
        "kind": "preparation",
        "mode": "in_person",
        "therapist_id": THERAPIST,
        "room": "blue",
        "starts_at": NOON + timedelta(days=1),
        "ends_at": NOON + timedelta(days=1, minutes=60),
    }
    return VisitAsked(**{**usual, **but})


def move_asked(**but: Any) -> MoveAsked:
    """The day after tomorrow instead."""
    usual: dict[str, Any] = {
        "starts_at": NOON + timedelta(days=2),
        "ends_at": NOON + timedelta(days=2, minutes=60),
    }
    return MoveAsked(**{**usual, **but})


def presence(**but: Any) -> PresenceInterval:
    """The therapist is there since twenty minutes before noon."""
    usual: dict[str, Any] = {
        "therapist_id": THERAPIST,
        "mode": "in_person",
        "opened_at": NOON - minutes(20),
    }
    return PresenceInterval(**{**usual, **but})


def a_session(**but: Any) -> Session:
    """A session with an open sitting, right before the release."""
    usual: dict[str, Any] = {
        "session_id": session_of(VISIT),
        "visit_id": VISIT,
        "client_id": CLIENT,
        "pathway_id": PATHWAY,
        "site_id": SITE,
        "zone": "America/Chicago",
        "therapist_id": THERAPIST,
        "phase": "safety_check",
        "mode": "in_person",
        "presence": (presence(),),
        "sitting_opened_at": NOON - minutes(19),
    }
    return Session(**{**usual, **but})


def a_release(**but: Any) -> Release:
    """Two units released at noon."""
    usual: dict[str, Any] = {
        "prescription_id": PRESCRIPTION,
        "units": Decimal(2),
        "total_mg": Decimal(100),
        "released_by": THERAPIST,
        "released_at": NOON,
        "decision": Decision(outcome=Outcome.PASS),
        "decided_on": {},
    }
    return Release(**{**usual, **but})


def a_released_session(**but: Any) -> Session:
    """A session right after the release."""
    released = a_session(
        phase="released", release=a_release(), released_medicine=MEDICINE, released_route=ROUTE
    )
    return released.but(**but)


def a_dose(**but: Any) -> Dose:
    """Two units taken at noon."""
    usual: dict[str, Any] = {
        "prescription_id": PRESCRIPTION,
        "medicine": MEDICINE,
        "route": ROUTE,
        "units": Decimal(2),
        "total_mg": Decimal(100),
        "taken_at": NOON,
        "recorded_by": THERAPIST,
    }
    return Dose(**{**usual, **but})


def a_dosed_session(**but: Any) -> Session:
    """A session after the dose."""
    return a_released_session(phase="medicine_taken", doses=(a_dose(),)).but(**but)


def a_discharge(**but: Any) -> Discharge:
    """The client let go three hours after the dose."""
    usual: dict[str, Any] = {
        "discharged_by": THERAPIST,
        "discharged_at": NOON + minutes(180),
        "effects_resolved_at": NOON + minutes(120),
        "checklist": POLICY.discharge_checklist,
    }
    return Discharge(**{**usual, **but})


def a_discharged_session(**but: Any) -> Session:
    """A session whose client has gone home and whose fence is set, ready to be signed."""
    return a_dosed_session(
        phase="discharged",
        discharge=a_discharge(),
        presence=(presence(closed_at=NOON + minutes(181)),),
        closing_at=NOON + minutes(190),
    ).but(**but)


def gate(**but: Any) -> Gate:
    """A client who was prepared, with an integration visit the next day; the therapist asks."""
    usual: dict[str, Any] = {
        "visits": (seen(a_preparation()), seen(an_integration(), sequence=4)),
        "terms": TERMS,
        "by": THERAPIST,
        "at": NOON,
    }
    return Gate(**{**usual, **but})


def seen(visit: Visit, *, sequence: int = 1) -> SeenVisit:
    """A visit as it was looked at."""
    return SeenVisit(visit, sequence)


def a_preparation(**but: Any) -> Visit:
    """A preparation visit that was attended a week ago."""
    usual: dict[str, Any] = {
        "visit_id": VisitId(named("preparation")),
        "kind": "preparation",
        "standing": "attended",
        "starts_at": NOON - timedelta(days=7),
        "ends_at": NOON - timedelta(days=7) + minutes(60),
    }
    return a_visit(**{**usual, **but})


def an_integration(**but: Any) -> Visit:
    """An integration visit booked for tomorrow."""
    usual: dict[str, Any] = {
        "visit_id": VisitId(named("integration")),
        "kind": "integration",
        "standing": "scheduled",
        "starts_at": NOON + timedelta(days=1),
        "ends_at": NOON + timedelta(days=1) + minutes(60),
    }
    return a_visit(**{**usual, **but})


def reserved(**but: Any) -> Standing:
    """Intake reserved the dose."""
    usual: dict[str, Any] = {
        "decision": Decision(outcome=Outcome.PASS, rulesets=("kap-prescribing@x#y",)),
        "total_mg": Decimal(100),
        "decided_on": {str(PATHWAY): 9, str(CLIENT): 3},
    }
    return Standing(**{**usual, **but})


def dose_asked(**but: Any) -> DoseAsked:
    """Two units, as prescribed."""
    usual: dict[str, Any] = {
        "prescription_id": PRESCRIPTION,
        "medicine": MEDICINE,
        "route": ROUTE,
        "units": Decimal(2),
    }
    return DoseAsked(**{**usual, **but})


def taken(**but: Any) -> TakenAsked:
    """Two units taken at noon, as released."""
    usual: dict[str, Any] = {
        "prescription_id": PRESCRIPTION,
        "medicine": MEDICINE,
        "route": ROUTE,
        "units": Decimal(2),
        "taken_at": NOON,
    }
    return TakenAsked(**{**usual, **but})


def discharge_asked(**but: Any) -> DischargeAsked:
    """Everything was found to hold."""
    usual: dict[str, Any] = {
        "effects_resolved_at": NOON + minutes(120),
        "checklist": POLICY.discharge_checklist,
    }
    return DischargeAsked(**{**usual, **but})


def entry_asked(**but: Any) -> EntryAsked:
    """Something seen half an hour after the dose."""
    usual: dict[str, Any] = {
        "entry_id": ENTRY,
        "phase": "peak",
        "kind": "somatic",
        "text": "Quiet, breathing slowly",
        "observed_at": NOON + minutes(30),
        "entered_at": NOON + minutes(30),
    }
    return EntryAsked(**{**usual, **but})


def an_entry(word: str = "entry", **but: Any) -> EntryDocument:
    """An entry that was kept at once."""
    observed_at = but.pop("observed_at", NOON + minutes(30))
    usual: dict[str, Any] = {
        **entry_asked(entry_id=named(word), observed_at=observed_at).model_dump(),
        "author_id": THERAPIST,
        "received_at": observed_at,
        "session_id": session_of(VISIT),
        "client_id": CLIENT,
        "site_id": SITE,
    }
    return EntryDocument(**{**usual, **but})


def codes(refused: Any) -> list[str]:
    """List the codes of a refusal that pytest caught."""
    return [reason.code for reason in refused.value.reasons]
