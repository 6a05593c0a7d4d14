from uuid import uuid4

import pytest

from intake_people import (
    a_cleared_pathway,
    a_client,
    a_pathway,
    consent_body,
    done,
    movement_body,
    pathway_body,
    prescription_body,
)

pytestmark = pytest.mark.wired


def codes(answer):
    """The codes of a refusal."""
    return [reason["code"] for reason in answer.json()["reasons"]]


async def path_of_a_pathway(network):
    """Where the commands of a new pathway go."""
    return f"/v1/pathways/{(await a_pathway(network, await a_client(network)))['id']}"


class TestOpenPathway:
    async def test_a_client_has_one_open_kap(self, network):
        """Two open ones would each hold a part of the truth; an index says no."""
        client = await a_client(network)
        await a_pathway(network, client)
        second = await network.coordinator.post("/v1/pathways", pathway_body(client["id"], network))
        assert (second.status_code, codes(second)) == (409, ["KAP_ALREADY_OPEN"])

    async def test_another_may_begin_when_the_first_has_ended(self, network):
        """Whoever ended may come again."""
        client = await a_client(network)
        first = await a_pathway(network, client)
        await done(network.coordinator.post(f"/v1/pathways/{first['id']}/close-pathway", {}))
        await a_pathway(network, client)

    async def test_a_repeat_is_answered_also_after_it_would_be_refused(self, network):
        """The command was carried out; that the client is in hospital now does not undo it."""
        client, key = await a_client(network), str(uuid4())
        body = pathway_body(client["id"], network)
        first = await network.coordinator.post("/v1/pathways", body, key=key)
        standing = f"/v1/clients/{client['id']}/change-standing"
        await done(network.coordinator.post(standing, {"standing": "in_hospital"}))
        again = await network.coordinator.post("/v1/pathways", body, key=key)
        assert again.headers["idempotent-replay"] == "true"
        assert again.json()["id"] == first.json()["id"]

    async def test_refuses_with_every_reason(self, network):
        """An unknown client and an unknown member are two things to settle."""
        body = pathway_body(str(uuid4()), network)
        body["care_team"] = [{"staff_id": str(uuid4()), "role": "therapist"}]
        answer = await network.coordinator.post("/v1/pathways", body)
        assert (answer.status_code, codes(answer)) == (
            409,
            ["MEMBER_UNKNOWN", "CLIENT_NOT_AT_SITE"],
        )

    async def test_harm_reduction_is_sealed_under_its_own_key(self, network):
        """Without that key the first write would fail."""
        await a_pathway(network, await a_client(network), kind="harm_reduction", care_team=[])


class TestSignConsent:
    async def test_pins_what_was_shown(self, network):
        """The very text can be found again by its hash."""
        path = await path_of_a_pathway(network)
        body = await consent_body(network.coordinator)
        consent = (await done(network.coordinator.post(f"{path}/sign-consent", body)))["consents"]
        assert [{name: each[name] for name in body} for each in consent] == [body]

    async def test_refuses_another_text(self, network):
        """A page kept open over a change of text shows the old one."""
        path = await path_of_a_pathway(network)
        body = {**await consent_body(network.coordinator), "text_sha256": "0" * 64}
        answer = await network.coordinator.post(f"{path}/sign-consent", body)
        assert (answer.status_code, codes(answer)) == (409, ["CONSENT_TEXT_MISMATCH"])

    async def test_a_client_signs_their_own_and_no_other(self, network):
        """Nobody consents for somebody else."""
        own = await a_client(network)
        pathway = await a_pathway(network, own)
        client = network.served.person(
            "client", site=network.nashville, id=own["id"], kind="client"
        )
        body = await consent_body(client)
        await done(client.post(f"/v1/pathways/{pathway['id']}/sign-consent", body))
        other = await path_of_a_pathway(network)
        assert (await client.post(f"{other}/sign-consent", body)).status_code == 404

    async def test_a_withdrawal_is_never_refused(self, network):
        """Also where there is nothing to withdraw."""
        path = await path_of_a_pathway(network)
        body = {"kind": "treatment_kap"}
        await done(network.coordinator.post(f"{path}/withdraw-consent", body))


class TestVerifyPrescription:
    async def test_refuses_with_every_reason_at_once(self, network):
        """One telephone call to the pharmacy."""
        path = await path_of_a_pathway(network)
        body = prescription_body(
            intended_use=None, refills_authorized=6, pharmacy_monitoring_checked_on=None
        )
        body["prescriber"]["npi"] = "1234567890"
        answer = await network.coordinator.post(f"{path}/verify-prescription", body)
        assert answer.status_code == 409
        assert codes(answer) == [
            "SIT_NOT_HOME_USE",
            "NPI_INVALID",
            "RX_MONITORING_NOT_CHECKED",
            "RX_TOO_MANY_REFILLS",
        ]
        assert "1234567890" not in answer.text

    async def test_is_not_for_therapists(self, network):
        """They attach evidence; somebody else verifies."""
        path = f"{await path_of_a_pathway(network)}/verify-prescription"
        assert (await network.therapist.post(path, prescription_body())).status_code == 403
        both = network.served.person("therapist", "intake_coordinator", site=network.nashville)
        answer = await both.post(path, prescription_body())
        assert (answer.status_code, codes(answer)) == (409, ["RX_BY_THERAPIST"])

    async def test_names_every_malformed_field(self, network):
        """Impossible numbers are slips of the keyboard."""
        path = await path_of_a_pathway(network)
        body = prescription_body(
            strength_mg_per_unit="-1", quantity_units="1e9", issued_on="20261120", extra=True
        )
        body["prescriber"]["dea_number"] = "nothing"
        answer = await network.coordinator.post(f"{path}/verify-prescription", body)
        pointers = {reason["facts"]["pointer"] for reason in answer.json()["reasons"]}
        assert answer.status_code == 422
        assert pointers == {
            "/strength_mg_per_unit",
            "/quantity_units",
            "/issued_on",
            "/extra",
            "/prescriber/dea_number",
        }


class TestRecordLedger:
    async def test_below_zero_is_recorded_as_an_incident(self, network):
        """What happened is not refused."""
        pathway = await a_cleared_pathway(network)
        prescription_id = pathway["prescriptions"][0]["prescription_id"]
        lost = movement_body(prescription_id, kind="lost", units="7")
        path = f"/v1/pathways/{pathway['id']}/record-ledger"
        moved = await done(network.coordinator.post(path, lost))
        assert [each["units"] for each in moved["ledger"]] == ["6", "-7"]
        assert moved["incidents"] == ["ledger-below-zero"]

    async def test_asks_for_a_time_with_a_zone(self, network):
        """Half past four, but where?"""
        pathway = await a_cleared_pathway(network)
        prescription_id = pathway["prescriptions"][0]["prescription_id"]
        naive = movement_body(prescription_id, moved_at="2026-11-20T16:30:00")
        answer = await network.coordinator.post(
            f"/v1/pathways/{pathway['id']}/record-ledger", naive
        )
        assert answer.status_code == 422


class TestDecideClearance:
    async def test_is_the_prescriber_s_own(self, network):
        """Nobody else declares somebody fit for a medicine."""
        path = f"{await path_of_a_pathway(network)}/decide-clearance"
        assert (await network.coordinator.post(path, {"outcome": "cleared"})).status_code == 403
        decided = await done(network.prescriber.post(path, {"outcome": "deferred"}))
        assert decided["clearance"]["decided_by"] == str(network.prescriber.id)


class TestBodies:
    @pytest.mark.parametrize(
        ("body", "status"),
        [
            pytest.param(b'{"kind": ', 400, id="broken JSON"),
            pytest.param(b"\xff\xfe", 400, id="not UTF-8"),
            pytest.param(b"[1, 2]", 422, id="a list"),
            pytest.param(b"", 422, id="nothing"),
            pytest.param(b'{"kind": "' + b"a" * 1_100_000 + b'"}', 413, id="over a megabyte"),
        ],
    )
    async def test_what_cannot_be_read_changes_nothing(self, network, body, status):
        """A clear answer, and the same pathway as before."""
        path = await path_of_a_pathway(network)
        headers = network.coordinator.headers(
            **{"content-type": "application/json", "idempotency-key": str(uuid4())}
        )
        answer = await network.served.http.post(
            f"{path}/withdraw-consent", content=body, headers=headers
        )
        assert answer.status_code == status
        assert (await done(network.coordinator.get(path)))["version"] == 1
