"""Facts tell, owners decide: what was acknowledged holds at once, whatever the bus does."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from uuid import uuid4

import pytest

from network import KNOXVILLE, NASHVILLE
from network_people import PATIENCE_SECONDS, reason_codes
from whole_standing import (
    PRESENCE,
    a_client,
    a_visit,
    go_home,
    prepare,
    quarter_hour_after,
    ready_to_release,
    sit,
)

pytestmark = [pytest.mark.wired, pytest.mark.journey]

ANSWER_SECONDS = 3
SESSIONS = 20


def withdraw(network, client):
    """End the prescription and take the consent back, in intake."""
    path = f"/v1/pathways/{client.pathway_id}"
    ended = {"prescription_id": str(client.prescription_id), "cause": "cancelled"}
    network.person("june").does("intake", f"{path}/end-prescription", ended)
    client.person.does("intake", f"{path}/withdraw-consent", {"kind": "treatment_kap"})


def released_at_once(sittings):
    """Let every session ask for its release in the same moment, until it has an answer.

    Twenty at once may take a small machine longer than a question may last; whoever hears that
    nobody answered repeats the command with its key, as they are told to.
    """
    together = Barrier(len(sittings))

    def release(sitting):
        key, until = str(uuid4()), time.monotonic() + PATIENCE_SECONDS
        together.wait()
        answer = sitting.release(key=key)
        while unanswered(answer) and time.monotonic() < until:
            answer = sitting.release(key=key)
        return answer

    with ThreadPoolExecutor(len(sittings)) as hands:
        return list(hands.map(release, sittings))


def unanswered(answer):
    """Say whether this means that nobody knows, and not yes or no."""
    return answer.status_code in {503, 504} or "STANDING_UNCONFIRMED" in answer.text


def reservations(network, client):
    path = f"/v1/pathways/{client.pathway_id}"
    return network.person("june").sees("intake", path)["reservations"]


class TestReleaseMedicine:
    def test_follows_intake_and_not_what_was_heard_while_kafka_is_away(self, network):
        """A consent taken back counts from that moment, not from when the bus works again."""
        stopped, whole = ready_to_release(network, 2)

        with network.frozen(network.kafka):
            withdraw(network, stopped.client)
            refused, released = stopped.release(), whole.release()

        assert reason_codes(refused) == {"SIT_NO_VALID_PRESCRIPTION", "CONSENT_NOT_IN_FORCE"}
        assert stopped.session()["release"] is None
        assert released.status_code == 200, released.text
        assert whole.session()["release"]["total_mg"] == "200"

    @pytest.mark.parametrize("away", ["killed", "frozen"])
    def test_is_refused_within_three_seconds_when_intake_does_not_answer(self, network, away):
        """Silence is not a yes; and a therapist beside a waiting client needs to know it soon."""
        (sitting,) = ready_to_release(network)
        before = sitting.session()

        with getattr(network, away)(network.service("intake")):
            began = time.monotonic()
            refused = sitting.release()
            seconds = time.monotonic() - began
            after = sitting.session()
        released = sitting.release()

        print(f"refused after {seconds:.2f} s with intake {away}")
        assert reason_codes(refused) == {"STANDING_UNCONFIRMED"}
        assert seconds < ANSWER_SECONDS
        assert after == before
        assert released.status_code == 200, released.text
        assert len(reservations(network, sitting.client)) == 1

    def test_succeeds_for_one_of_twenty_sessions_of_a_client_at_two_sites(self, network):
        """Two sites that each see a free client would together give a double dose."""
        client = a_client(network, therapists=SESSIONS)
        prepare(network, client)
        starts_at = quarter_hour_after(network.now() + timedelta(minutes=45))
        sittings = []
        for place, therapist in enumerate(client.therapists):
            visit_id = a_visit(
                network,
                client,
                "medicine",
                starts_at + timedelta(minutes=15 * place),
                minutes=15,
                site=(NASHVILLE, KNOXVILLE)[place % 2],
                therapist=therapist,
            )
            sittings.append(sit(client, therapist, visit_id))
        network.advance(PRESENCE)

        answers = released_at_once(sittings)

        released = [place for place, each in enumerate(answers) if each.status_code == 200]
        refused = [each for each in answers if each.status_code != 200]
        assert len(released) == 1
        assert {tuple(reason_codes(each)) for each in refused} == {("DOSE_RESERVED_ELSEWHERE",)}
        assert [place for place, each in enumerate(sittings) if each.session()["release"]] == (
            released
        )
        assert [each["session_id"] for each in reservations(network, client)] == [
            str(sittings[released[0]].session_id)
        ]


def notice(network, client, visit_id, item):
    """Look at one notice of a visit's plan; None while it is not planned."""
    plans = network.person("june").sees("notifications", "/v1/plans", client=str(client.id))
    notices = [
        each
        for plan in plans["items"]
        if plan["visit_id"] == str(visit_id)
        for each in plan["notices"]
        if each["item"] == item
    ]
    return notices[0] if notices else None


def eventually(look, is_so=bool, *, seconds=20):
    """Look again until it is so; answers what was seen last."""
    until = time.monotonic() + seconds
    while not is_so(seen := look()) and time.monotonic() < until:
        time.sleep(0.1)
    return seen


def mail_to(network, client):
    return [each for each in network.messages() if client.email in each["to"]]


def due(network, client, visit_id, item, *, presumed=False):
    """Tell when a notice will be due, once it is planned by what really happened."""
    planned = eventually(
        lambda: notice(network, client, visit_id, item),
        lambda seen: seen is not None and seen["presumed"] is presumed,
    )
    return datetime.fromisoformat(planned["due_at"])


class TestNotices:
    def reminder_due_at(self, network, instant):
        """Plan a visit whose reminder of the day before is due at this moment."""
        client = a_client(network)
        visit_id = a_visit(network, client, "preparation", instant + timedelta(hours=24))
        assert due(network, client, visit_id, "k06-day-before") == instant
        return client, visit_id

    def test_of_a_visit_cancelled_while_kafka_is_away_are_not_sent(self, network):
        """Whoever cancelled and is reminded all the same stops believing either message."""
        network.next_morning()
        (sitting,) = ready_to_release(network)
        assert sitting.release().status_code == 200
        go_home(network, sitting)
        instant = due(network, sitting.client, sitting.visit_id, "k10-first-check")
        client, visit_id = self.reminder_due_at(network, instant)

        with network.killed(network.kafka):
            network.wait_until(instant - timedelta(seconds=4))
            cancel = f"/v1/visits/{visit_id}/cancel-visit"
            assert network.person("june").post("sessions", cancel).status_code == 200
            assert network.now() < instant
            held = eventually(
                lambda: notice(network, client, visit_id, "k06-day-before"),
                lambda seen: seen["standing"] == "held",
            )
            checked = eventually(lambda: mail_to(network, sitting.client))
            time.sleep(2)
            reminded = mail_to(network, client)
        cancelled = eventually(
            lambda: notice(network, client, visit_id, "k06-day-before"),
            lambda seen: seen["standing"] == "cancelled",
        )

        assert (held["standing"], held["why"]) == ("held", ["CONFIRMATION_WAITING"])
        assert reminded == []
        assert len(checked) == 1
        assert (cancelled["standing"], cancelled["why"]) == ("cancelled", ["VISIT_CANCELLED"])
        assert mail_to(network, client) == []

    def test_of_safety_go_out_even_when_no_owner_answers(self, network):
        """A reminder can wait for an answer; asking after somebody who had medicine cannot."""
        network.next_morning()
        (sitting,) = ready_to_release(network)
        assert sitting.release().status_code == 200
        go_home(network, sitting)
        instant = due(network, sitting.client, sitting.visit_id, "k10-first-check")
        client, visit_id = self.reminder_due_at(network, instant)

        with network.killed(network.service("sessions")), network.frozen(network.service("intake")):
            network.wait_until(instant)
            held = eventually(
                lambda: notice(network, client, visit_id, "k06-day-before"),
                lambda seen: seen["standing"] == "held",
            )
            checked = eventually(lambda: mail_to(network, sitting.client))
            unasked = mail_to(network, client)
        reminded = eventually(lambda: mail_to(network, client), seconds=45)

        assert (held["standing"], held["why"]) == ("held", ["CONFIRMATION_WAITING"])
        assert unasked == []
        assert len(checked) == 1
        assert len(reminded) == 1
