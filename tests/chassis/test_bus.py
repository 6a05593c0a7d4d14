"""Ten thousand facts, some of them poison: everything else goes on."""

import random
from dataclasses import replace
from uuid import uuid4

import pytest

from contracts.ids import key_id
from hearings import an_ear, eventually, send_all
from visit_facts import a_visit, told

pytestmark = pytest.mark.wired

SEED = 20261123
CLIENTS = 100
VISITS = 1_000
STATES = 10


def _poison(record, kind):
    """Spoil a record in one of the ways that a bus has seen."""
    headers = dict(record.headers)
    spoilt = {
        "broken seal": {"value": record.value[:-8] + b"AAAAAAAA"},
        "no body": {"value": b""},
        "null header": {"headers": [*_without(headers, "ce_id"), ("ce_id", None)]},
        "header not text": {"headers": [*_without(headers, "ce_type"), ("ce_type", b"\xff\xfe")]},
        "unknown type": {
            "headers": [*_without(headers, "ce_type"), ("ce_type", b"sessions.visit-sung.v1")]
        },
        "unknown version": {
            "headers": [*_without(headers, "ce_type"), ("ce_type", b"sessions.visit-moved.v9")]
        },
        "clear body": {
            "headers": [*_without(headers, "content-type"), ("content-type", b"application/json")],
            "value": b"{broken json",
        },
        "nearly a megabyte": {"value": b"x" * 900_000},
    }
    return replace(record, **spoilt[kind])


def _without(headers, name):
    return [(each, value) for each, value in headers.items() if each != name]


KINDS = (
    "broken seal",
    "no body",
    "null header",
    "header not text",
    "unknown type",
    "unknown version",
    "clear body",
)


async def _facts(vault, chance):
    """Ten states of each visit, in their order, with repeats and reordered neighbours."""
    clients = [uuid4() for _ in range(CLIENTS)]
    for client in clients:
        ring = await vault.open_keys(client, ("chart",))
    ring = await vault.fetch(key_id(client, "chart") for client in clients)
    visits = [a_visit(client_id=chance.choice(clients)) for _ in range(VISITS)]
    records = [
        told(visit, sequence=sequence, ring=ring)
        for sequence in range(1, STATES + 1)
        for visit in visits
    ]
    for place in chance.sample(range(len(records) - VISITS - 1), 300):
        records[place], records[place + VISITS] = records[place + VISITS], records[place]
    return visits, records


class TestPoison:
    """Records that nobody can act on, among many that matter."""

    async def test_is_parked_once_and_everything_else_goes_on(self, own_servers):
        """One unreadable record must neither stop a partition nor be lost without a word."""
        chance = random.Random(SEED)
        async with an_ear(own_servers.mongo_url, own_servers.kafka_bootstrap) as ear:
            visits, records = await _facts(ear.vault, chance)
            places = chance.sample(range(len(records)), len(records) // 100)
            poison = [
                _poison(records[place], KINDS[n % len(KINDS)]) for n, place in enumerate(places)
            ]
            poison.append(_poison(records[0], "nearly a megabyte"))
            repeats = chance.sample(records, 500)
            sent = [*records, *repeats]
            for bad in poison:
                sent.insert(chance.randrange(len(sent)), bad)

            await send_all(own_servers.kafka_bootstrap, sent)
            await ear.position_reached(len(sent))

            mirrored = await ear.mirror.get_many(visit.visit_id for visit in visits)
            assert {each.sequence for each in mirrored.values()} == {STATES}
            assert len(mirrored) == VISITS
            assert await ear.parking.count() == len(poison)

    async def test_leaves_the_list_when_it_is_retried_after_a_fix(self, own_servers):
        """A key that was missing and is there again makes the record readable."""
        async with an_ear(own_servers.mongo_url, own_servers.kafka_bootstrap) as ear:
            visit = a_visit()
            ring = await ear.vault.open_keys(visit.client_id, ("chart",))
            kid = key_id(visit.client_id, "chart")
            keys = ear.mongo.database("cairn_keys")["keys"]
            kept = await keys.find_one_and_delete({"_id": kid})
            ear.vault.forget()
            await send_all(own_servers.kafka_bootstrap, [told(visit, sequence=4, ring=ring)])
            await _until_parked(ear, "KEY_UNKNOWN")
            assert await ear.mirror.get(visit.visit_id) is None

            await keys.insert_one(kept)
            [row] = await _parked(ear, "KEY_UNKNOWN")
            await ear.dispatcher.retry(await ear.parking.kept(row["id"]))
            assert await ear.parking.settle(row["id"], "retried")

            healed = await ear.mirror.get(visit.visit_id)
            assert (healed.sequence, healed.in_doubt) == (4, False)
            assert await _parked(ear, "KEY_UNKNOWN") == []


async def _parked(ear, code):
    rows = await ear.parking.listed(limit=1_000, after=None)
    return [row for row in rows if row["code"] == code]


async def _until_parked(ear, code):
    async def count():
        return len(await _parked(ear, code))

    await eventually(count, 1)


class TestDoubt:
    """A mirror that something newer could not be applied to."""

    async def test_is_shown_until_a_newer_state_comes(self, servers):
        """Whoever reads the mirror must know that it may be behind."""
        async with an_ear(servers.mongo_url, servers.kafka_bootstrap) as ear:
            visit = a_visit()
            ring = await ear.vault.open_keys(visit.client_id, ("chart",))
            facts = [told(visit, sequence=n, ring=ring) for n in (1, 2, 3)]
            await send_all(servers.kafka_bootstrap, [facts[0], _poison(facts[1], "broken seal")])
            await _until_parked(ear, "SEAL_BROKEN")
            assert (await ear.mirror.get(visit.visit_id)).in_doubt

            await send_all(servers.kafka_bootstrap, [facts[2]])

            async def doubt():
                mirrored = await ear.mirror.get(visit.visit_id)
                return (mirrored.sequence, mirrored.in_doubt)

            await eventually(doubt, (3, False))
