"""Every service's HTTP edge answers alike."""

import json
from uuid import UUID, uuid4

import pytest
from fastapi import APIRouter
from structlog.testing import capture_logs

from chassis.access import may
from chassis.ask import NoAnswer
from chassis.http import AccessIncomplete, check_access
from chassis.mongo import OutcomeUnknown, StoreAway, Taken
from chassis.refusals import (
    BusBacklog,
    Busy,
    KeyReused,
    Malformed,
    NotFound,
    NotPermitted,
    Stale,
    TooLarge,
)
from chassis.telemetry import current_trace_id, span
from chassis.vault import KeyShredded
from contracts.clinical import Reason
from edges import ACCESS, PERSONAL_WORD, REFUSAL, a_counter, router

GOOD = {"starts_at": "2026-11-23T09:00:00Z", "kind": "stone", "count": 1}
THING = UUID("d9428888-122b-41e1-b85c-61cdc1f0e001")


@pytest.fixture
def counter():
    """A small service that nobody has spoken to yet; what it logs is not shown."""
    with capture_logs():
        yield a_counter()


def codes_of(answer):
    """Name the reasons of a problem."""
    return [reason["code"] for reason in answer.json()["reasons"]]


class TestCommand:
    """Commands that may be sent again."""

    async def test_names_what_it_makes_and_fingerprints_the_body(self, counter):
        """Spaces and the order of fields are no difference that a person meant."""
        await counter.post(json=GOOD)
        await counter.send(json.dumps(dict(reversed(GOOD.items())), indent=3).encode())
        await counter.post(json=GOOD | {"count": 2})

        first, second, other = counter.shelf.fingerprints
        assert first == second != other
        assert len(set(counter.shelf.made)) == 1

    @pytest.mark.parametrize(
        ("key", "code"),
        [
            (None, "IDEMPOTENCY_KEY_MISSING"),
            ("", "IDEMPOTENCY_KEY_UNREADABLE"),
            ("k" * 201, "IDEMPOTENCY_KEY_UNREADABLE"),
            ("two words", "IDEMPOTENCY_KEY_UNREADABLE"),
        ],
        ids=["none", "empty", "long", "blank"],
    )
    async def test_needs_a_key(self, counter, key, code):
        """Without one, a lost answer becomes a second visit."""
        headers = counter.headers()
        del headers["idempotency-key"]
        headers |= {} if key is None else {"idempotency-key": key}

        answer = await counter.http.post("/v1/things", json=GOOD, headers=headers)

        assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert counter.shelf.made == []

    async def test_needs_no_key_where_the_body_brings_its_ids(self, counter):
        """A tablet that was offline repeats entries for days."""
        headers = counter.headers()
        del headers["idempotency-key"]

        answer = await counter.http.post("/v1/things/many", json=[GOOD], headers=headers)

        assert answer.json() == {"count": 1, "key": None}

    @pytest.mark.parametrize(
        ("if_match", "version"), [('"17"', 17), ('W/"17"', 17), ("*", None)], ids=str
    )
    async def test_reads_the_version_it_is_meant_for(self, counter, if_match, version):
        """Proxies weaken entity tags."""
        answer = await counter.post(json=GOOD, **{"if-match": if_match})

        assert answer.json()["if_match"] == version

    @pytest.mark.parametrize("if_match", ["17", '"x"', "", '"1", "2"'], ids=repr)
    async def test_refuses_a_version_it_cannot_read(self, counter, if_match):
        """To ignore it would overwrite what somebody meant to protect."""
        answer = await counter.post(json=GOOD, **{"if-match": if_match})

        assert (answer.status_code, answer.json()["code"]) == (400, "IF_MATCH_UNREADABLE")


class TestMalformed:
    """Bodies that no rule can be asked about."""

    async def test_names_every_problem_by_place(self, counter):
        """Whoever sees only the first problem fixes only the first problem."""
        answer = await counter.post(
            json={"starts_at": "2026-11-23T09:00:00", "count": "some", "colour": "grey"}
        )

        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "MALFORMED"
        assert {r["facts"]["pointer"]: r["code"] for r in answer.json()["reasons"]} == {
            "/starts_at": "TIMEZONE_AWARE",
            "/kind": "MISSING",
            "/count": "INT_PARSING",
            "/colour": "EXTRA_FORBIDDEN",
        }

    async def test_points_into_lists(self, counter):
        """The seventh of thirty entries is found by its place."""
        answer = await counter.post("/many", json=[GOOD, GOOD | {"count": None}])

        assert answer.json()["reasons"][0]["facts"] == {"pointer": "/1/count"}

    async def test_names_at_most_a_hundred(self, counter):
        """A wrong list must not come back a hundred times its size."""
        answer = await counter.post("/many", json=[{} for _ in range(500)])

        assert len(answer.json()["reasons"]) == 100

    @pytest.mark.parametrize(
        "body",
        [
            {"starts_at": PERSONAL_WORD, "kind": PERSONAL_WORD, "count": PERSONAL_WORD},
            {PERSONAL_WORD: 1},
            {**GOOD, "kind": [PERSONAL_WORD]},
            {**GOOD, "starts_at": f"2026-11-23T09:00:00+{PERSONAL_WORD}"},
            [PERSONAL_WORD],
            PERSONAL_WORD,
        ],
        ids=["values", "field", "list", "time", "no object", "text"],
    )
    async def test_never_repeats_what_was_sent(self, counter, body):
        """Errors are logged, forwarded and shown on screens that others see."""
        answer = await counter.post(json=body)

        assert answer.status_code == 422
        assert PERSONAL_WORD not in answer.text

    @pytest.mark.parametrize(
        "body",
        [
            b'{"count":',
            b'{"kind": "\xff\xfe"}',
            b"[" * 100_000,
            b'{"count": ' + b"9" * 10_000 + b"}",
            b"{'kind': 'stone'}",
            b"\x00",
            json.dumps(GOOD | {"kind": "\ud800"}).encode(),
        ],
        ids=["cut short", "no UTF-8", "deep", "huge number", "no JSON", "nul", "half a character"],
    )
    async def test_calls_unreadable_what_is_not_json(self, counter, body):
        """A broken sender learns that the body was broken, not which field is missing."""
        answer = await counter.send(body)

        assert (answer.status_code, answer.json()["code"]) == (400, "UNREADABLE")

    @pytest.mark.parametrize(
        "but",
        [
            {"count": float("nan")},
            {"starts_at": "9999-01-01T00:00:00Z"},
            {"starts_at": "0001-01-01T00:00:00Z"},
        ],
        ids=["not a number", "far future", "far past"],
    )
    async def test_refuses_values_that_cannot_be(self, counter, but):
        """They pass a parser and break whoever must store or send them."""
        answer = await counter.send(json.dumps(GOOD | but).encode())

        assert answer.status_code == 422

    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_calls_an_id_that_is_none_malformed(self, counter, method):
        """The place is a parameter of the address, not of the body."""
        path = "/v1/things/robin" + ("/try" if method == "POST" else "")
        answer = await counter.http.request(method, path, headers=counter.headers())

        assert answer.status_code == 422
        assert answer.json()["reasons"][0]["facts"] == {"parameter": "thing_id", "in": "path"}


class TestLimits:
    """What a request may take."""

    async def test_refuses_a_large_body_by_its_announced_length(self, counter):
        """It is refused before it is parsed."""
        answer = await counter.send(b"x" * 10_000_000)

        assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LARGE")

    async def test_refuses_a_large_body_that_announces_nothing(self, counter):
        """A chunked body has no length, and would fill the memory as well."""

        async def chunks():
            for _ in range(20):
                yield b"x" * 100_000

        answer = await counter.send(chunks())

        assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LARGE")

    async def test_takes_a_body_of_just_the_limit(self, counter):
        """A limit that is one byte off is found by the one request that needs it."""
        body = json.dumps(GOOD).encode()

        assert (await counter.send(body + b" " * (1_000_000 - len(body)))).status_code == 200
        assert (await counter.send(body + b" " * (1_000_001 - len(body)))).status_code == 413

    @pytest.mark.parametrize(
        "headers",
        [
            {"content-type": "text/plain"},
            {"content-type": "application/x-www-form-urlencoded"},
            {"content-type": ""},
            {"content-encoding": "gzip"},
        ],
        ids=["text", "form", "none", "compressed"],
    )
    async def test_takes_json_alone(self, counter, headers):
        """A browser sends the other kinds across sites without asking."""
        answer = await counter.send(json.dumps(GOOD).encode(), **headers)

        assert (answer.status_code, answer.json()["code"]) == (415, "MEDIA_TYPE_UNKNOWN")

    async def test_says_that_the_outcome_is_unknown_after_the_deadline(self, counter):
        """A caller who waits for ever cannot repeat the command."""
        answer = await counter.post(f"/{THING}/dawdle")

        assert (answer.status_code, answer.json()["code"]) == (504, "OUTCOME_UNKNOWN")
        assert answer.headers["retry-after"] == "1"


class TestNo:
    """How each no is said."""

    @pytest.mark.parametrize(
        ("no", "status", "code"),
        [
            (NotFound(), 404, "NOT_FOUND"),
            (NotPermitted(), 403, "NOT_PERMITTED"),
            (REFUSAL, 409, "REFUSED"),
            (Taken("holds"), 409, "TAKEN"),
            (Busy(), 409, "BUSY"),
            (Stale(), 412, "STALE"),
            (TooLarge(), 413, "TOO_LARGE"),
            (KeyReused(), 422, "IDEMPOTENCY_KEY_REUSED"),
            (Malformed(Reason(code="ZONE_UNKNOWN", says="No such zone.")), 422, "MALFORMED"),
            (KeyShredded(THING), 404, "NOT_FOUND"),
            (StoreAway(), 503, "STORE_AWAY"),
            (OutcomeUnknown(), 504, "OUTCOME_UNKNOWN"),
            (BusBacklog(), 503, "BUS_BACKLOG"),
            (NoAnswer(), 503, "NO_ANSWER"),
            (KeyError(PERSONAL_WORD), 500, "FAILED"),
            (TimeoutError(PERSONAL_WORD), 500, "FAILED"),
        ],
        ids=lambda given: type(given).__name__ if isinstance(given, Exception) else None,
    )
    async def test_is_a_problem(self, counter, no, status, code):
        """Callers decide by the code, people by the title, and support by the trace."""
        counter.shelf.raises = no

        answer = await counter.post(f"/{THING}/try")

        said = answer.json()
        assert (answer.status_code, said["status"]) == (status, status)
        assert (said["code"], said["type"]) == (code, f"urn:cairn:{code}")
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(said) == {"type", "title", "status", "code", "reasons", "trace_id"}
        assert ("retry-after" in answer.headers) is (status in {503, 504})
        assert PERSONAL_WORD not in answer.text

    async def test_names_all_reasons_of_a_refusal(self, counter):
        """A therapist who clears one obstacle must not meet the next one at the door."""
        counter.shelf.raises = REFUSAL

        assert codes_of(await counter.post(f"/{THING}/try")) == ["FIRST_PROBLEM", "SECOND_PROBLEM"]

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [("GET", "/v1/nothing", 404), ("GET", "/v1/things", 405), ("GET", "/elsewhere", 404)],
    )
    async def test_is_a_problem_for_addresses_too(self, counter, method, path, status):
        """A caller with one way to read errors must not need a second one."""
        answer = await counter.http.request(method, path, headers=counter.headers())

        assert (answer.status_code, answer.json()["status"]) == (status, status)

    async def test_carries_the_trace_of_who_asked(self, counter):
        """One id leads from the answer through all services."""
        counter.shelf.raises = REFUSAL
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"

        answer = await counter.post(f"/{THING}/try", traceparent=f"00-{trace}-00f067aa0ba902b7-01")

        assert answer.json()["trace_id"] == trace

    async def test_gives_every_request_a_trace_of_its_own(self, counter):
        """A connection that is used again runs in the context of its last answer."""
        counter.shelf.raises = REFUSAL
        with span("the last answer on this connection"):
            traces = {(await counter.post(f"/{THING}/try")).json()["trace_id"] for _ in range(3)}
            traces.add(current_trace_id())

        assert len(traces) == 4


class TestSignIn:
    """Who may ask at all."""

    @pytest.mark.parametrize(
        "authorization", [None, "", "Bearer", "Bearer x", "Basic eDp5", "Bearer " + "x" * 9_000]
    )
    async def test_needs_a_token(self, counter, authorization):
        """Nothing is stored and nothing shown for nobody."""
        headers = counter.headers()
        del headers["authorization"]
        headers |= {} if authorization is None else {"authorization": authorization}

        answer = await counter.http.post("/v1/things", json=GOOD, headers=headers)

        assert (answer.status_code, answer.json()["code"]) == (401, "NOT_SIGNED_IN")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert counter.shelf.made == []

    async def test_waits_for_an_issuer_that_is_away(self, counter):
        """A restart of the sign-in server is no forgery."""
        counter.signing.away = True

        answer = await counter.post(json=GOOD)

        assert (answer.status_code, answer.json()["code"]) == (503, "ISSUER_AWAY")

    async def test_needs_a_role_of_the_row(self, counter):
        """The table in `access.py` decides, not the endpoint."""
        answer = await counter.post(f"/{THING}/prescribe")

        assert (answer.status_code, answer.json()["code"]) == (403, "NOT_PERMITTED")


class TestAudit:
    """Who tried."""

    @pytest.mark.parametrize(
        ("no", "outcome", "codes"),
        [
            (REFUSAL, "refused", ["FIRST_PROBLEM", "SECOND_PROBLEM"]),
            (NotFound(), "refused", ["NOT_FOUND"]),
            (NotPermitted(), "not_permitted", ["NOT_PERMITTED"]),
        ],
        ids=["refused", "not found", "not permitted"],
    )
    async def test_keeps_every_refusal(self, counter, no, outcome, codes):
        """A refusal leaves no other trace, and who looks for others' charts gets refusals."""
        counter.shelf.raises = no

        await counter.post(f"/{THING}/try")

        (row,) = counter.audit.rows
        assert (row["outcome"], row["codes"], row["object_id"]) == (outcome, codes, THING)
        assert row["action"] == "POST /v1/things/{thing_id}/try"

    async def test_keeps_who_was_stopped_by_the_table(self, counter):
        """The row must be there even where no endpoint was reached."""
        await counter.post(f"/{THING}/prescribe")

        assert [row["outcome"] for row in counter.audit.rows] == ["not_permitted"]

    async def test_says_nothing_before_the_row_is_kept(self, counter):
        """An answer without its row would be a look that nobody can account for."""
        counter.shelf.raises = REFUSAL
        counter.audit.away = True

        answer = await counter.post(f"/{THING}/try")

        assert (answer.status_code, answer.json()["code"]) == (503, "STORE_AWAY")


class TestCheckAccess:
    """Comparing routes with the table."""

    def test_passes_when_each_has_the_other(self):
        """The ordinary case."""
        check_access(router.routes, ACCESS)

    def test_stops_a_start_with_a_route_that_nobody_decided_about(self):
        """A forgotten row must not become an open door."""
        without = {route: row for route, row in ACCESS.items() if "dawdle" not in route}

        with pytest.raises(AccessIncomplete, match=r"POST /v1/things/\{thing_id\}/dawdle"):
            check_access(router.routes, without)

    def test_stops_a_start_with_a_row_for_nothing(self):
        """A misspelt row is a route without one."""
        with pytest.raises(AccessIncomplete, match="GET /v1/tings"):
            check_access(router.routes, {**ACCESS, "GET /v1/tings": may("site_admin")})

    def test_refuses_a_route_of_two_methods(self):
        """One row cannot say who may read and who may write."""
        both = APIRouter()
        both.add_api_route("/v1/both", lambda: None, methods=["GET", "POST"])

        with pytest.raises(AccessIncomplete):
            check_access(both.routes, {"GET /v1/both": may(), "POST /v1/both": may()})


class TestHealth:
    """What an orchestrator asks."""

    async def test_is_alive_while_it_answers(self, counter):
        """A process that waits for its database must not be killed for it."""
        counter.checks["store"] = False

        assert (await counter.http.get("/livez")).status_code == 200

    async def test_is_ready_when_every_check_is(self, counter):
        """Requests must go elsewhere while there is no primary."""
        assert (await counter.http.get("/readyz")).status_code == 200
        counter.checks["store"] = False

        answer = await counter.http.get("/readyz")

        assert answer.status_code == 503
        assert answer.json() == {"ready": False, "checks": {"store": False}}

    async def test_shows_numbers_by_template_of_route(self, counter):
        """A number for every id would be a list of ids, and fill the memory."""
        thing = uuid4()
        await counter.http.get(f"/v1/things/{thing}", headers=counter.headers())

        numbers = (await counter.http.get("/metrics")).text

        assert 'cairn_http_seconds_count{route="/v1/things/{thing_id}",status="200"}' in numbers
        assert str(thing) not in numbers

    async def test_describes_itself(self, counter):
        """Clients are made from this description."""
        assert "/v1/things" in (await counter.http.get("/openapi.json")).json()["paths"]
