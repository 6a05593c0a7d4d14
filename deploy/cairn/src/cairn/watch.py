"""What happens when a program ends while the network is up? It is said, and it is started again."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from cairn.processes import StartFailed
from cairn.servers.base import LocalServer
from cairn.teller import Teller

_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0
_SETTLED_AFTER_SECONDS = 60.0
_LINES = 6


@dataclass
class _Fall:
    """A program that has ended, and what was done about it."""

    pause_seconds: float
    due_at: float
    started_at: float | None = None
    ready: bool = False


class Watch:
    """Looks after running programs; a pause that doubles keeps a broken one from spinning."""

    def __init__(self, servers: Sequence[LocalServer], teller: Teller) -> None:
        self._servers = list(servers)
        self._teller = teller
        self._falls: dict[str, _Fall] = {}

    def look(self) -> None:
        """Look once at every program and do what is due."""
        for server in self._servers:
            fall = self._falls.get(server.name)
            if not server.runs:
                self._raise_up(server, fall)
            elif fall is not None:
                self._recover(server, fall)

    def _raise_up(self, server: LocalServer, fall: _Fall | None) -> None:
        now = time.monotonic()
        if fall is None or fall.started_at is not None:
            pause = _next_pause(fall)
            self._falls[server.name] = _Fall(pause_seconds=pause, due_at=now + pause)
            says = f"{server.name} ended with code {server.child.returncode}"
            again = f"{says}; it is started again in {pause:.0f} s"
            self._teller.failed(StartFailed(again, server.child.log, lines=_LINES))
        elif now >= fall.due_at:
            server.launch()
            fall.started_at = now

    def _recover(self, server: LocalServer, fall: _Fall) -> None:
        if not fall.ready and server.is_ready():
            fall.ready = True
            self._teller.done(server.name, "is ready again")
        if fall.started_at and time.monotonic() - fall.started_at > _SETTLED_AFTER_SECONDS:
            del self._falls[server.name]


def _next_pause(fall: _Fall | None) -> float:
    return (
        _FIRST_PAUSE_SECONDS
        if fall is None
        else min(_LONGEST_PAUSE_SECONDS, fall.pause_seconds * 2)
    )
