"""How is progress shown to the person at the terminal, and to a log when there is none?"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.status import Status

from cairn.processes import StartFailed


class Teller:
    """Says what is being done and what is done.

    A terminal that has gone away must never keep the rest from being stopped, so writing to it
    may fail without a word.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._status: Status | None = None
        self._last = ""

    @contextmanager
    def busy(self, text: str) -> Iterator[None]:
        """Show that something is going on, until it is over."""
        self._status = self._console.status(escape(text))
        with suppress(OSError):
            self._status.start()
        self.doing(text)
        try:
            yield
        finally:
            with suppress(OSError):
                self._status.stop()
            self._status = None

    def doing(self, text: str) -> None:
        """Say what is going on now; a log gets one line for each kind of thing."""
        kind = text.partition(":")[0]
        if self._console.is_terminal and self._status is not None:
            with suppress(OSError):
                self._status.update(escape(text))
        elif kind != self._last:
            self._print(f"         {escape(text)}")
        self._last = kind

    def done(self, what: str, says: str = "") -> None:
        """Say that something is done, and when."""
        seconds = time.monotonic() - self._began
        self._print(f"[dim]{seconds:6.1f} s[/] [green]{escape(what):<14}[/] {escape(says)}")

    def trouble(self, says: str) -> None:
        """Say that something is wrong."""
        self._print(f"[bold red]trouble[/]   {escape(says)}")

    def failed(self, failure: StartFailed) -> None:
        """Say why something did not start, with the end of its log."""
        self.trouble(failure.says)
        for line in failure.last_lines:
            self._print(f"[dim]    {escape(line)}[/]")
        if failure.log is not None:
            self._print(f"          all of it: {escape(_short(failure.log))}")

    def show(self, what: RenderableType) -> None:
        """Show a table or another finished thing."""
        with suppress(OSError):
            self._console.print(what)

    def _print(self, markup: str) -> None:
        with suppress(OSError):
            self._console.print(markup, highlight=False, soft_wrap=True)


def _short(path: Path) -> str:
    with suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)
