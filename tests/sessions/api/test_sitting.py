import asyncio
import socket
import time
from uuid import UUID, uuid4

import pytest

from intake_people import done
from sessions_house import CHECKLIST, sessions_without_intake
from sessions_people import a_care, codes, moment, only

pytestmark = pytest.mark.wired


async def open_presence(therapist, visit, mode="in_person"):
    """State a presence as the therapist of a visit."""
    return await therapist.post(f"/v1/visits/{visit['id']}/open-presence", {"mode": mode})


async def release(care, path, by=None, **but):
    """Release two units."""
    therapist = by or care.therapist
    return await therapist.post(f"{path}/release-medicine", care.dose_body(**but))


class TestOpenPresence:
    async def test_makes_one_session_of_a_visit_however_many_begin_it(self, house):
        """Two therapists who arrive together are in the same session."""
        care = await a_care(house, therapists=2)
        visit = await care.checked_in("medicine", 60)

        both = await asyncio.gather(*(open_presence(each, visit) for each in care.therapists))

        assert [each.status_code for each in both] == [200, 200]
        session = await done(care.therapist.get(f"/v1/sessions/{both[0].json()['id']}"))
        assert len(session["presence"]) == 2

    async def test_lets_a_therapist_be_in_one_session_at_a_time(self, care, house):
        """Nobody watches two clients, on whatever device they say so."""
        other = await a_care(house)
        await care.session()
        visit = await care.checked_in("medicine", 120)

        refused = await open_presence(care.therapist, visit)

        assert codes(refused) == {"THERAPIST_PRESENT_ELSEWHERE"}
        assert await other.session()

    async def test_lets_only_one_of_several_sessions_win_at_once(self, care):
        """Check-then-write would let a therapist be in two rooms."""
        visits = [await care.checked_in("medicine", 60 + 15 * place) for place in range(4)]

        answers = await asyncio.gather(*(open_presence(care.therapist, each) for each in visits))

        assert len(only(answers, 200)) == 1

    async def test_frees_the_therapist_when_it_is_closed(self, care):
        """The next client waits."""
        path = await care.session()
        await done(care.therapist.post(f"{path}/close-presence", {}))

        assert (
            await open_presence(care.therapist, await care.checked_in("medicine", 120))
        ).is_success

    async def test_is_for_therapists(self, care):
        """A coordinator at the desk is not with the client."""
        visit = await care.checked_in("medicine", 60)

        assert (await open_presence(care.coordinator, visit)).status_code == 403

    async def test_never_counts_a_voice(self, care):
        """R12, over HTTP: refused, not malformed."""
        refused = await open_presence(
            care.therapist, await care.checked_in("medicine", 60), "audio"
        )

        assert codes(refused) == {"PRESENCE_MODE_INVALID"}


class TestOpenSitting:
    async def test_refuses_a_consent_that_was_heard_to_be_withdrawn(self, care, house):
        """R27: nobody is sat with against their word."""
        visit = await care.checked_in("medicine", 60)
        session = (await open_presence(care.therapist, visit)).json()
        coordinator = care.at_intake(care.coordinator)
        withdraw = f"/v1/pathways/{care.pathway_id}/withdraw-consent"
        await done(coordinator.post(withdraw, {"kind": "treatment_kap"}))
        await _heard_of_withdrawal(house, UUID(care.pathway_id))

        refused = await care.therapist.post(f"/v1/sessions/{session['id']}/open-sitting", {})

        assert codes(refused) == {"CONSENT_NOT_IN_FORCE"}


async def _heard_of_withdrawal(house, pathway_id):
    async with asyncio.timeout(60):
        withdrawn = False
        while not withdrawn:
            await asyncio.sleep(0.05)
            heard = await house.store.pathway(pathway_id)
            withdrawn = any(consent.withdrawn_at for consent in heard.consents)


class TestReleaseMedicine:
    async def test_releases_what_intake_reserved_and_says_what_was_looked_at(self, care):
        """Afterwards it must be clear which state of what was judged, by which policy."""
        path = await care.prepared_session()

        session = await done(release(care, path))

        decision = session["release"]["decision"]
        assert (session["phase"], decision["outcome"]) == ("released", "pass")
        assert [name.partition("@")[0] for name in decision["rulesets"]] == [
            "kap-sitting",
            "kap-prescribing",
            "kap-consent",
        ]
        assert {care.pathway_id, care.client_id, session["id"]} <= session["release"][
            "decided_on"
        ].keys()
        assert float(session["release"]["total_mg"]) == 200

    async def test_answers_a_repeat_with_the_release(self, care):
        """A lost answer must not look like a second release."""
        path, key = await care.prepared_session(), str(uuid4())
        body = care.dose_body()
        first = await care.therapist.post(f"{path}/release-medicine", body, key=key)

        again = await care.therapist.post(f"{path}/release-medicine", body, key=key)

        assert again.json() == first.json()
        assert again.headers["idempotent-replay"] == "true"

    async def test_names_the_reasons_of_both_services_at_once(self, care):
        """Whoever sees only the first problem may fix only the first problem."""
        path = await care.session()

        refused = await release(care, path, units="3", route="oral")

        assert refused.status_code == 409
        assert {"PREP_MISSING", "INTEGRATION_NOT_BOOKED", "SIT_OUTSIDE_PRESCRIPTION"} <= codes(
            refused
        )

    async def test_refuses_at_once_when_intake_alone_knows_better(self, care):
        """Facts tell, owners decide: nobody waits for a fact to travel."""
        path = await care.prepared_session()
        coordinator = care.at_intake(care.coordinator)
        pathway = f"/v1/pathways/{care.pathway_id}"
        await done(coordinator.post(f"{pathway}/withdraw-consent", {"kind": "treatment_kap"}))
        ended = {"prescription_id": care.prescription_id, "cause": "cancelled"}
        await done(coordinator.post(f"{pathway}/end-prescription", ended))

        refused = await release(care, path)

        assert codes(refused) == {"CONSENT_NOT_IN_FORCE", "SIT_NO_VALID_PRESCRIPTION"}
        assert (await done(care.therapist.get(path)))["release"] is None

    async def test_refuses_when_intake_cannot_be_reached(self, care, house, servers, home):
        """Silence is never a yes, and nothing is stored."""
        path = await care.prepared_session()
        before = await done(care.therapist.get(path))

        async with sessions_without_intake(house, servers, home) as alone:
            answer = await alone.http.post(
                f"{path}/release-medicine",
                json=care.dose_body(),
                headers=care.therapist.headers(**{"idempotency-key": str(uuid4())}),
            )

        assert codes(answer) == {"STANDING_UNCONFIRMED"}
        assert await done(care.therapist.get(path)) == before

    async def test_refuses_within_three_seconds_when_intake_hangs(self, care, house, servers, home):
        """A therapist with a client in the room cannot wait for a stopped process."""
        path = await care.prepared_session()
        with socket.create_server(("127.0.0.1", 0)) as mute:
            url = f"http://127.0.0.1:{mute.getsockname()[1]}"
            async with sessions_without_intake(house, servers, home, intake_url=url) as alone:
                await alone.http.get(f"{path}/readiness", headers=care.therapist.headers())
                began = time.monotonic()
                answer = await alone.http.post(
                    f"{path}/release-medicine",
                    json=care.dose_body(),
                    headers=care.therapist.headers(**{"idempotency-key": str(uuid4())}),
                )
                took_seconds = time.monotonic() - began

        assert codes(answer) == {"STANDING_UNCONFIRMED"}
        assert took_seconds < 3

    async def test_lets_one_of_many_sessions_of_a_client_release_at_once(self, house):
        """The one document that owns the answer lets one through."""
        care = await a_care(house, therapists=6)
        await care.prepare()
        paths = [
            await care.session(by=each, start=60 + 15 * place)
            for place, each in enumerate(care.therapists)
        ]

        answers = await asyncio.gather(
            *(release(care, path, by=by) for path, by in zip(paths, care.therapists, strict=True))
        )

        assert len(only(answers, 200)) == 1
        refused = only(answers, 409)
        assert all("DOSE_RESERVED_ELSEWHERE" in codes(each) for each in refused)

    async def test_refuses_a_second_release_in_a_session(self, care):
        """One release a session."""
        path = await care.prepared_session()
        await done(release(care, path))

        assert "MEDICINE_ALREADY_RELEASED" in codes(await release(care, path))


class TestReadiness:
    async def test_passes_when_all_is_in_order_and_stores_nothing(self, care):
        """Asking is free."""
        path = await care.prepared_session()
        before = await done(care.therapist.get(path))

        decision = await done(care.therapist.get(f"{path}/readiness"))

        assert (decision["outcome"], decision["reasons"]) == ("pass", [])
        assert await done(care.therapist.get(path)) == before

    async def test_answers_with_the_reasons_of_both_services(self, care):
        """A question gets 200, whatever the answer."""
        path = await care.session()

        decision = await done(care.therapist.get(f"{path}/readiness?units=3"))

        assert {"PREP_MISSING", "SIT_OUTSIDE_PRESCRIPTION"} <= {
            reason["code"] for reason in decision["reasons"]
        }

    async def test_says_when_intake_does_not_answer(self, care, house, servers, home):
        """Not ready is what unknown means here."""
        path = await care.prepared_session()

        async with sessions_without_intake(house, servers, home) as alone:
            answer = await alone.http.get(f"{path}/readiness", headers=care.therapist.headers())

        assert [reason["code"] for reason in answer.json()["reasons"]] == ["STANDING_UNCONFIRMED"]


class TestRecordMedicineTaken:
    async def test_stores_what_nobody_released(self, care):
        """What has happened is recorded, with its breach."""
        path = await care.session()

        session = await done(
            care.therapist.post(f"{path}/record-medicine-taken", care.dose_body(taken_at=moment(0)))
        )

        (dose,) = session["doses"]
        assert dose["breaches"] == ["MEDICINE_NOT_RELEASED"]
        assert float(dose["total_mg"]) == 200

    async def test_refuses_a_time_without_a_zone(self, care):
        """Nobody can tell afterwards which noon was meant."""
        path = await care.session()
        body = care.dose_body(taken_at="2026-12-01T12:00:00")

        answer = await care.therapist.post(f"{path}/record-medicine-taken", body)

        assert answer.status_code == 422
        assert (await done(care.therapist.get(path)))["doses"] == []


class TestDischargeClient:
    async def test_lets_the_visit_be_over(self, care):
        """The visit hears of it as a follow-up of the very write."""
        path = await care.discharged_session()
        visit_id = (await done(care.therapist.get(path)))["visit_id"]

        async with asyncio.timeout(60):
            while (await _standing(care, visit_id)) != "attended":  # noqa: ASYNC110 - asked over HTTP
                await asyncio.sleep(0.05)

    async def test_names_everything_that_does_not_hold_yet(self, care):
        """Each has its own remedy."""
        path = await care.session()
        body = {"effects_resolved_at": moment(3), "checklist": CHECKLIST[1:]}

        refused = await care.therapist.post(f"{path}/discharge-client", body)

        assert codes(refused) == {"EFFECTS_RESOLVED_IMPLAUSIBLE", "DISCHARGE_CHECK_MISSING"}


async def _standing(care, visit_id):
    return (await done(care.coordinator.get(f"/v1/visits/{visit_id}")))["standing"]


class TestWho:
    async def test_a_prescriber_may_look_and_not_release(self, care):
        """Who prescribes does not sit."""
        path = await care.prepared_session()

        assert (await care.prescriber.get(path)).is_success
        assert (await release(care, path, by=care.prescriber)).status_code == 403

    async def test_an_unknown_session_is_not_found(self, care):
        """For every command alike."""
        path = f"/v1/sessions/{uuid4()}"

        answers = [
            await care.therapist.get(path),
            await release(care, path),
            await care.therapist.post(f"{path}/open-sitting", {}),
            await care.therapist.post(f"{path}/close-session", {"adverse_events": "none"}),
        ]

        assert [each.status_code for each in answers] == [404] * 4
