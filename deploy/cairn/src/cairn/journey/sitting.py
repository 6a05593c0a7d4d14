"""The journey's second part: visits, the day itself, and the record that is signed."""

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from cairn.journey.client import MEDICINE, ROUTE, UNITS, Enrolled
from cairn.journey.walk import Walk
from cairn.operating import Unanswered
from cairn.people import person_id, site_id
from contracts.ids import VisitId, session_of

_A_WALK = timedelta(days=5)
"""No visit of a walk lies further ahead than this."""

CHECKLIST = (
    "responsive",
    "aldrete_recovered",
    "blood_pressure_settled",
    "gait_steady",
    "oriented",
    "nausea_tolerable",
    "suicide_risk_asked",
    "escort_present",
    "aftercare_understood",
    "next_contact_booked",
    "leftover_medicine_counted",
)
OBSERVED = {
    "safety_check": "Settled in the armchair, the phone is charged, the dog is with a neighbour.",
    "intention": "Wants to look at the fear of being alone without turning away from it.",
    "onset": "Hands grow warm, the music seems to come from far away.",
    "peak": "Tears without sadness; says that the house of her childhood has no walls.",
    "reemergence": "Asks what time it is and laughs; names a colour: river green.",
    "recovery": "Drinks some water, speaks slowly and clearly, wants to write the dream down.",
}


def minutes(count: int) -> timedelta:
    """Give a time span of so many minutes."""
    return timedelta(minutes=count)


def book(walk: Walk, enrolled: Enrolled) -> dict[str, str]:
    """Schedule preparation, medicine and integration; the last with another therapist."""
    walk.chapter("Sessions: booking the visits")
    morning = walk.now().replace(hour=15, minute=0, second=0)
    plan = {
        "preparation": ("iris", morning + timedelta(days=1), minutes(60)),
        "medicine": ("iris", morning + timedelta(days=3), minutes(240)),
        "integration": ("tom", morning + timedelta(days=4, hours=2), minutes(60)),
    }
    visits = {}
    for kind, (therapist, starts_at, length) in plan.items():
        visit = walk.does(
            "june",
            f"books the {kind} visit with {therapist}",
            "sessions",
            "/v1/visits",
            _visit(enrolled, kind, therapist, starts_at, starts_at + length),
        )
        visits[kind] = str(visit["id"])
    starts_at = plan["medicine"][1] + minutes(30)
    walk.is_refused(
        "june",
        "tries to book the same client at the same time",
        "sessions",
        "/v1/visits",
        _visit(enrolled, "preparation", "tom", starts_at, starts_at + minutes(30)),
    )
    return visits


def prepare(walk: Walk, visits: dict[str, str]) -> None:
    """Hold the preparation visit."""
    visit = walk.sees(
        "iris", "opens the calendar", "sessions", f"/v1/visits/{visits['preparation']}"
    )
    walk.wait_until(_instant(visit["starts_at"]), "the preparation visit begins")
    walk.does("iris", "receives Robin", "sessions", f"/v1/visits/{visits['preparation']}/check-in")


def leave_unfinished(walk: Walk, unfinished: Path) -> None:
    """Let the days of a walk that was cut short pass, and end the presence that it left open.

    Nobody can be booked twice or be in two sessions; where nothing was left, a no changes nothing.
    """
    if unfinished.exists():
        walk.wait_until(walk.now() + _A_WALK, "an earlier walk was cut short; its days pass")
        if session_id := unfinished.read_text(encoding="utf-8"):
            here = f"{walk.addresses.sessions}/v1/sessions/{session_id}"
            with suppress(Unanswered):
                walk.person("iris").post(f"{here}/close-presence")
    unfinished.write_text("", encoding="utf-8")


def sit(walk: Walk, enrolled: Enrolled, visits: dict[str, str], unfinished: Path) -> str:
    """Hold the medicine session, from check-in to discharge; give the session's id."""
    walk.chapter("Sessions: the day of the medicine")
    medicine = VisitId(UUID(visits["medicine"]))
    unfinished.write_text(str(session_of(medicine)), encoding="utf-8")
    session_id = _begin(walk, visits["medicine"])
    here = f"/v1/sessions/{session_id}"
    taken_at = _release(walk, enrolled, here)
    for phase, after in (("onset", 10), ("peak", 40), ("reemergence", 75), ("recovery", 110)):
        walk.wait_until(taken_at + minutes(after), phase)
        _write(walk, here, phase)
    resolved_at = walk.now()
    walk.wait_until(taken_at + minutes(150), "the effects are gone for a while")
    walk.does(
        "iris",
        "lets Robin go home with Sky",
        "sessions",
        f"{here}/discharge-client",
        {"effects_resolved_at": _text(resolved_at), "checklist": list(CHECKLIST)},
    )
    walk.does("iris", "leaves", "sessions", f"{here}/close-presence")
    return session_id


def _begin(walk: Walk, visit_id: str) -> str:
    here = f"/v1/visits/{visit_id}"
    visit = walk.sees("iris", "opens the calendar", "sessions", here)
    walk.wait_until(_instant(visit["starts_at"]), "the medicine visit begins")
    walk.does("iris", "receives Robin", "sessions", f"{here}/check-in")
    session = walk.does(
        "iris",
        "is with Robin from now on",
        "sessions",
        f"{here}/open-presence",
        {"mode": "in_person"},
    )
    return str(session["id"])


def _release(walk: Walk, enrolled: Enrolled, here: str) -> datetime:
    """Open the sitting, try too soon, release in time; give when the medicine was taken."""
    walk.does("iris", "opens the sitting", "sessions", f"{here}/open-sitting")
    dose = {
        "prescription_id": enrolled.prescription_id,
        "medicine": MEDICINE,
        "route": ROUTE,
        "units": UNITS,
    }
    walk.is_refused(
        "iris", "would release the medicine too soon", "sessions", f"{here}/release-medicine", dose
    )
    _write(walk, here, "safety_check", "intention")
    walk.wait_until(walk.now() + minutes(20), "twenty minutes together")
    walk.does("iris", "releases the medicine", "sessions", f"{here}/release-medicine", dose)
    taken_at = walk.now()
    walk.does(
        "iris",
        "records that Robin took it",
        "sessions",
        f"{here}/record-medicine-taken",
        dose | {"taken_at": _text(taken_at)},
    )
    return taken_at


def close(walk: Walk, session_id: str) -> str:
    """Sign the record behind its fence; give the root hash."""
    walk.chapter("Sessions: signing the record")
    here = f"/v1/sessions/{session_id}"
    walk.does(
        "iris",
        "begins to close: what comes now is an addendum",
        "sessions",
        f"{here}/begin-closing",
    )
    closed = walk.does(
        "iris",
        "signs the record",
        "sessions",
        f"{here}/close-session",
        {"adverse_events": "none"},
    )
    root = str(closed["closing"]["root_sha256"])
    walk.note("signed", f"{len(closed['closing']['segments'])} segments, root hash {root[:16]}…")
    return root


def _visit(
    enrolled: Enrolled, kind: str, therapist: str, starts_at: datetime, ends_at: datetime
) -> dict[str, str]:
    return {
        "pathway_id": enrolled.pathway_id,
        "site_id": str(site_id("nashville")),
        "kind": kind,
        "mode": "in_person",
        "therapist_id": str(person_id(therapist)),
        "starts_at": _text(starts_at),
        "ends_at": _text(ends_at),
    }


def _write(walk: Walk, here: str, *phases: str) -> None:
    now = _text(walk.now())
    entries = [
        {
            "entry_id": str(uuid4()),
            "phase": phase,
            "kind": "clinician_note",
            "text": OBSERVED[phase],
            "observed_at": now,
            "entered_at": now,
        }
        for phase in phases
    ]
    answer = walk.does(
        "iris",
        f"writes down what she sees: {', '.join(phases)}",
        "sessions",
        f"{here}/entries",
        {"entries": entries},
    )
    for entry in answer["entries"]:
        walk.note("stored", f"sessions entries {entry['entry_id'][:8]}… {entry['outcome']}")


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _text(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
