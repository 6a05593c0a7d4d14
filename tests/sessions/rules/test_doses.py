from decimal import Decimal

import pytest

from chassis.domain import Refused
from contracts.sessions import MedicineTaken
from sessions.rules.doses import find_prescription, record_medicine_taken
from sessions_builders import (
    a_discharged_session,
    a_dosed_session,
    a_released_session,
    a_session,
    presence,
    taken,
)
from sessions_surroundings import (
    NOON,
    OTHER_THERAPIST,
    POLICY,
    PRESCRIPTION,
    THERAPIST,
    a_pathway,
    a_prescription,
    minutes,
    named,
)

SOON = NOON + minutes(1)


def record(session=None, asked=None, prescription=None, at=SOON, by=THERAPIST):
    return record_medicine_taken(
        session or a_released_session(),
        asked or taken(),
        prescription or a_prescription(),
        policy=POLICY,
        by=by,
        at=at,
    )


def breaches(change):
    return list(change.document.doses[-1].breaches)


class TestRecordMedicineTaken:
    def test_tells_a_dose_without_breach_when_all_was_in_order(self):
        """A breach raises an incident, so there must be none without a cause."""
        change = record()

        (told,) = change.told
        assert isinstance(told, MedicineTaken)
        assert told.doses[0].breaches == ()
        assert told.phase == "medicine_taken"

    def test_is_stored_even_when_intentions_must_wait(self):
        """What has happened cannot wait for the bus."""
        assert record().happened

    def test_computes_the_total_from_the_strength(self):
        """Nobody does sums beside a client who took medicine."""
        dose = record(asked=taken(units=Decimal("1.5"), total_mg=Decimal(999))).document.doses[0]

        assert dose.total_mg == 75

    def test_takes_the_stated_total_where_no_prescription_is_known(self):
        """Somebody may know what intake does not."""
        session = a_released_session()
        change = record_medicine_taken(
            session, taken(total_mg=Decimal(80)), None, policy=POLICY, by=THERAPIST, at=SOON
        )

        assert change.document.doses[0].total_mg == 80

    def test_records_a_dose_nobody_knows_the_strength_of(self):
        """Unknown is not zero, and no reason to lose what happened."""
        change = record(prescription=a_prescription(medicine="medicine-b"))

        assert change.document.doses[0].total_mg is None
        assert breaches(change) == ["DOSE_TOTAL_UNKNOWN"]

    def test_refuses_only_the_future(self):
        """What has not happened cannot have happened."""
        with pytest.raises(Refused):
            record(asked=taken(taken_at=SOON + minutes(2.01)))

    def test_takes_a_clock_that_is_two_minutes_ahead(self):
        """Tablets and servers never quite agree."""
        assert record(asked=taken(taken_at=SOON + minutes(2)))

    def test_names_a_dose_that_nobody_released(self):
        """R9: the record says so, and does not pretend."""
        assert breaches(record(a_session())) == ["MEDICINE_NOT_RELEASED"]

    def test_names_a_dose_taken_before_the_release(self):
        """A release afterwards does not make it right."""
        change = record(asked=taken(taken_at=NOON - minutes(1)))

        assert "MEDICINE_NOT_RELEASED" in breaches(change)

    @pytest.mark.parametrize(
        "but",
        [
            {"units": Decimal(3)},
            {"units": Decimal(1)},
            {"route": "oral"},
            {"prescription_id": named("another prescription")},
            {"prescription_id": None},
        ],
        ids=["more", "less", "another route", "another prescription", "no prescription"],
    )
    def test_names_a_dose_that_is_not_what_was_released(self, but):
        """R6: what is taken is what was prescribed and released."""
        assert breaches(record(asked=taken(**but))) == ["DOSE_DIFFERS_FROM_RELEASE"]

    def test_adds_up_what_was_taken_before(self):
        """A second dose of the right size is one dose too many."""
        assert breaches(record(a_dosed_session())) == ["DOSE_DIFFERS_FROM_RELEASE"]

    def test_names_a_dose_without_a_sitting(self):
        """Medicine taken while nobody sits is what this pathway is not."""
        session = a_released_session(sitting_opened_at=None)

        assert breaches(record(session)) == ["SITTING_NOT_OPEN"]

    def test_counts_a_sitting_that_opened_with_the_dose(self):
        """On the limit it was open."""
        assert breaches(record(a_released_session(sitting_opened_at=NOON))) == []

    @pytest.mark.parametrize(("since", "breached"), [(15, False), (14.99, True)])
    def test_names_a_presence_that_began_too_late(self, since, breached):
        """R9: refused as an intention, a breach as a fact."""
        session = a_released_session(presence=(presence(opened_at=NOON - minutes(since)),))

        assert ("PRESENCE_BEFORE_MISSING" in breaches(record(session))) is breached

    def test_counts_anybody_of_the_team_who_was_there(self):
        """Whoever records it need not be who sat."""
        assert breaches(record(by=OTHER_THERAPIST)) == []

    def test_keeps_a_dose_told_after_the_discharge(self):
        """It is told late or never; the phase stays where the client is."""
        change = record(a_discharged_session(), at=NOON + minutes(200))

        assert {"DOSE_AFTER_DISCHARGE", "DOSE_RECORDED_LATE"} <= set(breaches(change))
        assert change.document.phase == "discharged"

    @pytest.mark.parametrize(("later", "breached"), [(10, False), (10.01, True)])
    def test_names_a_dose_recorded_late(self, later, breached):
        """On the limit it is in time, a second later it is late."""
        assert ("DOSE_RECORDED_LATE" in breaches(record(at=NOON + minutes(later)))) is breached


class TestFindPrescription:
    def test_finds_the_one_that_is_named(self):
        """Its strength tells the total."""
        assert find_prescription(a_pathway(), PRESCRIPTION) == a_prescription()

    @pytest.mark.parametrize(
        ("pathway", "named_id"),
        [(None, PRESCRIPTION), (a_pathway(), None), (a_pathway(), named("another"))],
    )
    def test_finds_none_where_nothing_is_known(self, pathway, named_id):
        """A guess would put a wrong number into a chart."""
        assert find_prescription(pathway, named_id) is None
