import asyncio
from uuid import uuid4

import pytest

from intake_people import a_cleared_pathway, a_day, done, dose_body

pytestmark = pytest.mark.wired


def codes(reasons):
    """The codes of these reasons."""
    return [reason["code"] for reason in reasons]


async def reserve(network, pathway, body):
    """Ask as the sessions service does."""
    return await network.sessions.post(f"/v1/pathways/{pathway['id']}/reserve-dose", body)


class TestAskDose:
    async def test_answers_with_a_decision_and_stores_nothing(self, network):
        """Asking is free; it may be done every minute."""
        pathway = await a_cleared_pathway(network)
        path = f"/v1/pathways/{pathway['id']}"
        body = dose_body(network, pathway)
        decision = await done(network.sessions.post(f"{path}/ask-dose", body))
        assert (decision["outcome"], decision["reasons"]) == ("pass", [])
        assert [name.partition("@")[0] for name in decision["rulesets"]] == [
            "kap-prescribing",
            "kap-consent",
        ]
        assert all(name.endswith(" not approved") for name in decision["rulesets"])
        assert (await done(network.coordinator.get(path)))["version"] == pathway["version"]

    async def test_answers_no_with_every_reason(self, network):
        """A no is an answer, not an error."""
        pathway = await a_cleared_pathway(network)
        body = dose_body(
            network, pathway, units="3", mode="video", therapist_id=str(network.coordinator.id)
        )
        decision = await done(network.sessions.post(f"/v1/pathways/{pathway['id']}/ask-dose", body))
        assert decision["outcome"] == "refuse"
        assert codes(decision["reasons"]) == [
            "SIT_OUTSIDE_PRESCRIPTION",
            "SIT_OUTSIDE_PRESCRIPTION",
            "THERAPIST_NOT_TRAINED",
            "THERAPIST_NOT_LICENSED",
            "CONSENT_NOT_IN_FORCE",
        ]

    async def test_a_site_that_is_not_there_is_a_reason(self, network):
        """Its day cannot be known."""
        pathway = await a_cleared_pathway(network)
        body = dose_body(network, pathway, site_id=str(uuid4()))
        decision = await done(network.sessions.post(f"/v1/pathways/{pathway['id']}/ask-dose", body))
        assert codes(decision["reasons"]) == ["SITE_UNKNOWN"]

    async def test_nobody_else_asks(self, network):
        """People ask sessions, which adds what it knows."""
        pathway = await a_cleared_pathway(network)
        body = dose_body(network, pathway)
        path = f"/v1/pathways/{pathway['id']}"
        for asker in (network.coordinator, network.therapist, network.notifications):
            assert (await asker.post(f"{path}/ask-dose", body)).status_code == 403
            assert (await asker.post(f"{path}/reserve-dose", body)).status_code == 403


class TestReserveDose:
    async def test_reserves_and_says_what_it_was_decided_on(self, network):
        """The release is stored with the very state it rested on."""
        pathway = await a_cleared_pathway(network)
        body = dose_body(network, pathway)
        answer = (await reserve(network, pathway, body)).json()
        assert answer["reservation"]["session_id"] == body["session_id"]
        assert answer["reservation"]["total_mg"] == "200"
        assert answer["decision"]["outcome"] == "pass"
        assert answer["decided_on"] == {
            pathway["id"]: pathway["sequence"] + 1,
            pathway["client_id"]: 1,
            str(network.therapist.id): 3,
        }

    async def test_a_repeat_gets_the_same(self, network):
        """Two seconds are short, and an answer may come too late."""
        pathway = await a_cleared_pathway(network)
        body = dose_body(network, pathway)
        first = (await reserve(network, pathway, body)).json()
        again = (await reserve(network, pathway, body)).json()
        assert again == first

    async def test_twenty_sessions_at_two_sites_get_one(self, network):
        """The client swallows one dose, whoever asked first."""
        pathway = await a_cleared_pathway(network)
        sites = [str(network.nashville), str(network.knoxville)] * 10
        bodies = [dose_body(network, pathway, site_id=site) for site in sites]
        answers = await asyncio.gather(*(reserve(network, pathway, body) for body in bodies))
        won = [answer for answer in answers if answer.status_code == 200]
        assert len(won) == 1
        assert {answer.status_code for answer in answers} == {200, 409}
        now = await done(network.coordinator.get(f"/v1/pathways/{pathway['id']}"))
        assert len(now["reservations"]) == 1

    async def test_counts_an_ended_prescription_and_a_withdrawn_consent_at_once(self, network):
        """Nothing is waited for: the owner is asked, and knows."""
        pathway = await a_cleared_pathway(network)
        path = f"/v1/pathways/{pathway['id']}"
        body = dose_body(network, pathway)
        end = {"prescription_id": body["prescription_id"], "cause": "cancelled"}
        await done(network.coordinator.post(f"{path}/end-prescription", end))
        withdrawn = {"kind": "treatment_kap"}
        await done(network.coordinator.post(f"{path}/withdraw-consent", withdrawn))
        answer = await reserve(network, pathway, body)
        assert answer.status_code == 409
        assert codes(answer.json()["reasons"]) == [
            "SIT_NO_VALID_PRESCRIPTION",
            "CONSENT_NOT_IN_FORCE",
        ]

    async def test_an_unknown_pathway_is_not_there(self, network):
        """A slip of sessions must not look like a clinical no."""
        pathway = await a_cleared_pathway(network)
        answer = await reserve(network, {"id": uuid4()}, dose_body(network, pathway))
        assert answer.status_code == 404

    async def test_names_every_malformed_field(self, network):
        """Also between services."""
        pathway = await a_cleared_pathway(network)
        body = dose_body(network, pathway, units="0", mode="audio", held_on=a_day(0) + "T00:00Z")
        answer = await reserve(network, pathway, body)
        pointers = {reason["facts"]["pointer"] for reason in answer.json()["reasons"]}
        assert (answer.status_code, pointers) == (422, {"/units", "/mode", "/held_on"})
