"""Whatever is sent to any route, the answer is clear, and nothing is stored."""

import json

import pytest

from at_rest import kept_by_services
from cairn.roster import SERVICES
from everybody import Everybody

pytestmark = [pytest.mark.wired, pytest.mark.journey]

BRING_THEIR_OWN_IDS = {
    "POST /v1/sites",
    "POST /v1/staff",
    "POST /v1/sessions/{session_id}/entries",
    "POST /v1/pathways/{pathway_id}/reserve-dose",
}
ONLY_ASK = {
    "POST /v1/clients/confirm",
    "POST /v1/visits/confirm",
    "POST /v1/pathways/{pathway_id}/ask-dose",
}
MOMENTS, DAYS = "date-time", "date"
TEN_MEGABYTES = 10_000_000


@pytest.fixture(scope="module")
def gate(network):
    """Whoever stands before every route and is let in."""
    everybody = Everybody(network)
    assert {route.service for route in everybody.routes} == set(SERVICES)
    assert len(everybody.commands) > 25
    return everybody


@pytest.fixture(scope="module")
def kept(gate):
    """What the services keep, once everything on its way has come to rest."""
    gate.network.wait_heard()
    return [kept_by_services(gate.network.addresses.mongo)]


@pytest.fixture(autouse=True)
def nothing_stored(gate, kept):
    """Hold everything that the services keep against what they kept before."""
    yield
    before, after = kept.pop(), kept_by_services(gate.network.addresses.mongo)
    kept.append(after)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert changed == set()


def wrong(answers, status, *codes):
    """Name every route that did not answer so, with what it answered instead."""
    return {
        name: f"{answer.status_code} {answer.text[:300]}"
        for name, answer in answers.items()
        if answer.status_code != status
        or answer.headers["content-type"] != "application/problem+json"
        or (answer.json()["code"], answer.json()["status"]) not in {(c, status) for c in codes}
        or not {"type", "title", "reasons", "trace_id"} <= answer.json().keys()
    }


def each(routes, send):
    return {f"{route.service} {route.name}": send(route) for route in routes}


def unnamed(gate, wanted, value):
    """Name every field that said this without being told that it was wrong."""
    missed = {}
    for route in gate.commands:
        fields = [field for field in route.fields() if wanted(field)]
        if not fields:
            continue
        answer = gate.send(route, json.dumps(route.filled(wanted, value)).encode())
        told = {reason["facts"].get("pointer") for reason in answer.json()["reasons"]}
        left = sorted({field.pointer for field in fields} - told)
        if answer.status_code != 422 or left:
            missed[route.name] = (answer.status_code, left, answer.text[:300])
    return missed


class TestBodies:
    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(b'{"site_id": ', id="cut short"),
            pytest.param(b"{'site_id': 1}", id="with the wrong quotes"),
            pytest.param(b'{"a": "\xff\xfe"}', id="not UTF-8"),
            pytest.param(b'{"a": "\\ud800"}', id="half a character"),
            pytest.param(b"[" * 100_000, id="nested beyond measure"),
        ],
    )
    def test_that_cannot_be_read_are_refused(self, gate, content):
        """A device with a broken connection sends halves; a half must never become a record."""
        answers = each(gate.commands, lambda route: gate.send(route, content))

        assert wrong(answers, 400, "UNREADABLE") == {}

    @pytest.mark.parametrize("content", [b'"text"', b"[]", b"7", b"true", b'[{"a": 1}]'])
    def test_that_are_no_objects_are_refused(self, gate, content):
        """Valid JSON of another shape must not reach a rule."""
        answers = each(gate.commands, lambda route: gate.send(route, content))

        assert wrong(answers, 422, "MALFORMED") == {}

    def test_of_ten_megabytes_are_refused(self, gate):
        """One caller must not fill the memory that all others need."""
        content = json.dumps({"a": "x" * TEN_MEGABYTES}).encode()
        answers = each(gate.commands, lambda route: gate.send(route, content))

        assert wrong(answers, 413, "TOO_LARGE") == {}

    def test_of_ten_megabytes_without_a_length_are_refused(self, gate):
        """Whoever does not say how much is coming is counted."""

        def dribble():
            yield b'{"a": "'
            for _ in range(TEN_MEGABYTES // 100_000):
                yield b"x" * 100_000
            yield b'"}'

        routes = [route for route in gate.commands if route.body is not None][:8]
        answers = each(routes, lambda route: gate.send(route, dribble()))

        assert wrong(answers, 413, "TOO_LARGE") == {}

    def test_of_another_media_type_are_refused(self, gate):
        """A form from another site's page must not pass for a command."""
        answers = each(
            gate.commands,
            lambda route: gate.send(
                route, b"a=1", content_type="application/x-www-form-urlencoded"
            ),
        )

        assert wrong(answers, 415, "MEDIA_TYPE_UNKNOWN") == {}

    def test_with_a_field_that_there_is_not_are_refused(self, gate):
        """A misspelt field that is passed over is a dose limit that nobody set."""
        answers = each(gate.commands, lambda route: gate.send(route, b'{"no_such_field": 1}'))
        silent = [
            name
            for name, answer in answers.items()
            if ("EXTRA_FORBIDDEN", "/no_such_field")
            not in {
                (reason["code"], reason["facts"].get("pointer"))
                for reason in answer.json()["reasons"]
            }
        ]

        assert wrong(answers, 422, "MALFORMED") == {}
        assert silent == []

    def test_with_values_of_the_wrong_type_name_every_one(self, gate):
        """Whoever is told of one problem at a time gives up after the third."""
        assert unnamed(gate, lambda _: True, {"no": ["such", "value"]}) == {}

    @pytest.mark.parametrize(
        "moment",
        [
            pytest.param("2026-11-23T09:00:00", id="without a zone"),
            pytest.param("2026-11-23", id="without a time"),
            pytest.param("0001-01-01T00:00:00Z", id="long ago"),
            pytest.param("9999-12-31T23:59:59Z", id="far ahead"),
            pytest.param("2026-02-30T09:00:00Z", id="that never comes"),
            pytest.param(1_800_000_000, id="as a bare number"),
        ],
    )
    def test_with_impossible_moments_name_every_one(self, gate, moment):
        """A time whose zone is guessed is an hour off in one of our two zones."""
        assert any(field.format == MOMENTS for route in gate.commands for field in route.fields())
        assert unnamed(gate, lambda field: field.format == MOMENTS, moment) == {}

    @pytest.mark.parametrize(
        "day", ["0001-01-01", "9999-12-31", "2026-02-30", "2026-11-23T00:00:00Z", 20_000]
    )
    def test_with_impossible_days_name_every_one(self, gate, day):
        """A prescription that ends in the year 9999 is a slip of the keyboard."""
        assert any(field.format == DAYS for route in gate.commands for field in route.fields())
        assert unnamed(gate, lambda field: field.format == DAYS, day) == {}


class TestQueries:
    def test_with_impossible_values_are_refused(self, gate):
        """What is asked badly must not be answered as if it had been something else."""
        asked = [route for route in gate.routes if route.parameters]
        answers = each(
            asked,
            lambda route: gate.send(
                route, params={field.place[0]: "2026-11-23T09:00:00" for field in route.parameters}
            ),
        )

        assert len(asked) > 5
        assert wrong(answers, 422, "MALFORMED") == {}

    def test_for_ids_that_name_nothing_find_nothing(self, gate):
        """Also with every role there is."""
        asked = [route for route in gate.routes if route.method == "GET" and "{" in route.template]
        answers = each(asked, gate.send)

        assert len(asked) > 8
        assert wrong(answers, 404, "NOT_FOUND") == {}

    def test_for_ids_that_are_none_are_refused(self, gate):
        """An id from the wrong column of a list is no UUID."""
        asked = [route for route in gate.routes if route.method == "GET" and "{" in route.template]
        answers = {}
        for route in asked:
            base = gate.network.addresses.service(route.service)
            path = route.template.replace("{", "not-an-id{").partition("{")[0]
            headers = {"authorization": f"Bearer {gate.token(route)}"}
            answers[route.name] = gate.network.http.get(f"{base}{path}", headers=headers)

        assert wrong(answers, 422, "MALFORMED") == {}


class TestIdempotencyKeys:
    def test_are_asked_for_by_every_command_that_needs_one(self, gate):
        """A command without one, repeated after a lost answer, is done twice."""
        needs = [
            route for route in gate.commands if route.name not in BRING_THEIR_OWN_IDS | ONLY_ASK
        ]
        answers = each(needs, lambda route: gate.send(route, b"{}", idempotency_key=None))

        assert wrong(answers, 400, "IDEMPOTENCY_KEY_MISSING") == {}

    @pytest.mark.parametrize("key", ["", "x" * 201, "a b"])
    def test_that_cannot_be_kept_are_refused(self, gate, key):
        """They are kept with the document, and so must stay small and plain."""
        needs = [
            route for route in gate.commands if route.name not in BRING_THEIR_OWN_IDS | ONLY_ASK
        ]
        answers = each(needs, lambda route: gate.send(route, b"{}", idempotency_key=key))

        assert wrong(answers, 400, "IDEMPOTENCY_KEY_UNREADABLE") == {}


class TestTokens:
    def test_that_are_missing_let_nobody_in(self, gate):
        """Every route asks who it is."""
        answers = each(gate.routes, lambda route: gate.send(route, b"{}", authorization=None))

        assert wrong(answers, 401, "NOT_SIGNED_IN") == {}

    def test_that_are_not_true_let_nobody_in(self, gate):
        """One route that believes a forged token opens every chart behind it."""
        for what, token in gate.forger.bad().items():
            answers = each(
                gate.routes, lambda route, token=token: gate.send(route, b"{}", token=token)
            )
            assert wrong(answers, 401, "NOT_SIGNED_IN") == {}, what

    def test_of_another_scheme_let_nobody_in(self, gate):
        """Names and passwords are not taken anywhere."""
        answers = each(
            gate.routes,
            lambda route: gate.send(route, b"{}", authorization="Basic cm9iaW46cm9iaW4="),
        )

        assert wrong(answers, 401, "NOT_SIGNED_IN") == {}

    def test_without_the_role_do_not_help(self, gate):
        """To be somebody is not to be allowed."""
        token = gate.forger.good(roles={"*": ["chaperone"]})
        answers = each(gate.routes, lambda route: gate.send(route, b"{}", token=token))

        assert wrong(answers, 403, "NOT_PERMITTED") == {}

    def test_of_a_service_are_no_tokens_of_another(self, gate):
        """A service may ask what it needs to ask, and nothing else."""
        token = gate.network.program("integration").token
        routes = [route for route in gate.routes if "integration" not in route.row.services]
        answers = each(routes, lambda route: gate.send(route, b"{}", token=token))

        assert wrong(answers, 403, "NOT_PERMITTED") == {}
