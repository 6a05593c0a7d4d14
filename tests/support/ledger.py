"""What was asked and what was answered, written down by whoever asked; and the judge of it all.

The services write nothing here. The judge reads the lines back from their file, the topics as they
stand on the bus, and the rows as they lie in the database, and compares the three.
"""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

from typing_extensions import override

from chassis.mongo import Database, found
from tape import Said, by_document, first_occurrences


class Ledger:
    """One line for each question and each answer, in a file that is only added to."""

    def __init__(self, path: Path) -> None:
        """Begin a ledger."""
        self.path = path
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def write(self, event: str, **what: Any) -> None:
        """Add one line, with the moment."""
        line = {"event": event, "at_seconds": time.monotonic(), **what}
        self._file.write(json.dumps(line) + "\n")

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def lines(self, *events: str) -> list[dict[str, Any]]:
        """Read the lines of these kinds back from the file."""
        lines = [json.loads(line) for line in self.path.read_text("utf-8").splitlines()]
        return [line for line in lines if line["event"] in events]


@dataclass
class Verdict:
    """What the judge found; a list that is not empty is a fault of the services."""

    commands: int = 0
    unknown_answers: int = 0
    facts: int = 0
    repeats: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    ghosts: list[str] = field(default_factory=list)
    out_of_order: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)
    unaudited: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)

    @property
    def faults(self) -> dict[str, list[str]]:
        """Everything that should not be."""
        kinds = ("lost", "doubled", "ghosts", "out_of_order", "unlike", "unaudited", "waiting")
        return {kind: faults for kind in kinds if (faults := getattr(self, kind))}

    @override
    def __str__(self) -> str:
        return (
            f"{self.commands} commands, {self.unknown_answers} unknown answers, "
            f"{self.facts} facts, {self.repeats} repeats, faults: {self.faults or 'none'}"
        )


@dataclass(frozen=True)
class Evidence:
    """What two outside witnesses saw: the topics, and the rows."""

    said: Sequence[Said]
    rows: Mapping[UUID, Mapping[str, Any]]
    audited: Mapping[UUID, Sequence[int]]
    """The versions of each document that the audit trail speaks of."""


async def evidence(
    said: Sequence[Said], database: Database, collections: Iterable[str]
) -> Evidence:
    """Read the rows of these collections and their audit trail, past every service."""
    fields = {"version": 1, "sequence": 1, "outbox": 1, "outbox_oldest": 1}
    rows: dict[UUID, Mapping[str, Any]] = {}
    for collection in collections:
        rows |= {row["_id"]: row for row in await found(database[collection], {}, fields=fields)}
    audited: dict[UUID, list[int]] = defaultdict(list)
    for row in await found(database["audit"], {"outcome": "done"}):
        audited[row["object_id"]].append(row["version"])
    return Evidence(said, rows, audited)


def judge(
    ledger: Ledger, seen: Evidence, *, own_writes: Mapping[UUID, int] = MappingProxyType({})
) -> Verdict:
    """Compare what was answered with what is there.

    Each command of the ledger makes one write and tells one fact. `own_writes` says how many
    writes of its own a service made to a document beside them.
    """
    verdict = Verdict()
    answered = ledger.lines("ok")
    verdict.commands = len({line["key"] for line in answered})
    verdict.unknown_answers = len(ledger.lines("unknown"))
    commands = Counter(UUID(line["document"]) for line in answered)
    told = by_document(each for each in seen.said if each.subject in commands)
    for document, count in commands.items():
        _judge_document(verdict, document, seen, told.get(document, []), count, own_writes)
    return verdict


def _judge_document(
    verdict: Verdict,
    document: UUID,
    seen: Evidence,
    said: Sequence[Said],
    commands: int,
    own_writes: Mapping[UUID, int],
) -> None:
    wanted, name = commands + own_writes.get(document, 0), str(document)
    row = seen.rows.get(document, {"version": 0, "sequence": 0})
    firsts = first_occurrences(said)
    verdict.facts += len(firsts)
    verdict.repeats += len(said) - len(firsts)
    if row["version"] < wanted or not set(range(1, wanted + 1)) <= set(firsts):
        verdict.lost.append(f"{name}: {wanted} wanted, {row['version']} kept, said {firsts}")
    if row["version"] > wanted or row["sequence"] > wanted:
        verdict.doubled.append(f"{name}: {wanted} wanted, {row['version']} kept")
    if any(sequence > row["sequence"] for sequence in firsts):
        verdict.ghosts.append(f"{name}: {row['sequence']} told, said {firsts}")
    if firsts != sorted(firsts):
        verdict.out_of_order.append(f"{name}: {firsts}")
    if len({each.bytes_alone for each in said}) != len(firsts):
        verdict.unlike.append(f"{name}: a repeat differs from the first")
    if sorted(seen.audited.get(document, ())) != list(range(1, row["version"] + 1)):
        verdict.unaudited.append(f"{name}: {sorted(seen.audited.get(document, ()))}")
    if row.get("outbox") or "outbox_oldest" in row:
        verdict.waiting.append(f"{name}: {len(row.get('outbox', ()))} entries")
