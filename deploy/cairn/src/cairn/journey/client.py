"""The journey's first part: a person becomes a client, and all that a dose needs is in order."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cairn.journey.walk import Walk
from cairn.operating import Caller
from cairn.people import person_id, site_id

MEDICINE, ROUTE, UNITS = "ketamine", "sublingual", "2"
_SITE = str(site_id("nashville"))


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The client as the rest of the journey knows them, by ids alone."""

    client_id: str
    pathway_id: str
    prescription_id: str


def enrol(walk: Walk, operator: Caller) -> Enrolled:
    """Register a client, open a pathway, and put consent, prescription and clearance in order."""
    walk.chapter("Intake: becoming a client")
    client_id = _register(walk, operator)
    pathway = walk.does(
        "june",
        "opens a KAP pathway with a care team",
        "intake",
        "/v1/pathways",
        {
            "client_id": client_id,
            "site_id": _SITE,
            "kind": "kap",
            "care_team": [
                {"staff_id": str(person_id("iris")), "role": "lead_therapist"},
                {"staff_id": str(person_id("tom")), "role": "therapist"},
                {"staff_id": str(person_id("vale")), "role": "prescriber"},
                {"staff_id": str(person_id("june")), "role": "coordinator"},
            ],
        },
    )
    pathway_id = str(pathway["id"])
    _sign(walk, pathway_id)
    prescription_id = _prescribe(walk, pathway_id)
    walk.does(
        "vale",
        "clears the client for dosing",
        "intake",
        f"/v1/pathways/{pathway_id}/decide-clearance",
        {"outcome": "cleared"},
    )
    return Enrolled(client_id, pathway_id, prescription_id)


def _register(walk: Walk, operator: Caller) -> str:
    client = walk.does(
        "june",
        "registers Robin, who consents to e-mail",
        "intake",
        "/v1/clients",
        {
            "site_id": _SITE,
            "zone": "America/Chicago",
            "language": "en",
            "legal_name": "Robin Falk",
            "preferred_name": "Robin",
            "born_on": "1988-04-17",
            "email": "robin.falk@example.org",
            "phone": "+16155550142",
            "channels": ["email"],
        },
    )
    operator.post(
        f"{walk.addresses.issuer}/people",
        {
            "username": "robin",
            "sub": client["id"],
            "kind": "client",
            "roles": {_SITE: ["client"]},
        },
    )
    return str(client["id"])


def _sign(walk: Walk, pathway_id: str) -> None:
    texts = walk.sees("robin", "reads the consent texts", "intake", "/v1/consent-texts")
    for text in texts["items"]:
        walk.note("found", f"{text['kind']} {text['text_version']}, {len(text['text'])} characters")
    wanted = {"treatment_kap"}
    for text in (each for each in texts["items"] if each["kind"] in wanted):
        signing = {name: text[name] for name in ("kind", "text_version", "text_sha256", "language")}
        walk.does(
            "robin",
            f"signs {text['kind']}, pinned to the text's hash",
            "intake",
            f"/v1/pathways/{pathway_id}/sign-consent",
            signing,
        )


def _prescribe(walk: Walk, pathway_id: str) -> str:
    prescription = _prescription(walk)
    wrong = {**prescription, "prescriber": {**prescription["prescriber"], "npi": "1234567890"}}
    walk.is_refused(
        "june",
        "mistypes the prescriber's NPI",
        "intake",
        f"/v1/pathways/{pathway_id}/verify-prescription",
        wrong,
    )
    pathway = walk.does(
        "june",
        "verifies the prescription for home use against its evidence",
        "intake",
        f"/v1/pathways/{pathway_id}/verify-prescription",
        prescription,
    )
    prescription_id = str(pathway["prescriptions"][-1]["prescription_id"])
    walk.does(
        "june",
        "counts the units that came from the pharmacy",
        "intake",
        f"/v1/pathways/{pathway_id}/record-ledger",
        {
            "kind": "received",
            "prescription_id": prescription_id,
            "units": "12",
            "moved_at": _text(walk),
        },
    )
    return prescription_id


def _prescription(walk: Walk) -> dict[str, Any]:
    today = walk.today()
    return {
        "medicine": MEDICINE,
        "route": ROUTE,
        "formulation": "troche",
        "intended_use": "home_use",
        "strength_mg_per_unit": "100",
        "dose_mg_min": "100",
        "dose_mg_max": "200",
        "session_mg_max": "200",
        "units_per_session_max": "2",
        "quantity_units": "12",
        "refills_authorized": 0,
        "days_between_doses_min": 5,
        "issued_on": str(today),
        "valid_from_on": str(today),
        "valid_to_on": str(today + timedelta(days=120)),
        "issuance_basis": "in_person_exam",
        "prescriber": {
            "kind": "physician",
            "name": "Dr. Mara Vale",
            "npi": "1234567893",
            "dea_number": "BV1234563",
            "licence_state": "TN",
            "licence_number": "DEMO-2001",
            "licence_valid_from": "2024-01-01",
            "licence_valid_to": "2036-12-31",
        },
        "pharmacy_monitoring_checked_on": str(today),
    }


def _text(walk: Walk) -> str:
    return walk.now().isoformat().replace("+00:00", "Z")
