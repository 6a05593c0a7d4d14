"""The owner is asked at that moment, and no answer is an answer of its own."""

import asyncio

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from chassis.ask import Ask, NoAnswer
from chassis.telemetry import current_trace_id, span
from chassis.testing import FrozenClock
from chassis.tokens import ServiceToken
from signing_issuer import NOW, SigningIssuer


class Owner:
    """An owner that answers as the test wants, and keeps what it was sent."""

    def __init__(self):
        self.answer = JSONResponse({"outcome": "pass"})
        self.waits_seconds = 0.0
        self.headers = []
        self.app = FastAPI()
        self.app.add_api_route("/{path:path}", self._answer, methods=["GET", "POST"])

    async def _answer(self, request: Request) -> Response:
        self.headers.append(dict(request.headers))
        await asyncio.sleep(self.waits_seconds)
        return self.answer


@pytest.fixture
def owner():
    """An owner that is there."""
    return Owner()


@pytest.fixture
def signing():
    """An issuer that is there."""
    return SigningIssuer()


@pytest.fixture
async def ask(owner, signing):
    """Questions of sessions to intake."""
    token = ServiceToken(signing.issuer(), "sessions", "open", FrozenClock(NOW))
    ask = Ask({"intake": "http://intake.test/"}, token, transport=httpx.ASGITransport(owner.app))
    yield ask
    await ask.close()


async def asked(ask):
    """Ask an ordinary question."""
    return await ask.post("intake", "/v1/pathways/1/reserve-dose", {"units": "1"}, key="a-session")


class TestPost:
    """Asking an owner to decide or to do."""

    @pytest.mark.parametrize("status", [200, 201, 404, 409, 422])
    async def test_gives_what_the_owner_said(self, ask, owner, status):
        """A refusal is an answer: its reasons are shown beside our own."""
        owner.answer = JSONResponse({"code": "REFUSED"}, status)

        answer = await asked(ask)

        assert (answer.status, answer.body) == (status, {"code": "REFUSED"})

    async def test_signs_in_as_this_service_with_key_and_trace(self, ask, owner):
        """The owner must know who asks, and recognise the same question."""
        with span("release"):
            trace = current_trace_id()
            await asked(ask)

        (sent,) = owner.headers
        assert sent["authorization"].startswith("Bearer ey")
        assert sent["idempotency-key"] == "a-session"
        assert trace in sent["traceparent"]

    @pytest.mark.parametrize(
        "answer",
        [
            Response(status_code=503),
            JSONResponse({}, 500),
            Response(b"<html>"),
            JSONResponse({}, 401),
        ],
        ids=["away", "broken", "no JSON", "not signed in"],
    )
    async def test_concludes_nothing_from_what_is_no_answer(self, ask, owner, answer):
        """A gate that takes an error page for a yes is no gate."""
        owner.answer = answer

        with pytest.raises(NoAnswer):
            await asked(ask)

    async def test_waits_two_seconds_at_the_most(self, ask, owner):
        """A therapist stands beside the client meanwhile."""
        owner.waits_seconds = 10
        began = asyncio.get_running_loop().time()

        with pytest.raises(NoAnswer):
            await asked(ask)

        assert 1.9 < asyncio.get_running_loop().time() - began < 2.9

    async def test_has_no_answer_without_a_token(self, ask, signing):
        """Nobody is asked in nobody's name."""
        signing.away = True

        with pytest.raises(NoAnswer):
            await asked(ask)

    async def test_takes_a_new_token_after_one_was_refused(self, ask, owner, signing):
        """A changed signing key must not end all questions until the token expires."""
        owner.answer = JSONResponse({}, 401)
        with pytest.raises(NoAnswer):
            await asked(ask)
        owner.answer = JSONResponse({})

        await asked(ask)

        assert signing.asked.count("grant") == 2
