"""Is this still the process that we started?

A pid is used again after its process has ended. What is never used again is the pid together with
the moment of its birth, so that is what run files keep, and nothing is ended before it is compared.
"""

import json
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

_AFTER_STATE_TO_START_TICKS = 19
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Life:
    """One process from its birth to its end."""

    pid: int
    birth: str
    """Told apart by the kernel's own count, which no change of the clock moves."""

    def lasts(self) -> bool:
        """Say whether exactly this process still runs."""
        return birth_of(self.pid) == self.birth

    def signal(self, number: signal.Signals) -> bool:
        """Send a signal to this process and to no later owner of its pid."""
        if not self.lasts():
            return False
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)
        return True

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended; False when it still runs after that time."""
        deadline = time.monotonic() + seconds
        while self.lasts():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True


def birth_of(pid: int) -> str | None:
    """Name the birth of the process with this pid; None when nobody lives there."""
    return _birth_on_linux(pid) if sys.platform == "linux" else _birth_elsewhere(pid)


def life_of(pid: int) -> Life | None:
    """Take note of a running process."""
    birth = birth_of(pid)
    return None if birth is None else Life(pid=pid, birth=birth)


def end_all(lives: list[Life], *, grace_seconds: float) -> None:
    """Ask all to end, and kill those that still run after the grace.

    A suspended process is woken, or it would never hear the request.
    """
    for life in lives:
        life.signal(signal.SIGTERM)
        life.signal(signal.SIGCONT)
    deadline = time.monotonic() + grace_seconds
    for life in lives:
        if not life.wait(max(0.0, deadline - time.monotonic())):
            life.signal(signal.SIGKILL)
    for life in lives:
        life.wait(grace_seconds)


class RunFiles:
    """The notes of running processes, kept for whoever must clean up after a crash."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def note(self, name: str, life: Life) -> None:
        """Keep who runs under this name."""
        self._directory.mkdir(parents=True, exist_ok=True)
        unfinished = self._path(name).with_suffix(".new")
        unfinished.write_text(json.dumps({"name": name, **asdict(life)}), encoding="utf-8")
        unfinished.replace(self._path(name))

    def forget(self, name: str) -> None:
        """Drop the note of a process that has ended."""
        self._path(name).unlink(missing_ok=True)

    def noted(self) -> dict[str, Life]:
        """Read every note; one that cannot be read names nobody and is left out."""
        found = {}
        for path in sorted(self._directory.glob("*.json")):
            with suppress(ValueError, KeyError, TypeError):
                note = json.loads(path.read_text(encoding="utf-8"))
                found[path.stem] = Life(pid=int(note["pid"]), birth=str(note["birth"]))
        return found

    def end_stale(self, *, grace_seconds: float) -> list[str]:
        """End what an earlier run left behind, and name it."""
        left = {name: life for name, life in self.noted().items() if life.lasts()}
        end_all(list(left.values()), grace_seconds=grace_seconds)
        for path in self._directory.glob("*.json"):
            path.unlink(missing_ok=True)
        return list(left)

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}.json"


def _birth_on_linux(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *rest = stat.rpartition(")")[2].split()
    if state in "ZX":
        return None
    return f"{boot}/{rest[_AFTER_STATE_TO_START_TICKS - 1]}"


def _birth_elsewhere(pid: int) -> str | None:
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return f"{process.create_time():.3f}"
    except psutil.NoSuchProcess:
        return None
