from datetime import timedelta

import pytest

from contracts.ids import VisitId
from notice_builders import (
    BOOKED_AT,
    PACK,
    STARTS_AT,
    a_claim,
    a_client,
    a_session,
    a_visit,
    known,
    one,
    planned,
)
from notifications.model import Outcome
from notifications.rules.delivery import (
    Surroundings,
    claim_due,
    end_leases,
    intend,
    settle,
)
from notifications.rules.gates import Sitting

HOUR = timedelta(hours=1)
PLAN = planned(at=BOOKED_AT)
K06 = one(PLAN, "k06")
DUE_AT = K06.due_at
MINE, OTHERS = a_claim("mine"), a_claim("another's")
AROUND = Surroundings(known())
TALK = known(visit=a_visit(kind="integration", visit_id=VisitId(a_visit().pathway_id)))
"""Another visit of the same client, whose reminder may fall into the session of the first."""


def claimed(plan=PLAN, *, around=AROUND, claim=MINE, at=DUE_AT):
    return claim_due(plan, around, claim, pack=PACK, at=at).document


def intended(plan=None, *, claim=MINE, why=()):
    return intend(plan or claimed(), claim, {K06.notice_id: why}).document


def settled(plan, standing, *, claim=MINE, why=()):
    outcome = Outcome(standing=standing, why=why)
    return settle(plan, claim, {K06.notice_id: outcome}, at=DUE_AT)


class TestClaimDue:
    """What is due and may go out is claimed; everything else stays, each with why."""

    def test_claims_what_is_due(self):
        """The week's notice long gone, the day's due, the session's still to come."""
        plan = claimed()

        assert (one(plan, "k06").standing, one(plan, "k06").claim) == ("claimed", MINE)
        assert one(plan, "k07").standing == "planned"

    def test_never_claims_early(self):
        """A second early is early."""
        plan = claimed(at=DUE_AT - timedelta(seconds=1))

        assert one(plan, "k06").standing == "planned"

    def test_leaves_what_another_process_claimed(self):
        """Two would send it twice."""
        plan = claimed(claim=OTHERS)

        assert one(claimed(plan), "k06").claim == OTHERS

    def test_drops_what_is_too_late(self):
        """K-GRACE: a reminder after the visit only confuses."""
        plan = claimed(at=K06.expires_at)

        assert (one(plan, "k06").standing, one(plan, "k06").why) == ("stale", ("DUE_PASSED",))

    def test_drops_what_was_held_too_long(self):
        """K-GRACE: and says why it had been held."""
        held = planned(known(client=a_client(standing="left")), at=BOOKED_AT)
        plan = claimed(held, at=K06.expires_at)

        assert one(plan, "k06").why == ("CLIENT_NOT_ACTIVE", "DUE_PASSED")

    def test_holds_what_the_client_must_not_get(self):
        """K-STANDING: the gate is asked again at the last moment."""
        plan = claimed(around=Surroundings(known(client=a_client(standing="deceased"))))

        assert (one(plan, "k06").standing, one(plan, "k06").why) == ("held", ("CLIENT_NOT_ACTIVE",))

    @pytest.mark.parametrize(
        "around",
        [Surroundings(None), Surroundings(known(client=None))],
        ids=["visit unknown", "client unknown"],
    )
    def test_holds_what_nobody_can_be_asked_about(self, around):
        """A plan without its facts is not sent from memory."""
        assert one(claimed(around=around), "k06").why == ("CONFIRMATION_WAITING",)

    def test_waits_for_the_window_when_it_is_late_at_night(self):
        """K-WINDOW: a service that was away does not catch up at midnight."""
        reminder = one(planned(known(visit=a_visit(ends_at=STARTS_AT + HOUR)), at=BOOKED_AT), "k03")
        midnight = reminder.due_at + 14 * HOUR
        plan = claimed(
            PLAN.but(notices=(reminder.but(expires_at=midnight + 24 * HOUR),)), at=midnight
        )

        assert (plan.notices[0].standing, plan.notices[0].due_at) == (
            "planned",
            reminder.due_at + 23 * HOUR,
        )

    def test_drops_what_the_next_opening_makes_too_late(self):
        """K-GRACE: waiting must not outlast its use."""
        reminder = one(PLAN, "k03")
        midnight = reminder.due_at + 14 * HOUR
        plan = claimed(PLAN.but(notices=(reminder.but(expires_at=midnight + HOUR),)), at=midnight)

        assert plan.notices[0].standing == "stale"

    def test_leaves_a_check_that_is_late_in_the_evening_to_a_person(self):
        """K-WINDOW: it was due at eight, and it is nine."""
        check = one(PLAN, "k10")
        late = check.due_at + 4 * HOUR
        plan = claimed(at=late)

        assert (one(plan, "k10").standing, one(plan, "k10").why) == ("held", ("PERSON_MUST_CALL",))

    def test_holds_a_reminder_while_the_client_may_be_impaired(self):
        """K-IMPAIRMENT: also the reminder of quite another visit."""
        reminders = planned(TALK, at=BOOKED_AT)
        around = Surroundings(TALK, (Sitting(a_visit(), a_session(taken_at=STARTS_AT)),))
        due = reminders.but(
            notices=(one(reminders, "k06").but(due_at=STARTS_AT, expires_at=STARTS_AT + HOUR),)
        )
        plan = claimed(due, around=around, at=STARTS_AT)

        assert (plan.notices[0].standing, plan.notices[0].why) == ("held", ("IMPAIRMENT_WINDOW",))
        assert plan.looks_again

    def test_sends_a_safety_check_while_the_client_may_be_impaired(self):
        """K-IMPAIRMENT: that is what it is for."""
        session = a_session(taken_at=STARTS_AT)
        around = Surroundings(known(session=session), (Sitting(a_visit(), session),))
        check = one(PLAN, "k10")

        assert one(claimed(around=around, at=check.due_at), "k10").standing == "claimed"

    def test_holds_what_the_pack_no_longer_has(self):
        """It is cancelled when the plan is next made; until then it does not go out."""
        gone = PLAN.but(notices=(K06.but(item="k99-gone"),))

        assert claimed(gone).notices[0].standing == "held"


class TestIntend:
    """K-ONCE: the intent is written before the gateway is called, and only by whoever claimed."""

    def test_writes_the_intent_down(self):
        """Whoever finds it after a crash knows that it may have been sent."""
        assert one(intended(), "k06").standing == "intended"

    def test_waits_where_an_owner_did_not_confirm(self):
        """K-CONFIRMED: held, with why, and looked at again."""
        plan = intended(why=("CONFIRMATION_WAITING",))

        assert (one(plan, "k06").standing, one(plan, "k06").claim) == ("held", None)
        assert plan.looks_again

    def test_waits_where_nobody_said_anything(self):
        """No verdict is not a yes."""
        plan = intend(claimed(), MINE, {}).document

        assert one(plan, "k06").why == ("CONFIRMATION_WAITING",)

    def test_loses_to_a_cancel(self):
        """The claim is gone with the visit: exactly one of the two wins."""
        off = planned(
            known(visit=a_visit(standing="cancelled"), sequence=2), before=claimed(), at=DUE_AT
        )

        assert intended(off) == off

    def test_loses_to_another_claim(self):
        """A process that slept past its lease finds somebody else at work."""
        plan = claimed(claim=OTHERS)

        assert intended(plan) == plan

    def test_cannot_be_cancelled_any_more(self):
        """The call may be running: the cancel came too late, and says so by leaving it."""
        off = planned(
            known(visit=a_visit(standing="cancelled"), sequence=2), before=intended(), at=DUE_AT
        )

        assert one(off, "k06").standing == "intended"


class TestSettle:
    """What the gateway answered is written down and told."""

    @pytest.mark.parametrize(
        ("standing", "why"),
        [("sent", ()), ("failed", ("GATEWAY_REFUSED",)), ("unknown", ("OUTCOME_UNKNOWN",))],
    )
    def test_tells_the_others(self, standing, why):
        """A failed or unknown one needs a person."""
        change = settled(intended(), standing, why=why)

        assert (one(change.document, "k06").standing, one(change.document, "k06").why) == (
            standing,
            why,
        )
        assert one(change.document, "k06").settled_at == DUE_AT
        assert [fact.wire_name for fact in change.told] == ["notifications.notice-settled.v1"]

    def test_lets_a_gateway_that_is_away_be_asked_again(self):
        """It certainly did not take it."""
        change = settled(intended(), "held", why=("GATEWAY_AWAY",))
        notice = one(change.document, "k06")

        assert (notice.standing, notice.claim, notice.settled_at) == ("held", None, None)
        assert change.told == ()
        assert change.document.looks_again

    def test_corrects_what_was_given_up_as_unknown(self):
        """The answer came after the lease: it is known after all."""
        unknown = end_leases(intended(), unshifted_at=MINE.lease_until, at=DUE_AT).document

        assert one(settled(unknown, "sent").document, "k06").standing == "sent"

    def test_ignores_the_answer_to_another_claim(self):
        """Only who called the gateway knows what it said."""
        assert settled(intended(), "sent", claim=OTHERS).document == intended()

    def test_ignores_the_answer_to_a_call_that_was_never_made(self):
        """What is only claimed did not go out."""
        assert settled(claimed(), "sent").document == claimed()

    def test_changes_nothing_when_asked_again(self):
        """Written once, told once."""
        once = settled(intended(), "sent").document

        assert settled(once, "failed").document == once
        assert settled(once, "sent").told == ()


class TestEndLeases:
    """K-ONCE: what a dead process left behind is taken up, and never sent twice."""

    def test_plans_again_what_was_only_claimed(self):
        """Nothing had gone to the gateway."""
        plan = end_leases(claimed(), unshifted_at=MINE.lease_until, at=DUE_AT).document

        assert one(plan, "k06") == K06

    def test_gives_up_what_was_intended(self):
        """Nobody knows whether it was sent; a person looks, and nothing sends it again."""
        change = end_leases(intended(), unshifted_at=MINE.lease_until, at=DUE_AT)
        notice = one(change.document, "k06")

        assert (notice.standing, notice.why) == ("unknown", ("OUTCOME_UNKNOWN",))
        assert change.document.next_lease_at is None
        assert len(change.told) == 1
        assert one(claimed(change.document), "k06").standing == "unknown"

    def test_waits_for_the_end_of_the_lease(self):
        """The process may still be at work."""
        early = MINE.lease_until - timedelta(seconds=1)

        assert end_leases(claimed(), unshifted_at=early, at=DUE_AT).document == claimed()

    def test_leaves_what_is_settled(self):
        """A claim that stays on an unknown notice is a trace, not a lease."""
        done = settled(intended(), "unknown", why=("OUTCOME_UNKNOWN",)).document

        assert end_leases(done, unshifted_at=MINE.lease_until, at=DUE_AT).document == done


class TestNextDueAt:
    """The index finds a plan when something about it is due, and not before."""

    def test_is_the_first_planned_notice(self):
        """The week's notice comes first."""
        assert PLAN.next_due_at == one(PLAN, "k03").due_at

    def test_is_when_a_held_notice_is_too_late(self):
        """So that it is settled, and somebody sees it."""
        held = planned(known(client=a_client(standing="left")), at=BOOKED_AT)

        assert held.next_due_at == one(held, "k03").expires_at

    def test_is_nothing_once_all_is_settled(self):
        """A finished plan costs no look."""
        off = planned(
            known(visit=a_visit(standing="cancelled"), sequence=2), before=PLAN, at=BOOKED_AT
        )

        assert (off.next_due_at, off.standings) == (None, ["cancelled"])
