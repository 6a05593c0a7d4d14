"""Sessions and intake as they run, with a client who is ready for a session."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from intake_people import (
    client_body,
    consent_body,
    done,
    licence_body,
    movement_body,
    prescription_body,
    site_body,
    staff_body,
    training_body,
)
from served import Person
from sessions_house import CHECKLIST, PHASES, House

CREATED = 201
_HEARD_SECONDS = 60.0


@dataclass(frozen=True)
class Care:
    """One client at one site, ready for a session as far as intake is concerned."""

    house: House
    site: UUID
    coordinator: Person
    prescriber: Person
    therapists: tuple[Person, ...]
    client_id: str
    pathway_id: str
    prescription_id: str
    quarter: datetime
    """The last full quarter of an hour; the visits of a test begin so many minutes after it."""

    @property
    def therapist(self) -> Person:
        """The lead therapist, who speaks to sessions."""
        return self.therapists[0]

    def at_intake(self, person: Person) -> Person:
        """The same person, speaking to intake."""
        return Person(person.id, self.house.intake.http, person.token)

    def visit_body(self, kind: str = "preparation", **but: Any) -> dict[str, Any]:
        """A visit of a quarter of an hour that begins in about an hour."""
        return {
            "pathway_id": self.pathway_id,
            "site_id": str(self.site),
            "kind": kind,
            "mode": "in_person",
            "therapist_id": str(self.therapist.id),
            **self.times(60),
            **but,
        }

    def times(self, start: float, lasts: float = 15) -> dict[str, str]:
        """Say when something begins and ends, in minutes."""
        starts_at = self.quarter + timedelta(minutes=start)
        return {
            "starts_at": starts_at.isoformat(),
            "ends_at": (starts_at + timedelta(minutes=lasts)).isoformat(),
        }

    async def visit(self, kind: str, start: float, **but: Any) -> dict[str, Any]:
        """Book a visit of a quarter of an hour that begins in so many minutes."""
        body = self.visit_body(kind, **{**self.times(start), **but})
        answer = await heard(self.coordinator, "/v1/visits", body)
        assert answer.status_code == CREATED, answer.text
        booked: dict[str, Any] = answer.json()
        return booked

    async def checked_in(self, kind: str, start: float, **but: Any) -> dict[str, Any]:
        """Book a visit and check the client in."""
        booked = await self.visit(kind, start, **but)
        return await done(self.coordinator.post(f"/v1/visits/{booked['id']}/check-in", {}))

    async def session(self, by: Person | None = None, start: float = 60) -> str:
        """Come as far as an open sitting, and give the path of the session."""
        therapist = by or self.therapist
        who = {"therapist_id": str(therapist.id)}
        visit = await self.checked_in("medicine", start, **who)
        present = await done(
            therapist.post(f"/v1/visits/{visit['id']}/open-presence", {"mode": "in_person"})
        )
        path = f"/v1/sessions/{present['id']}"
        answer = await heard(therapist, f"{path}/open-sitting", {}, "CONSENT_NOT_IN_FORCE")
        assert answer.is_success, answer.text
        return path

    async def prepared_session(self) -> str:
        """Come as far as the release."""
        await self.prepare()
        return await self.session()

    async def prepare(self) -> None:
        """Attend a preparation visit and book the integration."""
        await self.checked_in("preparation", 15)
        await self.visit("integration", 24 * 60)

    def dose_body(self, **but: Any) -> dict[str, Any]:
        """Two units, as prescribed."""
        return {
            "prescription_id": self.prescription_id,
            "medicine": "ketamine",
            "route": "sublingual",
            "units": "2",
            **but,
        }

    async def discharged_session(self) -> str:
        """Come as far as the closing; every phase has its entry."""
        path = await self.prepared_session()
        post = self.therapist.post
        await done(post(f"{path}/release-medicine", self.dose_body()))
        await done(post(f"{path}/record-medicine-taken", self.dose_body(taken_at=moment(-1))))
        sent = [entry_body(phase) for phase in PHASES]
        await done(post(f"{path}/entries", {"entries": sent}))
        discharge = {"effects_resolved_at": moment(-0.5), "checklist": CHECKLIST}
        await done(post(f"{path}/discharge-client", discharge))
        await done(post(f"{path}/close-presence", {}))
        return path


def moment(minutes: float) -> str:
    """So many minutes from now."""
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


def _last_quarter() -> datetime:
    now = datetime.now(UTC)
    return now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)


def noon_zone() -> str:
    """A zone where it is around noon now, so that no test runs over midnight."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+d}"


def entry_body(phase: str = "peak", **but: Any) -> dict[str, Any]:
    """An entry of this moment, named by its device."""
    return {
        "entry_id": str(uuid4()),
        "phase": phase,
        "kind": "somatic",
        "text": "Quiet, breathing slowly",
        "observed_at": moment(0),
        "entered_at": moment(0),
        **but,
    }


async def heard(
    person: Person, path: str, body: Any, *more: str, key: str | None = None
) -> httpx.Response:
    """Send a command again until sessions has heard from intake what it needs."""
    waits = {"VISIT_PATHWAY_UNKNOWN", "VISIT_CLIENT_UNKNOWN", "VISIT_SITE_UNKNOWN"}
    waits |= {"THERAPIST_NOT_IN_CARE_TEAM", *more}
    async with asyncio.timeout(_HEARD_SECONDS):
        while True:
            answer = await person.post(path, body, key=key)
            if answer.status_code != httpx.codes.CONFLICT or not waits & codes(answer):
                return answer
            await asyncio.sleep(0.05)


def codes(answer: httpx.Response) -> set[str]:
    """The codes of a refusal."""
    return {reason["code"] for reason in answer.json()["reasons"]}


async def a_care(house: House, *, therapists: int = 1) -> Care:
    """Do all that a dose asks for at intake: team, consent, prescription, units, clearance."""
    site = uuid4()
    admin = house.intake.person("site_admin")
    await done(admin.post("/v1/sites", site_body(site, noon_zone())), CREATED)
    coordinator = house.intake.person("intake_coordinator", site=site)
    team = [await _a_therapist(house, admin, site) for _ in range(therapists)]
    client = await done(coordinator.post("/v1/clients", client_body(site)), CREATED)
    members = [{"staff_id": str(each.id), "role": "therapist"} for each in team]
    opened = {"client_id": client["id"], "site_id": str(site), "kind": "kap"}
    pathway = await done(
        coordinator.post("/v1/pathways", {**opened, "care_team": members}), CREATED
    )
    path = f"/v1/pathways/{pathway['id']}"
    verified = await done(coordinator.post(f"{path}/verify-prescription", prescription_body()))
    prescription_id = verified["prescriptions"][0]["prescription_id"]
    await done(coordinator.post(f"{path}/record-ledger", movement_body(prescription_id)))
    prescriber = house.intake.person("prescriber", site=site)
    await done(prescriber.post(f"{path}/decide-clearance", {"outcome": "cleared"}))
    await done(coordinator.post(f"{path}/sign-consent", await consent_body(coordinator)))
    return Care(
        house=house,
        site=site,
        coordinator=_at_sessions(house, coordinator),
        prescriber=_at_sessions(house, prescriber),
        therapists=tuple(_at_sessions(house, each) for each in team),
        client_id=client["id"],
        pathway_id=pathway["id"],
        prescription_id=prescription_id,
        quarter=_last_quarter(),
    )


async def _a_therapist(house: House, admin: Person, site: UUID) -> Person:
    therapist = house.intake.person("therapist", site=site)
    await done(admin.post("/v1/staff", staff_body(therapist.id, site, "therapist")), CREATED)
    path = f"/v1/staff/{therapist.id}"
    await done(admin.post(f"{path}/record-licence", licence_body()))
    await done(admin.post(f"{path}/record-training", training_body()))
    return therapist


def _at_sessions(house: House, person: Person) -> Person:
    return Person(person.id, house.sessions.http, person.token)


def only(answers: Collection[httpx.Response], status: int) -> list[httpx.Response]:
    """Give those answers that have this status."""
    return [each for each in answers if each.status_code == status]
