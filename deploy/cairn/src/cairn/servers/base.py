"""What a local server can be asked to do, whichever it is; fault tests ask for all of it."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, TypeAlias

import psutil

from cairn.processes import Child, Children, StartFailed

Say: TypeAlias = Callable[[str], None]
"""Where progress is told, in one short line at a time."""

_POLL_SECONDS = 0.02
_MISSING_LIBRARY = "error while loading shared libraries"


def silent(_line: str) -> None:
    """Tell nobody."""


class LocalServer(ABC):
    """A program on this machine that serves others, with its files in one directory."""

    name: str
    stop_grace_seconds: ClassVar[float] = 15.0
    ready_within_seconds: ClassVar[float] = 60.0

    def __init__(
        self, children: Children, directory: Path, *, port: int, say: Say = silent
    ) -> None:
        self.port = port
        self.directory = directory
        self.say = say
        self._children = children
        self._child: Child | None = None

    @property
    def child(self) -> Child:
        """The running program."""
        if self._child is None:
            raise StartFailed(f"{self.name} has not been started")
        return self._child

    @property
    def pid(self) -> int:
        """The pid of the server itself."""
        return self.child.pid

    @property
    def runs(self) -> bool:
        """Say whether the server is running (a suspended one is)."""
        return self._child is not None and self._child.runs

    def launch(self) -> None:
        """Start the program, with its files made if there are none."""
        if self._child is None:
            self.prepare()
            self._child = self._children.spawn(self.name, self.command(), self.environment())
        else:
            self._child.start()

    def wait_ready(self) -> None:
        """Wait until the server does its work.

        Raises:
            StartFailed: it ended, or was not ready in time; with the last lines of its log.
        """
        deadline = time.monotonic() + self.ready_within_seconds
        while not (self.is_ready() and self._listens_itself()):
            if not self.runs:
                raise StartFailed(self._why_it_ended(), self.child.log)
            if time.monotonic() > deadline:
                raise StartFailed(
                    f"{self.name} was not ready after {self.ready_within_seconds:.0f} s",
                    self.child.log,
                )
            time.sleep(_POLL_SECONDS)

    def start(self) -> None:
        """Start the server and wait until it is ready."""
        self.launch()
        self.wait_ready()

    def stop(self) -> None:
        """End the server in good order."""
        if self.runs:
            self.child.stop(self.stop_grace_seconds)

    def kill(self) -> None:
        """End the server at once (SIGKILL)."""
        self.child.kill()

    def suspend(self) -> None:
        """Freeze the server (SIGSTOP)."""
        self.child.suspend()

    def resume(self) -> None:
        """Let a frozen server go on (SIGCONT)."""
        self.child.resume()

    def restart(self) -> None:
        """Start the server again on its old port and files, and wait until it is ready."""
        self.stop()
        self.start()

    @abstractmethod
    def prepare(self) -> None:
        """Make the files that the server needs before its first start."""

    @abstractmethod
    def command(self) -> list[str]:
        """Name the program and its arguments."""

    def environment(self) -> dict[str, str]:
        """Give the settings that differ from those of this command."""
        return {}

    @abstractmethod
    def is_ready(self) -> bool:
        """Say whether the server does its work now."""

    def _listens_itself(self) -> bool:
        """Tell our own server from a stranger on its port, who would answer just as well."""
        try:
            connections = psutil.Process(self.pid).net_connections("tcp")
        except psutil.AccessDenied:
            return self.runs
        except psutil.NoSuchProcess:
            return False
        return any(
            each.status == psutil.CONN_LISTEN and each.laddr.port == self.port
            for each in connections
        )

    def _why_it_ended(self) -> str:
        log = self.child.log
        if log.exists() and _MISSING_LIBRARY in log.read_text(encoding="utf-8", errors="replace"):
            return (
                f"{self.name} needs a system library that is not installed: "
                "run `sudo apt-get install libcurl4 libssl3` (or your system's like)"
            )
        return f"{self.name} ended with code {self.child.returncode} before it was ready"
