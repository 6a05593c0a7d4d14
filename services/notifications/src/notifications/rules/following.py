"""What does notifications ask of itself when a part of a plan is heard?"""

from chassis.domain import Work
from contracts.intake import ClientState
from contracts.sessions import SessionState, VisitState

PLAN_VISIT, PLAN_CLIENT = "plan-visit", "plan-client"


def follow_visit(visit: VisitState) -> tuple[Work, ...]:
    """Plan a visit whenever it changes."""
    return (Work(PLAN_VISIT, visit.visit_id, visit.client_id),)


def follow_session(session: SessionState) -> tuple[Work, ...]:
    """Plan the visit of a session again: a discharge is what safety checks count from.

    It also ends the time in which reminders of the client's other visits are held.
    """
    visit = Work(PLAN_VISIT, session.visit_id, session.client_id)
    if session.discharge is None:
        return (visit,)
    return (visit, Work(PLAN_CLIENT, session.client_id, session.client_id))


def follow_client(client: ClientState) -> tuple[Work, ...]:
    """Plan a client's visits again: their clock, consent or standing may have changed."""
    return (Work(PLAN_CLIENT, client.client_id, client.client_id),)
