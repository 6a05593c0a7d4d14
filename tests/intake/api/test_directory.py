from uuid import uuid4

import pytest

from intake_people import done, licence_body, site_body, staff_body, training_body

pytestmark = pytest.mark.wired


class TestSites:
    async def test_the_same_site_twice_stands_once(self, network):
        """Whoever sets a network up may run the setup again."""
        body = site_body(uuid4(), "America/Chicago")
        await done(network.admin.post("/v1/sites", body), 201)
        again = await network.admin.post("/v1/sites", body)
        assert again.headers["idempotent-replay"] == "true"
        assert again.json()["version"] == 1

    async def test_needs_no_key(self, network):
        """The body brings its own id."""
        headers, body = network.admin.headers(), site_body(uuid4(), "America/Chicago")
        answer = await network.served.http.post("/v1/sites", json=body, headers=headers)
        assert answer.status_code == 201

    async def test_are_set_up_by_the_administrator(self, network):
        """A site decides who sees whom."""
        answer = await network.coordinator.post(
            "/v1/sites", site_body(network.nashville, "America/Chicago")
        )
        assert answer.status_code == 403


class TestStaff:
    async def test_licences_and_trainings_are_kept(self, network):
        """A release asks for them on the day."""
        staff_id = uuid4()
        body = staff_body(staff_id, network.nashville, "therapist")
        await done(network.admin.post("/v1/staff", body), 201)
        path = f"/v1/staff/{staff_id}"
        supervised = licence_body(profession="lmsw", supervised_by=str(network.therapist.id))
        await done(network.admin.post(f"{path}/record-licence", supervised))
        await done(network.admin.post(f"{path}/record-training", training_body()))
        member = await done(network.therapist.get(path))
        assert (len(member["licences"]), len(member["trainings"]), member["version"]) == (1, 1, 3)

    async def test_a_licence_is_refused_with_every_reason(self, network):
        """A form is corrected once."""
        licence = licence_body(
            profession="barber", valid_to_on="2001-01-01", supervised_by=str(uuid4())
        )
        path = f"/v1/staff/{network.therapist.id}/record-licence"
        answer = await network.admin.post(path, licence)
        assert answer.status_code == 409
        assert [reason["code"] for reason in answer.json()["reasons"]] == [
            "LICENCE_DAYS_DISORDERED",
            "PROFESSION_UNKNOWN",
            "SUPERVISOR_UNKNOWN",
        ]

    async def test_belong_to_a_site(self, network):
        """Access goes by site."""
        answer = await network.admin.post("/v1/staff", staff_body(uuid4(), uuid4(), "therapist"))
        assert answer.status_code == 409
