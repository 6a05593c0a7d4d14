import pytest

from notice_builders import BOOKED_AT, one, planned
from notifications.rules.confirming import client_word, confirmed_by_owners, visit_word

PLAN = planned(at=BOOKED_AT)
K06 = one(PLAN, "k06")


class TestVisitWord:
    """K-CONFIRMED: what sessions answers of a visit."""

    @pytest.mark.parametrize(
        ("row", "word"),
        [
            ({"current": True, "standing": "scheduled"}, "current"),
            ({"current": False, "standing": "scheduled"}, "changed"),
            ({"current": False, "standing": "attended"}, "changed"),
            ({"current": False, "standing": "cancelled"}, "no"),
            ({"current": False, "standing": "missed"}, "no"),
            ({"current": False, "standing": None}, "no"),
            ({"current": False}, "no"),
        ],
    )
    def test_reads_the_answer(self, row, word):
        """A visit that nobody knows is off as well."""
        assert visit_word(row) == word


class TestClientWord:
    """K-CONFIRMED: what intake answers of a client."""

    @pytest.mark.parametrize(
        ("row", "word"),
        [
            ({"current": True}, "current"),
            ({"current": False, "standing": "active", "channels": ["email"]}, "changed"),
            ({"current": False, "standing": "active", "channels": ["sms"]}, "no"),
            ({"current": False, "standing": "deceased", "channels": ["email"]}, "no"),
            ({"current": False, "standing": None, "channels": []}, "no"),
            ({"current": False}, "no"),
        ],
    )
    def test_reads_the_answer(self, row, word):
        """A client nobody knows is written to by nobody."""
        assert client_word(row) == word


class TestConfirmedByOwners:
    """K-CONFIRMED: facts tell, owners decide."""

    @pytest.mark.parametrize("visit", ["current", "changed", "no", None])
    @pytest.mark.parametrize("client", ["current", "changed", "no", None])
    def test_sends_a_reminder_only_where_both_confirm(self, visit, client):
        """An acknowledged cancel is never followed by a send."""
        why = confirmed_by_owners(K06, visit=visit, client=client)

        assert (why == ()) is ((visit, client) == ("current", "current"))

    @pytest.mark.parametrize("visit", ["current", "changed", None])
    @pytest.mark.parametrize("client", ["current", "changed", None])
    def test_sends_a_safety_check_without_an_answer(self, visit, client):
        """Who had medicine is checked on, whatever is down."""
        assert confirmed_by_owners(one(PLAN, "k10"), visit=visit, client=client) == ()

    def test_holds_a_safety_check_where_an_owner_says_no(self):
        """The client may have died; the presumed session may never have been."""
        check = one(PLAN, "k10")

        assert confirmed_by_owners(check, visit="current", client="no")
        assert confirmed_by_owners(check, visit="no", client="current")

    def test_checks_on_whoever_had_a_session_though_the_visit_is_off(self):
        """A booking that is cancelled afterwards undoes no medicine."""
        check = one(PLAN, "k10").but(presumed=False)

        assert confirmed_by_owners(check, visit="no", client="current") == ()
