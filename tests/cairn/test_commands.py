import json
import time

import pytest
from aiokafka import AIOKafkaProducer
from typer.testing import CliRunner

from cairn.__main__ import app
from cairn.bridge import answer_of


def run(*arguments):
    return CliRunner(env={"COLUMNS": "250"}).invoke(app, list(arguments))


def parked():
    return run("parked", "list", "--service", "intake").output


def until(true, seconds=20):
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.1)
    return true()


async def send(bootstrap, topic, value):
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    await producer.send_and_wait(topic, value)
    await producer.stop()


class TestWithoutANetwork:
    """Commands in a directory where nothing was ever started."""

    @pytest.mark.parametrize(
        "command",
        [
            pytest.param(("status",), id="status"),
            pytest.param(("parked", "list"), id="parked list"),
            pytest.param(("clock", "show"), id="clock show"),
            pytest.param(("topics", "apply"), id="topics apply"),
        ],
    )
    def test_say_how_to_start_one(self, tmp_path, monkeypatch, command):
        """A traceback tells a newcomer nothing."""
        monkeypatch.delenv("CAIRN_KAFKA_BOOTSTRAP", raising=False)
        monkeypatch.chdir(tmp_path)

        done = run(*command)

        assert done.exit_code == 1
        assert "cairn up" in done.output

    def test_refuse_a_length_of_time_that_is_none(self, tmp_path, monkeypatch):
        """The clock cannot be moved back."""
        monkeypatch.chdir(tmp_path)

        assert run("clock", "advance", "yesterday").exit_code == 1


@pytest.mark.wired
class TestStatus:
    """`cairn status` while only intake runs."""

    def test_tells_what_is_ready_and_what_is_away(self, intake_network, monkeypatch):
        """Another program reads it, so it must not guess at what it could not ask."""
        home, addresses = intake_network
        monkeypatch.chdir(home.path.parent)

        done = run("status", "--json")

        found = json.loads(done.stdout)
        assert done.exit_code == 1
        assert found["addresses"] == addresses.model_dump()
        assert found["services"]["intake"]["state"] == "ready"
        assert found["services"]["intake"]["parked"] == 0
        assert found["services"]["sessions"]["state"] == "away"
        assert found["services"]["sessions"]["lag"] is None
        assert found["servers"]["mongo"] is True
        assert found["servers"]["mailbox"] is False


@pytest.mark.wired
class TestParked:
    """`cairn parked` on a service that could not use a fact."""

    def test_shows_it_with_the_reason_and_lets_it_go_with_a_note(self, intake_network, monkeypatch):
        """A person decides what becomes of it, and says why."""
        home, addresses = intake_network
        monkeypatch.chdir(home.path.parent)
        answer_of(send(addresses.kafka, "sessions.visits", b"not a fact"))
        assert until(lambda: "sessions.visits" in parked())
        parked_id = next(word for word in parked().split() if word.count("-") == 4)

        shown = json.loads(run("parked", "show", parked_id, "--service", "intake").stdout)
        retried = run("parked", "retry", parked_id, "--service", "intake")
        gone = run("parked", "discard", parked_id, "--service", "intake", "--note", "a test")

        assert (shown["service"], shown["topic"]) == ("intake", "sessions.visits")
        assert shown["code"]
        assert "value" not in shown
        assert retried.exit_code == 1
        assert "stays parked" in retried.output
        assert gone.exit_code == 0
        assert "0 parked" in parked()

    def test_does_not_know_what_nobody_parked(self, intake_network, monkeypatch):
        """A mistyped id must not look like a success."""
        home, _ = intake_network
        monkeypatch.chdir(home.path.parent)

        done = run("parked", "discard", "no-such-id", "--service", "intake", "--note", "a test")

        assert done.exit_code == 1
        assert "no parked fact" in done.output


@pytest.mark.wired
class TestClock:
    """`cairn clock` on a real database."""

    def test_moves_forward_and_adds_up(self, intake_network, monkeypatch):
        """A month is played in a minute by many small steps."""
        home, _ = intake_network
        monkeypatch.chdir(home.path.parent)

        run("clock", "advance", "2h")
        moved = run("clock", "advance", "1d")

        assert "1 day, 2:00:00 ahead" in moved.output
        assert "1 day, 2:00:00 ahead" in run("clock", "show").output
