from datetime import date

import pytest

from chassis.domain import Refused
from contracts.intake import SiteChanged, StaffChanged
from intake.rules.staff import open_site, record_licence, record_training, register_staff
from intake_builders import SUPERVISOR, THERAPIST, a_licence, a_site, a_therapist, a_training
from intake_policies import PRESCRIBING


def record(licence, member=None):
    """Record a licence where only the supervisor is known."""
    return record_licence(
        member or a_therapist(licences=()),
        licence,
        policy=PRESCRIBING,
        known_staff={SUPERVISOR, THERAPIST},
    )


def refusal(licence):
    """Record what will be refused, and give the codes."""
    with pytest.raises(Refused) as refused:
        record(licence)
    return [reason.code for reason in refused.value.reasons]


class TestOpenSite:
    def test_tells(self):
        """Every service keeps the zones of the sites."""
        assert [type(fact) for fact in open_site(a_site()).told] == [SiteChanged]


class TestRegisterStaff:
    def test_tells(self):
        """Sessions must know who can be with a client."""
        change = register_staff(a_therapist(), site=a_site())
        assert [type(fact) for fact in change.told] == [StaffChanged]

    def test_refuses_a_site_that_is_not_there(self):
        """Access goes by site; nobody could see this person."""
        with pytest.raises(Refused, match="SITE_UNKNOWN"):
            register_staff(a_therapist(), site=None)


class TestRecordLicence:
    def test_keeps_it_beside_the_others_and_tells(self):
        """A licence that ended last year was valid last year."""
        change = record(a_licence(number="L-2"), a_therapist())
        assert [each.number for each in change.document.licences] == ["L-1", "L-2"]
        assert [type(fact) for fact in change.told] == [StaffChanged]

    def test_the_same_one_twice_stands_once(self):
        """Lists are typed in again."""
        assert record(a_licence(), a_therapist()).told == ()

    def test_may_be_valid_for_one_day(self):
        """The edge of an order is equality."""
        day = date(2026, 12, 4)
        assert record(a_licence(valid_from_on=day, valid_to_on=day)).told

    def test_names_every_reason_at_once(self):
        """Three slips on one line are three."""
        licence = a_licence(
            profession="barber",
            valid_from_on=date(2027, 1, 1),
            valid_to_on=date(2026, 12, 31),
            supervised_by=THERAPIST,
        )
        assert refusal(licence) == [
            "LICENCE_DAYS_DISORDERED",
            "PROFESSION_UNKNOWN",
            "SUPERVISOR_UNKNOWN",
        ]

    def test_nobody_supervises_themselves(self):
        """That would be a licence without supervision."""
        assert refusal(a_licence(profession="lmsw", supervised_by=THERAPIST)) == [
            "SUPERVISOR_UNKNOWN"
        ]

    def test_a_supervisor_is_in_the_directory(self):
        """A name nobody can look up supervises nobody."""
        assert record(a_licence(profession="lmsw", supervised_by=SUPERVISOR)).told


class TestRecordTraining:
    def test_keeps_it_and_tells(self):
        """The next release looks it up."""
        change = record_training(a_therapist(trainings=()), a_training())
        assert change.document.trainings == (a_training(),)
        assert [type(fact) for fact in change.told] == [StaffChanged]

    def test_the_same_one_twice_stands_once(self):
        """Lists are typed in again."""
        assert record_training(a_therapist(), a_training()).told == ()

    def test_refuses_one_that_expired_before_it_was_completed(self):
        """Two days changed places."""
        with pytest.raises(Refused, match="TRAINING_DAYS_DISORDERED"):
            record_training(
                a_therapist(),
                a_training(completed_on=date(2026, 2, 1), expires_on=date(2026, 1, 31)),
            )
