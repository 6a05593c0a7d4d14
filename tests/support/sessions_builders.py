"""What sessions keeps and is asked in the ordinary world: all in order unless a test says not."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from contracts.clinical import Decision, Outcome
from contracts.ids import VisitId, session_of
from contracts.sessions import Discharge, Dose, PresenceInterval, Release
from sessions.model import (
    DischargeAsked,
    DoseAsked,
    EntryAsked,
    EntryDocument,
    MoveAsked,
    SeenVisit,
    Session,
    Standing,
    TakenAsked,
    Visit,
    VisitAsked,
)
from sessions.rules.gate import Gate
from sessions_surroundings import (
    CLIENT,
    ENTRY,
    MEDICINE,
    NOON,
    PATHWAY,
    POLICY,
    PRESCRIPTION,
    ROUTE,
    SITE,
    TERMS,
    THERAPIST,
    VISIT,
    minutes,
    named,
)


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
