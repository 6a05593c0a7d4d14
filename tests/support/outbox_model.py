"""The outbox of one document as a game of chance, small enough to play thousands of times.

Replicas write, publish and sweep in turns. Any of them may crash between two of its turns; a send
may fail, or be reported as failed and arrive later; a write may be rolled back before a majority
has it. At the end everything heals, and the log is judged: nothing acknowledged is lost, nothing
is in it that was never committed, and the first occurrences count 1, 2, 3.

O5 to O10 cannot be said in this game; each has a wired test of its own.
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import TypeAlias

Turn: TypeAlias = Generator[None, None, None]
"""Each `yield` is a point where another may act, and where this one may crash."""

_REPLICAS, _TURNS = 3, 60
_IS_A_COMMAND, _CRASHES, _ROLLED_BACK, _ARRIVES_LATE = 0.6, 0.06, 0.3, 0.3
_FAILS, _SEEMS_TO_FAIL = 0.12, 0.22


class Rule(StrEnum):
    """The rules that can be taken out of the game."""

    WHOLE_PREFIX = "O1"
    STOP_AT_FAILURE = "O2"
    ONLY_MAJORITY = "O3"
    REMOVE_BY_ID = "O4"


@dataclass(frozen=True)
class Outcome:
    """How one game ended."""

    violations: frozenset[str]
    """Of `gap`, `loss` and `ghost`."""

    repeats: int
    """Facts that stand in the log more than once: allowed, and proof that the game was rough."""


@dataclass
class _World:
    chance: Random
    without: Rule | None
    sequence: int = 0
    majority: int = 0
    outbox: list[int] = field(default_factory=list)
    log: list[int] = field(default_factory=list)
    acknowledged: set[int] = field(default_factory=set)
    committed: set[int] = field(default_factory=set)
    late: list[tuple[int, int]] = field(default_factory=list)
    """Sends that were reported as failed and still arrive: who sent, and which fact."""

    def happens(self, likelihood: float) -> bool:
        return self.chance.random() < likelihood

    def arrive(self, late: Iterable[tuple[int, int]]) -> None:
        for send in list(late):
            self.late.remove(send)
            self.log.append(send[1])


def play(seed: int, *, without: Rule | None = None) -> Outcome:
    """Play one game by all rules, or by all but one; the same seed plays the same game."""
    world = _World(Random(seed), without)
    replicas = [_replica(world, name) for name in range(_REPLICAS)]
    for _ in range(_TURNS):
        name = world.chance.randrange(_REPLICAS)
        if world.happens(_CRASHES):
            replicas[name] = _replica(world, name)
        if world.late and world.happens(_ARRIVES_LATE):
            world.arrive(world.late[:1])
        next(replicas[name])
    world.arrive(world.late)
    world.log.extend(world.outbox)
    return _judge(world)


def broken(seeds: Iterable[int], *, without: Rule | None = None) -> dict[int, frozenset[str]]:
    """Play many games; give the seeds of those that ended with a violation, and which."""
    ended = {seed: play(seed, without=without).violations for seed in seeds}
    return {seed: violations for seed, violations in ended.items() if violations}


def _replica(world: _World, name: int) -> Turn:
    while True:
        pending: list[int] = []
        turn = _command if world.happens(_IS_A_COMMAND) else _sweep
        yield from turn(world, pending)
        sent: list[int] = []
        yield from _send(world, name, pending, sent)
        if sent:
            yield
            _remove(world, sent)
        yield


def _command(world: _World, pending: list[int]) -> Turn:
    world.sequence += 1
    mine = world.sequence
    world.outbox.append(mine)
    world.committed.add(mine)
    returned = list(world.outbox)
    yield
    if world.without is Rule.ONLY_MAJORITY and _rolled_back(world, mine):
        return
    world.majority = max(world.majority, mine)
    world.acknowledged.add(mine)
    whole = world.without is not Rule.WHOLE_PREFIX
    pending.extend(fact for fact in returned if fact == mine or (whole and fact < mine))


def _rolled_back(world: _World, mine: int) -> bool:
    """Lose the primary before a majority has the write; somebody may have read it already."""
    newest = mine == world.sequence > world.majority
    if not newest or not world.happens(_ROLLED_BACK):
        return False
    world.sequence -= 1
    world.committed.discard(mine)
    world.outbox = [fact for fact in world.outbox if fact != mine]
    return True


def _sweep(world: _World, pending: list[int]) -> Turn:
    anything = world.without is Rule.ONLY_MAJORITY
    pending.extend(fact for fact in world.outbox if anything or fact <= world.majority)
    yield


def _send(world: _World, name: int, pending: Iterable[int], sent: list[int]) -> Turn:
    for fact in pending:
        luck = world.chance.random()
        if luck < _SEEMS_TO_FAIL:
            if luck >= _FAILS:
                world.late.append((name, fact))
            if world.without is Rule.STOP_AT_FAILURE:
                continue
            return
        world.arrive(send for send in world.late if send[0] == name)
        world.log.append(fact)
        sent.append(fact)
        yield


def _remove(world: _World, sent: Iterable[int]) -> None:
    by_id = world.without is not Rule.REMOVE_BY_ID
    world.outbox = [fact for fact in world.outbox if by_id and fact not in sent]


def _judge(world: _World) -> Outcome:
    first = list(dict.fromkeys(world.log))
    violations = {
        "gap": first != list(range(1, len(first) + 1)),
        "loss": bool(world.acknowledged - set(first)),
        "ghost": bool(set(first) - world.committed),
    }
    return Outcome(
        violations=frozenset(name for name, found in violations.items() if found),
        repeats=len(world.log) - len(first),
    )
