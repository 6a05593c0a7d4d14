import pytest

from chassis.domain import Refused
from sessions.rules.entries import in_record, refuse_other, write_entry
from sessions_builders import a_dosed_session, a_session, an_entry, codes, entry_asked
from sessions_surroundings import CLIENT, NOON, OTHER_THERAPIST, POLICY, THERAPIST, minutes, named

SEEN = NOON + minutes(30)


def write(at=SEEN, **but):
    return write_entry(entry_asked(**but), a_dosed_session(), policy=POLICY, by=THERAPIST, at=at)


class TestWriteEntry:
    def test_keeps_who_wrote_it_and_when_it_came(self):
        """Author and time of arrival are not the device's to say."""
        entry = write(at=SEEN + minutes(1)).document

        assert (entry.author_id, entry.received_at) == (THERAPIST, SEEN + minutes(1))
        assert entry.client_id == CLIENT

    @pytest.mark.parametrize(("ahead", "refuses"), [(2, False), (2.01, True)])
    def test_refuses_what_was_seen_in_the_future(self, ahead, refuses):
        """A tablet with a wrong clock would write into tomorrow."""
        asked = {"observed_at": SEEN + minutes(ahead)}
        if not refuses:
            assert write(**asked)
            return
        with pytest.raises(Refused) as refused:
            write(**asked)
        assert codes(refused) == ["STATED_AHEAD"]

    @pytest.mark.parametrize(
        ("later", "reason", "refuses"),
        [(10, None, False), (10.01, None, True), (10.01, "The network was away", False)],
    )
    def test_asks_why_an_entry_is_late(self, later, reason, refuses):
        """What is written from memory reads differently, and the reader must know."""
        if not refuses:
            assert write(at=SEEN + minutes(later), late_reason=reason)
            return
        with pytest.raises(Refused) as refused:
            write(at=SEEN + minutes(later), late_reason=reason)
        assert codes(refused) == ["LATE_REASON_MISSING"]

    def test_takes_any_phase_at_any_time(self):
        """What was seen is not refused because a button was not pressed yet."""
        assert write(phase="recovery").document.phase == "recovery"


class TestRefuseOther:
    def test_lets_the_same_entry_come_again_however_late(self):
        """A tablet that never heard the answer sends it again hours later."""
        refuse_other(an_entry(), entry_asked(entry_id=named("entry")), a_session(), by=THERAPIST)

    @pytest.mark.parametrize(
        ("asked", "session", "by"),
        [
            pytest.param(entry_asked(text="Other"), a_session(), THERAPIST, id="other words"),
            pytest.param(
                entry_asked(),
                a_session(session_id=named("other session")),
                THERAPIST,
                id="another session",
            ),
            pytest.param(entry_asked(), a_session(), OTHER_THERAPIST, id="another author"),
        ],
    )
    def test_refuses_anything_else_under_its_id(self, asked, session, by):
        """An entry is never overwritten; a correction is an addendum."""
        with pytest.raises(Refused) as refused:
            refuse_other(an_entry(), asked, session, by=by)

        assert codes(refused) == ["ENTRY_ID_TAKEN"]


class TestInRecord:
    @pytest.mark.parametrize(
        ("fence", "inside"),
        [
            pytest.param(None, True, id="no fence"),
            pytest.param(SEEN, True, id="at the fence"),
            pytest.param(SEEN - minutes(0.01), False, id="behind the fence"),
        ],
    )
    def test_ends_at_the_fence(self, fence, inside):
        """What comes later is an addendum."""
        assert in_record(an_entry(), fence=fence) is inside
