"""Child processes that never outlive the command that started them.

A child is born as a shell that waits for one line on its standard input and only then becomes the
program. The line is sent after the pid is noted in a run file and with the guard, so there is no
instant at which a kill of the command could leave a program that nobody knows of.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from cairn.identity import Life, RunFiles, life_of

_WAIT_FOR_GO = 'read -r go && exec "$0" "$@" </dev/null'
_KILL_WAIT_SECONDS = 10.0
_TAIL_BYTES = 64_000
_LONGEST_LOG_BYTES = 10_000_000


class StartFailed(Exception):
    """A program did not start, or ended before it was ready."""

    def __init__(self, says: str, log: Path | None = None, *, lines: int = 12) -> None:
        self.says = says
        self.log = log
        self.last_lines = last_lines(log, lines) if log else []
        super().__init__("\n".join([says, *self.last_lines]))


class Child:
    """One program that can be started, ended, suspended and started again."""

    def __init__(
        self,
        children: "Children",
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
    ) -> None:
        self.name = name
        self.command = list(command)
        self.environment = dict(environment)
        self.log = children.logs / f"{name}.log"
        self._children = children
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The pid of the running program."""
        if self._process is None:
            raise StartFailed(f"{self.name} has not been started")
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """How it ended; None while it runs or before it was started."""
        return None if self._process is None else self._process.poll()

    @property
    def runs(self) -> bool:
        """Say whether the program is running (a suspended one is)."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the program; nothing is known yet of its readiness."""
        if self._process is not None:
            self._children.unwatch(self.name, self._process.pid)
        _turn_over(self.log)
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                ["/bin/sh", "-c", _WAIT_FOR_GO, *self.command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment,
                start_new_session=True,
            )
        self._process = process
        life = life_of(process.pid)
        if life is not None:
            self._children.watch(self.name, life)
        if process.stdin is not None:
            with suppress(BrokenPipeError):
                process.stdin.write(b"go\n")
                process.stdin.close()

    def suspend(self) -> None:
        """Freeze the program as a stalled machine would (SIGSTOP)."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen program go on (SIGCONT)."""
        self._send(signal.SIGCONT)

    def kill(self) -> None:
        """End the program at once (SIGKILL) and wait until it is gone."""
        self._send(signal.SIGKILL)
        self._reap(_KILL_WAIT_SECONDS)

    def ask_to_end(self) -> None:
        """Send SIGTERM, and wake a frozen program so that it hears it."""
        self._send(signal.SIGTERM)
        self._send(signal.SIGCONT)

    def stop(self, grace_seconds: float) -> None:
        """End the program in good order, or by force once the grace is over."""
        self.ask_to_end()
        if not self.wait(grace_seconds):
            self.kill()

    def wait(self, seconds: float) -> bool:
        """Wait until the program has ended; False when it still runs after that time."""
        try:
            self._reap(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _reap(self, seconds: float) -> None:
        if self._process is not None:
            self._process.wait(seconds)
            self._children.unwatch(self.name, self._process.pid)


class Children:
    """All programs of one command, with their run files, logs and guard."""

    def __init__(self, *, run: Path, logs: Path) -> None:
        self.logs = logs
        self._run_files = RunFiles(run)
        self._guard: subprocess.Popen[bytes] | None = None
        self._lives: dict[int, Life] = {}
        self._started: list[Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def spawn(
        self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> Child:
        """Start a program under this name; its output goes to a log of the same name."""
        child = Child(self, name, command, {**os.environ, **(environment or {})})
        self._started.append(child)
        child.start()
        return child

    def end_stale(self, *, grace_seconds: float) -> list[str]:
        """End what an earlier command left behind, and name it."""
        return self._run_files.end_stale(grace_seconds=grace_seconds)

    def watch(self, name: str, life: Life) -> None:
        """Note a program in its run file and with the guard."""
        self._run_files.note(name, life)
        self._lives[life.pid] = life
        self._tell_guard(f"+ {life.pid} {life.birth}\n")

    def unwatch(self, name: str, pid: int) -> None:
        """Drop a program that has ended."""
        self._run_files.forget(name)
        self._lives.pop(pid, None)
        self._tell_guard(f"- {pid}\n")

    def close(self, *, grace_seconds: float = 5.0) -> None:
        """End every program, newest first, and then the guard."""
        for child in reversed(self._started):
            if child.runs:
                child.stop(grace_seconds)
        self._started.clear()
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
            self._guard.wait(_KILL_WAIT_SECONDS)
            self._guard = None

    def _tell_guard(self, line: str) -> None:
        try:
            self._send_to_guard(line)
        except BrokenPipeError:
            self._guard = None
            self._send_to_guard("")

    def _send_to_guard(self, line: str) -> None:
        if self._guard is None or self._guard.poll() is not None:
            self._guard = subprocess.Popen(
                [sys.executable, "-m", "cairn.guard"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            line = "".join(f"+ {life.pid} {life.birth}\n" for life in self._lives.values())
        if self._guard.stdin is not None:
            self._guard.stdin.write(line.encode("ascii"))
            self._guard.stdin.flush()


def _turn_over(log: Path) -> None:
    """Begin a new log where the old one has grown long; one old one is kept."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > _LONGEST_LOG_BYTES:
        log.replace(log.with_suffix(".previous.log"))


def last_lines(log: Path, count: int) -> list[str]:
    """Read the end of a log, however long it is."""
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        return file.read().decode("utf-8", "replace").splitlines()[-count:]
