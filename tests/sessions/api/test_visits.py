import asyncio
from uuid import uuid4

import pytest

from intake_people import done
from sessions_people import a_care, codes, heard, moment, only

pytestmark = pytest.mark.wired


class TestScheduleVisit:
    async def test_shows_the_visit_with_the_client_and_zone_that_intake_told(self, care):
        """The desk names a pathway and a site; everything else is known."""
        visit = await care.visit("preparation", 60)

        assert visit["client_id"] == care.client_id
        assert visit["zone"].startswith("Etc/GMT")
        assert (visit["standing"], visit["version"], visit["sequence"]) == ("scheduled", 1, 1)

    async def test_answers_a_repeat_with_the_same_visit(self, care):
        """A lost answer must not book a second visit."""
        key, body = str(uuid4()), care.visit_body()
        first = await heard(care.coordinator, "/v1/visits", body, key=key)

        again = await care.coordinator.post("/v1/visits", body, key=key)

        assert again.json() == first.json()
        assert again.headers["idempotent-replay"] == "true"

    async def test_answers_a_repeat_even_when_the_rule_would_say_no_by_now(self, care):
        """Whoever repeats asks what became of it, not for a second judgement."""
        key, body = str(uuid4()), care.visit_body()
        first = await heard(care.coordinator, "/v1/visits", body, key=key)
        await done(care.coordinator.post(f"/v1/visits/{first.json()['id']}/cancel-visit", {}))

        again = await care.coordinator.post("/v1/visits", body, key=key)

        assert again.json()["standing"] == "cancelled"

    async def test_refuses_the_same_key_with_another_body(self, care):
        """Two different bookings under one key are a mistake of the caller."""
        key = str(uuid4())
        await heard(care.coordinator, "/v1/visits", care.visit_body(), key=key)

        other = await care.coordinator.post("/v1/visits", care.visit_body(room="blue"), key=key)

        assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")

    async def test_lets_one_of_forty_at_once_win(self, care):
        """Check-then-write would let several through; the index lets one."""
        await care.visit("integration", 24 * 60)
        body = care.visit_body()

        answers = await asyncio.gather(
            *(care.coordinator.post("/v1/visits", body) for _ in range(40))
        )

        assert (len(only(answers, 201)), len(only(answers, 409))) == (1, 39)

    async def test_says_what_is_taken_and_nothing_about_whose_visit_it_is(self, care):
        """Another client's name must not be guessed from a refusal."""
        taken = await care.visit("preparation", 60, room="blue")

        refused = await care.coordinator.post("/v1/visits", care.visit_body(room="blue"))

        reasons = refused.json()["reasons"]
        assert [each["code"] for each in reasons] == ["VISIT_OVERLAPS"] * 3
        assert [each["facts"]["taken"] for each in reasons] == ["client", "room", "staff"]
        assert taken["id"] not in refused.text

    async def test_books_back_to_back(self, care):
        """A day is planned without gaps."""
        await care.visit("preparation", 60)

        assert await care.visit("preparation", 75)

    async def test_names_every_reason_at_once(self, care):
        """Whoever sees only the first problem may fix only the first problem."""
        await care.visit("integration", 24 * 60)
        body = care.visit_body(
            therapist_id=str(uuid4()), starts_at=moment(-60), ends_at=moment(-120)
        )

        refused = await care.coordinator.post("/v1/visits", body)

        assert refused.status_code == 409
        assert codes(refused) == {
            "THERAPIST_NOT_IN_CARE_TEAM",
            "VISIT_ENDS_BEFORE_START",
            "VISIT_IN_PAST",
        }

    async def test_refuses_a_pathway_nobody_told_of(self, care):
        """Unknown is not false."""
        body = care.visit_body(pathway_id=str(uuid4()))

        refused = await care.coordinator.post("/v1/visits", body)

        assert "VISIT_PATHWAY_UNKNOWN" in codes(refused)

    async def test_names_every_problem_of_a_malformed_body(self, care):
        """422 with every problem, by its place, repeating nothing."""
        body = care.visit_body(
            kind="seance", starts_at="2026-12-01T10:00:00", ends_at="2999-01-01T00:00:00Z", note="x"
        )

        answer = await care.coordinator.post("/v1/visits", body)

        assert answer.status_code == 422
        places = {reason["facts"]["pointer"] for reason in answer.json()["reasons"]}
        assert places == {"/kind", "/starts_at", "/ends_at", "/note"}
        assert "seance" not in answer.text

    async def test_asks_for_a_key(self, care):
        """Without one a repeat would be a second booking."""
        answer = await care.coordinator.http.post(
            "/v1/visits", json=care.visit_body(), headers=care.coordinator.headers()
        )

        assert (answer.status_code, answer.json()["code"]) == (400, "IDEMPOTENCY_KEY_MISSING")

    async def test_knows_no_site_where_the_caller_has_no_role(self, care, house):
        """That a site exists is nobody else's business."""
        stranger = house.sessions.person("intake_coordinator", site=uuid4())

        answer = await stranger.post("/v1/visits", care.visit_body())

        assert answer.status_code == 404


class TestMoveVisit:
    async def test_frees_what_it_held_and_takes_the_new_time(self, care):
        """One update: nobody sees the visit twice, or not at all."""
        visit = await care.visit("preparation", 60)
        move = care.times(180)

        moved = await done(care.coordinator.post(f"/v1/visits/{visit['id']}/move-visit", move))

        assert (moved["moves"], moved["sequence"]) == (1, 2)
        assert await care.visit("preparation", 60)

    async def test_refuses_a_time_that_is_taken_and_keeps_its_own(self, care):
        """A move that fails must not lose the place it had."""
        visit = await care.visit("preparation", 60)
        await care.visit("preparation", 180)
        move = care.times(180)

        refused = await care.coordinator.post(f"/v1/visits/{visit['id']}/move-visit", move)

        assert codes(refused) == {"VISIT_OVERLAPS"}
        kept = await done(care.coordinator.get(f"/v1/visits/{visit['id']}"))
        assert (kept["starts_at"], kept["version"]) == (visit["starts_at"], 1)

    async def test_never_holds_a_time_twice_however_many_move_at_once(self, care):
        """Eight visits race for four places, again and again."""
        visits = [await care.visit("preparation", 60 + 30 * place) for place in range(8)]
        slots = [600 + 30 * place for place in range(4)]

        async def race(visit, slot):
            move = care.times(slot)
            return await care.coordinator.post(f"/v1/visits/{visit['id']}/move-visit", move)

        for shift in range(4):
            await asyncio.gather(
                *(race(visit, slots[(n + shift) % 4]) for n, visit in enumerate(visits))
            )

        listed = await done(care.coordinator.get(f"/v1/visits?client={care.client_id}"))
        times = [visit["starts_at"][:16] for visit in listed["items"]]
        assert len(times) == len(set(times)) == 8

    async def test_refuses_a_stale_version(self, care):
        """Whoever looked before the last move must look again."""
        visit = await care.visit("preparation", 60)
        path = f"/v1/visits/{visit['id']}/move-visit"
        move = care.times(180)
        await done(care.coordinator.post(path, move, if_match=1))

        stale = await care.coordinator.post(path, move, if_match=1)

        assert (stale.status_code, stale.json()["code"]) == (412, "STALE")


class TestCancelVisit:
    async def test_frees_the_time_at_once(self, care):
        """Somebody else may be waiting for it."""
        visit = await care.visit("preparation", 60)

        gone = await done(care.coordinator.post(f"/v1/visits/{visit['id']}/cancel-visit", {}))

        assert gone["standing"] == "cancelled"
        assert await care.visit("preparation", 60)

    async def test_refuses_a_body_that_says_more(self, care):
        """A reason that is silently dropped would be thought to be kept."""
        visit = await care.visit("preparation", 60)

        answer = await care.coordinator.post(
            f"/v1/visits/{visit['id']}/cancel-visit", {"reason": "ill"}
        )

        assert answer.status_code == 422


class TestListVisits:
    async def test_lists_a_clients_visits_by_their_start(self, care):
        """The desk asks for one week."""
        near, far = await care.visit("preparation", 60), await care.visit("preparation", 6000)
        query = f"/v1/visits?client={care.client_id}"
        until = moment(600).replace("+00:00", "Z")

        soon = await done(care.coordinator.get(f"{query}&to={until}"))
        later = await done(care.coordinator.get(f"{query}&from={until}"))

        assert [each["id"] for each in soon["items"]] == [near["id"]]
        assert [each["id"] for each in later["items"]] == [far["id"]]

    async def test_shows_nothing_of_a_site_where_the_caller_has_no_role(self, care, house):
        """Not even that there is something."""
        await care.visit("preparation", 60)
        stranger = house.sessions.person("intake_coordinator", site=uuid4())

        assert (await done(stranger.get(f"/v1/visits?client={care.client_id}")))["items"] == []

    async def test_pages(self, care):
        """A busy client must not fill the answer."""
        for place in range(3):
            await care.visit("preparation", 60 + 60 * place)
        query = f"/v1/visits?client={care.client_id}&limit=2"

        first = await done(care.coordinator.get(query))
        rest = await done(care.coordinator.get(f"{query}&after={first['next']}"))

        assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)


class TestConfirmVisits:
    async def test_tells_what_is_current_and_what_is_not(self, care, house):
        """A notice about a visit that moved must not go out."""
        kept, moved = await care.visit("preparation", 60), await care.visit("preparation", 180)
        move = care.times(300)
        await done(care.coordinator.post(f"/v1/visits/{moved['id']}/move-visit", move))
        asked = [{"id": each, "sequence": 1} for each in (kept["id"], moved["id"], str(uuid4()))]

        told = await done(
            house.sessions.service("notifications").post("/v1/visits/confirm", {"visits": asked})
        )

        assert [each["current"] for each in told["visits"]] == [True, False, False]
        assert [each["standing"] for each in told["visits"]] == ["scheduled", "scheduled", None]
        assert [each["sequence"] for each in told["visits"]] == [1, 2, None]

    async def test_is_for_notifications_alone(self, care):
        """Two hundred visits at once are not for people."""
        answer = await care.coordinator.post("/v1/visits/confirm", {"visits": []})

        assert answer.status_code == 403

    async def test_takes_two_hundred_at_most(self, house):
        """A batch is a page, not a table."""
        asked = [{"id": str(uuid4()), "sequence": 1}] * 201

        answer = await house.sessions.service("notifications").post(
            "/v1/visits/confirm", {"visits": asked}
        )

        assert answer.status_code == 422


class TestShowVisit:
    async def test_is_not_there_for_whoever_may_not_know(self, care, house):
        """A stranger learns the same from an id that exists and one that does not."""
        visit = await care.visit("preparation", 60)
        stranger = house.sessions.person("therapist", site=uuid4())

        answers = [await stranger.get(f"/v1/visits/{each}") for each in (visit["id"], uuid4())]

        assert [each.status_code for each in answers] == [404, 404]

    async def test_asks_for_a_token(self, care):
        """Nobody is let in without one, nor with a forged one."""
        visit = await care.visit("preparation", 60)
        http = care.coordinator.http

        without = await http.get(f"/v1/visits/{visit['id']}")
        forged = await http.get(
            f"/v1/visits/{visit['id']}", headers={"authorization": "Bearer x.y.z"}
        )

        assert [without.status_code, forged.status_code] == [401, 401]


class TestCheckIn:
    async def test_leaves_a_preparation_attended(self, care):
        """Nothing follows but the release, which asks for it."""
        assert (await care.checked_in("preparation", 60))["standing"] == "attended"

    async def test_leaves_a_medicine_visit_open(self, care):
        """It is over once its client went home."""
        assert (await care.checked_in("medicine", 60))["standing"] == "checked_in"

    async def test_refuses_another_day(self, care):
        """Next week's visit is not today's."""
        visit = await care.visit("preparation", 3 * 24 * 60)

        refused = await care.coordinator.post(f"/v1/visits/{visit['id']}/check-in", {})

        assert codes(refused) == {"VISIT_NOT_TODAY"}


class TestTwoSites:
    async def test_lets_two_clients_have_the_same_time(self, care, house):
        """What excludes each other is a person or a room, not an hour."""
        other = await a_care(house)

        assert await care.visit("preparation", 60)
        assert await other.visit("preparation", 60)
