from datetime import timedelta

import pytest

from chassis.domain import Refused
from contracts.sessions import VisitAttended, VisitCancelled, VisitMoved, VisitScheduled
from sessions.rules.visits import (
    attend_visit,
    cancel_visit,
    check_in,
    move_visit,
    overlapping,
    schedule_visit,
)
from sessions_builders import a_preparation, a_visit, codes, move_asked, visit_asked
from sessions_surroundings import (
    CLIENT,
    NOON,
    OTHER_THERAPIST,
    POLICY,
    STRANGER,
    VISIT,
    a_client,
    a_pathway,
    known,
    minutes,
    named,
)


def schedule(around=None, **but):
    return schedule_visit(VISIT, visit_asked(**but), around or known(), policy=POLICY, at=NOON)


def scheduled(**but):
    return a_preparation(standing="scheduled", **but)


class TestScheduleVisit:
    def test_tells_the_visit_with_the_client_of_the_pathway_and_the_zone_of_the_site(self):
        """Nobody types a client's id, so nobody can book a visit for the wrong one."""
        change = schedule()

        (told,) = change.told
        assert isinstance(told, VisitScheduled)
        assert (told.client_id, told.zone) == (CLIENT, "America/Chicago")

    def test_seals_a_visit_of_harm_reduction_under_a_key_of_its_own(self):
        """Such a visit speaks against its client; it must be erased and withheld by itself."""
        pathway = known().pathway.model_copy(update={"kind": "harm_reduction"})

        change = schedule(known(pathway=pathway), kind="preparation")

        assert change.document.sealed_under() == "harm_reduction"
        assert change.told[0].sealed_under() == "harm_reduction"

    @pytest.mark.parametrize(
        ("missing", "code"),
        [
            ("pathway", "VISIT_PATHWAY_UNKNOWN"),
            ("client", "VISIT_CLIENT_UNKNOWN"),
            ("site", "VISIT_SITE_UNKNOWN"),
        ],
    )
    def test_refuses_what_nobody_told_us_of(self, missing, code):
        """Unknown is not false: a visit of an unheard pathway could be a sitting nobody may do."""
        with pytest.raises(Refused) as refused:
            schedule(known(**{missing: None}))

        assert codes(refused) == [code]

    @pytest.mark.parametrize("standing", ["left", "deceased"])
    def test_refuses_a_client_who_is_gone(self, standing):
        """A family must not get an invitation for the dead."""
        with pytest.raises(Refused) as refused:
            schedule(known(client=a_client(standing=standing)))

        assert codes(refused) == ["CLIENT_NOT_ACTIVE"]

    def test_books_for_a_client_in_hospital(self):
        """They will come home, and the visit lies ahead."""
        assert schedule(known(client=a_client(standing="in_hospital"))).document.room == "blue"

    def test_refuses_an_ended_pathway(self):
        """Whoever ended it had a reason."""
        with pytest.raises(Refused) as refused:
            schedule(known(pathway=a_pathway(closed_at=NOON)))

        assert codes(refused) == ["PATHWAY_CLOSED"]

    @pytest.mark.parametrize(
        ("kind", "code"),
        [
            ("harm_reduction", "HR_SITTING_FORBIDDEN"),
            ("integration_only", "VISIT_KIND_NOT_ON_PATHWAY"),
        ],
    )
    def test_refuses_a_medicine_visit_outside_kap(self, kind, code):
        """Sitting with somebody's own medicine is what this network never does."""
        with pytest.raises(Refused) as refused:
            schedule(known(pathway=a_pathway(kind=kind)), kind="medicine")

        assert codes(refused) == [code]

    def test_books_preparation_on_the_harm_reduction_pathway(self):
        """Preparation and integration are what that pathway is for."""
        change = schedule(known(pathway=a_pathway(kind="harm_reduction")))

        assert change.document.kind == "preparation"

    def test_refuses_a_therapist_outside_the_care_team(self):
        """The care team decides who may read what the visit leads to."""
        with pytest.raises(Refused) as refused:
            schedule(therapist_id=STRANGER)

        assert codes(refused) == ["THERAPIST_NOT_IN_CARE_TEAM"]

    @pytest.mark.parametrize(
        ("start", "end", "code"),
        [
            pytest.param(60, 60, "VISIT_ENDS_BEFORE_START", id="no time at all"),
            pytest.param(60, 59, "VISIT_ENDS_BEFORE_START", id="backwards"),
            pytest.param(60, 60 + 481, "VISIT_TOO_LONG", id="one minute too long"),
            pytest.param(-60, 0, "VISIT_IN_PAST", id="over now"),
            pytest.param(400 * 1440 + 1, 400 * 1440 + 60, "VISIT_TOO_FAR_AHEAD", id="years ahead"),
        ],
    )
    def test_refuses_a_time_that_is_a_slip_of_the_keyboard(self, start, end, code):
        """A visit of two years would hold seventy thousand quarter hours."""
        with pytest.raises(Refused) as refused:
            schedule(starts_at=NOON + minutes(start), ends_at=NOON + minutes(end))

        assert codes(refused) == [code]

    @pytest.mark.parametrize(
        ("start", "end"),
        [
            pytest.param(60, 60 + 480, id="as long as may be"),
            pytest.param(-60, 1, id="still under way"),
            pytest.param(400 * 1440, 400 * 1440 + 60, id="as far ahead as may be"),
        ],
    )
    def test_books_on_the_limits(self, start, end):
        """A limit belongs to what is allowed."""
        change = schedule(starts_at=NOON + minutes(start), ends_at=NOON + minutes(end))

        assert change.document.standing == "scheduled"

    def test_names_every_reason_at_once(self):
        """Whoever sees only the first problem may fix only the first problem."""
        with pytest.raises(Refused) as refused:
            schedule(known(site=None), therapist_id=STRANGER, ends_at=NOON)

        assert codes(refused) == [
            "VISIT_SITE_UNKNOWN",
            "THERAPIST_NOT_IN_CARE_TEAM",
            "VISIT_ENDS_BEFORE_START",
            "VISIT_IN_PAST",
        ]


class TestMoveVisit:
    def test_tells_the_new_time_and_counts_the_move(self):
        """Notices of the old time are recognised by the count."""
        change = move_visit(scheduled(), move_asked(), a_pathway(), policy=POLICY, at=NOON)

        (told,) = change.told
        assert isinstance(told, VisitMoved)
        assert (told.starts_at, told.moves) == (NOON + timedelta(days=2), 1)

    def test_keeps_therapist_and_room_unless_others_are_named(self):
        """Whoever moves a visit by an hour does not want to name its room again."""
        asked = move_asked(therapist_id=OTHER_THERAPIST)

        moved = move_visit(scheduled(), asked, a_pathway(), policy=POLICY, at=NOON).document

        assert (moved.therapist_id, moved.room) == (OTHER_THERAPIST, "blue")

    @pytest.mark.parametrize("standing", ["checked_in", "attended", "missed", "cancelled"])
    def test_refuses_a_visit_that_is_not_to_come(self, standing):
        """A session hangs on the visit it was checked in for."""
        visit = scheduled().but(standing=standing)

        with pytest.raises(Refused) as refused:
            move_visit(visit, move_asked(), a_pathway(), policy=POLICY, at=NOON)

        assert codes(refused) == ["VISIT_NOT_SCHEDULED"]

    def test_refuses_while_the_pathway_is_unknown(self):
        """Nobody can say whether the therapist belongs to an unheard care team."""
        with pytest.raises(Refused) as refused:
            move_visit(scheduled(), move_asked(), None, policy=POLICY, at=NOON)

        assert codes(refused) == ["VISIT_PATHWAY_UNKNOWN"]


class TestCancelVisit:
    def test_tells_it_and_holds_nothing_any_more(self):
        """The room is free for somebody else at once."""
        change = cancel_visit(scheduled())

        assert isinstance(change.told[0], VisitCancelled)
        assert change.document.holds == ()

    def test_refuses_once_the_client_came(self):
        """What has happened cannot be called off."""
        with pytest.raises(Refused) as refused:
            cancel_visit(a_visit())

        assert codes(refused) == ["VISIT_NOT_SCHEDULED"]


class TestCheckIn:
    @pytest.mark.parametrize(
        ("kind", "standing"),
        [("medicine", "checked_in"), ("preparation", "attended"), ("integration", "attended")],
    )
    def test_leaves_only_a_medicine_visit_open(self, kind, standing):
        """Only a session has an end that somebody else must wait for."""
        visit = a_visit(kind=kind, standing="scheduled")

        (told,) = check_in(visit, at=NOON).told

        assert isinstance(told, VisitAttended)
        assert told.standing == standing

    @pytest.mark.parametrize(
        "at",
        [
            pytest.param(NOON.replace(hour=5, minute=59), id="a minute before the local day"),
            pytest.param(NOON + timedelta(hours=12), id="as the local day ends"),
        ],
    )
    def test_refuses_another_local_day(self, at):
        """Checking in next week's visit would make it immovable."""
        with pytest.raises(Refused) as refused:
            check_in(a_visit(standing="scheduled"), at=at)

        assert codes(refused) == ["VISIT_NOT_TODAY"]

    def test_counts_the_day_in_the_zone_of_the_visit(self):
        """In Chicago it is still the first of December when London writes the second."""
        at = NOON + timedelta(hours=11, minutes=59)

        assert check_in(a_visit(standing="scheduled"), at=at).told

    def test_refuses_a_second_time(self):
        """A client comes once."""
        with pytest.raises(Refused) as refused:
            check_in(a_visit(), at=NOON)

        assert codes(refused) == ["VISIT_NOT_SCHEDULED"]


class TestAttendVisit:
    def test_tells_that_a_visit_under_way_is_over(self):
        """Reminders around a session count from its end."""
        (told,) = attend_visit(a_visit()).told

        assert told.standing == "attended"

    @pytest.mark.parametrize("standing", ["scheduled", "attended", "missed", "cancelled"])
    def test_leaves_any_other_visit_alone(self, standing):
        """A follow-up may come twice, and late."""
        visit = a_visit(standing=standing)

        change = attend_visit(visit)

        assert (change.document, change.told) == (visit, ())


class TestOverlapping:
    def test_says_what_is_taken_and_not_by_whom(self):
        """Whoever books must learn what to change, and nothing about another client."""
        other = a_visit(visit_id=named("other visit"), client_id=named("other client"))

        reasons = overlapping(a_visit(), [other])

        assert [reason.facts for reason in reasons] == [{"taken": "room"}, {"taken": "staff"}]

    def test_says_so_when_it_cannot_tell_what_was_taken(self):
        """The other visit may be gone by the time somebody looks."""
        (reason,) = overlapping(a_visit(), [])

        assert (reason.code, reason.facts) == ("VISIT_OVERLAPS", {"taken": None})

    def test_does_not_count_the_visit_itself(self):
        """A visit that is moved by an hour overlaps the time it leaves."""
        (reason,) = overlapping(a_visit(), [a_visit()])

        assert reason.facts == {"taken": None}
