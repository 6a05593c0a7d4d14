import json
import os
import signal
import subprocess
import sys
import time

import httpx
import pytest

from cairn.identity import RunFiles

pytestmark = [pytest.mark.wired, pytest.mark.fault]

NAMES = {"mongod", "kafka", "mailbox", "issuer"}


class Up:
    """One `cairn up --only servers` in a directory of its own."""

    def __init__(self, directory):
        self.home = directory / ".cairn"
        self.log = directory / "up.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cairn", "up", "--only", "servers"],
                cwd=directory,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=bare(os.environ),
                start_new_session=True,
            )

    def wait_ready(self, seconds=90):
        """Wait until it says so; answers how long that took."""
        began = time.monotonic()
        already = self.log.read_text().count("Ctrl-C stops all of it")
        while self.log.read_text().count("Ctrl-C stops all of it") == already:
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() - began < seconds, self.log.read_text()
            time.sleep(0.05)
        return time.monotonic() - began

    def lives(self):
        """Give the processes that it has noted."""
        return RunFiles(self.home / "run").noted()

    def addresses(self):
        """Give the addresses that it has written."""
        return json.loads((self.home / "addresses.json").read_text())


def bare(environment):
    """Take away given servers, and every program that a machine might bring: no java, no docker."""
    given = ("CAIRN_MONGO_URL", "CAIRN_KAFKA_BOOTSTRAP", "JAVA_HOME")
    kept = {name: value for name, value in environment.items() if name not in given}
    return kept | {"PATH": "/nonexistent"}


def gone(lives, seconds=30):
    return all(life.wait(seconds) for life in lives.values())


@pytest.fixture
def start(tmp_path):
    """Start it, and end it with the test whatever happens."""
    started = []

    def start_one():
        started.append(Up(tmp_path))
        return started[-1]

    yield start_one
    for each in started:
        each.process.terminate()
        each.process.wait(60)


class TestUp:
    """`cairn up`, as far as the servers."""

    def test_leaves_nothing_running_after_an_interrupt(self, start):
        """A forgotten broker holds the port and the memory that the next start needs."""
        network = start()
        network.wait_ready()
        lives = network.lives()
        assert set(lives) == NAMES

        network.process.send_signal(signal.SIGINT)

        assert network.process.wait(60) == 0
        assert gone(lives, seconds=0)
        assert network.lives() == {}

    def test_is_ready_again_after_a_kill_within_the_promised_time(self, start):
        """A laptop that was shut in mid-work must not need an expert the next morning."""
        first = start()
        first.wait_ready()
        lives = first.lives()
        first.process.kill()
        first.process.wait(10)

        again = start()
        seconds = again.wait_ready()

        assert seconds < 20
        assert gone(lives)
        assert set(again.lives()) == NAMES

    def test_refuses_to_start_twice_in_one_directory(self, start):
        """Two brokers on one set of files would spoil them."""
        first = start()
        first.wait_ready()

        second = start()

        assert second.process.wait(60) == 1
        assert "another `cairn up` runs" in second.log.read_text()
        assert set(first.lives()) == NAMES

    def test_keeps_the_real_addresses_for_everybody_else(self, start):
        """The usual port may be taken, and then nothing else tells where the mailbox is."""
        network = start()
        network.wait_ready()
        addresses = network.addresses()

        for name in ("mailbox", "issuer"):
            answer = httpx.get(f"{addresses[name]}/livez", timeout=10, trust_env=False)
            assert answer.is_success
