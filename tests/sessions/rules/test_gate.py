from datetime import date, timedelta
from decimal import Decimal

import pytest

from chassis.domain import Refused
from contracts.clinical import Decision, Outcome, Reason
from contracts.sessions import MedicineReleased
from sessions.rules.gate import (
    dose_question,
    dose_to_ask,
    may_release,
    readiness,
    release_medicine,
    whole_decision,
)
from sessions_builders import (
    a_discharge,
    a_preparation,
    a_release,
    a_session,
    an_integration,
    codes,
    dose_asked,
    gate,
    presence,
    reserved,
    seen,
)
from sessions_surroundings import (
    CLIENT,
    NOON,
    OTHER_THERAPIST,
    PATHWAY,
    a_pathway,
    a_prescription,
    minutes,
    named,
)

NOT_CLEARED = Reason(code="NOT_CLEARED", says="The prescriber has not cleared the client")


def release(session=None, standing=None, **but):
    session = session or a_session()
    return release_medicine(session, dose_asked(), gate(**but), standing or reserved(), sequence=1)


def reasons_of(decision):
    return [reason.code for reason in decision.reasons]


class TestMayRelease:
    def test_passes_an_ordinary_session_and_names_the_ruleset(self):
        """A decision without its ruleset cannot be judged afterwards."""
        decision = may_release(a_session(), gate())

        assert (decision.outcome, len(decision.rulesets)) == (Outcome.PASS, 1)

    @pytest.mark.parametrize(
        ("session", "code"),
        [
            (a_session(sitting_opened_at=None), "SITTING_NOT_OPEN"),
            (a_session(discharge=a_discharge()), "SESSION_OVER"),
            (a_session(release=a_release()), "MEDICINE_ALREADY_RELEASED"),
            (a_session(presence=()), "PRESENCE_BEFORE_MISSING"),
        ],
    )
    def test_refuses_a_session_that_is_not_ready(self, session, code):
        """R9: the therapist is there before the medicine."""
        assert reasons_of(may_release(session, gate())) == [code]

    @pytest.mark.parametrize(("since", "passes"), [(15, True), (14.99, False)])
    def test_asks_for_a_quarter_of_an_hour_of_presence(self, since, passes):
        """R9: on the limit it passes, a second short of it does not."""
        session = a_session(presence=(presence(opened_at=NOON - minutes(since)),))

        assert may_release(session, gate()).passed is passes

    def test_asks_for_the_presence_of_whoever_releases(self):
        """The therapist who took over a minute ago has not seen how the client is."""
        decision = may_release(a_session(), gate(by=OTHER_THERAPIST))

        assert reasons_of(decision) == ["PRESENCE_BEFORE_MISSING"]

    @pytest.mark.parametrize(
        "preparation",
        [
            pytest.param(a_preparation(standing="scheduled"), id="not yet attended"),
            pytest.param(a_preparation(standing="missed"), id="missed"),
            pytest.param(a_preparation(pathway_id=CLIENT), id="on another pathway"),
            pytest.param(a_preparation(kind="integration"), id="of another kind"),
        ],
    )
    def test_refuses_without_an_attended_preparation(self, preparation):
        """R22: preparation comes first."""
        visits = (seen(preparation), seen(an_integration()))

        assert reasons_of(may_release(a_session(), gate(visits=visits))) == ["PREP_MISSING"]

    @pytest.mark.parametrize(
        ("hours", "passes"),
        [
            pytest.param(72, True, id="on the limit"),
            pytest.param(72.01, False, id="too late"),
            pytest.param(0, False, id="now"),
            pytest.param(-24, False, id="before"),
        ],
    )
    def test_asks_for_an_integration_visit_soon_after(self, hours, passes):
        """R22: nobody is left alone with what came up."""
        starts_at = NOON + timedelta(hours=hours)
        booked = an_integration(starts_at=starts_at, ends_at=starts_at + minutes(60))
        decision = may_release(a_session(), gate(visits=(seen(a_preparation()), seen(booked))))

        assert decision.passed is passes
        assert passes or reasons_of(decision) == ["INTEGRATION_NOT_BOOKED"]

    @pytest.mark.parametrize(
        "integration",
        [
            pytest.param(an_integration(standing="cancelled"), id="cancelled"),
            pytest.param(an_integration(kind="preparation"), id="of another kind"),
            pytest.param(an_integration(pathway_id=CLIENT), id="on another pathway"),
        ],
    )
    def test_counts_only_an_integration_visit_that_will_be(self, integration):
        """R22: a cancelled visit helps nobody."""
        visits = (seen(a_preparation()), seen(integration))

        assert reasons_of(may_release(a_session(), gate(visits=visits))) == [
            "INTEGRATION_NOT_BOOKED"
        ]

    def test_refuses_when_no_visit_is_known(self):
        """Unknown is not false."""
        decision = may_release(a_session(), gate(visits=()))

        assert reasons_of(decision) == ["PREP_MISSING", "INTEGRATION_NOT_BOOKED"]


class TestWholeDecision:
    def test_names_the_reasons_of_both_services_at_once(self):
        """Whoever sees only the first problem may fix only the first problem."""
        no = reserved(decision=Decision(outcome=Outcome.REFUSE, reasons=(NOT_CLEARED,)))

        decision = whole_decision(a_session(presence=()), gate(), no)

        assert reasons_of(decision) == ["PRESENCE_BEFORE_MISSING", "NOT_CLEARED"]
        assert decision.outcome is Outcome.REFUSE

    def test_refuses_when_intake_alone_refuses(self):
        """Consent and prescription are not for sessions to judge."""
        no = reserved(decision=Decision(outcome=Outcome.REFUSE, reasons=(NOT_CLEARED,)))

        assert not whole_decision(a_session(), gate(), no).passed

    def test_refuses_when_sessions_alone_refuses(self):
        """Intake does not know who is in the room."""
        assert not whole_decision(a_session(presence=()), gate(), reserved()).passed

    @pytest.mark.parametrize("session", [a_session(), a_session(presence=())])
    def test_never_takes_silence_for_a_yes(self, session):
        """A consent withdrawn a minute ago is known to intake alone."""
        decision = whole_decision(session, gate(), reserved(decision=None))

        assert not decision.passed
        assert reasons_of(decision)[-1] == "STANDING_UNCONFIRMED"

    def test_quotes_the_rulesets_of_both(self):
        """Both services judge by dated policy."""
        decision = whole_decision(a_session(), gate(), reserved())

        assert len(decision.rulesets) == 2


class TestReleaseMedicine:
    def test_tells_the_release_with_what_it_was_decided_on(self):
        """Afterwards one must be able to say which state of which document was looked at."""
        change = release()

        (told,) = change.told
        assert isinstance(told, MedicineReleased)
        assert told.phase == "released"
        assert told.release.decided_on == {
            str(named("preparation")): 1,
            str(named("integration")): 4,
            str(a_session().session_id): 1,
            str(PATHWAY): 9,
            str(CLIENT): 3,
        }

    def test_keeps_what_was_released_to_compare_what_is_taken(self):
        """Medicine and route are not part of what travels."""
        session = release().document

        assert (session.released_medicine, session.released_route) == (
            dose_asked().medicine,
            dose_asked().route,
        )

    def test_takes_the_total_from_the_reservation(self):
        """The strength is intake's to know."""
        assert release().document.release.total_mg == 100

    def test_refuses_with_every_reason(self):
        """A refusal is what the therapist reads out to the client."""
        with pytest.raises(Refused) as refused:
            release(a_session(presence=()), reserved(decision=None))

        assert codes(refused) == ["PRESENCE_BEFORE_MISSING", "STANDING_UNCONFIRMED"]

    def test_refuses_when_intake_was_asked_but_reserved_nothing(self):
        """Two sites must not release on the strength of a question."""
        with pytest.raises(Refused) as refused:
            release(standing=reserved(total_mg=None))

        assert codes(refused) == ["DOSE_NOT_RESERVED"]


class TestReadiness:
    def test_answers_as_the_release_would(self):
        """A question that is kinder than the gate helps nobody."""
        session = a_session(presence=())

        asked = readiness(session, dose_asked(), gate(), reserved())

        assert asked == whole_decision(session, gate(), reserved())

    def test_says_that_no_prescription_is_known(self):
        """Without one there is nothing to ask intake about, and that is not a yes."""
        decision = readiness(a_session(), None, gate(), reserved())

        assert reasons_of(decision) == ["PRESCRIPTION_UNKNOWN"]


class TestDoseQuestion:
    def test_names_the_therapist_who_releases_and_the_day_at_the_site(self):
        """Intake judges the licence of whoever sits, on the day where they sit."""
        question = dose_question(
            a_session(), dose_asked(), by=OTHER_THERAPIST, at=NOON + timedelta(hours=10)
        )

        assert (question.therapist_id, question.held_on) == (OTHER_THERAPIST, date(2026, 12, 1))


class TestDoseToAsk:
    @pytest.mark.parametrize(
        ("dose_mg_min", "units"), [("50", "1"), ("51", "1.25"), ("62.5", "1.25"), ("10", "0.25")]
    )
    def test_asks_for_the_smallest_dose_in_quarters_of_a_unit(self, dose_mg_min, units):
        """Readiness is about today, and a smaller dose may still be possible today."""
        pathway = a_pathway(prescriptions=(a_prescription(dose_mg_min=Decimal(dose_mg_min)),))

        asked = dose_to_ask(pathway, prescription_id=None, units=None)

        assert asked.units == Decimal(units)

    def test_takes_the_newest_active_prescription(self):
        """An ended one would be refused whatever else holds."""
        newer = a_prescription(prescription_id=named("newer"), verified_at=NOON)
        ended = a_prescription(
            prescription_id=named("ended"), verified_at=NOON + minutes(1), state="ended"
        )
        pathway = a_pathway(prescriptions=(a_prescription(), ended, newer))

        asked = dose_to_ask(pathway, prescription_id=None, units=Decimal(2))

        assert (asked.prescription_id, asked.units) == (named("newer"), 2)

    @pytest.mark.parametrize("pathway", [None, a_pathway(prescriptions=())])
    def test_finds_none_where_nothing_is_known(self, pathway):
        """A made-up prescription would get a made-up answer."""
        assert dose_to_ask(pathway, prescription_id=None, units=None) is None
