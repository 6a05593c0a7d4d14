from datetime import timedelta
from decimal import Decimal

import pytest

from chassis.domain import Refused
from contracts.ids import PrescriptionId
from contracts.intake import LedgerMoved
from intake.rules.ledger import count_doses, record_ledger, signed_units
from intake_builders import (
    NOW,
    OTHER_SESSION,
    PRESCRIPTION,
    SESSION,
    a_dose,
    a_dose_taken,
    a_movement,
    a_pathway,
    a_prescription,
    a_reservation,
    a_session,
)


class TestRecordLedger:
    def test_keeps_a_movement_and_tells(self):
        """The ledger is how a diversion is seen."""
        lost = a_movement(kind="lost", units=Decimal(-1), moved_at=NOW)
        change = record_ledger(a_pathway(), lost, at=NOW)
        assert change.document.units_left(PRESCRIPTION) == Decimal(5)
        assert [type(fact) for fact in change.told] == [LedgerMoved]
        assert change.happened

    def test_below_zero_is_an_incident_and_no_refusal(self):
        """What happened is written down, above all where it should not have happened."""
        taken = a_movement(kind="taken", units=Decimal("-6.25"), moved_at=NOW)
        change = record_ledger(a_pathway(), taken, at=NOW)
        assert change.document.units_left(PRESCRIPTION) == Decimal("-0.25")
        assert change.document.incidents == ("ledger-below-zero",)

    def test_down_to_zero_is_no_incident(self):
        """Everything was used as it was meant."""
        taken = a_movement(kind="taken", units=Decimal(-6), moved_at=NOW)
        assert record_ledger(a_pathway(), taken, at=NOW).document.incidents == ()

    def test_below_zero_twice_is_one_incident(self):
        """One thing for one person to look into."""
        taken = a_movement(kind="taken", units=Decimal(-7), moved_at=NOW)
        once = record_ledger(a_pathway(), taken, at=NOW).document
        assert record_ledger(once, taken, at=NOW).document.incidents == ("ledger-below-zero",)

    def test_is_kept_on_an_ended_pathway(self):
        """Medicine is returned when care has ended."""
        returned = a_movement(kind="returned", units=Decimal(-6), moved_at=NOW)
        assert record_ledger(a_pathway(closed_at=NOW), returned, at=NOW).told

    def test_refuses_a_prescription_that_is_not_there(self):
        """A number in the wrong record is no record."""
        elsewhere = a_movement(prescription_id=PrescriptionId(OTHER_SESSION))
        with pytest.raises(Refused, match="PRESCRIPTION_UNKNOWN"):
            record_ledger(a_pathway(), elsewhere, at=NOW)

    def test_refuses_the_future(self):
        """Two minutes are a clock that runs fast; more is a slip."""
        ahead = NOW + timedelta(minutes=2)
        assert record_ledger(a_pathway(), a_movement(moved_at=ahead), at=NOW).told
        with pytest.raises(Refused, match="MOVED_LATER"):
            record_ledger(a_pathway(), a_movement(moved_at=ahead + timedelta(seconds=1)), at=NOW)


class TestSignedUnits:
    @pytest.mark.parametrize("kind", ["taken", "returned", "lost", "destroyed"])
    def test_everything_but_a_receipt_goes_out(self, kind):
        """A forgotten minus would fill the ledger with what is gone."""
        assert signed_units(kind, Decimal(2)) == Decimal(-2)
        assert signed_units("received", Decimal(2)) == Decimal(2)


class TestCountDoses:
    def test_counts_a_dose_and_uses_its_reservation(self):
        """From here on the units are gone and nothing is reserved."""
        change = count_doses(a_pathway(reservations=(a_reservation(),)), a_session())
        assert change.document.ledger == (a_movement(), a_dose_taken(NOW, session_id=SESSION))
        assert change.document.reservations == (a_reservation(used_at=NOW),)
        assert [type(fact) for fact in change.told] == [LedgerMoved]
        assert change.happened

    def test_counts_it_once_however_often_it_is_heard(self):
        """Every later fact of the session shows the same dose again."""
        once = count_doses(a_pathway(reservations=(a_reservation(),)), a_session()).document
        again = count_doses(once, a_session(phase="discharged"))
        assert again.document is once
        assert again.told == ()

    def test_counts_a_second_dose_of_the_session(self):
        """What was taken later that day is a movement of its own."""
        first, second = a_dose(), a_dose(taken_at=NOW + timedelta(minutes=40))
        once = count_doses(a_pathway(), a_session(doses=(first,))).document
        twice = count_doses(once, a_session(doses=(first, second))).document
        assert twice.units_left(PRESCRIPTION) == Decimal(2)

    def test_counts_what_nobody_reserved(self):
        """Medicine was taken; that the gate had not opened is a breach, not a gap in the ledger."""
        change = count_doses(a_pathway(), a_session())
        assert change.document.units_left(PRESCRIPTION) == Decimal(4)
        assert change.document.reservations == ()

    def test_leaves_the_reservation_of_another_session(self):
        """Their dose is still to come."""
        other = a_reservation(session_id=OTHER_SESSION)
        change = count_doses(a_pathway(reservations=(other,)), a_session())
        assert change.document.reservations == (other,)

    def test_counts_on_an_ended_prescription(self):
        """It was cancelled, and it was swallowed all the same."""
        ended = a_prescription(state="ended", ended_at=NOW, end_cause="cancelled")
        change = count_doses(a_pathway(prescriptions=(ended,)), a_session())
        assert change.document.units_left(PRESCRIPTION) == Decimal(4)

    @pytest.mark.parametrize(
        "prescription_id",
        [
            pytest.param(None, id="none"),
            pytest.param(PrescriptionId(OTHER_SESSION), id="unknown here"),
        ],
    )
    def test_a_dose_without_a_prescription_is_an_incident_once(self, prescription_id):
        """There is no ledger to count it in, and somebody must ask where it came from."""
        session = a_session(doses=(a_dose(prescription_id=prescription_id),))
        change = count_doses(a_pathway(), session)
        assert change.document.incidents == ("dose-without-prescription",)
        assert change.document.ledger == (a_movement(),)
        assert count_doses(change.document, session).told == ()

    def test_a_session_without_a_dose_changes_nothing(self):
        """Most facts of a session are about something else."""
        pathway = a_pathway(reservations=(a_reservation(),))
        assert count_doses(pathway, a_session(doses=())).document is pathway
