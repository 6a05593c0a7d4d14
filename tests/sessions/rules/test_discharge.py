import pytest

from chassis.domain import Refused, Work
from contracts.sessions import ClientDischarged
from sessions.rules.discharge import ATTEND_VISIT, discharge_client
from sessions_builders import (
    a_discharged_session,
    a_dose,
    a_dosed_session,
    a_session,
    codes,
    discharge_asked,
    presence,
)
from sessions_surroundings import CLIENT, NOON, POLICY, THERAPIST, VISIT, minutes

LATER = NOON + minutes(180)


def discharge(session=None, at=LATER, **but):
    return discharge_client(
        session or a_dosed_session(), discharge_asked(**but), policy=POLICY, by=THERAPIST, at=at
    )


class TestDischargeClient:
    def test_tells_it_and_lets_the_visit_be_over(self):
        """Notices and integration wait for this moment."""
        change = discharge()

        assert isinstance(change.told[0], ClientDischarged)
        assert change.work == (Work(ATTEND_VISIT, VISIT, CLIENT),)

    def test_refuses_a_second_time(self):
        """A client is let go once."""
        with pytest.raises(Refused) as refused:
            discharge(a_discharged_session(presence=(presence(),)))

        assert codes(refused) == ["SESSION_OVER"]

    @pytest.mark.parametrize(
        ("route", "after", "refuses"),
        [
            pytest.param("sublingual", 120, False, id="on the limit of the route"),
            pytest.param("sublingual", 119.99, True, id="a second short of it"),
            pytest.param("unheard-of", 149.99, True, id="unknown route, before the longest wait"),
            pytest.param("unheard-of", 150, False, id="unknown route, after the longest wait"),
        ],
    )
    def test_asks_for_the_minutes_of_the_route(self, route, after, refuses):
        """An unknown route waits longest: unknown is not harmless."""
        session = a_dosed_session(doses=(a_dose(route=route),))
        asked = {"at": NOON + minutes(after), "effects_resolved_at": NOON + minutes(60)}
        if not refuses:
            assert discharge(session, **asked)
            return
        with pytest.raises(Refused) as refused:
            discharge(session, **asked)
        assert codes(refused) == ["DISCHARGE_TOO_EARLY"]

    def test_counts_from_every_dose(self):
        """A second dose begins the wait anew."""
        later = a_dose(taken_at=NOON + minutes(100))

        with pytest.raises(Refused) as refused:
            discharge(a_dosed_session(doses=(a_dose(), later)))

        assert codes(refused) == ["DISCHARGE_TOO_EARLY"]

    @pytest.mark.parametrize(
        "resolved", [pytest.param(-1, id="before the dose"), pytest.param(183, id="in the future")]
    )
    def test_refuses_an_end_of_effects_that_cannot_be(self, resolved):
        """A slip here would shorten the stay."""
        with pytest.raises(Refused) as refused:
            discharge(effects_resolved_at=NOON + minutes(resolved))

        assert "EFFECTS_RESOLVED_IMPLAUSIBLE" in codes(refused)

    def test_takes_effects_that_never_began(self):
        """Some feel nothing, and a limit belongs to what is allowed."""
        assert discharge(effects_resolved_at=NOON)

    def test_believes_a_clock_that_is_two_minutes_ahead(self):
        """Tablets and servers never quite agree; only the stay is still too short."""
        with pytest.raises(Refused) as refused:
            discharge(effects_resolved_at=NOON + minutes(182))

        assert codes(refused) == ["PRESENCE_AFTER_MISSING"]

    @pytest.mark.parametrize(("resolved", "refuses"), [(150, False), (150.01, True)])
    def test_keeps_the_therapist_for_half_an_hour_after_the_effects(self, resolved, refuses):
        """R11: the wave may come back."""
        if not refuses:
            assert discharge(effects_resolved_at=NOON + minutes(resolved))
            return
        with pytest.raises(Refused) as refused:
            discharge(effects_resolved_at=NOON + minutes(resolved))
        assert codes(refused) == ["PRESENCE_AFTER_MISSING"]

    def test_refuses_while_nobody_is_present(self):
        """R11: somebody says goodbye."""
        gone = a_dosed_session(presence=(presence(closed_at=NOON + minutes(179)),))

        with pytest.raises(Refused) as refused:
            discharge(gone)

        assert codes(refused) == ["PRESENCE_AFTER_MISSING"]

    def test_names_every_item_that_was_not_found_to_hold(self):
        """Each has its own remedy."""
        with pytest.raises(Refused) as refused:
            discharge(checklist=())

        assert [reason.facts["item"] for reason in refused.value.reasons] == list(
            POLICY.discharge_checklist
        )

    def test_refuses_an_item_the_ruleset_does_not_have(self):
        """A misspelt item would look like one more thing that was checked."""
        with pytest.raises(Refused) as refused:
            discharge(checklist=(*POLICY.discharge_checklist, "steady_gait"))

        assert codes(refused) == ["DISCHARGE_CHECK_UNKNOWN"]

    def test_records_a_gap_in_the_presence_as_a_breach(self):
        """R10: the client may go home all the same, and the record says what was missing."""
        session = a_dosed_session(
            presence=(
                presence(closed_at=NOON + minutes(60)),
                presence(opened_at=NOON + minutes(61)),
            )
        )

        assert discharge(session).document.discharge.breaches == ("PRESENCE_GAP",)

    def test_records_no_breach_where_somebody_was_there_throughout(self):
        """R10 holds in the ordinary world."""
        assert discharge().document.discharge.breaches == ()

    def test_lets_a_client_go_who_took_nothing(self):
        """Changing one's mind is allowed until the last moment."""
        change = discharge(a_session(), at=NOON, effects_resolved_at=NOON)

        assert change.document.phase == "discharged"
