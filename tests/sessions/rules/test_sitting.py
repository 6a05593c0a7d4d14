from datetime import date, timedelta

import pytest

from chassis.domain import Refused
from contracts.sessions import SittingOpened
from sessions.rules.sitting import open_sitting
from sessions_builders import a_discharge, a_session, codes
from sessions_surroundings import (
    NOON,
    OTHER_THERAPIST,
    THERAPIST,
    a_client,
    a_consent,
    a_pathway,
    known,
    minutes,
)

WAITING = a_session(phase="checked_in", sitting_opened_at=None)


def sit(session=WAITING, around=None, by=THERAPIST, at=NOON):
    return open_sitting(session, around or known(), by=by, at=at)


class TestOpenSitting:
    def test_tells_that_the_sitting_began(self):
        """Reminders and alarms count from here."""
        (told,) = sit().told

        assert isinstance(told, SittingOpened)
        assert (told.sitting_opened_at, told.phase) == (NOON, "safety_check")

    def test_refuses_a_second_time(self):
        """The first opening is the one the record begins with."""
        with pytest.raises(Refused) as refused:
            sit(a_session())

        assert codes(refused) == ["SITTING_ALREADY_OPEN"]

    def test_refuses_whoever_is_not_present(self):
        """R9: who sits is there."""
        with pytest.raises(Refused) as refused:
            sit(by=OTHER_THERAPIST)

        assert codes(refused) == ["THERAPIST_ABSENT"]

    def test_refuses_after_the_discharge(self):
        """A client who went home cannot be sat with."""
        with pytest.raises(Refused) as refused:
            sit(WAITING.but(discharge=a_discharge()))

        assert codes(refused) == ["SESSION_OVER"]

    @pytest.mark.parametrize("standing", ["in_hospital", "left", "deceased"])
    def test_refuses_a_client_who_is_not_in_care_at_home(self, standing):
        """Whoever checks in a client of the same name must notice here."""
        with pytest.raises(Refused) as refused:
            sit(around=known(client=a_client(standing=standing)))

        assert codes(refused) == ["CLIENT_NOT_ACTIVE"]

    def test_refuses_what_is_unknown(self):
        """R27: consent nobody heard of is not consent."""
        with pytest.raises(Refused) as refused:
            sit(around=known(client=None, pathway=None))

        assert codes(refused) == [
            "CLIENT_NOT_ACTIVE",
            "VISIT_PATHWAY_UNKNOWN",
            "CONSENT_NOT_IN_FORCE",
        ]

    @pytest.mark.parametrize(
        ("kind", "code"),
        [
            ("harm_reduction", "HR_SITTING_FORBIDDEN"),
            ("integration_only", "VISIT_KIND_NOT_ON_PATHWAY"),
        ],
    )
    def test_refuses_a_pathway_without_sitting(self, kind, code):
        """R17: never sit."""
        with pytest.raises(Refused) as refused:
            sit(around=known(pathway=a_pathway(kind=kind)))

        assert codes(refused) == [code]

    def test_refuses_an_ended_pathway(self):
        """Its consents may still look valid."""
        with pytest.raises(Refused) as refused:
            sit(around=known(pathway=a_pathway(closed_at=NOON)))

        assert codes(refused) == ["PATHWAY_CLOSED"]

    @pytest.mark.parametrize(
        "consents",
        [
            pytest.param((), id="none"),
            pytest.param((a_consent(kind="treatment_therapy"),), id="to something else"),
            pytest.param((a_consent(withdrawn_at=NOON),), id="withdrawn"),
            pytest.param((a_consent(expires_on=date(2026, 11, 30)),), id="expired yesterday"),
            pytest.param((a_consent(signed_at=NOON + minutes(1)),), id="signed in a minute"),
        ],
    )
    def test_refuses_without_consent_in_force(self, consents):
        """R27: nobody is sat with against their word."""
        with pytest.raises(Refused) as refused:
            sit(around=known(pathway=a_pathway(consents=consents)))

        assert codes(refused) == ["CONSENT_NOT_IN_FORCE"]

    def test_takes_a_consent_on_its_last_day(self):
        """A consent holds through the day it expires on, in the zone of the visit."""
        last = a_consent(expires_on=date(2026, 12, 1))
        late = NOON + timedelta(hours=11)

        assert sit(around=known(pathway=a_pathway(consents=(last,))), at=late).told

    @pytest.mark.parametrize(
        ("kinds", "refuses"), [(("treatment_kap",), True), (("treatment_kap", "telehealth"), False)]
    )
    def test_asks_for_telehealth_as_well_by_video(self, kinds, refuses):
        """R27: being treated through a screen is consented to of its own."""
        pathway = a_pathway(consents=tuple(a_consent(kind=kind) for kind in kinds))
        video = WAITING.but(mode="video")

        if refuses:
            with pytest.raises(Refused) as refused:
                sit(video, known(pathway=pathway))
            assert refused.value.reasons[0].facts == {"kind": "telehealth"}
        else:
            assert sit(video, known(pathway=pathway)).told
