"""A process that hears visits and writes down what it begins and what it ends.

`python -m listener <lines> <name> <master key> <mongo url> <kafka> [still_seconds]`. With the last
one its consumer stops fetching after the first facts, and the watchdog looks after it. What is
written down is written by a wrapper around `Mirror.hear`; the product knows nothing of it.
"""

import asyncio
import base64
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from chassis.clock import Clock
from chassis.hearing import Fact
from chassis.mirrors import Mirror
from chassis.watchdog import Watchdog
from hearings import Ear, an_ear, eventually

AT_WORK_SECONDS = 0.25


def _written_down(lines: IO[str]) -> None:
    """Let every batch take a while, and say when it begins and when it is done."""
    whole = Mirror.hear

    async def hear(self: Mirror[Any], opened: Sequence[Fact]) -> None:
        heard = [_named(fact) for fact in opened]
        _write(lines, "start", heard=heard)
        await asyncio.sleep(AT_WORK_SECONDS)
        await whole(self, opened)
        _write(lines, "end", heard=heard)

    Mirror.hear = hear  # type: ignore[method-assign] # from outside, so that it has no hook


def _named(fact: Fact) -> tuple[str, int, int, int]:
    record = fact.heard.record
    key = (record.key or b"").decode()
    return (key, record.partition, record.offset, fact.heard.envelope.sequence)


def _write(lines: IO[str], event: str, **what: Any) -> None:
    line = {"event": event, "pid": os.getpid(), "at_seconds": time.monotonic(), **what}
    lines.write(json.dumps(line) + "\n")


async def _listen(lines: IO[str], arguments: Sequence[str]) -> None:
    name, master_key, mongo_url, kafka_bootstrap, *still = arguments
    key = base64.b64decode(master_key)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with an_ear(mongo_url, kafka_bootstrap, master_key=key, name=name) as ear:
        await eventually(lambda: bool(_consumer(ear) and _consumer(ear).assignment()), wanted=True)
        _write(lines, "assigned")
        watching = asyncio.create_task(_watch(ear, lines, float(still[0]))) if still else None
        await ended.wait()
        if watching is not None:
            watching.cancel()
    _write(lines, "left")


def _consumer(ear: Ear) -> Any:
    [hearing] = ear.bus.hearings
    return hearing.consumer


async def _watch(ear: Ear, lines: IO[str], still_seconds: float) -> None:
    """Fetch no more and let nobody know of it, as known faults of the library do."""

    async def heard() -> bool:
        return await ear.mirror.raw.count_documents({}) > 0

    await eventually(heard, wanted=True)
    _consumer(ear).pause(*_consumer(ear).assignment())
    _write(lines, "deaf")
    clock = Clock(ear.mongo, demo=False)
    await Watchdog(ear.bus, ear.mongo, clock, still_seconds=still_seconds).run()


def main() -> None:
    """Listen until told to end."""
    with Path(sys.argv[1]).open("a", encoding="utf-8", buffering=1) as lines:
        _written_down(lines)
        name, master_key, *where = sys.argv[2:]
        key = Path(master_key).read_text(encoding="ascii")
        asyncio.run(_listen(lines, [name, key, *where]))


if __name__ == "__main__":
    main()
