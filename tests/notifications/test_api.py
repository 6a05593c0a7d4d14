from uuid import uuid4

import pytest

from contracts.ids import plan_of
from hearings import eventually
from notified import A_DAY, someone

pytestmark = pytest.mark.wired


@pytest.fixture(scope="module")
async def robin(world):
    """Somebody with a plan."""
    robin = await someone(world, due_in=A_DAY).told()
    await world.teller.tell(robin.visit())
    await eventually(lambda: robin.stands("k06"), ("planned", ()))
    return robin


class TestShowPlan:
    """Who may see which notices there are, and why each is where it is."""

    @pytest.mark.parametrize("role", ["therapist", "intake_coordinator"])
    async def test_shows_it_to_those_who_care(self, world, robin, role):
        """With the items, and the ruleset that nobody has approved yet."""
        plan = await robin.plan(world.running.person(role, site=robin.site_id))

        assert plan["client_id"] == str(robin.client_id)
        assert plan["pack"].startswith("kap-notices@2026-11-01#")
        assert plan["pack"].endswith(" not approved")
        assert [one["item"][:3] for one in plan["notices"]] == ["k03", "k06", "k07", "k10", "k11"]
        assert "claim" not in plan["notices"][0]

    async def test_shows_clients_their_own(self, world, robin):
        """And nobody else's."""
        own = world.running.person("client", site=robin.site_id, id=robin.client_id, kind="client")
        other = world.running.person("client", site=robin.site_id, kind="client")

        assert (await robin.plan(own))["visit_id"] == str(robin.visit_id)
        assert (await other.get(f"/v1/plans/{plan_of(robin.visit_id)}")).status_code == 404
        assert (await other.get(f"/v1/plans?client={robin.client_id}")).json()["items"] == []

    async def test_shows_an_operator_where_it_stands_and_not_whom_it_is_about(self, world, robin):
        """Who mends a mail server needs a Message-ID, not a client."""
        operator = world.running.person("operator", site=robin.site_id)
        plan = await robin.plan(operator)

        assert (plan["client_id"], plan["visit_id"]) == (None, None)
        assert {one["item"] for one in plan["notices"]} == {None}
        assert all(one["notice_id"] for one in plan["notices"])

    async def test_hides_it_from_another_site(self, world, robin):
        """404: it does not exist there."""
        elsewhere = world.running.person("therapist", site=uuid4())

        assert (await elsewhere.get(f"/v1/plans/{plan_of(robin.visit_id)}")).status_code == 404
        listed = await elsewhere.get(f"/v1/plans?client={robin.client_id}")
        assert listed.json()["items"] == []

    @pytest.mark.parametrize("role", ["prescriber", "site_admin", "chaperone"])
    async def test_refuses_every_other_role(self, world, robin, role):
        """403 says that the role is the reason."""
        person = world.running.person(role, site=robin.site_id)

        assert (await person.get(f"/v1/plans/{plan_of(robin.visit_id)}")).status_code == 403

    async def test_knows_no_other_plan(self, world, robin):
        """404 for what is not there."""
        person = world.running.person("therapist", site=robin.site_id)

        assert (await person.get(f"/v1/plans/{uuid4()}")).status_code == 404

    async def test_refuses_whoever_shows_no_token(self, world, robin):
        """401 says: sign in."""
        path = f"/v1/plans/{plan_of(robin.visit_id)}"

        assert (await world.running.http.get(path)).status_code == 401


class TestListPlans:
    """Plans are found by client, or by how a notice stands."""

    async def test_finds_those_of_a_client(self, world, robin):
        """In pages."""
        person = world.running.person("therapist", site=robin.site_id)
        listed = (await person.get(f"/v1/plans?client={robin.client_id}&limit=1")).json()

        assert [plan["visit_id"] for plan in listed["items"]] == [str(robin.visit_id)]
        assert listed["next"] == listed["items"][0]["id"]

    async def test_finds_those_with_a_notice_that_stands_so(self, world, robin):
        """An operator looks for `unknown`."""
        operator = world.running.person("operator", site=robin.site_id)

        assert len((await operator.get("/v1/plans?standing=planned")).json()["items"]) == 1
        assert (await operator.get("/v1/plans?standing=unknown")).json()["items"] == []

    @pytest.mark.parametrize("query", ["standing=lost", "client=robin", "limit=0"])
    async def test_refuses_what_it_cannot_read(self, world, robin, query):
        """422, with what is wrong."""
        person = world.running.person("therapist", site=robin.site_id)

        assert (await person.get(f"/v1/plans?{query}")).status_code == 422
