"""Writes what is generated from the messages: `python -m contracts facts|asyncapi|release`."""

import argparse
import inspect
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from contracts import asyncapi
from contracts.base import Message
from contracts.catalog import BY_WIRE_NAME, TOPICS, ByWireName
from contracts.release import Schema, next_release, schema_of

_HEAD = """\
# Facts

Generated from the messages by `make catalog`; a test fails where the two differ. S carries the
whole public state of its document, and the newest sequence wins. H is a happening, acted on once.
"""


def table() -> str:
    """Write every topic with its facts, who hears them and what personal data they carry."""
    topics = (_section(topic, messages) for topic, messages in sorted(TOPICS.items()))
    return "\n".join((_HEAD, *topics))


def described() -> str:
    """Write the AsyncAPI document of every topic and message."""
    return json.dumps(asyncapi.document(), indent=1) + "\n"


def released(folder: Path, wire_name: str) -> dict[int, Schema]:
    """Read every release of a message, by number."""
    files = folder.glob(f"{wire_name}.*.json")
    return {int(file.stem.rpartition(".")[2]): json.loads(file.read_text()) for file in files}


def release(folder: Path, messages: ByWireName = BY_WIRE_NAME) -> list[Path]:
    """Write a schema for each message that changed since its last release, all or none."""
    numbers = {
        wire_name: next_release(message, released(folder, wire_name))
        for wire_name, message in messages.items()
    }
    folder.mkdir(exist_ok=True)
    written = []
    for wire_name, number in numbers.items():
        if number is not None:
            file = folder / f"{wire_name}.{number}.json"
            file.write_text(json.dumps(schema_of(messages[wire_name]), indent=2) + "\n")
            written.append(file)
    return written


def _section(topic: str, messages: Iterable[type[Message]]) -> str:
    head = f"## {topic}\n\n| fact | | what happened | heard by | personal data |\n{'|---' * 5}|\n"
    return head + "".join(_row(message) for message in sorted(messages, key=_wire_name))


def _wire_name(message: type[Message]) -> str:
    return message.wire_name


def _row(message: type[Message]) -> str:
    says = dict(_says(message))
    kind = message.carries[0].upper()
    cells = (f"`{message.wire_name}`", kind, says[""], says["Heard by"], says["Personal data"])
    return f"| {' | '.join(cell.removesuffix('.') for cell in cells)} |\n"


def _says(message: type[Message]) -> Iterator[tuple[str, str]]:
    lines = inspect.cleandoc(message.__doc__ or "").splitlines()
    yield "", lines[0]
    for line in lines[1:]:
        label, colon, text = line.partition(": ")
        if colon:
            yield label, text


def main() -> None:
    """Print the table of facts, or write the schemas of what changed and name them."""
    parser = argparse.ArgumentParser(prog="python -m contracts", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("facts", help="print the table of facts")
    commands.add_parser("asyncapi", help="print the AsyncAPI document")
    releasing = commands.add_parser("release", help="write the schemas of what changed")
    releasing.add_argument("folder", type=Path)
    asked = parser.parse_args()
    if asked.command == "facts":
        sys.stdout.write(table())
    elif asked.command == "asyncapi":
        sys.stdout.write(described())
    else:
        sys.stdout.writelines(f"{file}\n" for file in release(asked.folder))


if __name__ == "__main__":
    main()
