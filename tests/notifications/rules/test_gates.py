from datetime import timedelta

import pytest

from contracts.intake import ChannelConsent
from notice_builders import BOOKED_AT, PACK, STARTS_AT, a_client, a_session, a_visit
from notifications.rules.gates import Sitting, is_impaired, reasons_to_hold

ITEM = next(item for item in PACK.items if item.item == "k06-day-before")
BY_SMS = ITEM.model_copy(update={"channel": "sms"})
SMS = (ChannelConsent(channel="sms", granted_at=BOOKED_AT),)
ENDS_AT = STARTS_AT + timedelta(hours=2)
PRESUMED_AT = ENDS_AT + timedelta(hours=2)


def reasons(*, item=ITEM, visit=None, **client):
    return reasons_to_hold(item, visit or a_visit(), a_client(**client), PACK)


def impaired_at(at, *, visit=None, session=None):
    return is_impaired([Sitting(visit or a_visit(), session)], PACK, at=at)


class TestReasonsToHold:
    """K-STANDING, K-CHANNEL, K-ZONE, K-LANGUAGE: what about a client holds a notice."""

    def test_finds_nothing_for_an_ordinary_client(self):
        """Most notices go out."""
        assert reasons() == ()

    @pytest.mark.parametrize("standing", ["in_hospital", "left", "deceased"])
    def test_holds_for_any_standing_but_active(self, standing):
        """A reminder to somebody who died hurts those who read it."""
        assert reasons(standing=standing) == ("CLIENT_NOT_ACTIVE",)

    def test_holds_without_consent_to_the_channel(self):
        """Consent to text messages is no consent to e-mail."""
        assert reasons(channels=SMS) == ("CHANNEL_NOT_CONSENTED",)

    def test_holds_where_there_is_no_gateway(self):
        """A channel that is not offered must show, not vanish."""
        assert reasons(item=BY_SMS, channels=SMS) == ("CHANNEL_NOT_OFFERED",)

    def test_holds_without_an_address(self):
        """Unknown is not somewhere."""
        assert reasons(email=None) == ("ADDRESS_MISSING",)

    @pytest.mark.parametrize(
        ("client", "visit"),
        [("Mars/Olympus", "America/Chicago"), ("America/Chicago", "Mars/Olympus")],
        ids=["the client's", "the visit's"],
    )
    def test_holds_for_an_unknown_zone(self, client, visit):
        """Without a clock nobody knows whether it is night."""
        assert reasons(zone=client, visit=a_visit(zone=visit)) == ("ZONE_UNKNOWN",)

    def test_holds_for_a_language_without_words(self):
        """Words a person cannot read are no notice."""
        assert reasons(language="other") == ("LANGUAGE_NOT_OFFERED",)

    def test_names_every_reason(self):
        """Whoever mends only the first must not wonder why nothing is sent."""
        every = reasons(standing="left", channels=(), email=None, language="other")

        assert every == (
            "CLIENT_NOT_ACTIVE",
            "CHANNEL_NOT_CONSENTED",
            "ADDRESS_MISSING",
            "LANGUAGE_NOT_OFFERED",
        )


class TestIsImpaired:
    """K-IMPAIRMENT: who may be under the effect of a medicine reads nothing but safety."""

    @pytest.mark.parametrize(
        ("at", "expected"),
        [
            pytest.param(STARTS_AT - timedelta(minutes=30, seconds=1), False, id="just before"),
            pytest.param(STARTS_AT - timedelta(minutes=30), True, id="from half an hour before"),
            pytest.param(ENDS_AT, True, id="at the scheduled end"),
            pytest.param(PRESUMED_AT - timedelta(seconds=1), True, id="before it is presumed"),
            pytest.param(PRESUMED_AT, False, id="when it is presumed"),
        ],
    )
    def test_lasts_until_discharge_is_presumed_where_nothing_was_heard(self, at, expected):
        """No word from the session is not a sign that nobody took anything."""
        assert impaired_at(at) is expected

    @pytest.mark.parametrize("standing", ["cancelled", "missed"])
    def test_is_over_for_a_visit_that_did_not_take_place(self, standing):
        """A cancelled session impairs nobody."""
        assert not impaired_at(STARTS_AT, visit=a_visit(standing=standing))

    def test_lasts_until_discharge_is_heard_once_medicine_was_taken(self):
        """A long session is a reason for more care, not for less."""
        session = a_session(taken_at=STARTS_AT)

        assert impaired_at(PRESUMED_AT + timedelta(hours=5), session=session)

    def test_is_over_where_a_session_had_no_dose_and_its_time_has_passed(self):
        """A session that was broken off before the medicine must not silence a client for ever."""
        assert impaired_at(PRESUMED_AT - timedelta(seconds=1), session=a_session())
        assert not impaired_at(PRESUMED_AT, session=a_session())

    def test_is_over_from_discharge_on(self):
        """Discharge is the moment somebody looked."""
        discharged_at = STARTS_AT + timedelta(hours=1)
        session = a_session(taken_at=STARTS_AT, discharged_at=discharged_at)

        assert impaired_at(discharged_at - timedelta(seconds=1), session=session)
        assert not impaired_at(discharged_at, session=session)

    def test_begins_with_a_sitting_that_began_early(self):
        """The session counts, not the calendar."""
        opened_at = STARTS_AT - timedelta(hours=1)

        assert impaired_at(opened_at, session=a_session(opened_at=opened_at))
        assert not impaired_at(
            opened_at - timedelta(seconds=1), session=a_session(opened_at=opened_at)
        )

    def test_begins_by_the_calendar_where_no_sitting_was_opened(self):
        """A session may be heard of before its sitting opens."""
        assert impaired_at(STARTS_AT, session=a_session(opened_at=None))

    def test_looks_at_every_session_of_the_client(self):
        """Another visit's reminder must not come in the middle of this session."""
        over = Sitting(a_visit(standing="cancelled"), None)

        assert is_impaired([over, Sitting(a_visit(), None)], PACK, at=STARTS_AT)

    @pytest.mark.parametrize("kind", ["preparation", "integration"])
    def test_concerns_medicine_visits_alone(self, kind):
        """Talking impairs nobody."""
        assert not impaired_at(STARTS_AT, visit=a_visit(kind=kind))
