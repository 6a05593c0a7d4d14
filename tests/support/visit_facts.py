"""Facts about visits as sessions tells them, for tests of hearing."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from chassis.outbox import as_record
from chassis.producer import Record
from chassis.rows import Telling, fact_entry
from chassis.vault import KeyRing
from contracts.sessions import VisitScheduled

STARTS = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
TELLING = Telling(service="sessions", time=STARTS, traceparent=None)


def a_visit(**but: Any) -> VisitScheduled:
    """An ordinary medicine visit."""
    given: dict[str, Any] = {
        "visit_id": uuid4(),
        "client_id": uuid4(),
        "pathway_id": uuid4(),
        "site_id": UUID(int=3),
        "zone": "America/Chicago",
        "kind": "medicine",
        "mode": "in_person",
        "therapist_id": uuid4(),
        "starts_at": STARTS,
        "ends_at": STARTS + timedelta(hours=3),
    }
    return VisitScheduled(**given | but)


def told(visit: VisitScheduled, *, sequence: int, ring: KeyRing) -> Record:
    """Tell a visit under this sequence, sealed as sessions seals it."""
    entry = fact_entry(visit, sequence=sequence, site=visit.site_id, ring=ring, telling=TELLING)
    return as_record(entry)
