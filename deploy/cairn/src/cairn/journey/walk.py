"""How is one step of the journey taken, and shown: asked, decided, stored, said, heard?"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from rich.markup import escape
from rich.text import Text

from cairn import demo_clock
from cairn.addresses import Addresses
from cairn.journey.witness import Told, Witness
from cairn.operating import Caller, Unanswered, demo_person
from cairn.teller import Teller
from contracts.catalog import BY_WIRE_NAME

T = TypeVar("T")

PATIENCE_SECONDS = 20.0
_LOOK_EVERY_SECONDS = 0.1
_CLOCK_SAMPLE_SECONDS = 1.2
_HERE = ZoneInfo("America/Chicago")


class WentAstray(Exception):
    """A step did not end as the journey says."""


class Walk:
    """One walk: who signed in, what time it is, and what the bus said."""

    def __init__(
        self, addresses: Addresses, teller: Teller, witness: Witness, stack: ExitStack
    ) -> None:
        """Walk through the network at these addresses."""
        self.addresses = addresses
        self._teller = teller
        self._witness = witness
        self._stack = stack
        self._people: dict[str, Caller] = {}
        self._steps = 0

    def now(self) -> datetime:
        """Tell the demo time."""
        return demo_clock.demo_now(demo_clock.ahead(self.addresses.mongo))

    def today(self) -> date:
        """Tell the day at the site; in the evening it is tomorrow already in UTC."""
        return self.now().astimezone(_HERE).date()

    def person(self, username: str) -> Caller:
        """Sign in as somebody, once."""
        if username not in self._people:
            person = self._stack.enter_context(demo_person(username, self.addresses))
            self._people[username] = person
        return self._people[username]

    def chapter(self, title: str) -> None:
        """Begin a part of the journey."""
        self._teller.show(Text(f"\n{title}", style="bold underline"))

    def wait_until(self, instant: datetime, why: str) -> None:
        """Move the demo clock forward to a moment, and give every service time to see it."""
        behind = instant - self.now()
        if behind > timedelta():
            demo_clock.advance(self.addresses.mongo, behind + timedelta(seconds=1))
            time.sleep(_CLOCK_SAMPLE_SECONDS)
        moment = instant.astimezone(_HERE).strftime("%a %d %b %Y %H:%M")
        self._line("clock", f"{moment} in Nashville: {escape(why)}")

    def does(
        self, who: str, what: str, service: str, path: str, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Let somebody do something that must succeed, and show all that came of it."""
        self._title(who, what)
        self._line("asked", f"{who} → {service} POST {_short(path)}")
        url = f"{self.addresses.service(service)}{path}"
        answer: dict[str, Any] = self.person(who).post(url, dict(body or {}))
        self._line("decided", "[green]yes[/]")
        if "version" in answer:
            told = f"{service} {path.split('/')[2]} {str(answer['id'])[:8]}… version"
            self._line("stored", f"{told} {answer['version']}")
            self._show_facts(UUID(str(answer["id"])), int(answer["sequence"]))
        return answer

    def is_refused(
        self, who: str, what: str, service: str, path: str, body: Mapping[str, Any] | None = None
    ) -> None:
        """Let somebody try something that must be refused, and show every reason."""
        self._title(who, what)
        self._line("asked", f"{who} → {service} POST {_short(path)}")
        try:
            self.person(who).post(f"{self.addresses.service(service)}{path}", dict(body or {}))
        except Unanswered as refused:
            self._line("decided", f"[red]no[/]  {escape(str(refused).partition(': ')[2])}")
            self._line("stored", "nothing")
            return
        raise WentAstray(f"{what}: it should have been refused")

    def sees(self, who: str, what: str, service: str, path: str, **params: str) -> Any:
        """Let somebody look at something."""
        self._title(who, what)
        self._line("asked", f"{who} → {service} GET {_short(path)}")
        return self.person(who).get(f"{self.addresses.service(service)}{path}", **params)

    def finds(self, look: Callable[[], T | None], what: str) -> T:
        """Look again and again until something is there; what follows a fact takes a moment."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                found = look()
            except Unanswered:
                found = None
            if found is not None:
                return found
            if time.monotonic() > deadline:
                raise WentAstray(f"waited {PATIENCE_SECONDS:.0f} s in vain: {what}")
            time.sleep(_LOOK_EVERY_SECONDS)

    def note(self, what: str, says: str) -> None:
        """Show something that was found."""
        self._line(what, escape(says))

    def _title(self, who: str, what: str) -> None:
        self._steps += 1
        self._teller.show(
            Text.assemble((f"\n{self._steps:3}  ", "cyan"), (f"{who} {what}", "bold"))
        )

    def _line(self, what: str, says: str) -> None:
        self._teller.show(Text.from_markup(f"     [dim]{what:<10}[/]{says}"))

    def _show_facts(self, subject: UUID, sequence: int) -> None:
        def is_last(told: Told) -> bool:
            return told.subject == subject and told.sequence >= sequence

        deadline = time.monotonic() + PATIENCE_SECONDS
        while sequence > 0 and not self._witness.has_said(is_last):
            if time.monotonic() > deadline:
                raise WentAstray("what was stored was never said on the bus")
            time.sleep(_LOOK_EVERY_SECONDS / 10)
        self.show_what_else_was_said()

    def show_what_else_was_said(self) -> None:
        """Show every fact that came since the last step, whoever said it."""
        for told in self._witness.new():
            self._show_fact(told)

    def _show_fact(self, told: Told) -> None:
        size = f"{told.body_bytes} bytes, " + ("sealed" if told.sealed else "in the clear")
        self._line("said", f"{told.type} #{told.sequence} ({size})")
        message = BY_WIRE_NAME.get(told.type)
        if message is None:
            return
        started = time.monotonic()
        heard = self._witness.heard(told, message.heard_by, within_seconds=PATIENCE_SECONDS)
        waited_ms = (time.monotonic() - started) * 1000
        if set(heard) != set(message.heard_by):
            missing = ", ".join(set(message.heard_by) - set(heard))
            raise WentAstray(f"{told.type} was not heard by {missing}")
        self._line("heard", f"by {', '.join(message.heard_by)} (within {waited_ms:.0f} ms)")


@contextmanager
def a_walk(addresses: Addresses, teller: Teller) -> Iterator[Walk]:
    """Begin a walk, with a witness on the bus."""
    with ExitStack() as stack:
        witness = stack.enter_context(Witness(addresses.kafka))
        yield Walk(addresses, teller, witness, stack)


def _short(path: str) -> str:
    """Shorten ids, so that a line can be read."""
    return "/".join(f"{part[:8]}…" if part.count("-") == 4 else part for part in path.split("/"))  # noqa: PLR2004 - a UUID has four
