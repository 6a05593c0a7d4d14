import pytest

from chassis.domain import Refused
from contracts.intake import CareTeamChanged, CareTeamMember, PathwayClosed, PathwayOpened
from intake.rules.pathways import already_open, change_care_team, close_pathway, open_pathway
from intake_builders import CLIENT, KNOXVILLE, NOW, PRESCRIBER, THERAPIST, a_client, a_pathway

LEAD = CareTeamMember(staff_id=THERAPIST, role="lead_therapist")
DOCTOR = CareTeamMember(staff_id=PRESCRIBER, role="prescriber")
KNOWN = {THERAPIST}


def refusal(rule, *args, **kwargs):
    """Ask for what will be refused, and give the codes."""
    with pytest.raises(Refused) as refused:
        rule(*args, **kwargs)
    return [reason.code for reason in refused.value.reasons]


class TestOpenPathway:
    def test_tells(self):
        """The other services hear of a client's way from its first day."""
        change = open_pathway(a_pathway(care_team=(LEAD,)), client=a_client(), known_staff=KNOWN)
        assert [type(fact) for fact in change.told] == [PathwayOpened]

    @pytest.mark.parametrize(
        "client",
        [
            pytest.param(None, id="unknown"),
            pytest.param(a_client(site_id=KNOXVILLE), id="of another site"),
        ],
    )
    def test_says_the_same_of_a_stranger_and_of_another_site_s_client(self, client):
        """Whoever asks must not learn that somebody is in care elsewhere."""
        assert refusal(open_pathway, a_pathway(), client=client, known_staff=KNOWN) == [
            "CLIENT_NOT_AT_SITE"
        ]

    def test_names_every_reason_at_once(self):
        """A client in hospital and a stranger on the team are two things to settle."""
        codes = refusal(
            open_pathway,
            a_pathway(care_team=(LEAD, DOCTOR)),
            client=a_client(standing="in_hospital"),
            known_staff=KNOWN,
        )
        assert codes == ["MEMBER_UNKNOWN", "CLIENT_NOT_ACTIVE"]


class TestOneOpenKap:
    def test_is_held_for_the_client(self):
        """The unique index stands on this field."""
        assert a_pathway().open_kap_of == str(CLIENT)

    @pytest.mark.parametrize(
        "but",
        [
            pytest.param({"closed_at": NOW}, id="ended"),
            pytest.param({"kind": "integration_only"}, id="of another kind"),
        ],
    )
    def test_is_left_free(self, but):
        """Whoever ended one may begin another."""
        assert "open_kap_of" not in a_pathway(**but).clear()

    def test_is_refused_with_a_code(self):
        """The index knows only its own name."""
        assert [reason.code for reason in already_open().reasons] == ["KAP_ALREADY_OPEN"]


class TestChangeCareTeam:
    def test_replaces_the_team_and_tells(self):
        """Who left must not read on."""
        change = change_care_team(a_pathway(care_team=(DOCTOR,)), (LEAD,), known_staff=KNOWN)
        assert change.document.care_team == (LEAD,)
        assert [type(fact) for fact in change.told] == [CareTeamChanged]

    def test_tells_nothing_when_nothing_changed(self):
        """Facts without news wear out attention."""
        assert change_care_team(a_pathway(care_team=(LEAD,)), (LEAD,), known_staff=KNOWN).told == ()

    def test_refuses_with_every_reason(self):
        """The pathway has ended, and the person is not known either."""
        codes = refusal(change_care_team, a_pathway(closed_at=NOW), (DOCTOR,), known_staff=KNOWN)
        assert codes == ["PATHWAY_CLOSED", "MEMBER_UNKNOWN"]


class TestClosePathway:
    def test_ends_it_and_tells(self):
        """The others stop planning for it."""
        change = close_pathway(a_pathway(), at=NOW)
        assert change.document.closed_at == NOW
        assert [type(fact) for fact in change.told] == [PathwayClosed]

    def test_keeps_the_first_end(self):
        """To end an ended one changes nothing."""
        ended = a_pathway(closed_at=NOW)
        assert close_pathway(ended, at=NOW).document is ended
