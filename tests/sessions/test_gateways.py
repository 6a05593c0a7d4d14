"""What intake says of a dose, as sessions understands it."""

from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from starlette.responses import JSONResponse

from chassis.ask import Ask
from chassis.problems import problem
from chassis.testing import FrozenClock
from chassis.tokens import ServiceToken
from contracts.clinical import Reason
from sessions.gateways import UNCONFIRMED, Intake
from sessions.model import DoseQuestion
from signing_issuer import NOW, SigningIssuer

QUESTION = DoseQuestion(
    session_id=uuid4(),
    visit_id=uuid4(),
    therapist_id=uuid4(),
    mode="in_person",
    medicine="ketamine",
    route="sublingual",
    units="2",
    prescription_id=uuid4(),
    site_id=uuid4(),
    held_on="2026-11-23",
)


async def standing(answer, *, reserve=True):
    """Ask an intake that gives this answer to whatever it is asked."""
    app = FastAPI()

    async def say() -> object:
        return answer

    app.add_api_route("/{path:path}", say, methods=["POST"], response_model=None)
    token = ServiceToken(SigningIssuer().issuer(), "sessions", "open", FrozenClock(NOW))
    ask = Ask({"intake": "http://intake.test"}, token, transport=httpx.ASGITransport(app))
    try:
        return await Intake(ask).standing(uuid4(), QUESTION, reserve=reserve)
    finally:
        await ask.close()


class TestIntake:
    async def test_is_quoted_with_every_reason_when_it_refuses(self):
        """The therapist hears why, not just that."""
        reason = Reason(code="UNDER_AGE", says="The client is not known to be an adult.")
        found = await standing(problem("REFUSED", [reason]))

        assert found.decision.reasons == (reason,)
        assert not found.decision.passed

    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(problem("BUSY"), id="too busy to decide"),
            pytest.param(problem("NOT_FOUND"), id="that knows no such pathway"),
            pytest.param(JSONResponse({"decision": {"outcome": "pass"}}), id="of another version"),
        ],
    )
    async def test_is_unconfirmed_when_it_says_nothing_of_the_dose(self, answer):
        """A refusal without a reason leaves a therapist with nothing to mend and nothing to try."""
        assert await standing(answer) == UNCONFIRMED
