import pytest

from cairn.operating import Unanswered, demo_person
from cairn.people import demo_network, home_site, person_id, site_id
from cairn.seed import seed

pytestmark = pytest.mark.wired


class TestSeed:
    """Making the demo network over HTTP."""

    def test_leaves_everybody_with_the_papers_that_the_demo_file_names(self, intake_network):
        """Noor is shown to be refused for want of training; Iris must not be."""
        _, addresses = intake_network
        seed(addresses)
        with demo_person("june", addresses) as caller:
            iris = caller.get(f"{addresses.intake}/v1/staff/{person_id('iris')}")
            noor = caller.get(f"{addresses.intake}/v1/staff/{person_id('noor')}")

        assert [each["medicine"] for each in iris["trainings"]] == ["ketamine"]
        assert noor["trainings"] == []
        assert noor["licences"][0]["supervised_by"] == str(person_id("greer"))

    def test_changes_nothing_when_repeated(self, intake_network):
        """It runs at every start."""
        _, addresses = intake_network
        seed(addresses)
        with demo_person("june", addresses) as caller:
            urls = [
                f"{addresses.intake}/v1/staff/{person_id(username)}"
                for username, person in demo_network().staff().items()
                if home_site(person, demo_network()) == "nashville"
            ]
            before = [caller.get(url) for url in urls]
            seed(addresses)
            after = [caller.get(url) for url in urls]

        assert after == before
        assert len(after) > 5

    def test_makes_sites_in_both_zones_of_the_state(self, intake_network):
        """A reminder at nine in Nashville is at ten in Knoxville."""
        _, addresses = intake_network
        seed(addresses)
        zones = set()
        for username, site in (("june", "nashville"), ("cole", "knoxville")):
            with demo_person(username, addresses) as caller:
                zones.add(caller.get(f"{addresses.intake}/v1/sites/{site_id(site)}")["zone"])

        assert zones == {"America/Chicago", "America/New_York"}

    def test_says_who_does_not_answer(self, intake_network):
        """A start that fails here is most often one whose intake is not up yet."""
        _, addresses = intake_network
        away = addresses.model_copy(update={"intake": "http://127.0.0.1:1"})

        with pytest.raises(Unanswered, match="does not answer"):
            seed(away)
