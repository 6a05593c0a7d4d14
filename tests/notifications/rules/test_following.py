from datetime import timedelta

from contracts.ids import session_of
from notice_builders import CLIENT, STARTS_AT, VISIT, a_client, a_session, a_visit
from notifications.rules.following import follow_client, follow_session, follow_visit


def asked(works):
    return [(work.verb, work.subject) for work in works]


class TestFollow:
    """Whatever changes a plan asks for it, in the order of the client's facts."""

    def test_plans_a_visit_when_it_changes(self):
        """Moved, cancelled, attended."""
        assert asked(follow_visit(a_visit())) == [("plan-visit", VISIT)]

    def test_plans_the_visit_of_a_session(self):
        """Not the session: a plan is a visit's."""
        assert session_of(VISIT) != VISIT
        assert asked(follow_session(a_session())) == [("plan-visit", VISIT)]

    def test_plans_everything_of_a_client_who_was_discharged(self):
        """Reminders of other visits were held meanwhile."""
        discharged = a_session(discharged_at=STARTS_AT + timedelta(hours=2))

        assert asked(follow_session(discharged)) == [("plan-visit", VISIT), ("plan-client", CLIENT)]

    def test_plans_everything_of_a_client_who_changed(self):
        """Their clock, their consent, their standing."""
        assert asked(follow_client(a_client())) == [("plan-client", CLIENT)]

    def test_keeps_the_order_of_a_client_s_work(self):
        """The same key: two processes must not plan one visit at the same time."""
        everything = (
            *follow_visit(a_visit()),
            *follow_session(a_session()),
            *follow_client(a_client()),
        )

        assert {work.ordered_by for work in everything} == {CLIENT}
