from datetime import timedelta
from itertools import permutations
from uuid import uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.domain import Refused
from contracts.ids import NS_CAIRN, ClientId, VisitId, case_of, session_of
from integration.rules.records import last_session, new_case, receive_record, whole_record
from record_builders import (
    CLIENT,
    HEARD_AT,
    PATHWAY,
    a_closing,
    a_segment,
    a_session,
    an_entry,
    segments,
)

SIGNED = segments()
SESSION = a_session(a_closing(SIGNED))
SESSION_ID = SESSION.session_id
CASE = new_case(SESSION, at=HEARD_AT)
LATER = HEARD_AT + timedelta(hours=1)
OTHER_VISIT = VisitId(uuid5(NS_CAIRN, "another visit"))


def received(signed, *, session=SESSION, case=CASE, at=HEARD_AT):
    return receive_record(case, session, signed, at=at)


def altered(segment, **fields):
    return type(segment)(**{**dict(segment), **fields})


def problems(case, session_id=SESSION_ID):
    return [reason.facts["problem"] for reason in case.broken_record_of(session_id).reasons]


class TestNewCase:
    """A case is named by its pathway, whichever session comes first."""

    def test_is_the_same_for_every_session_of_a_pathway(self):
        """Two sessions must not open two cases."""
        other = a_session(None, visit_id=OTHER_VISIT)

        assert new_case(other, at=HEARD_AT).case_id == CASE.case_id == case_of(PATHWAY)


class TestReceiveRecord:
    """R14: a record is kept with how much of it is there, and opens the case once it is whole."""

    def test_opens_the_case_when_everything_is_there(self):
        """Integration can begin, and others may know."""
        change = received(SIGNED)

        record = change.document.record_of(SESSION_ID)
        assert record.verified_at == HEARD_AT
        assert [fact.wire_name for fact in change.told] == ["integration.case-opened.v1"]
        assert change.told[0].records == (record,)

    def test_waits_and_counts_while_a_segment_is_missing(self):
        """Who looks at the case must see that something is still to come."""
        change = received(SIGNED[:1])

        record = change.document.record_of(SESSION_ID)
        assert (record.segments_received, record.segments_expected) == (1, 2)
        assert record.verified_at is None
        assert change.document.records_waiting == 1
        assert change.told == ()

    def test_keeps_nothing_before_the_closing_is_heard(self):
        """Without the signature nobody knows how many segments there are."""
        change = received(SIGNED, session=a_session(None))

        assert change.document == CASE

    def test_opens_when_the_last_companion_comes_whichever_it_is(self):
        """Topics have no common order: the closing may come first, last or between."""
        for order in permutations((SESSION, *SIGNED)):
            case, told = CASE, []
            for count in range(1, 4):
                there = order[:count]
                session = SESSION if SESSION in there else a_session(None)
                change = received(
                    [one for one in there if one != SESSION], session=session, case=case
                )
                case, told = change.document, [*told, *change.told]
            assert case.record_of(SESSION_ID).verified_at is not None
            assert len(told) == 1

    def test_changes_nothing_when_asked_again(self):
        """Follow-ups come more than once; the moment it was verified is the first."""
        once = received(SIGNED).document
        again = received(SIGNED, case=once, at=LATER)

        assert again.document == once
        assert again.told == ()

    def test_opens_a_case_at_the_moment_the_first_record_is_whole(self):
        """Until then it only waited."""
        waiting = received(SIGNED[:1]).document

        assert received(SIGNED, case=waiting, at=LATER).document.opened_at == LATER

    def test_keeps_a_case_open_since_its_first_record(self):
        """A second session does not open it again."""
        once = received(SIGNED).document
        more = segments(OTHER_VISIT)
        second = a_session(a_closing(more), visit_id=OTHER_VISIT)

        change = received(more, session=second, case=once, at=LATER)

        assert change.document.opened_at == HEARD_AT
        assert [record.verified_at for record in change.document.records].count(None) == 0
        assert len(change.told) == 1

    def test_is_whole_without_segments_when_none_were_signed(self):
        """A count of nothing is a count."""
        change = received((), session=a_session(a_closing(())))

        assert change.document.record_of(SESSION_ID).verified_at == HEARD_AT

    @pytest.mark.parametrize(
        ("segment", "problem"),
        [
            pytest.param(
                altered(SIGNED[0], entries=(an_entry("onset", "something else"),)),
                "hash-differs",
                id="other words",
            ),
            pytest.param(altered(SIGNED[0], sha256="0" * 64), "hash-differs", id="other hash"),
            pytest.param(a_segment("onset", "signed again"), "hash-differs", id="signed again"),
            pytest.param(altered(SIGNED[0], phase="recovery"), "phase-differs", id="other phase"),
            pytest.param(
                altered(SIGNED[0], client_id=ClientId(uuid5(CLIENT, "other"))),
                "of-another-client",
                id="other client",
            ),
        ],
    )
    def test_keeps_a_segment_that_differs_as_broken(self, segment, problem):
        """What was altered on its way is shown, never shown as the record."""
        change = received((segment, SIGNED[1]))

        assert problems(change.document) == [problem]
        assert change.document.record_of(SESSION_ID).verified_at is None
        assert change.document.records_broken == 1
        assert change.told == ()

    def test_names_every_difference(self):
        """Whoever sees only the first problem may look for only the first cause."""
        entries = (*SIGNED[0].entries, an_entry("onset", "one more"))
        case = received((altered(SIGNED[0], entries=entries, phase="recovery"), SIGNED[1])).document

        assert problems(case) == ["phase-differs", "count-differs", "hash-differs"]

    def test_keeps_a_segment_that_nobody_listed_as_broken(self):
        """Something added after signing shows."""
        case = received((*SIGNED, a_segment("recovery"))).document

        assert problems(case) == ["segment-not-listed"]

    def test_keeps_a_list_under_another_root_as_broken(self):
        """The list itself is signed: leaving a segment out of it shows."""
        closing = a_closing(SIGNED)
        shorter = type(closing)(**{**dict(closing), "segments": closing.segments[:1]})
        case = received(SIGNED[:1], session=a_session(shorter)).document

        assert problems(case) == ["root-hash-differs"]

    def test_takes_a_verified_record_back_when_it_no_longer_agrees(self):
        """Broken later is broken all the same, and those who heard of it hear again."""
        once = received(SIGNED).document
        change = received((altered(SIGNED[0], sha256="0" * 64), SIGNED[1]), case=once, at=LATER)

        assert change.document.record_of(SESSION_ID).verified_at is None
        assert len(change.told) == 1

    def test_heals_a_broken_record_when_the_right_segment_comes(self):
        """A newer state of the segment may be what was signed."""
        broken = received((altered(SIGNED[0], sha256="0" * 64), SIGNED[1])).document
        change = received(SIGNED, case=broken, at=LATER)

        assert change.document.broken == ()
        assert change.document.record_of(SESSION_ID).verified_at == LATER

    def test_remembers_when_it_was_found_broken(self):
        """Asking again must not make it look new."""
        wrong = (altered(SIGNED[0], sha256="0" * 64), SIGNED[1])
        broken = received(wrong).document

        assert received(wrong, case=broken, at=LATER).document == broken

    @given(st.lists(st.sampled_from([0, 1, 2]), max_size=8))
    def test_depends_only_on_what_is_there(self, arrivals):
        """Any order, with any repeats, ends where the same companions at once would end."""
        case, there = CASE, set()
        for arrival in [*arrivals, *arrivals]:
            there.add(arrival)
            signed = [SIGNED[one - 1] for one in sorted(there - {0})]
            session = SESSION if 0 in there else a_session(None)
            case = received(signed, session=session, case=case).document
        at_once = received([SIGNED[one - 1] for one in sorted(there - {0})]).document

        assert case == (at_once if 0 in there else CASE)


class TestWholeRecord:
    """R14: who reads a record reads all of it, as it was signed."""

    def test_gives_the_segments_in_the_order_of_the_phases(self):
        """A reader follows the session, not the order of arrival."""
        case = received(SIGNED).document

        assert whole_record(case, SESSION, SIGNED[::-1]) == SIGNED

    @pytest.mark.parametrize(
        ("session", "signed"),
        [
            pytest.param(None, SIGNED, id="session unknown"),
            pytest.param(a_session(None), SIGNED, id="not closed"),
            pytest.param(SESSION, SIGNED[:1], id="segment missing"),
            pytest.param(SESSION, (), id="no segment"),
        ],
    )
    def test_refuses_while_something_is_missing(self, session, signed):
        """Half a record looks like a whole one to whoever does not know better."""
        case = received(signed, session=session or SESSION).document
        with pytest.raises(Refused) as refused:
            whole_record(case, session, signed)

        assert [reason.code for reason in refused.value.reasons] == ["RECORD_INCOMPLETE"]

    def test_refuses_what_is_there_but_was_not_verified(self):
        """Reading must not run ahead of checking."""
        waiting = received(SIGNED[:1]).document
        with pytest.raises(Refused) as refused:
            whole_record(waiting, SESSION, SIGNED)

        assert refused.value.reasons[0].facts == {"segments_expected": 2, "segments_received": 1}

    def test_refuses_a_broken_record_with_every_difference(self):
        """It is checked again as it is read, whatever was found before."""
        case = received(SIGNED).document
        wrong = tuple(altered(one, sha256="0" * 64) for one in SIGNED)
        with pytest.raises(Refused) as refused:
            whole_record(case, SESSION, wrong)

        assert [reason.code for reason in refused.value.reasons] == ["RECORD_BROKEN"] * 2
        assert {reason.facts["segment_id"] for reason in refused.value.reasons} == {
            str(one.segment_id) for one in SIGNED
        }

    def test_says_nothing_about_the_session_of_another_case(self):
        """Not even that its record is broken."""
        other = a_session(a_closing(segments(OTHER_VISIT)), visit_id=OTHER_VISIT)
        with pytest.raises(Refused) as refused:
            whole_record(received(SIGNED).document, other, SIGNED)

        assert [reason.code for reason in refused.value.reasons] == ["RECORD_INCOMPLETE"]


class TestLastSession:
    """Who asks for a case's record without naming a session means the last."""

    def test_is_the_one_that_closed_last(self):
        """Integration begins with what is freshest."""
        more = segments(OTHER_VISIT)
        closing = a_closing(more)
        later = type(closing)(**{**dict(closing), "closed_at": LATER})
        case = received(more, session=a_session(later, visit_id=OTHER_VISIT)).document

        assert last_session(received(SIGNED, case=case).document) == session_of(OTHER_VISIT)

    def test_is_none_before_anything_closed(self):
        """There is nothing to read yet, and that is what is said."""
        with pytest.raises(Refused) as refused:
            last_session(CASE)

        assert [reason.code for reason in refused.value.reasons] == ["RECORD_INCOMPLETE"]
