"""Prints the table of facts: `python -m contracts > shared/contracts/FACTS.md`."""

import inspect
import sys
from collections.abc import Iterable, Iterator

from contracts.base import Message
from contracts.catalog import TOPICS

_HEAD = """\
# Facts

Generated from the messages by `make catalog`; a test fails where the two differ. S carries the
whole public state of its document, and the newest sequence wins. H is a happening, acted on once.
"""


def table() -> str:
    """Write every topic with its facts, who hears them and what personal data they carry."""
    topics = (_section(topic, messages) for topic, messages in sorted(TOPICS.items()))
    return "\n".join((_HEAD, *topics))


def _section(topic: str, messages: Iterable[type[Message]]) -> str:
    rows = "\n".join(_row(message) for message in sorted(messages, key=_wire_name))
    return f"## {topic}\n\n| fact | | what happened | heard by | personal data |\n{'|---' * 5}|\n{rows}\n"


def _wire_name(message: type[Message]) -> str:
    return message.wire_name


def _row(message: type[Message]) -> str:
    says = dict(_says(message))
    kind = message.carries[0].upper()
    cells = (f"`{message.wire_name}`", kind, says[""], says["Heard by"], says["Personal data"])
    return f"| {' | '.join(cell.removesuffix('.') for cell in cells)} |"


def _says(message: type[Message]) -> Iterator[tuple[str, str]]:
    lines = inspect.cleandoc(message.__doc__ or "").splitlines()
    yield "", lines[0]
    for line in lines[1:]:
        label, colon, text = line.partition(": ")
        if colon:
            yield label, text


if __name__ == "__main__":
    sys.stdout.write(table())
