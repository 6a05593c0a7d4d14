"""How are two ways of doing the same thing compared? In turns, round by round, on the same servers.

A machine that others use is now fast, now slow. So each round runs both sides one right after the
other, the order changing every time, and only their ratio within a round is compared with others.
"""

import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Sample:
    """One run of one side."""

    done: int
    seconds: float
    cpu_seconds: float | None = None
    """What the process that did it used; the servers' share is not in it."""

    latencies_ms: tuple[float, ...] = ()

    @property
    def per_second(self) -> float:
        """How many were done in a second."""
        return self.done / self.seconds

    @property
    def cpu_us(self) -> float | None:
        """Processor time for one."""
        return None if self.cpu_seconds is None else self.cpu_seconds / self.done * 1e6

    def latency_ms(self, percent: int) -> float:
        """Give the latency that this many percent stayed below."""
        ordered = sorted(self.latencies_ms)
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


Side: TypeAlias = Callable[[int], Awaitable[Sample]]
"""One side of a comparison; it is told the number of the round."""


@dataclass(frozen=True)
class Spread:
    """The middle of the rounds, and how far they lie apart."""

    median: float
    low: float
    high: float
    quartiles: tuple[float, float]

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Sum up the rounds."""
        several = values if len(values) > 1 else [*values, *values]
        lower, _, upper = statistics.quantiles(several, method="inclusive")
        return cls(statistics.median(values), min(values), max(values), (lower, upper))


@dataclass
class Comparison:
    """One path beside its floor."""

    name: str
    target_ratio: float
    target_p99_times: float | None = None
    target_per_second: float | None = None
    rounds: list[tuple[Sample, Sample]] = field(default_factory=list)
    """Ours and the floor's, round by round."""

    setting: dict[str, Any] = field(default_factory=dict)
    """How much was done at once, and with what."""

    async def run(self, ours: Side, floor: Side, *, rounds: int) -> None:
        """Run both sides in turns, after one round that only warms up."""
        await ours(0)
        await floor(0)
        for number in range(1, rounds + 1):
            if number % 2:
                first = await ours(number)
                self.rounds.append((first, await floor(number)))
            else:
                first = await floor(number)
                self.rounds.append((await ours(number), first))

    def spread(self, figure: Callable[[Sample], float | None], side: int) -> Spread | None:
        """Sum up one figure of one side (0 ours, 1 the floor); None where it was not taken."""
        values = [value for both in self.rounds if (value := figure(both[side])) is not None]
        return Spread.of(values) if values else None

    @property
    def ratio(self) -> Spread:
        """Our rate as a part of the floor's."""
        return Spread.of([ours.per_second / floor.per_second for ours, floor in self.rounds])

    @property
    def p99_times(self) -> Spread | None:
        """How many times the floor's p99 ours is; None where latencies were not taken."""
        if not self.rounds[0][0].latencies_ms:
            return None
        return Spread.of(
            [ours.latency_ms(99) / floor.latency_ms(99) for ours, floor in self.rounds]
        )

    @property
    def missed(self) -> list[str]:
        """Say which targets were missed, by the medians."""
        found = []
        if self.ratio.median < self.target_ratio:
            found.append(f"{self.ratio.median:.2f} of its floor, not {self.target_ratio}")
        rate = self.spread(lambda sample: sample.per_second, 0)
        wanted = self.target_per_second
        if wanted is not None and rate is not None and rate.median < wanted:
            found.append(f"{rate.median:.0f} a second, not {wanted:.0f}")
        times, most = self.p99_times, self.target_p99_times
        if most is not None and times is not None and times.median >= most:
            found.append(f"a p99 of {times.median:.1f} times its floor's, not under {most}")
        return found
