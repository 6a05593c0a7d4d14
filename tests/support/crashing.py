"""Runs a real service that kills itself at a named point, the n-th time it comes there.

`python -m crashing intake after-write-before-send:3 [role]`. The product has no hook for this: the
functions of the chassis are wrapped from outside, and nothing else differs from `python -m intake`.
"""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Final, cast

from chassis.bus import Hearing
from chassis.dispatch import Dispatcher, Progress
from chassis.hearing import Arrival
from chassis.outbox import AUDIT, Relay
from chassis.producer import Producer, Record
from chassis.service import run
from contracts.base import Service

AFTER_WRITE: Final = "after-write-before-send"
AFTER_SEND: Final = "after-send-before-removal"
BEFORE_EFFECT: Final = "before-effect"
AFTER_EFFECT: Final = "after-effect-before-commit"


class _Fuse:
    """Burns one step each time, and then ends this process as a power cut would."""

    def __init__(self, steps: int) -> None:
        self._steps = steps

    def burn(self) -> None:
        self._steps -= 1
        if self._steps == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _after_write(fuse: _Fuse) -> None:
    """A majority has the write, and nobody has heard of it yet."""
    whole = Relay.offer

    def offer(self: Relay, kept_in: Any, document_id: Any, entries: Any) -> None:
        pending = list(entries)
        if any(entry["lane"] != AUDIT for entry in pending):
            fuse.burn()
        whole(self, kept_in, document_id, pending)

    Relay.offer = offer  # type: ignore[method-assign] # from outside, so that it has no hook


def _after_send(fuse: _Fuse) -> None:
    """Kafka has acknowledged it, and it still stands in its outbox."""
    whole = Producer.send

    async def send(self: Producer, record: Record, *, landed_late: Callable[[], None]) -> bool:
        sent = await whole(self, record, landed_late=landed_late)
        if sent:
            fuse.burn()
        return sent

    Producer.send = send  # type: ignore[method-assign] # as above


def _before_effect(fuse: _Fuse) -> None:
    """A batch has come, and nothing of it is done."""
    whole = Dispatcher.take

    async def take(self: Dispatcher[Any], records: Sequence[Arrival]) -> Progress:
        fuse.burn()
        return await whole(self, records)

    Dispatcher.take = take  # type: ignore[method-assign] # as above


def _after_effect(fuse: _Fuse) -> None:
    """Everything that a batch asked for is done, and it will be heard again."""
    whole = Hearing._settle  # noqa: SLF001 - the point lies inside

    async def settle(self: Hearing, progress: Progress) -> None:
        if progress.to_commit():
            fuse.burn()
        await whole(self, progress)

    Hearing._settle = settle  # type: ignore[method-assign] # noqa: SLF001 - as above


_POINTS: Final = {
    AFTER_WRITE: _after_write,
    AFTER_SEND: _after_send,
    BEFORE_EFFECT: _before_effect,
    AFTER_EFFECT: _after_effect,
}


def main() -> None:
    """Arm the point that the second argument names, and run the service."""
    service, armed, *role = sys.argv[1:]
    point, _, steps = armed.partition(":")
    _POINTS[point](_Fuse(int(steps)))
    sys.argv = [service, *role]
    run(cast("Service", service), import_module(f"{service}.app").build)


if __name__ == "__main__":
    main()
