"""Nothing personal lies or travels in the clear, and what is shredded is gone."""

import base64
import json
import time
from collections import Counter
from contextlib import chdir
from uuid import UUID, uuid4

import pytest
from aiokafka import AIOKafkaProducer
from rich.console import Console

from at_rest import rows_at_rest
from cairn.bridge import answer_of
from cairn.journey.story import walk_journey
from cairn.people import demo_network, person_id
from cairn.roster import SERVICES
from cairn.teller import Teller
from canaries import Canaries, clauses_of, forms, parts_of, words_in
from chassis.mongo import Mongo
from chassis.vault import Vault, read_master_key
from contracts.ids import key_id, session_of
from everybody import Everybody
from whole_standing import ready_to_release

WORD = "Wolfsbane Ottersworth"
SHRED_SECONDS = 30
HEARERS = ("sessions", "integration", "notifications")


@pytest.fixture(scope="module")
def walked(network, tmp_path_factory):
    """One client's journey from registration to integration; answers the client's id."""
    story = tmp_path_factory.mktemp("story") / "story.txt"
    with chdir(network.directory), story.open("w") as file:
        walk_journey(network.addresses, Teller(Console(file=file, width=200)))
    return UUID(network.bound()["robin"]["sub"])


def medicine_session(network, client_id):
    visits = network.person("june").sees("sessions", "/v1/visits", client=str(client_id))["items"]
    (medicine,) = [each for each in visits if each["kind"] == "medicine"]
    return session_of(UUID(medicine["id"]))


def pathway_of(network, client_id):
    visits = network.person("june").sees("sessions", "/v1/visits", client=str(client_id))["items"]
    return network.person("june").sees("intake", f"/v1/pathways/{visits[0]['pathway_id']}")


@pytest.fixture(scope="module")
def canaries(network, walked):
    """Every personal word that the journey told, read back from where it may be read."""
    june = network.person("june")
    client = june.sees("intake", f"/v1/clients/{walked}")
    session_id = medicine_session(network, walked)
    entries = network.person("iris").sees("sessions", f"/v1/sessions/{session_id}/entries")
    staff = [
        june.sees("intake", f"/v1/staff/{person_id(username)}")
        for username, person in demo_network().staff().items()
        if "nashville" in person.roles
    ]
    named = words_in([client, staff, pathway_of(network, walked)], ["name", "legal_name"])
    alone = words_in(
        [client, staff, pathway_of(network, walked)],
        ["preferred_name", "born_on", "email", "phone", "npi", "dea_number", "licence_number"],
    )
    texts = words_in(entries, ["text"])["text"]
    assert all(named.values())
    assert all(alone.values())
    assert len(texts) > 5
    names = {part for words in named.values() for name in words for part in parts_of(name)}
    told = {clause for text in texts for clause in clauses_of(text)}
    return Canaries(names | told | {word for words in alone.values() for word in words})


@pytest.mark.wired
@pytest.mark.journey
class TestNothing:
    def test_lies_in_the_clear_in_any_database(self, network, canaries):
        """A stolen disk, a backup or a curious administrator must show ids and ciphertext."""
        rows = list(rows_at_rest(network.addresses.mongo))
        leaks = {
            f"{row.database}.{row.collection}": words
            for row in rows
            if (words := canaries.found_in(row.raw))
        }

        assert {row.database for row in rows} > {"cairn_intake", "cairn_sessions", "local"}
        assert leaks == {}

    def test_travels_in_the_clear_on_any_topic(self, network, canaries):
        """Topics are kept for ever, and are read by more programs than their writers know."""
        records = network.on_the_bus()
        leaks = {
            f"{record.topic} {record.header('ce_type')}": words
            for record in records
            for part in (record.key, record.value, str(record.headers).encode())
            if (words := canaries.found_in(part or b""))
        }

        assert len({record.topic for record in records}) > 8
        assert leaks == {}

    def test_is_written_to_any_log(self, network, canaries):
        """Logs are copied to places where nobody asks who may read them."""
        logs = {path.name: path.read_bytes() for path in network.home.logs.glob("*.log")}
        leaks = {name: words for name, raw in logs.items() if (words := canaries.found_in(raw))}

        assert {"intake.log", "sessions.log", "mongod.log", "kafka.log"} <= set(logs)
        assert leaks == {}

    def test_of_what_was_sent_is_repeated_in_an_error(self, network):
        """Errors end in support tickets, screenshots and the logs of proxies."""
        watched, everybody = Canaries(parts_of(WORD)), Everybody(network)
        leaks, statuses = {}, Counter()
        for route in everybody.routes:
            for sent in badly_sent(route):
                answer = everybody.send(route, **sent)
                statuses[answer.status_code] += 1
                told = answer.content + str(answer.headers).encode()
                if words := watched.found_in(told):
                    leaks[route.name] = words
        logged = b"".join(path.read_bytes() for path in network.home.logs.glob("*.log"))

        assert {400, 401, 404, 422} <= set(statuses)
        assert all(400 <= status < 500 for status in statuses)
        assert leaks == {}
        assert watched.found_in(logged) == set()


def badly_sent(route):
    """Say the word everywhere where it does not belong: in body, query, headers and token."""
    query = {"params": {field.place[0]: WORD for field in route.parameters} | {"other": WORD}}
    if route.method == "GET":
        return [query, {"token": WORD}]
    bodies = (
        json.dumps(route.filled(lambda _: True, {WORD: WORD})),
        json.dumps(route.filled(lambda _: True, WORD)),
        json.dumps({WORD: WORD}),
        json.dumps([WORD]),
        f'{{"{WORD}": ',
    )
    empty = {"content": b"{}"}
    return [
        *({**query, "content": body.encode()} for body in bodies),
        {"content": WORD.encode("utf-16")},
        {**empty, "token": WORD},
        {**empty, "idempotency_key": WORD},
        {**empty, "if_match": WORD},
        {**empty, "content_type": WORD},
    ]


def shred(network, client_id):
    """Destroy both keys of a client, as whoever holds the master key does."""

    async def both():
        mongo = Mongo(network.addresses.mongo)
        vault = Vault(mongo, read_master_key(network.home.master_key))
        for sealed_as in ("contact", "chart"):
            await vault.shred(key_id(client_id, sealed_as), by=uuid4())
        await mongo.close()

    answer_of(both())


def tell_again(network, record):
    """Say a fact again that stands on the bus already, with nobody's help."""

    async def send():
        producer = AIOKafkaProducer(bootstrap_servers=network.addresses.kafka)
        await producer.start()
        try:
            await producer.send_and_wait(
                record.topic, record.value, key=record.key, headers=list(record.headers)
            )
        finally:
            await producer.stop()

    answer_of(send())


def dropped(network, service):
    """Count the facts that a service dropped because their key was destroyed."""
    return sum(
        sample.number
        for sample in network.metrics(service)
        if sample.name == "cairn_facts_dropped_total"
        and sample.labels == {"reason": "key_shredded"}
    )


def parked(network):
    """List what any service could not use."""
    operator = network.program("operator")
    lists = (operator.sees(service, "/v1/parked")["items"] for service in SERVICES)
    return [row for rows in lists for row in rows]


@pytest.fixture(scope="module")
def newcomer(network):
    """A client whose keys every service has only just fetched, and so will keep the longest."""
    (sitting,) = ready_to_release(network)
    return sitting.client.id


@pytest.fixture(scope="module")
def looks(network, walked, newcomer):
    """Every look that somebody may have at either client: who, at which service, where."""
    session_id = medicine_session(network, walked)
    pathway_id = pathway_of(network, walked)["id"]
    return {
        "client": ("june", "intake", f"/v1/clients/{walked}"),
        "pathway": ("june", "intake", f"/v1/pathways/{pathway_id}"),
        "session": ("iris", "sessions", f"/v1/sessions/{session_id}"),
        "entries": ("iris", "sessions", f"/v1/sessions/{session_id}/entries"),
        "visits": ("june", "sessions", f"/v1/visits?client={walked}"),
        "cases": ("tom", "integration", f"/v1/cases?client={walked}"),
        "plans": ("june", "notifications", f"/v1/plans?client={walked}"),
        "newcomer": ("june", "intake", f"/v1/clients/{newcomer}"),
        "newcomer's visits": ("june", "sessions", f"/v1/visits?client={newcomer}"),
        "newcomer's plans": ("june", "notifications", f"/v1/plans?client={newcomer}"),
    }


def readable(network, looks):
    """Name the looks that find something, or that do not say clearly that there is nothing."""
    answers = {
        name: network.person(who).get(service, path) for name, (who, service, path) in looks.items()
    }
    return {
        name: answer.status_code
        for name, answer in answers.items()
        if answer.status_code != 404 and answer.json().get("items") != []
    }


@pytest.fixture(scope="module")
def shredded(network, walked, newcomer, looks):
    """Shred the keys of both, with every cache still warm; answers after how long it was felt."""
    network.wait_heard()
    assert set(readable(network, looks)) == set(looks)
    shred(network, walked)
    shred(network, newcomer)
    began = time.monotonic()
    while readable(network, looks) and time.monotonic() - began < SHRED_SECONDS:
        time.sleep(0.5)
    return time.monotonic() - began


@pytest.mark.wired
@pytest.mark.journey
class TestShredding:
    def test_makes_a_client_unreadable_everywhere_within_half_a_minute(
        self, network, looks, shredded
    ):
        """Erased means erased: in every service, in every copy, and soon."""
        print(f"unreadable after {shredded:.1f} s")

        assert shredded < SHRED_SECONDS
        assert readable(network, looks) == {}

    def test_drops_and_counts_what_is_still_said_of_the_client(self, network, walked, shredded):
        """A copy of the bus, played again, must not bring back who was erased, nor stop others."""
        assert shredded < SHRED_SECONDS
        facts = [each for each in network.on_the_bus() if each.key == str(walked).encode()]
        told = next(each for each in facts if each.header("ce_type").startswith("intake.consent"))
        before = {service: dropped(network, service) for service in HEARERS}

        tell_again(network, told)
        network.wait_heard()

        after = {service: dropped(network, service) for service in HEARERS}
        assert {service: after[service] - before[service] for service in HEARERS} == (
            dict.fromkeys(HEARERS, 1)
        )
        assert parked(network) == []


class TestCanaries:
    @pytest.mark.parametrize(
        "written",
        [
            pytest.param(WORD.encode(), id="as it stands"),
            pytest.param(json.dumps({"was": WORD}).encode(), id="in JSON"),
            pytest.param(WORD.encode().hex().encode(), id="in hex"),
            pytest.param(base64.b64encode(b"a: " + WORD.encode()), id="in base64 on a boundary"),
            pytest.param(base64.b64encode(b"its " + WORD.encode()), id="in base64 one further"),
            pytest.param(base64.b64encode(b"hello" + WORD.encode()), id="in base64 two further"),
            pytest.param(b"name=Wolfsbane%20Ottersworth", id="in an address"),
            pytest.param(b"Ms. Ottersworth", id="by one of its parts"),
            pytest.param(b'{"name":"Wolf"}', id="by a short word"),
        ],
    )
    def test_are_found(self, written):
        """A search that finds nothing anywhere looks the same as a clean network."""
        watched = Canaries(parts_of(WORD) | {"Wolf"})

        assert watched.found_in(b"before " + written + b" after")

    def test_with_letters_beyond_ascii_are_found_escaped(self):
        """JSON by default writes them as escapes, and the plain form is then nowhere."""
        assert Canaries(["Zoë Ångström"]).found_in(json.dumps("Zoë Ångström").encode())

    def test_of_a_birthday_are_found_as_a_moment(self):
        """A driver that takes a day for a moment keeps it as a number."""
        assert (576547200000).to_bytes(8, "little") in forms("1988-04-09")

    def test_are_not_found_in_what_holds_none(self):
        """A search that cries at everything is silenced."""
        cipher = base64.b64encode(bytes(range(256))) + b"xWolfx" + bytes(range(256))

        assert Canaries(parts_of(WORD) | {"Wolf"}).found_in(cipher) == set()
