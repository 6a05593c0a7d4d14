"""Which messages are there, by wire name?"""

from collections.abc import Iterator
from types import MappingProxyType

from contracts import intake, integration, notifications, sessions
from contracts.base import Message


def _told_in(*modules: object) -> Iterator[type[Message]]:
    for module in modules:
        for named in vars(module).values():
            if (
                isinstance(named, type)
                and issubclass(named, Message)
                and "wire_name" in vars(named)
            ):
                yield named


BY_WIRE_NAME = MappingProxyType(
    {
        message.wire_name: message
        for message in _told_in(intake, sessions, integration, notifications)
    }
)
"""Every message; what is not here does not exist on the bus."""

TOPICS = MappingProxyType(
    {
        topic: tuple(message for message in BY_WIRE_NAME.values() if message.topic == topic)
        for topic in dict.fromkeys(message.topic for message in BY_WIRE_NAME.values())
    }
)
"""Every topic with the messages told on it."""
