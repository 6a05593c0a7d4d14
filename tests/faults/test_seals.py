"""What is sealed for one person and one place opens nowhere else, and never again once shredded."""

import time
from dataclasses import replace
from functools import partial
from uuid import uuid4

import pytest

from chassis.metrics import FACTS_DROPPED
from chassis.mongo import Mongo
from chassis.vault import CACHE_SECONDS, Vault
from contracts.ids import key_id
from contracts.sessions import VisitMoved, VisitScheduled
from hearings import an_ear, eventually, send_all
from visit_facts import a_visit, told
from worlds import MASTER_KEY

pytestmark = pytest.mark.wired

UNREADABLE_WITHIN_SECONDS = 30


@pytest.fixture
async def ear(servers):
    async with an_ear(servers.mongo_url, servers.kafka_bootstrap) as ear:
        yield ear


async def a_client_with_a_key(ear):
    visit = a_visit()
    return visit, await ear.vault.open_keys(visit.client_id, ("chart",))


async def parked_about(ear, visit):
    """Name the reasons why records about this visit are parked."""
    rows = await ear.parking.listed(limit=1_000, after=None)
    return [row["code"] for row in rows if row.get("subject") == visit.visit_id]


def with_header(record, name, value):
    """Change one header and leave the body as it was."""
    return replace(
        record,
        headers=[(each, value if each == name else kept) for each, kept in record.headers],
    )


class TestSealedBody:
    """A body that was sealed for one fact, found under another."""

    async def test_does_not_open_under_another_subject(self, ear, servers):
        """Whoever can write to the bus could give one client the record of another."""
        visit, ring = await a_client_with_a_key(ear)
        victim = a_visit(client_id=visit.client_id)
        moved = replace(
            told(victim, sequence=1, ring=ring), value=told(visit, sequence=1, ring=ring).value
        )

        await send_all(servers.kafka_bootstrap, [moved])
        await eventually(partial(parked_about, ear, victim), ["SEAL_BROKEN"])

        assert await ear.mirror.get(victim.visit_id) is None

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            pytest.param("ce_sequence", b"0000000099", id="sequence"),
            pytest.param("ce_type", VisitMoved.wire_name.encode(), id="type"),
        ],
    )
    async def test_does_not_open_under_a_changed_header(self, ear, servers, name, value):
        """An old state told as the newest would undo what was decided since."""
        visit, ring = await a_client_with_a_key(ear)
        record = told(visit, sequence=1, ring=ring)
        assert dict(record.headers)["ce_type"] == VisitScheduled.wire_name.encode()

        await send_all(servers.kafka_bootstrap, [with_header(record, name, value)])
        await eventually(partial(parked_about, ear, visit), ["SEAL_BROKEN"])

        assert await ear.mirror.get(visit.visit_id) is None


class TestMissingKey:
    """A key that is gone, though nobody shredded it."""

    async def test_parks_its_facts(self, ear, servers):
        """It is a fault of ours, and the fact must be there when the key is back."""
        visit, ring = await a_client_with_a_key(ear)
        keys = ear.mongo.database("cairn_keys")["keys"]
        await keys.delete_one({"_id": key_id(visit.client_id, "chart")})
        ear.vault.forget()

        await send_all(servers.kafka_bootstrap, [told(visit, sequence=1, ring=ring)])

        await eventually(partial(parked_about, ear, visit), ["KEY_UNKNOWN"])


class TestShreddedKey:
    """A key that was destroyed with its entry in the register."""

    @pytest.mark.fault
    async def test_is_forgotten_by_every_process_within_half_a_minute(self, ear, servers):
        """A process that went on reading from its memory would not have forgotten anybody."""
        visit, ring = await a_client_with_a_key(ear)
        await send_all(servers.kafka_bootstrap, [told(visit, sequence=1, ring=ring)])
        await eventually(partial(sequence_of, ear, visit), 1)

        began = time.monotonic()
        await shredded_elsewhere(servers.mongo_url, visit.client_id)
        await eventually(partial(ear.mirror.get, visit.visit_id), None)
        took = time.monotonic() - began
        dropped = FACTS_DROPPED.labels(reason="key_shredded")
        before = dropped._value.get()  # noqa: SLF001 - there is no public reading
        await send_all(servers.kafka_bootstrap, [told(visit, sequence=2, ring=ring)])
        await eventually(lambda: dropped._value.get() - before, 1)  # noqa: SLF001 - as above

        print(f"unreadable after {took:.1f} s")
        assert took < UNREADABLE_WITHIN_SECONDS
        assert CACHE_SECONDS < UNREADABLE_WITHIN_SECONDS
        assert await parked_about(ear, visit) == []


async def sequence_of(ear, visit):
    """Give the sequence at which the mirror of a visit stands."""
    mirrored = await ear.mirror.get(visit.visit_id)
    return mirrored and mirrored.sequence


async def shredded_elsewhere(mongo_url, client_id):
    """Shred from another process's vault, which this one hears nothing of."""
    mongo = Mongo(mongo_url)
    await Vault(mongo, MASTER_KEY).shred(key_id(client_id, "chart"), by=uuid4())
    await mongo.close()
