"""A client whose standing is whole: all that a dose needs, brought about over HTTP.

Everybody here is new: a therapist can be present in one session at a time, and a client has one
dose at a time, so tests that share people would wait for one another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from cairn.journey.sitting import CHECKLIST
from cairn.people import person_id
from network import NASHVILLE, Network
from network_people import Person

PRESENCE = timedelta(minutes=16)
"""A little more than what must lie between the opening of presence and a release."""

_EFFECTS, _REST = timedelta(minutes=121), timedelta(minutes=31)
_MEDICINE = {"medicine": "ketamine", "route": "sublingual"}


@dataclass(frozen=True)
class Client:
    """A client by ids, with their own token."""

    person: Person
    email: str
    pathway_id: UUID
    prescription_id: UUID
    therapists: tuple[Person, ...]

    @property
    def id(self) -> UUID:
        """The client's id."""
        return self.person.id

    def dose(self) -> dict[str, Any]:
        """Name the dose that the prescription allows."""
        return {"prescription_id": str(self.prescription_id), "units": "2", **_MEDICINE}


@dataclass(frozen=True)
class Sitting:
    """A session whose sitting is open, with the therapist who is present in it."""

    client: Client
    therapist: Person
    visit_id: UUID
    session_id: UUID

    @property
    def path(self) -> str:
        """Where the session is."""
        return f"/v1/sessions/{self.session_id}"

    def release(self, *, key: str | None = None) -> httpx.Response:
        """Try to release the dose, once."""
        path = f"{self.path}/release-medicine"
        return self.therapist.post("sessions", path, self.client.dose(), key=key)

    def session(self) -> dict[str, Any]:
        """Look at the session."""
        return self.therapist.sees("sessions", self.path)


def a_therapist(network: Network) -> Person:
    """Take on a licensed and trained therapist, who works at every site."""
    sage, staff_id = network.person("sage"), uuid4()
    sage.does(
        "intake",
        "/v1/staff",
        {
            "staff_id": str(staff_id),
            "site_id": str(NASHVILLE),
            "name": "Casey Underhill",
            "roles": ["therapist"],
        },
    )
    papers = f"/v1/staff/{staff_id}"
    sage.does(
        "intake",
        f"{papers}/record-licence",
        {
            "state": "TN",
            "profession": "lcsw",
            "number": f"T-{staff_id.hex[:8]}",
            "valid_from_on": "2024-01-01",
            "valid_to_on": "2036-12-31",
        },
    )
    sage.does(
        "intake",
        f"{papers}/record-training",
        {
            "medicine": "ketamine",
            "provider": "Harbor Institute",
            "hours": 40,
            "completed_on": "2025-06-01",
            "expires_on": "2036-12-31",
        },
    )
    return network.introduce(f"t-{staff_id.hex[:12]}", staff_id, "staff", {"*": ["therapist"]})


def a_client(network: Network, *, therapists: int = 1) -> Client:
    """Register a client and put care team, consent, prescription, units and clearance in order."""
    june, team = network.person("june"), [a_therapist(network) for _ in range(therapists)]
    email = f"{uuid4().hex[:12]}@example.org"
    client_id = UUID(june.does("intake", "/v1/clients", _client(email))["id"])
    robin = network.introduce(
        f"c-{client_id.hex[:12]}", client_id, "client", {str(NASHVILLE): ["client"]}
    )
    pathway = june.does("intake", "/v1/pathways", _pathway(client_id, team))
    path = f"/v1/pathways/{pathway['id']}"
    _sign(robin, path)
    verified = june.does("intake", f"{path}/verify-prescription", _prescription(network.now()))
    prescription_id = verified["prescriptions"][-1]["prescription_id"]
    june.does(
        "intake",
        f"{path}/record-ledger",
        {
            "kind": "received",
            "prescription_id": prescription_id,
            "units": "12",
            "moved_at": text_of(network.now()),
        },
    )
    network.person("vale").does("intake", f"{path}/decide-clearance", {"outcome": "cleared"})
    return Client(robin, email, UUID(pathway["id"]), UUID(prescription_id), tuple(team))


def a_visit(  # noqa: PLR0913 - a visit has all of these, most with a default
    network: Network,
    client: Client,
    kind: str,
    starts_at: datetime,
    *,
    minutes: int = 60,
    site: UUID = NASHVILLE,
    therapist: Person | None = None,
) -> UUID:
    """Book a visit."""
    desk = network.person("june" if site == NASHVILLE else "cole")
    visit = {
        "pathway_id": str(client.pathway_id),
        "site_id": str(site),
        "kind": kind,
        "mode": "in_person",
        "therapist_id": str((therapist or client.therapists[0]).id),
        "starts_at": text_of(starts_at),
        "ends_at": text_of(starts_at + timedelta(minutes=minutes)),
    }
    return UUID(desk.does("sessions", "/v1/visits", visit)["id"])


def prepare(network: Network, client: Client) -> None:
    """Hold a preparation visit today, and book the integration visit of the day after tomorrow."""
    now = network.now()
    visit_id = a_visit(network, client, "preparation", now + timedelta(minutes=15), minutes=15)
    client.therapists[0].does("sessions", f"/v1/visits/{visit_id}/check-in")
    a_visit(network, client, "integration", now + timedelta(days=2))


def sit(client: Client, therapist: Person, visit_id: UUID) -> Sitting:
    """Receive the client to a medicine visit of today, be with them, and open the sitting."""
    here = f"/v1/visits/{visit_id}"
    therapist.does("sessions", f"{here}/check-in")
    session = therapist.does("sessions", f"{here}/open-presence", {"mode": "in_person"})
    sitting = Sitting(client, therapist, visit_id, UUID(session["id"]))
    therapist.does("sessions", f"{sitting.path}/open-sitting")
    return sitting


def ready_to_release(network: Network, count: int = 1) -> list[Sitting]:
    """Bring about sittings of clients whose standing is whole, with enough presence behind them."""
    sittings = []
    for _ in range(count):
        client = a_client(network)
        prepare(network, client)
        starts_at = network.now() + timedelta(minutes=45)
        visit_id = a_visit(network, client, "medicine", starts_at, minutes=240)
        sittings.append(sit(client, client.therapists[0], visit_id))
    network.advance(PRESENCE)
    return sittings


def go_home(network: Network, sitting: Sitting) -> None:
    """Let a released dose be taken, its effects pass, and the client be discharged."""
    sitting.therapist.does(
        "sessions",
        f"{sitting.path}/record-medicine-taken",
        {**sitting.client.dose(), "taken_at": text_of(network.now())},
    )
    network.advance(_EFFECTS)
    resolved_at = network.now()
    network.advance(_REST)
    found = {"effects_resolved_at": text_of(resolved_at), "checklist": list(CHECKLIST)}
    sitting.therapist.does("sessions", f"{sitting.path}/discharge-client", found)
    sitting.therapist.does("sessions", f"{sitting.path}/close-presence")


def quarter_hour_after(instant: datetime) -> datetime:
    """Give the next full quarter hour: visits side by side that begin on one never overlap."""
    quarter = timedelta(minutes=15)
    since_midnight = timedelta(hours=instant.hour, minutes=instant.minute, seconds=instant.second)
    return instant + (-since_midnight) % quarter


def text_of(instant: datetime) -> str:
    """Write an instant as HTTP takes it."""
    return instant.isoformat().replace("+00:00", "Z")


def _client(email: str) -> dict[str, Any]:
    return {
        "site_id": str(NASHVILLE),
        "zone": "America/Chicago",
        "language": "en",
        "legal_name": "Alder Quillfeather",
        "preferred_name": "Alder",
        "born_on": "1979-02-03",
        "email": email,
        "phone": "+16155550188",
        "channels": ["email"],
    }


def _pathway(client_id: UUID, team: Sequence[Person]) -> dict[str, Any]:
    roles = ["lead_therapist", *["therapist"] * (len(team) - 1)]
    care_team = [
        {"staff_id": str(each.id), "role": role} for each, role in zip(team, roles, strict=True)
    ]
    others = {"prescriber": "vale", "coordinator": "june"}
    care_team += [{"staff_id": str(person_id(who)), "role": role} for role, who in others.items()]
    return {
        "client_id": str(client_id),
        "site_id": str(NASHVILLE),
        "kind": "kap",
        "care_team": care_team,
    }


def _sign(client: Person, path: str) -> None:
    texts = client.sees("intake", "/v1/consent-texts")["items"]
    text = next(each for each in texts if each["kind"] == "treatment_kap")
    pinned = {name: text[name] for name in ("kind", "text_version", "text_sha256", "language")}
    client.does("intake", f"{path}/sign-consent", pinned)


def _prescription(now: datetime) -> dict[str, Any]:
    today = now.date()
    return {
        **_MEDICINE,
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
