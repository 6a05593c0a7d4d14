import pytest

from chassis.domain import Refused
from contracts.sessions import Closing
from sessions.rules.presence import (
    begin_session,
    close_presence,
    has_gap,
    open_presence,
    was_present,
    who_sits,
)
from sessions_builders import a_discharged_session, a_session, a_visit, codes, presence
from sessions_surroundings import (
    NOON,
    OTHER_THERAPIST,
    POLICY,
    STRANGER,
    THERAPIST,
    a_site,
    known,
    minutes,
)

ALONE = a_session(presence=())


def opened(session=ALONE, visit=None, mode="in_person", around=None, by=THERAPIST):
    return open_presence(session, visit or a_visit(), mode, around or known(), by=by, at=NOON)


class TestBeginSession:
    def test_makes_the_session_of_the_visit_with_its_first_presence(self):
        """One visit becomes one session, however often somebody asks."""
        session = begin_session(a_visit(), "in_person", known(), by=THERAPIST, at=NOON).document

        assert session.session_id == a_session().session_id
        assert session.present == (str(THERAPIST),)


class TestOpenPresence:
    def test_opens_one_more_interval(self):
        """A handover leaves no gap only while both are there."""
        session = opened(a_session(), by=OTHER_THERAPIST).document

        assert session.present == tuple(sorted((str(THERAPIST), str(OTHER_THERAPIST))))

    @pytest.mark.parametrize(
        ("visit", "code"),
        [
            (a_visit(kind="preparation", standing="attended"), "VISIT_NOT_FOR_MEDICINE"),
            (a_visit(standing="scheduled"), "VISIT_NOT_CHECKED_IN"),
            (a_visit(standing="cancelled"), "VISIT_NOT_CHECKED_IN"),
        ],
    )
    def test_refuses_a_visit_that_is_not_under_way(self, visit, code):
        """Without the client there is nobody to be present with."""
        with pytest.raises(Refused) as refused:
            opened(visit=visit)

        assert codes(refused) == [code]

    @pytest.mark.parametrize("allowed", [False, None])
    def test_refuses_video_unless_the_site_is_known_to_allow_it(self, allowed):
        """R12: a policy nobody heard of allows nothing."""
        site = None if allowed is None else a_site(video_presence_allowed=allowed)

        with pytest.raises(Refused) as refused:
            opened(mode="video", around=known(site=site))

        assert codes(refused) == ["PRESENCE_MODE_INVALID"]

    def test_opens_by_video_where_the_site_allows_it(self):
        """R12 is a site's policy, not a prohibition."""
        site = a_site(video_presence_allowed=True)

        assert opened(mode="video", around=known(site=site)).document.presence[0].mode == "video"

    def test_never_counts_a_voice(self):
        """Nobody can see over the telephone that a client stopped breathing."""
        with pytest.raises(Refused) as refused:
            opened(mode="audio", around=known(site=a_site(video_presence_allowed=True)))

        assert codes(refused) == ["PRESENCE_MODE_INVALID"]

    @pytest.mark.parametrize(
        ("by", "around", "code"),
        [
            (STRANGER, known(), "THERAPIST_NOT_IN_CARE_TEAM"),
            (THERAPIST, known(pathway=None), "VISIT_PATHWAY_UNKNOWN"),
        ],
    )
    def test_refuses_whoever_is_not_known_to_care_for_the_client(self, by, around, code):
        """A session is not for whoever happens to hold a key to the room."""
        with pytest.raises(Refused) as refused:
            opened(by=by, around=around)

        assert codes(refused) == [code]

    def test_refuses_to_open_twice(self):
        """One therapist is there once."""
        with pytest.raises(Refused) as refused:
            opened(a_session())

        assert codes(refused) == ["PRESENCE_ALREADY_OPEN"]

    def test_refuses_once_the_record_is_signed(self):
        """A signed record does not grow."""
        closing = Closing(closed_by=THERAPIST, closed_at=NOON, segments=(), root_sha256="0" * 64)

        with pytest.raises(Refused) as refused:
            opened(a_discharged_session(closing=closing))

        assert codes(refused) == ["SESSION_CLOSED"]


class TestClosePresence:
    def test_closes_only_ones_own_interval(self):
        """The other therapist is still there."""
        session = a_session(presence=(presence(), presence(therapist_id=OTHER_THERAPIST)))

        closed = close_presence(session, by=THERAPIST, at=NOON).document

        assert closed.present == (str(OTHER_THERAPIST),)
        assert closed.presence[0].closed_at == NOON

    def test_refuses_what_is_not_open(self):
        """Closing twice would move the end of what was stated."""
        with pytest.raises(Refused) as refused:
            close_presence(a_session(), by=OTHER_THERAPIST, at=NOON)

        assert codes(refused) == ["PRESENCE_NOT_OPEN"]


class TestWasPresent:
    @pytest.mark.parametrize(
        ("since", "present"), [(16, True), (15, True), (14.99, False), (0, False)]
    )
    def test_asks_for_the_minutes_of_the_ruleset(self, since, present):
        """R9: exactly fifteen minutes pass, a second less does not."""
        session = a_session(presence=(presence(opened_at=NOON - minutes(since)),))

        assert was_present(session, policy=POLICY, at=NOON) is present

    @pytest.mark.parametrize(("until", "present"), [(-1, False), (0, False), (1, True)])
    def test_asks_that_the_interval_reaches_the_moment(self, until, present):
        """Whoever has left does not see the client take anything."""
        session = a_session(presence=(presence(closed_at=NOON + minutes(until)),))

        assert was_present(session, policy=POLICY, at=NOON) is present

    def test_asks_for_the_therapist_where_one_is_named(self):
        """Another therapist's quarter of an hour is not one's own."""
        assert not was_present(a_session(), policy=POLICY, at=NOON, therapist_id=OTHER_THERAPIST)


class TestHasGap:
    @pytest.mark.parametrize(
        ("first_until", "second_from", "gap"),
        [
            pytest.param(60, 50, False, id="overlap"),
            pytest.param(60, 60, False, id="meet"),
            pytest.param(60, 60.01, True, id="do not meet"),
        ],
    )
    def test_sees_whether_two_intervals_meet(self, first_until, second_from, gap):
        """R10: not one uncovered instant between taking and the end of the effects."""
        session = a_session(
            presence=(
                presence(closed_at=NOON + minutes(first_until)),
                presence(therapist_id=OTHER_THERAPIST, opened_at=NOON + minutes(second_from)),
            )
        )

        assert has_gap(session, start=NOON, end=NOON + minutes(120)) is gap

    @pytest.mark.parametrize(("until", "gap"), [(120, False), (119, True)])
    def test_sees_an_end_that_comes_too_soon(self, until, gap):
        """Leaving a minute early leaves the client alone for a minute."""
        session = a_session(presence=(presence(closed_at=NOON + minutes(until)),))

        assert has_gap(session, start=NOON, end=NOON + minutes(120)) is gap

    def test_sees_that_nobody_was_there_at_all(self):
        """No interval covers nothing."""
        assert has_gap(ALONE, start=NOON, end=NOON + minutes(1))


class TestWhoSits:
    def test_names_who_asks_when_they_are_there(self):
        """Whoever took over asks for themselves."""
        session = a_session(presence=(presence(), presence(therapist_id=OTHER_THERAPIST)))

        assert who_sits(session, OTHER_THERAPIST) == OTHER_THERAPIST

    def test_names_the_first_therapist_when_another_asks(self):
        """A prescriber who asks whether all is ready does not sit."""
        assert who_sits(a_session(), STRANGER) == THERAPIST
