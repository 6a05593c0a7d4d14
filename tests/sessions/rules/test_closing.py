import pytest

from chassis.domain import Refused
from contracts.ids import segment_of
from contracts.record import root_sha256, segment_sha256
from contracts.sessions import SegmentSigned, SessionClosed
from sessions.rules import closing
from sessions.rules.closing import (
    Signature,
    addenda,
    begin_closing,
    close_session,
    record_behind,
    sign_segments,
)
from sessions_builders import (
    a_discharge,
    a_discharged_session,
    a_dose,
    a_release,
    an_entry,
    codes,
    presence,
)
from sessions_surroundings import NOON, POLICY, STRANGER, THERAPIST, minutes

SESSION = a_discharged_session()
BEFORE = an_entry("before", phase="safety_check", observed_at=NOON - minutes(10))
WATCHED = tuple(
    an_entry(f"watched {after}", observed_at=NOON + minutes(after)) for after in range(15, 180, 15)
)
ENTRIES = (*WATCHED, BEFORE)
SIGNED = Signature(by=THERAPIST, at=NOON + minutes(200), adverse_events="none")


def segments_of(session=SESSION, entries=ENTRIES, signed=(), signature=SIGNED):
    record = record_behind(session, entries)
    return sign_segments(session, record, signed, signature=signature, policy=POLICY)


def closed(session=SESSION, entries=ENTRIES, signature=SIGNED):
    segments = [change.document for change in segments_of(session, entries)]
    record = record_behind(session, entries)
    return close_session(session, record, segments, signature=signature, policy=POLICY)


def missing(refused):
    return [reason.facts.get("phase", reason.facts["missing"]) for reason in refused.value.reasons]


class TestBeginClosing:
    def test_sets_the_fence(self):
        """What comes later is an addendum."""
        assert begin_closing(SESSION, at=NOON).document.closing_at == NOON

    def test_may_set_it_again_to_take_in_what_was_missing(self):
        """R13 names what is missing only behind the fence; it must be possible to add it."""
        later = NOON + minutes(300)

        assert begin_closing(SESSION, at=later).document.closing_at == later

    def test_refuses_once_the_record_is_signed(self):
        """A signature is the end of it."""
        with pytest.raises(Refused) as refused:
            begin_closing(closed().document, at=NOON)

        assert codes(refused) == ["SESSION_CLOSED"]


class TestRecordBehind:
    def test_leaves_out_what_came_after_the_fence(self):
        """Otherwise two people would sign two different records."""
        late = an_entry("late", received_at=NOON + minutes(190.01))

        assert late not in record_behind(SESSION, (*ENTRIES, late)).entries

    def test_puts_entries_in_the_order_of_what_was_seen(self):
        """Devices send in the order of their connections."""
        record = record_behind(SESSION, ENTRIES)

        assert record.entries == [BEFORE, *WATCHED]


class TestAddenda:
    def test_are_what_came_behind_the_fence_while_nothing_is_signed(self):
        """A fence can still be set again."""
        late = an_entry("late", received_at=NOON + minutes(191))

        assert addenda(SESSION, (*ENTRIES, late), ()) == {late.entry_id}

    def test_are_whatever_no_segment_holds_once_the_record_is_signed(self):
        """An entry that was on its way while the record was read is not part of it."""
        on_its_way = an_entry("on its way")
        segments = [change.document for change in segments_of()]

        assert addenda(closed().document, (*ENTRIES, on_its_way), segments) == {on_its_way.entry_id}


class TestSignSegments:
    def test_makes_one_segment_a_phase_with_its_hash(self):
        """A phase is what a client may release to somebody."""
        first, second = (change.document for change in segments_of())

        assert (first.phase, second.phase) == ("safety_check", "peak")
        assert second.sha256 == segment_sha256(second.entries)
        assert len(second.entries) == len(WATCHED)

    def test_tells_every_segment(self):
        """The words travel as segments, before the session is closed."""
        told = [fact for change in segments_of() for fact in change.told]

        assert [type(fact) for fact in told] == [SegmentSigned, SegmentSigned]

    def test_names_segments_so_that_a_retry_makes_the_same_ones(self):
        """Closing may die between two segments."""
        ids = [change.document.segment_id for change in segments_of()]

        assert ids == [
            segment_of(SESSION.session_id, "safety_check"),
            segment_of(SESSION.session_id, "peak"),
        ]

    def test_signs_nothing_twice(self):
        """What was told stands; only what is missing is added."""
        first, second = (change.document for change in segments_of())

        assert [change.document for change in segments_of(signed=(first,))] == [second]
        assert segments_of(signed=(first, second)) == []

    def test_adds_a_part_for_what_came_between_a_crash_and_the_next_try(self):
        """The fence may have been set again; nothing signed is rewritten, and nothing is lost."""
        first, second = (change.document for change in segments_of())
        more = an_entry("more", observed_at=NOON + minutes(31))

        (part,) = segments_of(entries=(*ENTRIES, more), signed=(first, second))

        assert part.document.segment_id == segment_of(SESSION.session_id, "peak:2")
        assert [entry.entry_id for entry in part.document.entries] == [more.entry_id]

    def test_cuts_a_long_phase_into_parts_that_the_bus_can_carry(self, monkeypatch):
        """A long night must not make a record that nobody can send."""
        monkeypatch.setattr(closing, "SEGMENT_CHARACTERS", 1000)

        parts = [change.document for change in segments_of()]

        assert len(parts) > 3
        assert sum(len(part.entries) for part in parts) == len(ENTRIES)

    def test_keeps_the_day_of_the_session_at_its_site(self):
        """In Chicago it is the day before what UTC writes after six in the evening."""
        evening = a_discharged_session(
            presence=(presence(opened_at=NOON + minutes(660), closed_at=NOON + minutes(700)),)
        )

        assert segments_of(evening)[0].document.held_on.day == 1


class TestCloseSession:
    def test_tells_the_segments_and_the_hash_over_all_of_them(self):
        """Whoever receives the record can tell that it is whole."""
        (told,) = closed().told

        assert isinstance(told, SessionClosed)
        assert [seal.phase for seal in told.closing.segments] == ["safety_check", "peak"]
        assert told.closing.root_sha256 == root_sha256(told.closing.segments)

    def test_refuses_without_the_fence(self):
        """Without it the record would move while it is signed."""
        with pytest.raises(Refused) as refused:
            closed(a_discharged_session(closing_at=None))

        assert codes(refused) == ["CLOSING_NOT_BEGUN"]

    def test_refuses_when_the_fence_moved_meanwhile(self):
        """The segments were cut behind another fence."""
        record = record_behind(SESSION, ENTRIES)
        moved = a_discharged_session(closing_at=NOON + minutes(191))

        with pytest.raises(Refused) as refused:
            close_session(moved, record, (), signature=SIGNED, policy=POLICY)

        assert codes(refused) == ["CLOSING_MOVED"]

    def test_refuses_a_second_signature(self):
        """The record is signed once; a closed session has nothing left to cut."""
        with pytest.raises(Refused) as refused:
            closed(closed().document)

        assert codes(refused) == ["SESSION_CLOSED"]

    @pytest.mark.parametrize(
        ("but", "what"),
        [
            ({"sitting_opened_at": None}, "start"),
            ({"presence": (presence(),)}, "end"),
            ({"discharge": None}, "discharge_checklist"),
        ],
    )
    def test_names_what_the_session_lacks(self, but, what):
        """R13: a record without its times and its checklist is no record."""
        with pytest.raises(Refused) as refused:
            closed(a_discharged_session(**but))

        assert missing(refused) == [what]

    def test_names_a_released_dose_that_nobody_recorded(self):
        """R13: medicine that was released and then forgotten is diversion or a lost record."""
        session = a_discharged_session(doses=(), release=a_release())

        with pytest.raises(Refused) as refused:
            closed(session, entries=(BEFORE,))

        assert missing(refused) == ["dose_record"]

    def test_names_a_missing_statement_on_adverse_events(self):
        """R13: even none is a statement."""
        unstated = Signature(by=THERAPIST, at=SIGNED.at, adverse_events=None)

        with pytest.raises(Refused) as refused:
            closed(signature=unstated)

        assert missing(refused) == ["adverse_event_statement"]

    def test_names_the_signature_of_somebody_who_was_not_there(self):
        """R13: only who was present can sign what was seen."""
        with pytest.raises(Refused) as refused:
            closed(signature=Signature(by=STRANGER, at=SIGNED.at, adverse_events="none"))

        assert missing(refused) == ["therapist_signature"]

    def test_names_every_phase_without_an_observation(self):
        """R13: at least one a phase."""
        with pytest.raises(Refused) as refused:
            closed(entries=())

        assert missing(refused) == ["safety_check", "peak"]

    def test_asks_for_no_peak_where_nothing_was_taken(self):
        """A client who changed their mind has no peak to write about."""
        session = a_discharged_session(doses=(), release=None)

        assert closed(session, entries=(BEFORE,)).told

    def test_gathers_every_breach_once(self):
        """Whoever reads the closed record sees at once what did not hold."""
        session = a_discharged_session(
            doses=(
                a_dose(breaches=("DOSE_TOTAL_UNKNOWN",)),
                a_dose(breaches=("DOSE_TOTAL_UNKNOWN",)),
            ),
            presence=(presence(closed_at=NOON + minutes(60)),),
            discharge=a_discharge(breaches=("PRESENCE_GAP",)),
        )

        assert closed(session).document.closing.breaches == ("DOSE_TOTAL_UNKNOWN", "PRESENCE_GAP")

    def test_has_no_breach_in_the_ordinary_world(self):
        """Every quarter of an hour somebody wrote, and somebody was there."""
        assert closed().document.closing.breaches == ()

    def test_names_a_gap_between_entries_without_blocking(self):
        """R13: whoever is blocked by a gap invents an entry."""
        one_less = (*WATCHED[:3], *WATCHED[4:], BEFORE)

        assert closed(entries=one_less).document.closing.breaches == ("ENTRY_GAP",)
