"""What do the numbers say that a service shows at `/metrics`?"""

import re
from dataclasses import dataclass

_SAMPLE = re.compile(r"^(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})? (?P<number>\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Sample:
    """One number with its labels."""

    name: str
    labels: dict[str, str]
    number: float


def samples(text: str) -> list[Sample]:
    """Read the Prometheus text format; a line that is not a sample is passed over."""
    found = []
    for line in text.splitlines():
        match = _SAMPLE.match(line)
        if match and not line.startswith("#"):
            labels = dict(_LABEL.findall(match["labels"] or ""))
            found.append(Sample(match["name"], labels, float(match["number"])))
    return found


def total(found: list[Sample], name: str) -> float | None:
    """Add up the numbers of one name; None when there is none: unknown is not zero."""
    numbers = [each.number for each in found if each.name == name]
    return sum(numbers) if numbers else None


def by_label(found: list[Sample], name: str, label: str) -> dict[str, float]:
    """Give the numbers of one name by one of its labels."""
    return {each.labels[label]: each.number for each in found if each.name == name}
