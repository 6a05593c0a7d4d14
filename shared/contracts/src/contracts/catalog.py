"""Which messages are there, by wire name?"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType, ModuleType
from typing import TypeAlias

from contracts import intake, integration, notifications, pathways, sessions, visits
from contracts.base import Message

ByWireName: TypeAlias = Mapping[str, type[Message]]

_SPOKEN_IN = (intake, pathways, visits, sessions, integration, notifications)


def _told_in(module: ModuleType) -> Iterator[type[Message]]:
    for named in vars(module).values():
        told = isinstance(named, type) and issubclass(named, Message)
        if told and named.__module__ == module.__name__ and "wire_name" in vars(named):
            yield named


def by_wire_name(*modules: ModuleType) -> ByWireName:
    """List the messages of these modules.

    Raises:
        ValueError: Two messages bear one name; on the bus nobody could tell them apart.
    """
    found: dict[str, type[Message]] = {}
    for message in (message for module in modules for message in _told_in(module)):
        if message.wire_name in found:
            raise ValueError(f"{message.wire_name} names two messages")
        found[message.wire_name] = message
    return MappingProxyType(found)


BY_WIRE_NAME: ByWireName = by_wire_name(*_SPOKEN_IN)
"""Every message; what is not here does not exist on the bus."""

TOPICS: Mapping[str, tuple[type[Message], ...]] = MappingProxyType(
    {
        topic: tuple(message for message in BY_WIRE_NAME.values() if message.topic == topic)
        for topic in dict.fromkeys(message.topic for message in BY_WIRE_NAME.values())
    }
)
"""Every topic with the messages told on it."""
