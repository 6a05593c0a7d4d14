from datetime import timedelta

import pytest

from chassis.domain import Refused
from contracts.intake import ChannelConsent, ClientRegistered, ContactChanged, StandingChanged
from intake.model import Contact
from intake.rules.clients import (
    change_contact,
    change_standing,
    inactive_reasons,
    register_client,
)
from intake_builders import NOW, a_client, a_site

LATER = NOW + timedelta(days=1)


def contact(**but):
    """The contact of the ordinary client, but for what is given."""
    ordinary = {
        name: getattr(a_client(), name) for name in Contact.model_fields if name != "channels"
    }
    return Contact(**{**ordinary, "channels": ("email",), **but})


class TestRegisterClient:
    def test_tells(self):
        """The others can plan for nobody they have not heard of."""
        change = register_client(a_client(), site=a_site())
        assert [type(fact) for fact in change.told] == [ClientRegistered]

    def test_refuses_with_every_reason(self):
        """A consent to text messages without a number would never reach anybody."""
        channels = (
            ChannelConsent(channel="sms", granted_at=NOW),
            ChannelConsent(channel="email", granted_at=NOW),
        )
        with pytest.raises(Refused) as refused:
            register_client(a_client(email=None, channels=channels), site=None)
        assert [reason.code for reason in refused.value.reasons] == [
            "CHANNEL_WITHOUT_ADDRESS",
            "CHANNEL_WITHOUT_ADDRESS",
            "SITE_UNKNOWN",
        ]


class TestChangeContact:
    def test_replaces_all_of_it_and_tells(self):
        """What is left out is not known any more."""
        change = change_contact(
            a_client(preferred_name="P"), contact(zone="America/New_York"), at=LATER
        )
        assert change.document.zone == "America/New_York"
        assert change.document.preferred_name is None
        assert [type(fact) for fact in change.told] == [ContactChanged]

    def test_a_channel_keeps_the_moment_it_was_granted(self):
        """When somebody agreed may be asked years later."""
        change = change_contact(
            a_client(), contact(phone="+16155550100", channels=("sms", "email")), at=LATER
        )
        granted = {each.channel: each.granted_at for each in change.document.channels}
        assert granted == {"sms": LATER, "email": NOW}

    def test_a_channel_may_be_taken_back(self):
        """Nothing is sent there from now on."""
        assert change_contact(a_client(), contact(channels=()), at=LATER).document.channels == ()

    def test_refuses_a_channel_that_reaches_nobody(self):
        """The consent would stand, and every message be lost."""
        with pytest.raises(Refused, match="CHANNEL_WITHOUT_ADDRESS"):
            change_contact(a_client(), contact(email=None), at=LATER)

    def test_tells_nothing_when_nothing_changed(self):
        """Facts without news wear out attention."""
        assert change_contact(a_client(), contact(), at=LATER).told == ()


class TestChangeStanding:
    @pytest.mark.parametrize("standing", ["in_hospital", "left", "deceased"])
    def test_tells_at_once(self, standing):
        """Every plan must stop, with a long backlog as well."""
        change = change_standing(a_client(), standing)
        assert change.document.standing == standing
        assert [type(fact) for fact in change.told] == [StandingChanged]
        assert change.happened

    def test_lets_a_client_come_back(self):
        """From hospital, or from a slip of the keyboard."""
        back = change_standing(a_client(standing="deceased"), "active").document
        assert inactive_reasons(back) == []

    def test_tells_nothing_when_nothing_changed(self):
        """Facts without news wear out attention."""
        assert change_standing(a_client(), "active").told == ()


class TestInactive:
    def test_says_so_of_nobody(self):
        """A client who is not known is not in care."""
        assert [reason.code for reason in inactive_reasons(None)] == ["CLIENT_NOT_ACTIVE"]
