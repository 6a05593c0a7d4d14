from integration.rules.care import may_read, may_see
from record_builders import AUTHOR, COLLEAGUE, a_pathway


class TestMayRead:
    """R14: the record serves the same or another therapist of the care team."""

    def test_lets_the_author_read(self):
        """The lead therapist usually wrote it."""
        assert may_read(a_pathway([(AUTHOR, "lead_therapist")]), AUTHOR).passed

    def test_lets_another_therapist_of_the_team_read(self):
        """A session record that only its author can read is a defect."""
        team = a_pathway([(AUTHOR, "lead_therapist"), (COLLEAGUE, "therapist")])

        assert may_read(team, COLLEAGUE).passed

    def test_refuses_whoever_is_not_in_the_team(self):
        """A role at the site is not a care relationship."""
        decision = may_read(a_pathway([(AUTHOR, "lead_therapist")]), COLLEAGUE)

        assert [reason.code for reason in decision.reasons] == ["ROI_REQUIRED"]

    def test_refuses_a_coordinator_of_the_team(self):
        """Booking visits does not need the words of a session."""
        assert not may_read(a_pathway([(COLLEAGUE, "coordinator")]), COLLEAGUE).passed

    def test_refuses_while_the_pathway_is_unknown(self):
        """Unknown is not yes."""
        decision = may_read(None, AUTHOR)

        assert decision.reasons[0].facts == {"pathway_known": False}


class TestMaySee:
    """R14: that a record is there may be seen by whoever supervises; what it says may not."""

    def test_lets_a_supervisor_see_without_the_team(self):
        """Somebody must notice a record that is broken."""
        assert may_see(None, COLLEAGUE, supervises=True).passed

    def test_asks_everybody_else_for_a_place_in_the_team(self):
        """As for reading."""
        team = a_pathway([(AUTHOR, "lead_therapist")])

        assert may_see(team, AUTHOR, supervises=False).passed
        assert not may_see(team, COLLEAGUE, supervises=False).passed
