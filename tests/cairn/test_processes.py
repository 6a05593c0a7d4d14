import signal
import subprocess
import sys
import time

import psutil
import pytest

from cairn.identity import Life, RunFiles, birth_of
from cairn.processes import Children, StartFailed, last_lines

pytestmark = pytest.mark.fault

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + SLEEP[-1],
]
LAST_WORDS = [
    sys.executable,
    "-c",
    "import signal; signal.signal(signal.SIGTERM, lambda *_: exit(3))\n" + SLEEP[-1],
]
COMMAND = """
import sys, time
from pathlib import Path
from cairn.processes import Children
children = Children(run=Path(sys.argv[1]) / "run", logs=Path(sys.argv[1]) / "logs")
for name in ("one", "two"):
    children.spawn(name, [sys.executable, "-c", "import time; time.sleep(60)"])
print("started", flush=True)
time.sleep(60)
"""


def until(true, seconds=15):
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


@pytest.fixture
def children(tmp_path):
    """Programs that are gone when the test is."""
    with Children(run=tmp_path / "run", logs=tmp_path / "logs") as children:
        yield children


@pytest.fixture
def command(tmp_path):
    """A command that has started two programs."""
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    process.stdout.readline()
    yield process
    process.kill()
    process.wait(10)
    process.stdout.close()


def is_up(child):
    return until(lambda: "up" in last_lines(child.log, 5))


class TestChild:
    """One program that a command has started."""

    def test_runs_until_it_is_asked_to_end(self, children):
        """A good order of stopping begins with asking."""
        child = children.spawn("sleeper", SLEEP)
        assert is_up(child)

        child.stop(grace_seconds=10)

        assert child.returncode == -signal.SIGTERM

    def test_is_killed_when_it_does_not_listen(self, children):
        """Ctrl-C has to come to an end."""
        child = children.spawn("deaf", DEAF)
        assert is_up(child)

        child.stop(grace_seconds=0.2)

        assert child.returncode == -signal.SIGKILL

    def test_is_ended_in_good_order_even_when_it_is_frozen(self, children):
        """A frozen program hears nothing until it is woken."""
        child = children.spawn("sleeper", LAST_WORDS)
        assert is_up(child)
        child.suspend()

        child.stop(grace_seconds=5)

        assert child.returncode == 3

    def test_stands_still_between_suspend_and_resume(self, children):
        """Fault runs freeze a server, and must know that it was frozen."""
        child = children.spawn("sleeper", SLEEP)
        assert is_up(child)

        child.suspend()
        assert until(lambda: psutil.Process(child.pid).status() == psutil.STATUS_STOPPED)

        child.resume()
        assert until(lambda: psutil.Process(child.pid).status() != psutil.STATUS_STOPPED)

    def test_can_be_started_again_under_a_new_pid(self, children, tmp_path):
        """The note of the old life must not outlive it."""
        child = children.spawn("sleeper", SLEEP)
        first = child.pid
        child.kill()

        child.start()

        assert child.pid != first
        assert RunFiles(tmp_path / "run").noted()["sleeper"].pid == child.pid

    def test_leaves_its_last_words_in_the_failure(self, children):
        """Nobody is helped by hearing only that it did not start."""
        child = children.spawn("broken", [sys.executable, "-c", "raise SystemExit('no disk')"])
        assert until(lambda: not child.runs)

        assert "no disk" in str(StartFailed("broken ended", child.log))

    def test_leaves_no_note_once_it_has_ended(self, children, tmp_path):
        """The next start would look for it in vain."""
        children.spawn("sleeper", SLEEP).stop(grace_seconds=10)

        assert RunFiles(tmp_path / "run").noted() == {}


class TestCrashedCommand:
    """What becomes of the programs when the command that started them is killed."""

    def test_takes_its_programs_along(self, command, tmp_path):
        """Nobody else would ever end them."""
        lives = RunFiles(tmp_path / "run").noted()
        assert all(life.lasts() for life in lives.values())

        command.kill()

        assert until(lambda: not any(life.lasts() for life in lives.values()))
        assert set(lives) == {"one", "two"}

    def test_leaves_them_to_the_next_one_when_its_guard_is_killed_too(self, command, tmp_path):
        """The out-of-memory killer does not stop at one process."""
        lives = RunFiles(tmp_path / "run").noted()
        guard = next(
            each
            for each in psutil.Process(command.pid).children()
            if "cairn.guard" in each.cmdline()
        )
        guard.kill()
        command.kill()
        command.wait(10)
        assert all(life.lasts() for life in lives.values())

        with Children(run=tmp_path / "run", logs=tmp_path / "logs") as children:
            ended = children.end_stale(grace_seconds=10)

        assert sorted(ended) == ["one", "two"]
        assert not any(life.lasts() for life in lives.values())

    def test_leaves_alone_whoever_got_a_pid_since(self, tmp_path):
        """A note from before the last restart of the machine can name anybody's pid."""
        stranger = subprocess.Popen(SLEEP, stdout=subprocess.DEVNULL)
        try:
            RunFiles(tmp_path / "run").note("old", Life(pid=stranger.pid, birth="another boot/7"))

            RunFiles(tmp_path / "run").end_stale(grace_seconds=10)

            assert birth_of(stranger.pid) is not None
            assert stranger.poll() is None
        finally:
            stranger.kill()
            stranger.wait(10)
