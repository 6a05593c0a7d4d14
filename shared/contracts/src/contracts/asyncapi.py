"""How would a stranger subscribe? The catalogue as an AsyncAPI 3 document."""

import inspect
from collections.abc import Mapping
from typing import Any

from contracts.base import Message
from contracts.catalog import BY_WIRE_NAME, TOPICS, ByWireName
from contracts.envelope import JSON, SEALED

_HEADERS = {
    "type": "object",
    "required": [
        "ce_specversion",
        "ce_id",
        "ce_source",
        "ce_subject",
        "ce_type",
        "ce_time",
        "ce_sequence",
        "content-type",
    ],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"type": "string", "format": "uuid"},
        "ce_source": {"type": "string"},
        "ce_subject": {"type": "string", "format": "uuid"},
        "ce_type": {"type": "string"},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_sequence": {"type": "string", "pattern": "^[0-9]{10}$"},
        "ce_dataschema": {"type": "string"},
        "site": {"type": "string", "format": "uuid"},
        "traceparent": {"type": "string"},
        "content-type": {"enum": [JSON, SEALED]},
    },
}


def document(messages: ByWireName = BY_WIRE_NAME) -> Mapping[str, Any]:
    """Describe every topic as a channel, and every service by what it sends and receives."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Cairn",
            "version": "1",
            "description": "Facts that the four services tell each other. Where the content type "
            f"is {SEALED}, the value is a JWE whose plaintext has the payload's schema.",
        },
        "defaultContentType": JSON,
        "channels": {topic: _channel(topic, told) for topic, told in sorted(TOPICS.items())},
        "operations": dict(sorted(_operations().items())),
        "components": {
            "messages": {name: _message(message) for name, message in sorted(messages.items())},
            "messageTraits": {"cloudevent": {"headers": _HEADERS}},
        },
    }


def _channel(topic: str, told: tuple[type[Message], ...]) -> Mapping[str, Any]:
    names = sorted(message.wire_name for message in told)
    return {
        "address": topic,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
    }


def _operations() -> dict[str, Mapping[str, Any]]:
    operations: dict[str, Mapping[str, Any]] = {}
    for topic, told in TOPICS.items():
        channel = {"$ref": f"#/channels/{topic}"}
        operations[f"send.{topic}"] = {"action": "send", "channel": channel}
        for service in sorted({each for message in told for each in message.heard_by}):
            operations[f"receive.{topic}.{service}"] = {"action": "receive", "channel": channel}
    return operations


def _message(message: type[Message]) -> Mapping[str, Any]:
    return {
        "name": message.wire_name,
        "summary": inspect.cleandoc(message.__doc__ or "").splitlines()[0],
        "contentType": JSON if message.sealed_as is None else SEALED,
        "traits": [{"$ref": "#/components/messageTraits/cloudevent"}],
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": message.model_json_schema(),
        },
    }
