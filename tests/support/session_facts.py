"""Facts about medicine sessions as sessions tells them, about clients that intake knows."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from chassis.mongo import Mongo
from chassis.outbox import as_record
from chassis.producer import Record
from chassis.rows import fact_entry
from chassis.vault import Vault
from contracts.ids import key_id
from contracts.sessions import Dose, MedicineTaken
from intake_builders import a_dose, a_session
from visit_facts import TELLING
from worlds import MASTER_KEY


async def a_session_told(
    mongo_url: str, pathway: Mapping[str, Any], *, doses: int
) -> tuple[UUID, list[Record]]:
    """Tell a session of this pathway in as many states as it has doses, at least in one."""
    session_id, ring = uuid4(), await _keys(mongo_url, UUID(pathway["client_id"]))
    named = {name: UUID(pathway[name]) for name in ("client_id", "site_id", "pathway_id")}
    state = {**dict(a_session()), **named, "session_id": session_id, "visit_id": uuid4()}
    taken = _doses(pathway, doses)
    records = []
    for sequence in range(1, max(doses, 1) + 1):
        fact = MedicineTaken(**{**state, "doses": taken[:sequence]})
        site = fact.site_id
        entry = fact_entry(fact, sequence=sequence, site=site, ring=ring, telling=TELLING)
        records.append(as_record(entry))
    return session_id, records


def _doses(pathway: Mapping[str, Any], count: int) -> tuple[Dose, ...]:
    """Take doses of the pathway's own prescription, ten minutes apart."""
    if count == 0:
        return ()
    prescription = UUID(pathway["prescriptions"][0]["prescription_id"])
    now = datetime.now(UTC)
    return tuple(
        a_dose(prescription_id=prescription, taken_at=now - timedelta(minutes=10 * (count - n)))
        for n in range(count)
    )


async def _keys(mongo_url: str, client_id: UUID) -> Any:
    mongo = Mongo(mongo_url)
    try:
        return await Vault(mongo, MASTER_KEY).fetch([key_id(client_id, "chart")])
    finally:
        await mongo.close()
