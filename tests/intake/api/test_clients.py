from uuid import UUID, uuid4

import pytest

from chassis.mongo import Mongo
from intake_people import a_client, client_body, done

pytestmark = pytest.mark.wired


def codes(answer):
    """The codes of a refusal."""
    return [reason["code"] for reason in answer.json()["reasons"]]


def pointers(answer):
    """Where a body is malformed."""
    return {reason["facts"]["pointer"] for reason in answer.json()["reasons"]}


class TestRegisterClient:
    async def test_makes_a_client_in_care(self, network):
        """The first thing that ever happens."""
        client = await a_client(network)
        assert client["standing"] == "active"
        assert client["version"] == client["sequence"] == 1
        assert [each["channel"] for each in client["channels"]] == ["email", "sms"]

    async def test_a_repeat_is_answered_and_changes_nothing(self, network):
        """An answer that was lost on the way is asked for again."""
        key, body = str(uuid4()), client_body(network.nashville)
        first = await network.coordinator.post("/v1/clients", body, key=key)
        again = await network.coordinator.post("/v1/clients", body, key=key)
        assert "idempotent-replay" not in first.headers
        assert again.headers["idempotent-replay"] == "true"
        assert again.json() == first.json()

    async def test_a_key_names_one_body(self, network):
        """A key used twice by mistake would answer with somebody else."""
        key, body = str(uuid4()), client_body(network.nashville)
        await done(network.coordinator.post("/v1/clients", body, key=key), 201)
        other = await network.coordinator.post("/v1/clients", {**body, "language": "es"}, key=key)
        assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")

    async def test_asks_for_a_key(self, network):
        """Without one, a repeat would make a second client."""
        headers = network.coordinator.headers()
        body = client_body(network.nashville)
        answer = await network.served.http.post("/v1/clients", json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "IDEMPOTENCY_KEY_MISSING")

    async def test_names_every_malformed_field_and_repeats_none(self, network):
        """A form is corrected once, and what was typed is in no log."""
        body = {
            "site_id": "nowhere",
            "zone": "America/Nashville",
            "language": "klingon",
            "legal_name": "",
            "born_on": "1990-05-17T10:00:00Z",
            "email": "not an address",
            "phone": "615-555-0100",
            "channels": ["pigeon"],
            "favourite": "blue",
        }
        answer = await network.coordinator.post("/v1/clients", body)
        assert answer.status_code == 422
        assert pointers(answer) == {
            "/site_id",
            "/zone",
            "/language",
            "/legal_name",
            "/born_on",
            "/email",
            "/phone",
            "/channels/0",
            "/favourite",
        }
        assert not any(str(given) in answer.text for given in body.values() if given)

    @pytest.mark.parametrize(
        "zone",
        [
            pytest.param("Mars/Olympus", id="unknown"),
            pytest.param("america/chicago", id="another spelling"),
            pytest.param("../../etc/passwd", id="a path"),
            pytest.param("America", id="a folder"),
        ],
    )
    async def test_asks_for_a_zone_that_exists(self, network, zone):
        """A notice at night is a notice in the wrong zone."""
        body = {**client_body(network.nashville), "zone": zone}
        answer = await network.coordinator.post("/v1/clients", body)
        assert (answer.status_code, pointers(answer)) == (422, {"/zone"})

    async def test_refuses_with_every_reason(self, network):
        """Two channels that reach nobody are two things to ask for."""
        body = {**client_body(network.nashville), "email": None, "phone": None}
        answer = await network.coordinator.post("/v1/clients", body)
        assert (answer.status_code, codes(answer)) == (409, ["CHANNEL_WITHOUT_ADDRESS"] * 2)

    async def test_at_another_site_is_not_there(self, network):
        """A coordinator registers where they work."""
        body = client_body(network.knoxville)
        assert (await network.coordinator.post("/v1/clients", body)).status_code == 404


class TestWhoMayAsk:
    async def test_nobody_without_a_token(self, network):
        """Everything here is about somebody's health."""
        path = f"/v1/clients/{(await a_client(network))['id']}"
        assert (await network.served.http.get(path)).status_code == 401

    async def test_nobody_with_a_forged_token(self, network):
        """One changed letter of the signature is a forgery."""
        client = await a_client(network)
        token = network.coordinator.token
        forged = token[:-6] + ("A" if token[-6] != "A" else "B") + token[-5:]
        headers = {"authorization": f"Bearer {forged}"}
        answer = await network.served.http.get(f"/v1/clients/{client['id']}", headers=headers)
        assert answer.status_code == 401

    async def test_not_in_another_role(self, network):
        """A therapist reads; the front desk writes."""
        client = await a_client(network)
        path = f"/v1/clients/{client['id']}"
        assert (await network.therapist.get(path)).status_code == 200
        answer = await network.therapist.post(f"{path}/change-standing", {"standing": "left"})
        assert answer.status_code == 403

    async def test_at_another_site_the_client_does_not_exist(self, network):
        """That somebody is in care is not for others to learn."""
        path = f"/v1/clients/{(await a_client(network))['id']}"
        theirs = await network.other_coordinator.get(path)
        nobody = await network.other_coordinator.get(f"/v1/clients/{uuid4()}")
        assert theirs.status_code == nobody.status_code == 404
        assert theirs.json()["title"] == nobody.json()["title"]

    async def test_clients_see_themselves_and_nobody_else(self, network):
        """A client's role is their own record."""
        own, other = await a_client(network), await a_client(network)
        client = network.served.person(
            "client", site=network.nashville, id=own["id"], kind="client"
        )
        assert (await client.get(f"/v1/clients/{own['id']}")).status_code == 200
        assert (await client.get(f"/v1/clients/{other['id']}")).status_code == 404


class TestChangeContact:
    async def test_replaces_the_whole(self, network):
        """What is left out is not known any more."""
        client = await a_client(network)
        body = {**client_body(network.nashville), "channels": ["email"]}
        del body["site_id"], body["phone"], body["preferred_name"]
        changed = await done(
            network.coordinator.post(f"/v1/clients/{client['id']}/change-contact", body)
        )
        assert changed["phone"] is changed["preferred_name"] is None
        assert changed["channels"] == [client["channels"][0]]
        assert changed["version"] == 2

    async def test_refuses_a_stale_form(self, network):
        """Two people who edit one form must not undo each other."""
        client = await a_client(network)
        path = f"/v1/clients/{client['id']}/change-standing"
        await done(network.coordinator.post(path, {"standing": "in_hospital"}, if_match=1))
        late = await network.coordinator.post(path, {"standing": "active"}, if_match=1)
        assert (late.status_code, late.json()["code"]) == (412, "STALE")


class TestListClients:
    async def test_pages_through_one_site(self, network, intake):
        """A list without an end is a list nobody reads."""
        site = uuid4()
        admin, desk = network.admin, intake.person("intake_coordinator", site=site)
        site_body = {"site_id": str(site), "name": "S", "zone": "America/Chicago"}
        await done(admin.post("/v1/sites", site_body), 201)
        made = {
            (await done(desk.post("/v1/clients", client_body(site)), 201))["id"] for _ in range(3)
        }
        first = await done(desk.get(f"/v1/clients?site={site}&limit=2"))
        second = await done(desk.get(f"/v1/clients?site={site}&limit=2&after={first['next']}"))
        assert {each["id"] for each in first["items"] + second["items"]} == made
        assert second["next"] is None

    async def test_keeps_who_looked(self, network, mongo_url):
        """A list of names is read as easily as a record, and told on as easily."""
        client = await a_client(network)
        desk = network.coordinator
        await done(desk.get(f"/v1/clients?site={network.nashville}&limit=200"))
        mongo = Mongo(mongo_url)
        try:
            rows = mongo.database("cairn_intake")["audit"]
            looked = {"object_id": UUID(client["id"]), "action": "GET /v1/clients"}
            row = await rows.find_one(looked)
            assert (row["caller_id"], row["outcome"]) == (desk.id, "read")
        finally:
            await mongo.close()

    async def test_of_another_site_is_not_there(self, network):
        """Lists are looked through by those who work there."""
        answer = await network.coordinator.get(f"/v1/clients?site={network.knoxville}")
        assert answer.status_code == 404


class TestConfirmClients:
    async def test_says_who_is_as_was_heard(self, network):
        """Before a notice goes out, its client is asked for by the owner."""
        client, moved = await a_client(network), await a_client(network)
        path = f"/v1/clients/{moved['id']}/change-standing"
        await done(network.coordinator.post(path, {"standing": "in_hospital"}))
        stranger = str(uuid4())
        told = [{"id": each, "sequence": 1} for each in (client["id"], moved["id"], stranger)]
        answer = await network.notifications.post("/v1/clients/confirm", {"clients": told})
        assert answer.json()["clients"] == [
            {
                "id": client["id"],
                "current": True,
                "sequence": 1,
                "standing": "active",
                "channels": ["email", "sms"],
            },
            {
                "id": moved["id"],
                "current": False,
                "sequence": 2,
                "standing": "in_hospital",
                "channels": ["email", "sms"],
            },
            {
                "id": stranger,
                "current": False,
                "sequence": None,
                "standing": None,
                "channels": [],
            },
        ]

    async def test_answers_two_hundred_and_no_more(self, network):
        """A question to an owner has two seconds."""
        told = [{"id": str(uuid4()), "sequence": 1} for _ in range(201)]
        path = "/v1/clients/confirm"
        assert (await network.notifications.post(path, {"clients": told})).status_code == 422
        assert (await network.notifications.post(path, {"clients": told[:200]})).status_code == 200

    async def test_answers_only_the_service_that_sends(self, network):
        """People look clients up, one at a time."""
        body = {"clients": []}
        assert (await network.coordinator.post("/v1/clients/confirm", body)).status_code == 403
        assert (await network.sessions.post("/v1/clients/confirm", body)).status_code == 403
