"""How are the figures shown, and how are they kept?"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rounds import Comparison, Sample, Spread

_FIGURES: dict[str, Callable[[Sample], float | None]] = {
    "per_second": lambda sample: sample.per_second,
    "cpu_us": lambda sample: sample.cpu_us,
    "p50_ms": lambda sample: sample.latency_ms(50) if sample.latencies_ms else None,
    "p99_ms": lambda sample: sample.latency_ms(99) if sample.latencies_ms else None,
}
_WIDTH = 120
_HEADINGS = (
    "cairn /s",
    "floor /s",
    "ratio (min..max)",
    "target",
    "p50 ms",
    "p99 ms",
    "p99 times",
)
_SIDES = ("cairn", "floor")


def show(comparisons: Sequence[Comparison], machine: dict[str, Any]) -> None:
    """Print one line for each path."""
    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"Each path beside its floor: {machine['cores']} cores, {machine['cpu']}, "
        f"Python {machine['python']}",
    )
    table.add_column("path", no_wrap=True)
    for heading in _HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    for each in comparisons:
        table.add_row(*_line(each))
    console = Console(width=max(_WIDTH, Console().width))
    console.print(table)
    for each in comparisons:
        for missed in each.missed:
            console.print(f"[yellow]{each.name}: {missed}[/yellow]")


def _line(path: Comparison) -> list[str]:
    return [
        path.name,
        _number(path.spread(_FIGURES["per_second"], 0)),
        _number(path.spread(_FIGURES["per_second"], 1)),
        f"{path.ratio.median:.2f} ({path.ratio.low:.2f}..{path.ratio.high:.2f})",
        _target(path),
        _pair(path, "p50_ms"),
        _pair(path, "p99_ms"),
        "" if path.p99_times is None else f"{path.p99_times.median:.1f}",
    ]


def _target(path: Comparison) -> str:
    also = "" if path.target_per_second is None else f", {path.target_per_second:.0f}/s"
    return f"≥ {path.target_ratio}{also}"


def _number(spread: Spread | None) -> str:
    return "" if spread is None else f"{spread.median:,.0f}"


def _pair(path: Comparison, figure: str) -> str:
    ours, floor = (path.spread(_FIGURES[figure], side) for side in range(2))
    return "" if ours is None or floor is None else f"{ours.median:.0f} | {floor.median:.0f}"


def keep(path: Path, comparisons: Sequence[Comparison], machine: dict[str, Any]) -> None:
    """Write every figure of every round."""
    kept = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "paths": {each.name: _kept(each) for each in comparisons},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def _kept(path: Comparison) -> dict[str, Any]:
    return {
        "target": {
            "ratio": path.target_ratio,
            "p99_times": path.target_p99_times,
            "per_second": path.target_per_second,
        },
        "ratio": asdict(path.ratio),
        "p99_times": None if path.p99_times is None else asdict(path.p99_times),
        "missed": path.missed,
        **{
            name: {
                figure: None if (spread := path.spread(take, side)) is None else asdict(spread)
                for figure, take in _FIGURES.items()
            }
            for side, name in enumerate(_SIDES)
        },
        "rounds": [
            {name: _figures(sample) for name, sample in zip(_SIDES, both, strict=True)}
            for both in path.rounds
        ],
        "setting": path.setting,
    }


def _figures(sample: Sample) -> dict[str, Any]:
    return {"done": sample.done, "seconds": round(sample.seconds, 4)} | {
        name: None if (value := take(sample)) is None else round(value, 2)
        for name, take in _FIGURES.items()
    }
