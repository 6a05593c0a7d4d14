"""Listening processes of one group, and the judge of what they wrote down."""

import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cairn.processes import Child
from service_process import Stage


@dataclass(frozen=True)
class Group:
    """Processes that share a group, a database and a file of lines."""

    stage: Stage
    name: str
    lines: Path

    def join(self, member: str, *, still_seconds: float | None = None) -> Child:
        """Start one more process."""
        more = [] if still_seconds is None else [str(still_seconds)]
        servers = self.stage.servers
        command = [
            sys.executable,
            "-m",
            "listener",
            str(self.lines),
            self.name,
            str(self.stage.home.master_key),
            servers.mongo_url,
            servers.kafka_bootstrap,
            *more,
        ]
        path = {"PYTHONPATH": self.stage.python_path}
        return self.stage.children.spawn(f"{self.name}-{member}", command, path)

    def written(self, *events: str) -> list[dict[str, Any]]:
        """Read the lines of these kinds."""
        if not self.lines.exists():
            return []
        lines = map(json.loads, self.lines.read_text("utf-8").splitlines())
        return [line for line in lines if line["event"] in events]

    def assigned(self) -> set[int]:
        """Name the processes that have partitions."""
        return {line["pid"] for line in self.written("assigned")}


@dataclass
class Hearing:
    """What the judge found."""

    starts: int = 0
    repeats: list[tuple[int, int]] = field(default_factory=list)
    """Facts that were begun again, though the killed process never had them in hand."""

    order_breaks: list[tuple[int, int]] = field(default_factory=list)
    by_the_kill: int = 0
    """Facts that were begun again, or late, because the killed process had not committed them."""

    def note(self, faults: list[tuple[int, int]], place: tuple[int, int], *, excused: bool) -> None:
        """Count a fact among these faults, or among what a kill excuses."""
        if excused:
            self.by_the_kill += 1
        else:
            faults.append(place)


def judge(lines: Sequence[Mapping[str, Any]], *, killed: int) -> Hearing:
    """Look for facts begun twice, and for older ones begun after a newer one was done."""
    hearing = Hearing()
    begun_by: dict[tuple[int, int], set[int]] = defaultdict(set)
    newest_done: dict[str, int] = {}
    lines = sorted(lines, key=lambda line: line["at_seconds"])
    uncommitted = _in_hand(lines, killed)
    for line in lines:
        for key, partition, offset, _ in line["heard"]:
            place, newest = (partition, offset), newest_done.get(key, -1)
            if line["event"] == "end":
                newest_done[key] = max(offset, newest)
                continue
            hearing.starts += 1
            if begun_by[place]:
                hearing.note(hearing.repeats, place, excused=place in uncommitted)
            elif offset < newest:
                hearing.note(
                    hearing.order_breaks, place, excused=(partition, newest) in uncommitted
                )
            begun_by[place].add(line["pid"])
    return hearing


def _in_hand(lines: Sequence[Mapping[str, Any]], killed: int) -> set[tuple[int, int]]:
    """Name what a killed process had in hand: one batch, which is heard in two parts at most."""
    begun = [line for line in lines if line["event"] == "start" and line["pid"] == killed]
    return {(heard[1], heard[2]) for line in begun[-2:] for heard in line["heard"]}
