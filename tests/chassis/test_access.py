"""Access is by role, and by the site the document belongs to."""

from uuid import UUID

import pytest

from chassis.access import Intent, may, services
from chassis.refusals import NotFound, NotPermitted
from chassis.testing import a_caller, an_intent

NASHVILLE = UUID("11111111-1111-4111-8111-111111111111")
KNOXVILLE = UUID("22222222-2222-4222-8222-222222222222")


class TestRow:
    """Who may use a route at all."""

    @pytest.mark.parametrize(
        ("caller", "admitted"),
        [
            (a_caller("therapist", site_id=NASHVILLE), True),
            (a_caller("therapist"), True),
            (a_caller("chaperone", site_id=NASHVILLE), False),
            (a_caller(), False),
            (a_caller(kind="service", name="sessions"), True),
            (a_caller(kind="service", name="integration"), False),
            (a_caller(kind="staff", name="sessions"), False),
        ],
        ids=[
            "role",
            "everywhere",
            "other role",
            "no role",
            "service",
            "other service",
            "no service",
        ],
    )
    def test_admits_by_role_anywhere_or_by_name_of_the_service(self, caller, admitted):
        """The site is decided later, at the document; who has no such role need not get there."""
        assert may("therapist", services=("sessions",)).admits(caller) is admitted

    def test_admits_a_service_that_holds_a_role(self):
        """The operator's command line signs in as a service and holds the role of operator."""
        operator = a_caller("operator", kind="service", name="operator")

        assert may("operator").admits(operator)

    def test_keeps_people_from_routes_between_services(self):
        """A person who reserved a dose by hand would have gone around the gate."""
        assert not services("sessions").admits(a_caller("site_admin"))


class TestRequire:
    """Who may reach one document."""

    def reach(self, caller, *, site=NASHVILLE, about=None):
        """Try to reach a document as a therapist would."""
        an_intent(caller, may("therapist", "client", services=("sessions",))).require(site, about)

    def test_passes_a_role_at_the_document_s_site(self):
        """The ordinary case, at one site and at all."""
        self.reach(a_caller("therapist", site_id=NASHVILLE))
        self.reach(a_caller("therapist"))

    def test_hides_a_document_of_another_site(self):
        """That a person is a client of the other site is itself worth hiding."""
        with pytest.raises(NotFound):
            self.reach(a_caller("therapist", site_id=KNOXVILLE))

    def test_says_not_permitted_to_who_is_known_at_the_site(self):
        """They may know of the document; a 404 would send them looking for a mistake."""
        with pytest.raises(NotPermitted):
            self.reach(a_caller("chaperone", site_id=NASHVILLE))

    def test_asks_for_a_role_everywhere_where_there_is_no_site(self):
        """What belongs to the whole network is nobody's at one site."""
        with pytest.raises(NotFound):
            self.reach(a_caller("therapist", site_id=NASHVILLE), site=None)
        self.reach(a_caller("therapist"), site=None)

    def test_shows_a_client_what_is_about_themselves_alone(self):
        """One client's token must never open another one's chart, same site or not."""
        client = a_caller("client", site_id=NASHVILLE, kind="client")

        self.reach(client, about=client.id)
        with pytest.raises(NotFound):
            self.reach(client, about=KNOXVILLE)
        with pytest.raises(NotFound):
            self.reach(client, about=None)

    def test_passes_a_named_service_at_every_site(self):
        """Services act for people whose role was checked where they asked."""
        self.reach(a_caller(kind="service", name="sessions"))
        with pytest.raises(NotFound):
            self.reach(a_caller(kind="service", name="integration"))


class TestIntent:
    """What one request wants."""

    def test_names_what_it_makes_by_caller_address_and_key(self):
        """The same command sent twice must find what the first one made."""
        assert an_intent(key="one").created_id() == an_intent(key="one").created_id()
        assert an_intent(key="one").created_id() != an_intent(key="two").created_id()
        assert (
            an_intent(a_caller("site_admin", name="other")).created_id() != an_intent().created_id()
        )
        assert an_intent(route="POST /v1/others").created_id() != an_intent().created_id()

    def test_cannot_name_anything_without_a_key(self):
        """A random id would be another one with every repeat."""
        with pytest.raises(TypeError):
            an_intent(key=None).created_id()

    def test_of_a_service_itself_reaches_everything(self):
        """What was heard must be acted on at whatever site it happened."""
        Intent.own("sessions").require(NASHVILLE, KNOXVILLE)
        Intent.own("sessions").require(None)

        assert Intent.own("sessions").key is None
        assert Intent.own("sessions").caller == Intent.own("sessions").caller
