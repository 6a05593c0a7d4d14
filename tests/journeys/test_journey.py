"""The two commands of a newcomer, on a machine that has Python and git and nothing else."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from cairn.identity import RunFiles

pytestmark = [pytest.mark.wired, pytest.mark.journey, pytest.mark.fault]

SERVICES = {"intake", "sessions", "integration", "notifications"}
NAMES = {"mongod", "kafka", "mailbox", "issuer"} | SERVICES
READY = "Ctrl-C stops all of it"
MID_JOURNEY, THE_END = "iris releases the medicine", "The end:"
FIRST_SECONDS, NEXT_SECONDS, WALK_SECONDS, END_SECONDS = 120, 20, 120, 60
QUIET_PERCENT = 30
"""Above this others use so much of the machine that the time says nothing about us."""


class Up:
    """One `cairn up` in a directory of its own."""

    def __init__(self, directory, *arguments):
        self.directory = directory
        self.log = directory / f"up-{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            self.began = time.monotonic()
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cairn", "up", *arguments],
                cwd=directory,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=bare(directory),
                start_new_session=True,
            )

    def wait_for(self, words, seconds):
        """Wait until it says so; answers how long after its start that was."""
        while words not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() - self.began < seconds, self.log.read_text()
            time.sleep(0.05)
        return time.monotonic() - self.began

    def family(self):
        """Give every process that it has started, however far down, and itself."""
        top = psutil.Process(self.process.pid)
        return [top, *top.children(recursive=True)]

    def noted(self):
        """Give the processes of which it has left a note."""
        return RunFiles(self.directory / ".cairn" / "run").noted()

    def status(self):
        """Ask as an operator would."""
        done = subprocess.run(
            [sys.executable, "-m", "cairn", "status", "--json"],
            cwd=self.directory,
            env=bare(self.directory),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return done.returncode, json.loads(done.stdout)


def bare(directory):
    """Give an environment whose PATH has python and git, and no java, docker, mvn or node."""
    programs = directory / "programs"
    programs.mkdir(exist_ok=True)
    for name, target in {"python3": sys.executable, "git": shutil.which("git")}.items():
        link = programs / name
        if target and not link.is_symlink():
            link.symlink_to(target)
    given = ("CAIRN_MONGO_URL", "CAIRN_KAFKA_BOOTSTRAP", "JAVA_HOME")
    kept = {name: value for name, value in os.environ.items() if name not in given}
    return kept | {"PATH": str(programs)}


def still_there(family):
    """Name those that have not ended; an ended one that nobody asked after counts as ended."""
    _, alive = psutil.wait_procs(family, timeout=END_SECONDS)
    return [each.name() for each in alive if each.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """Where everything of this machine's network lives."""
    return tmp_path_factory.mktemp("newcomer")


@pytest.fixture
def start(directory):
    """Start it, and end it with the test whatever happens."""
    started = []

    def start_one(*arguments):
        started.append(Up(directory, *arguments))
        return started[-1]

    yield start_one
    for each in started:
        if each.process.poll() is None:
            each.process.send_signal(signal.SIGINT)
        each.process.wait(END_SECONDS)


class TestUp:
    """Each test goes on from where the one before it left the directory."""

    def test_ends_in_the_printed_journey_and_keeps_running(self, start):
        """A newcomer who sees nothing happen after ten minutes does not come back."""
        network = start()
        network.wait_for(READY, FIRST_SECONDS)
        network.wait_for(THE_END, FIRST_SECONDS + WALK_SECONDS)
        code, status = network.status()
        family = network.family()
        told = network.log.read_text()

        network.process.send_signal(signal.SIGINT)
        ended = network.process.wait(END_SECONDS)

        assert code == 0, status
        assert {name: each["state"] for name, each in status["services"].items()} == (
            dict.fromkeys(SERVICES, "ready")
        )
        assert all(status["servers"].values())
        assert {each["parked"] for each in status["services"].values()} == {0}
        assert "verified" in told
        assert "e-mail" in told
        assert ended == 0
        assert still_there(family) == []
        assert network.noted() == {}

    def test_is_ready_in_under_twenty_seconds_the_next_time(self, start):
        """Who waits longer leaves it running, and then works on data of last week."""
        busy_percent = psutil.cpu_percent(interval=3)
        network = start("--no-journey")
        seconds = network.wait_for(READY, FIRST_SECONDS)

        print(f"ready after {seconds:.1f} s on a machine that was {busy_percent:.0f} % busy")
        assert set(network.noted()) == NAMES
        if seconds >= NEXT_SECONDS and busy_percent > QUIET_PERCENT:
            pytest.skip(
                f"{seconds:.0f} s, but others kept {busy_percent:.0f} % of the machine busy"
            )
        assert seconds < NEXT_SECONDS

    def test_leaves_nothing_behind_when_it_was_killed_and_started_again(self, start):
        """A laptop that was shut in mid-work must not need an expert the next morning."""
        first = start()
        first.wait_for(MID_JOURNEY, FIRST_SECONDS + WALK_SECONDS)
        family = first.family()
        first.process.kill()
        first.process.wait(END_SECONDS)

        again = start()
        again.wait_for(THE_END, FIRST_SECONDS + WALK_SECONDS)
        code, status = again.status()
        noted = {life.pid for life in again.noted().values()}
        children = {each.pid for each in again.family()} - {again.process.pid}

        assert still_there(family) == []
        assert code == 0, status
        assert set(again.noted()) == NAMES
        assert noted <= children
        assert len(children - noted) <= 1, "besides what is noted there is the guard alone"

    def test_finds_no_other_program_on_the_path(self, directory):
        """Otherwise the tests above prove less than they say."""
        path = bare(directory)["PATH"]

        assert sorted(each.name for each in Path(path).iterdir()) == ["git", "python3"]
        assert not any(shutil.which(name, path=path) for name in ("java", "mvn", "docker", "node"))
