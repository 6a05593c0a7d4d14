"""The people of two sites, and their commands to intake as request bodies."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from served import Person, Served

CREATED, DONE = 201, 200


@dataclass(frozen=True)
class Network:
    """Everybody whom a test of intake may send."""

    served: Served
    nashville: UUID
    knoxville: UUID
    admin: Person
    coordinator: Person
    other_coordinator: Person
    therapist: Person
    prescriber: Person
    sessions: Person
    notifications: Person


async def a_network(served: Served) -> Network:
    """Set up two sites, a fit therapist and a prescriber, over HTTP alone."""
    nashville, knoxville = uuid4(), uuid4()
    network = Network(
        served=served,
        nashville=nashville,
        knoxville=knoxville,
        admin=served.person("site_admin"),
        coordinator=served.person("intake_coordinator", site=nashville),
        other_coordinator=served.person("intake_coordinator", site=knoxville),
        therapist=served.person("therapist", site=nashville),
        prescriber=served.person("prescriber", site=nashville),
        sessions=served.service("sessions"),
        notifications=served.service("notifications"),
    )
    admin = network.admin
    await done(admin.post("/v1/sites", site_body(nashville, "America/Chicago")), CREATED)
    await done(admin.post("/v1/sites", site_body(knoxville, "America/New_York")), CREATED)
    for person, role in ((network.therapist, "therapist"), (network.prescriber, "prescriber")):
        await done(admin.post("/v1/staff", staff_body(person.id, nashville, role)), CREATED)
    therapist = f"/v1/staff/{network.therapist.id}"
    await done(admin.post(f"{therapist}/record-licence", licence_body()))
    await done(admin.post(f"{therapist}/record-training", training_body()))
    return network


async def done(asked: Any, status: int = DONE) -> dict[str, Any]:
    """Expect a command to be carried out, and give the answer."""
    answer: httpx.Response = await asked
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def a_client(network: Network, **but: Any) -> dict[str, Any]:
    """Register a client at Nashville."""
    body = {**client_body(network.nashville), **but}
    return await done(network.coordinator.post("/v1/clients", body), CREATED)


async def a_pathway(network: Network, client: dict[str, Any], **but: Any) -> dict[str, Any]:
    """Open a KAP pathway."""
    body = {**pathway_body(client["id"], network), **but}
    return await done(network.coordinator.post("/v1/pathways", body), CREATED)


async def a_cleared_pathway(network: Network) -> dict[str, Any]:
    """Do all that a dose asks for: consent, prescription, units, clearance."""
    pathway = await a_pathway(network, await a_client(network))
    path = f"/v1/pathways/{pathway['id']}"
    coordinator = network.coordinator
    await done(coordinator.post(f"{path}/sign-consent", await consent_body(coordinator)))
    verified = await done(coordinator.post(f"{path}/verify-prescription", prescription_body()))
    prescription_id = verified["prescriptions"][0]["prescription_id"]
    await done(coordinator.post(f"{path}/record-ledger", movement_body(prescription_id)))
    cleared = {"outcome": "cleared"}
    return await done(network.prescriber.post(f"{path}/decide-clearance", cleared))


def site_body(site_id: UUID, zone: str) -> dict[str, Any]:
    """A site."""
    return {"site_id": str(site_id), "name": "A site", "zone": zone}


def staff_body(staff_id: UUID, site_id: UUID, role: str) -> dict[str, Any]:
    """Somebody who works at a site."""
    return {
        "staff_id": str(staff_id),
        "site_id": str(site_id),
        "name": "A person",
        "roles": [role],
    }


def licence_body(**but: Any) -> dict[str, Any]:
    """A licence that holds today."""
    return {
        "state": "TN",
        "profession": "lcsw",
        "number": "L-1",
        "valid_from_on": a_day(-400),
        "valid_to_on": a_day(400),
        **but,
    }


def training_body() -> dict[str, Any]:
    """A training that holds today."""
    return {
        "medicine": "ketamine",
        "provider": "A school",
        "hours": 40,
        "completed_on": a_day(-300),
        "expires_on": a_day(400),
    }


def client_body(site_id: UUID) -> dict[str, Any]:
    """A client of a site, reachable by e-mail and text."""
    return {
        "site_id": str(site_id),
        "zone": "America/Chicago",
        "language": "en",
        "legal_name": "Canary Legalname",
        "preferred_name": "Canary",
        "born_on": "1990-05-17",
        "email": "canary@example.org",
        "phone": "+16155550100",
        "channels": ["email", "sms"],
    }


def pathway_body(client_id: str, network: Network) -> dict[str, Any]:
    """A KAP pathway with a care team."""
    return {
        "client_id": client_id,
        "site_id": str(network.nashville),
        "kind": "kap",
        "care_team": [{"staff_id": str(network.therapist.id), "role": "lead_therapist"}],
    }


async def consent_body(reader: Person, kind: str = "treatment_kap") -> dict[str, Any]:
    """A signature under the text that intake shows now."""
    texts = (await done(reader.get("/v1/consent-texts?language=en")))["items"]
    shown = next(text for text in texts if text["kind"] == kind)
    return {name: shown[name] for name in ("kind", "text_version", "text_sha256", "language")}


def prescription_body(**but: Any) -> dict[str, Any]:
    """A prescription of six 100 mg troches for home use."""
    return {
        "medicine": "ketamine",
        "route": "sublingual",
        "formulation": "troche",
        "intended_use": "home_use",
        "strength_mg_per_unit": "100",
        "dose_mg_min": "100",
        "dose_mg_max": "200",
        "session_mg_max": "200",
        "units_per_session_max": "2",
        "quantity_units": "6",
        "refills_authorized": 2,
        "days_between_doses_min": 3,
        "issued_on": a_day(-5),
        "valid_from_on": a_day(-5),
        "valid_to_on": a_day(120),
        "issuance_basis": "in_person_exam",
        "prescriber": {
            "kind": "physician",
            "name": "A physician",
            "npi": "1234567893",
            "dea_number": "AB1234563",
            "licence_state": "TN",
            "licence_number": "MD-1",
            "licence_valid_from": a_day(-900),
            "licence_valid_to": a_day(900),
        },
        "pharmacy_monitoring_checked_on": a_day(-5),
        **but,
    }


def movement_body(prescription_id: str, **but: Any) -> dict[str, Any]:
    """The receipt of six units an hour ago."""
    return {
        "kind": "received",
        "prescription_id": prescription_id,
        "units": "6",
        "moved_at": (datetime.now(UTC) - timedelta(hours=1)).isoformat(),
        **but,
    }


def dose_body(network: Network, pathway: dict[str, Any], **but: Any) -> dict[str, Any]:
    """The question for two troches, today, for a session of its own."""
    return {
        "session_id": str(uuid4()),
        "visit_id": str(uuid4()),
        "therapist_id": str(network.therapist.id),
        "mode": "in_person",
        "medicine": "ketamine",
        "route": "sublingual",
        "units": "2",
        "prescription_id": pathway["prescriptions"][0]["prescription_id"],
        "site_id": str(network.nashville),
        "held_on": a_day(0),
        **but,
    }


def a_day(days: int) -> str:
    """A day counted from today, where most of the day falls at the sites."""
    return (datetime.now(UTC) - timedelta(hours=6) + timedelta(days=days)).date().isoformat()
