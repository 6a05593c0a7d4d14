from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notice_builders import (
    BOOKED_AT,
    PACK,
    RULESET,
    STARTS_AT,
    a_claim,
    a_client,
    a_session,
    a_visit,
    known,
    one,
    planned,
)
from notifications.model import OPEN, Plan
from notifications.rules.hours import is_open
from notifications.rules.plans import Overtaken, new_plan, off_because, plan_notices, plan_visit

CHICAGO = ZoneInfo("America/Chicago")
ENDS_AT = STARTS_AT + timedelta(hours=2)
MOVED_TO = STARTS_AT + timedelta(days=3, hours=2)
DISCHARGED_AT = ENDS_AT + timedelta(hours=1)
HOUR = timedelta(hours=1)
ZONES = sorted(available_timezones())
ITEMS = {item.item: item for item in PACK.items}


def chicago(month, day, hour, minute=0):
    return datetime(2026, month, day, hour, minute, tzinfo=CHICAGO).astimezone(UTC)


def settled(plan, item, standing="sent"):
    notices = tuple(
        notice.but(standing=standing) if notice.item.startswith(item) else notice
        for notice in plan.notices
    )
    return plan.but(notices=notices)


def standings(plan):
    return {notice.item[:3]: notice.standing for notice in plan.notices}


def _with_session(sequence):
    return known(sequence=2, client_sequence=4, session=a_session(), session_sequence=sequence)


PLAN = planned(at=BOOKED_AT)


class TestPlanVisit:
    """K-ANCHOR: which notices a visit asks for, and when."""

    def test_counts_reminders_from_the_start_by_the_client_s_clock(self):
        """A week before at ten, the day before at ten; seven in the morning is too early."""
        due = {notice.item[:3]: notice.due_at for notice in PLAN.notices[:3]}

        assert due == {
            "k03": chicago(12, 1, 10),
            "k06": chicago(12, 7, 10),
            "k07": chicago(12, 7, 19),
        }

    def test_goes_by_the_zone_of_the_client_not_of_the_site(self):
        """Nine in the morning is when the client says so."""
        late_riser = planned(known(client=a_client(zone="Pacific/Honolulu")), at=BOOKED_AT)

        assert one(late_riser, "k06").due_at == datetime(2026, 12, 7, 19, tzinfo=UTC)

    def test_presumes_a_discharge_so_that_the_safety_checks_stand(self):
        """Whatever becomes of the bus, who had medicine is checked on."""
        check = one(PLAN, "k10")

        assert (check.due_at, check.presumed) == (ENDS_AT + 5 * HOUR, True)

    def test_counts_safety_checks_from_the_discharge_once_it_is_heard(self):
        """Three hours after somebody looked, and the next day."""
        after = planned(
            known(session=a_session(discharged_at=DISCHARGED_AT)), before=PLAN, at=DISCHARGED_AT
        )

        assert (one(after, "k10").due_at, one(after, "k10").presumed) == (
            DISCHARGED_AT + 3 * HOUR,
            False,
        )
        assert one(after, "k11").due_at == DISCHARGED_AT + 24 * HOUR
        assert one(after, "k10").notice_id == one(PLAN, "k10").notice_id

    def test_plans_nothing_else_on_a_presumed_discharge(self):
        """A reminder can wait for the fact."""
        assert "k13" not in standings(PLAN)
        after = planned(
            known(session=a_session(discharged_at=DISCHARGED_AT)), before=PLAN, at=DISCHARGED_AT
        )

        assert one(after, "k13").due_at == DISCHARGED_AT + 48 * HOUR

    @pytest.mark.parametrize("kind", ["preparation", "integration"])
    def test_checks_on_nobody_after_a_visit_without_medicine(self, kind):
        """A safety check after a talk would frighten."""
        plan = planned(known(visit=a_visit(kind=kind)), at=BOOKED_AT)

        assert standings(plan) == {"k03": "planned", "k06": "planned", "k07": "planned"}

    def test_names_the_visit_and_the_pack_it_was_made_from(self):
        """A send that carries an older visit is refused by its owner."""
        plan = planned(known(sequence=7), at=BOOKED_AT)

        assert (plan.anchor_sequence, plan.pack, plan.waiting_for) == (7, RULESET, None)

    def test_waits_for_the_client(self):
        """Nobody knows the hours of somebody nobody has heard of."""
        plan = planned(known(client=None), at=BOOKED_AT)

        assert (plan.waiting_for, plan.notices, plan.looks_again) == ("client", (), True)
        assert planned(before=plan, at=BOOKED_AT) == PLAN

    @pytest.mark.parametrize(
        "older",
        [known(sequence=1), known(sequence=2, client_sequence=3), _with_session(sequence=4)],
        ids=["visit", "client", "session"],
    )
    def test_undoes_nothing_that_was_heard_later(self, older):
        """Whoever looked earlier and writes later must look again."""
        newest = _with_session(sequence=5)
        with pytest.raises(Overtaken):
            planned(older, before=planned(newest, at=BOOKED_AT), at=BOOKED_AT)

    def test_keeps_the_evening_notice_inside_its_hour(self):
        """Brought forward to the evening before, it is of use for an hour from there."""
        notice = one(PLAN, "k07")

        assert notice.expires_at == chicago(12, 7, 20)

    def test_lets_no_reminder_reach_into_the_time_before_the_session(self):
        """K-IMPAIRMENT: half an hour before the start a client is left in peace."""
        long_lived = tuple(item.model_copy(update={"grace_hours": 48}) for item in PACK.items)
        pack = PACK.model_copy(update={"items": long_lived})
        notices = plan_notices(known(), pack=pack, existing=(), at=BOOKED_AT)

        assert one(PLAN.but(notices=notices), "k06").expires_at == STARTS_AT - timedelta(minutes=30)

    def test_leaves_a_late_safety_check_to_a_person(self):
        """K-WINDOW: after nine in the evening somebody calls."""
        late = known(session=a_session(discharged_at=chicago(12, 8, 18)))
        check = one(planned(late, at=DISCHARGED_AT), "k10")

        assert (check.standing, check.why) == ("held", ("PERSON_MUST_CALL",))

    def test_lets_no_night_make_a_safety_check_stale(self):
        """K-GRACE: it comes at nine, and has its whole grace from there."""
        late = known(session=a_session(discharged_at=chicago(12, 8, 20, 30)))
        check = one(planned(late, at=DISCHARGED_AT), "k11")

        assert (check.due_at, check.expires_at) == (chicago(12, 10, 9), chicago(12, 10, 15))

    def test_drops_a_reminder_that_a_night_makes_useless(self):
        """K-GRACE: half past nine in the evening, read next morning, reminds of nothing."""
        plan = planned(known(visit=a_visit(starts_at=chicago(12, 8, 21, 30))), at=BOOKED_AT)

        assert (one(plan, "k06").standing, one(plan, "k06").why) == ("stale", ("OUTSIDE_WINDOW",))

    def test_writes_down_what_a_late_booking_missed(self):
        """Who asks why no reminder came finds the answer; asking again writes it once."""
        booked_late = STARTS_AT - 30 * HOUR
        plan = planned(at=booked_late)

        assert (one(plan, "k03").standing, one(plan, "k03").why) == ("stale", ("DUE_PASSED",))
        assert planned(before=plan, at=booked_late + HOUR) == plan


class TestReplan:
    """K-REPLAN: the difference is what is stored."""

    def test_moves_open_notices_with_their_visit(self):
        """The same notice at another time: nobody is told twice."""
        after = planned(
            known(visit=a_visit(starts_at=MOVED_TO), sequence=2), before=PLAN, at=BOOKED_AT
        )

        assert one(after, "k06").due_at == MOVED_TO - 24 * HOUR
        assert [n.notice_id for n in after.notices] == [n.notice_id for n in PLAN.notices]

    def test_never_touches_what_is_settled(self):
        """What was sent was sent."""
        sent = settled(PLAN, "k03")
        after = planned(
            known(visit=a_visit(starts_at=MOVED_TO), sequence=2), before=sent, at=BOOKED_AT
        )

        assert after.notices[0] == sent.notices[0]

    def test_tells_the_new_time_to_whoever_was_told_the_old_one(self):
        """A reminder of the wrong day is worse than none."""
        sent = settled(PLAN, "k03")
        after = planned(
            known(visit=a_visit(starts_at=MOVED_TO), sequence=2), before=sent, at=BOOKED_AT
        )

        assert one(after, "k03").due_at == chicago(12, 4, 12)
        assert one(after, "k03").notice_id != sent.notices[0].notice_id

    @pytest.mark.parametrize("standing", ["sent", "unknown", "failed", "intended"])
    def test_plans_nothing_twice_for_the_same_start(self, standing):
        """A room that changed is no reason for a second reminder."""
        after = planned(
            known(visit=a_visit(room="two"), sequence=2),
            before=settled(PLAN, "k03", standing),
            at=BOOKED_AT,
        )

        assert [notice.item[:3] for notice in after.notices].count("k03") == 1

    def test_plans_again_what_was_only_cancelled(self):
        """A visit that is on again needs its reminder."""
        off = planned(
            known(visit=a_visit(standing="cancelled"), sequence=2), before=PLAN, at=BOOKED_AT
        )
        on_again = planned(known(sequence=3), before=off, at=BOOKED_AT)

        assert [n.standing for n in on_again.notices if n.item.startswith("k03")] == [
            "cancelled",
            "planned",
        ]

    @pytest.mark.parametrize(
        ("standing", "why"), [("cancelled", "VISIT_CANCELLED"), ("missed", "VISIT_MISSED")]
    )
    def test_cancels_everything_with_the_visit(self, standing, why):
        """A reminder of a visit that is off sends somebody on a journey for nothing."""
        after = planned(
            known(visit=a_visit(standing=standing), sequence=2), before=PLAN, at=BOOKED_AT
        )

        assert {notice.standing for notice in after.notices} == {"cancelled"}
        assert {notice.why for notice in after.notices} == {(why,)}

    def test_cancels_without_knowing_the_client(self):
        """Off is off, whoever it was for."""
        after = planned(
            known(visit=a_visit(standing="cancelled"), client=None, sequence=2),
            before=PLAN,
            at=BOOKED_AT,
        )

        assert {notice.standing for notice in after.notices} == {"cancelled"}

    def test_leaves_notices_as_they_are_while_the_client_is_unknown(self):
        """A mirror that was lost must not lose a plan."""
        after = planned(known(client=None, sequence=2), before=PLAN, at=BOOKED_AT)

        assert after.notices == PLAN.notices

    def test_stops_reminding_whoever_has_come(self):
        """The client stands at the desk."""
        after = planned(
            known(visit=a_visit(standing="checked_in"), sequence=2), before=PLAN, at=BOOKED_AT
        )

        assert standings(after) == {
            "k03": "cancelled",
            "k06": "cancelled",
            "k07": "cancelled",
            "k10": "planned",
            "k11": "planned",
        }

    def test_checks_on_whoever_had_a_session_whatever_becomes_of_the_visit(self):
        """K-ANCHOR: a booking that is cancelled afterwards undoes no medicine."""
        after = planned(
            known(visit=a_visit(standing="cancelled"), session=a_session(), sequence=2),
            before=PLAN,
            at=STARTS_AT,
        )

        assert one(after, "k10").standing == "planned"

    def test_holds_and_lets_go_with_the_client(self):
        """Who comes back from hospital is reminded again."""
        held = planned(known(client=a_client(standing="in_hospital")), before=PLAN, at=BOOKED_AT)
        again = planned(before=held, at=BOOKED_AT)

        assert {(n.standing, n.why) for n in held.notices} == {("held", ("CLIENT_NOT_ACTIVE",))}
        assert again == PLAN

    def test_drops_what_was_held_too_long(self):
        """Consent that comes after the visit is no reason to remind of it."""
        held = planned(known(client=a_client(channels=())), before=PLAN, at=BOOKED_AT)
        after = planned(before=held, at=STARTS_AT)

        assert one(after, "k06").standing == "stale"

    def test_takes_a_claimed_notice_back_when_it_moves(self):
        """Whoever holds the claim finds it gone, and sends nothing."""
        claimed = PLAN.but(
            notices=tuple(n.but(standing="claimed", claim=a_claim()) for n in PLAN.notices)
        )
        moved = planned(
            known(visit=a_visit(starts_at=MOVED_TO), sequence=2), before=claimed, at=BOOKED_AT
        )

        assert {(n.standing, n.claim) for n in moved.notices} == {("planned", None)}

    def test_leaves_a_claimed_notice_alone_when_nothing_changed_for_it(self):
        """Every needless step back would send it later."""
        claimed = PLAN.but(
            notices=tuple(n.but(standing="claimed", claim=a_claim()) for n in PLAN.notices)
        )

        assert planned(known(sequence=2), before=claimed, at=BOOKED_AT).notices == claimed.notices

    def test_takes_a_claimed_notice_back_when_the_client_must_not_get_it(self):
        """Consent taken back between claim and send still counts."""
        claimed = PLAN.but(
            notices=tuple(n.but(standing="claimed", claim=a_claim()) for n in PLAN.notices)
        )
        held = planned(known(client=a_client(channels=())), before=claimed, at=BOOKED_AT)

        assert {(n.standing, n.claim) for n in held.notices} == {("held", None)}

    def test_cancels_what_the_pack_no_longer_has(self):
        """A notice nobody approves of any more is not sent."""
        gone = PLAN.but(notices=tuple(n.but(item="k99-gone") for n in PLAN.notices[:1]))
        after = planned(before=gone, at=BOOKED_AT)

        assert (after.notices[0].standing, after.notices[0].why) == ("cancelled", ("NOT_IN_PACK",))

    def test_sends_no_second_check_for_a_discharge_heard_late(self):
        """The presumed check went out later than the real one was due: it has done its work."""
        sent = settled(PLAN, "k10")
        after = planned(
            known(session=a_session(discharged_at=ENDS_AT)), before=sent, at=ENDS_AT + 6 * HOUR
        )

        assert [n.item[:3] for n in after.notices].count("k10") == 1

    def test_checks_again_after_a_discharge_later_than_presumed(self):
        """The first check came while the session still ran."""
        sent = settled(PLAN, "k10")
        discharged_at = ENDS_AT + 4 * HOUR
        after = planned(
            known(session=a_session(discharged_at=discharged_at)), before=sent, at=discharged_at
        )

        assert [n.item[:3] for n in after.notices].count("k10") == 2

    def test_tells_nobody_about_a_plan_in_the_making(self):
        """Others hear of a notice when it is settled."""
        change = plan_visit(new_plan(a_visit()), known(), pack=PACK, ruleset=RULESET, at=BOOKED_AT)

        assert change.told == ()

    def test_tells_of_a_safety_check_that_came_too_late(self):
        """Somebody has to call instead."""
        change = plan_visit(
            PLAN, known(), pack=PACK, ruleset=RULESET, at=STARTS_AT + timedelta(days=9)
        )

        assert [fact.wire_name for fact in change.told] == ["notifications.notice-settled.v1"]
        assert type(change.told[0]).model_fields.keys() >= {"notices"}
        assert "anchor_at" not in change.told[0].model_dump_json()


class TestOffBecause:
    """K-ANCHOR: when a notice has no purpose any more."""

    @pytest.mark.parametrize(
        ("item", "standing", "why"),
        [
            ("k06-day-before", "scheduled", None),
            ("k06-day-before", "attended", "VISIT_BEGUN"),
            ("k10-first-check", "attended", None),
            ("k10-first-check", "cancelled", "VISIT_CANCELLED"),
            ("k10-first-check", "missed", "VISIT_MISSED"),
        ],
    )
    def test_depends_on_the_visit(self, item, standing, why):
        """Reminders end when the visit begins; checks only when it never was."""
        assert off_because(ITEMS[item], known(visit=a_visit(standing=standing))) == why


WALKS = settings(deadline=None, max_examples=40)
visits = st.builds(
    lambda days, hours, standing: a_visit(
        starts_at=STARTS_AT + timedelta(days=days, hours=hours), standing=standing
    ),
    st.integers(-20, 20),
    st.integers(0, 23),
    st.sampled_from(["scheduled"] * 4 + ["cancelled", "missed", "checked_in", "attended"]),
)
clients = st.builds(
    lambda zone, standing, missing: None if missing else a_client(zone=zone, standing=standing),
    st.integers(0, len(ZONES) - 1).map(ZONES.__getitem__),
    st.sampled_from(["active"] * 3 + ["in_hospital"]),
    st.sampled_from([False] * 4 + [True]),
)
sessions = st.one_of(
    st.none(),
    st.builds(
        lambda hours: a_session(discharged_at=STARTS_AT + timedelta(hours=hours)),
        st.integers(1, 30),
    ),
)
steps = st.lists(
    st.tuples(visits, clients, sessions, st.sampled_from([None, "sent", "unknown", "stale"])),
    min_size=1,
    max_size=6,
)
moments = st.integers(-30, 30).map(lambda days: STARTS_AT + timedelta(days=days))


def walked(walk, at, *, from_plan=None):
    plan = from_plan or new_plan(a_visit())
    for number, (visit, client, session, standing) in enumerate(walk, plan.anchor_sequence + 1):
        heard = known(visit=visit, client=client, session=session, sequence=number)
        plan = planned(heard, before=plan, at=at)
        plan = plan.but(notices=tuple(_marked(plan.notices, number, standing)))
    return plan


def _marked(notices, number, standing):
    for place, notice in enumerate(notices):
        chosen = standing is not None and notice.is_open and place == number % len(notices)
        yield notice.but(standing=standing) if chosen else notice


class TestPlanDifferences:
    """K-REPLAN, for every sequence of moves, cancels, zones and settlings."""

    @given(steps, moments)
    @WALKS
    def test_keeps_at_most_one_open_notice_of_an_item(self, walk, at):
        """Two would both be sent."""
        plan = walked(walk, at)
        still_open = [notice.item for notice in plan.notices if notice.standing in OPEN]

        assert len(still_open) == len(set(still_open))

    @given(steps, steps, moments)
    @WALKS
    def test_never_changes_what_is_settled(self, walk, more, at):
        """History is not rewritten by a calendar."""
        before = walked(walk, at)
        after = {n.notice_id: n for n in walked(more, at, from_plan=before).notices}

        assert all(after[n.notice_id] == n for n in before.notices if n.standing not in OPEN)

    @given(steps, moments)
    @WALKS
    def test_names_every_notice_once(self, walk, at):
        """The gateway knows a notice by its id."""
        names = [notice.notice_id for notice in walked(walk, at).notices]

        assert len(names) == len(set(names))

    @given(steps, moments)
    @WALKS
    def test_changes_nothing_when_asked_again(self, walk, at):
        """Facts are repeated, and timers look again."""
        plan = walked([(*step[:3], None) for step in walk], at)
        visit, client, session, _ = walk[-1]
        heard = known(visit=visit, client=client, session=session, sequence=plan.anchor_sequence)

        assert planned(heard, before=plan, at=at) == plan

    @given(steps, visits, clients, moments)
    @WALKS
    def test_ends_where_the_last_state_would_have_begun(self, walk, visit, client, at):
        """However a visit got there, what is still to be sent is the same."""
        moved = planned(
            known(visit=visit, client=client, sequence=99),
            before=walked([(*step[:2], None, None) for step in walk], at),
            at=at,
        )
        fresh = planned(known(visit=visit, client=client, sequence=99), at=at)

        assert _to_send(moved) == _to_send(fresh) or client is None

    @given(visits, clients, moments)
    @WALKS
    def test_plans_only_inside_the_client_s_hours(self, visit, client, at):
        """K-WINDOW: in every zone there is."""
        plan = planned(known(visit=visit, client=client), at=at)

        assert all(
            is_open(ITEMS[notice.item].window, notice.due_at, ZoneInfo(client.zone))
            for notice in plan.notices
            if notice.standing == "planned"
        )

    @given(steps, moments)
    @WALKS
    def test_leaves_nothing_open_before_a_visit_that_is_off(self, walk, at):
        """K-ANCHOR: whatever happened before."""
        off = known(visit=a_visit(standing="cancelled"), sequence=99)
        plan = planned(off, before=walked(walk, at), at=at)

        assert not any(notice.is_open for notice in plan.notices)

    @given(steps, moments)
    @WALKS
    def test_survives_being_stored(self, walk, at):
        """A plan is read back from the JSON it was written as."""
        plan = walked(walk, at)

        assert Plan.model_validate_json(plan.model_dump_json()) == plan


def _to_send(plan):
    return {(n.item, n.due_at, n.standing, n.why) for n in plan.notices if n.is_open}


class TestNewPlan:
    """The plan of a visit, before it has any notice."""

    def test_is_sealed_as_its_visit_is(self):
        """A plan tells when somebody comes; of harm reduction that has a key of its own."""
        visit = a_visit(pathway_kind="harm_reduction")

        assert new_plan(visit).sealed_under() == "harm_reduction"
        assert new_plan(a_visit()).sealed_under() == "chart"
