"""How is intake, which owns the client's standing, asked about a dose?"""

import structlog
from pydantic import ValidationError

from chassis.ask import Answer, Ask, NoAnswer
from contracts.base import Value
from contracts.clinical import Decision, Outcome, Reason
from contracts.ids import PathwayId
from contracts.intake import Reservation
from sessions.model import DoseQuestion, Standing

log = structlog.get_logger(__name__)

_OK, _REFUSED = 200, 409
UNCONFIRMED = Standing()
"""Intake said nothing that could be understood; that is never a yes."""


class _Reserved(Value):
    reservation: Reservation
    decision: Decision
    decided_on: dict[str, int]


class _Refusal(Value):
    reasons: tuple[Reason, ...]


class Intake:
    """Intake as the owner of consent, clearance, prescription and licence."""

    def __init__(self, ask: Ask) -> None:
        """Put questions in the name of this service."""
        self._ask = ask

    async def standing(
        self, pathway_id: PathwayId, question: DoseQuestion, *, reserve: bool
    ) -> Standing:
        """Ask intake to decide about this dose, or to reserve it; silence is a standing of its own.

        The session's id makes reserving again harmless.
        """
        verb = "reserve-dose" if reserve else "ask-dose"
        path = f"/v1/pathways/{pathway_id}/{verb}"
        try:
            answer = await self._ask.post(
                "intake", path, question.model_dump(mode="json"), str(question.session_id)
            )
            return _reserved(answer) if reserve else _decided(answer)
        except NoAnswer:
            return UNCONFIRMED
        except ValidationError:
            log.warning("standing_unreadable", owner="intake")
            return UNCONFIRMED


def _reserved(answer: Answer) -> Standing:
    if answer.status == _REFUSED:
        refusal = _Refusal.model_validate(answer.body, extra="ignore")
        if not refusal.reasons:
            return _unexpected(answer)  # too busy to decide, which is no decision
        return Standing(Decision(outcome=Outcome.REFUSE, reasons=refusal.reasons))
    if answer.status != _OK:
        return _unexpected(answer)
    told = _Reserved.model_validate(answer.body, extra="ignore")
    return Standing(told.decision, told.reservation.total_mg, told.decided_on)


def _decided(answer: Answer) -> Standing:
    if answer.status != _OK:
        return _unexpected(answer)
    return Standing(Decision.model_validate(answer.body, extra="ignore"))


def _unexpected(answer: Answer) -> Standing:
    log.warning("standing_unreadable", owner="intake", status=answer.status)
    return UNCONFIRMED
