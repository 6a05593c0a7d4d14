"""Was this command carried out before? Its key stands in the document that it changed."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from chassis.access import Intent
from chassis.refusals import KeyReused

KEYS_KEPT = 64


def _digest(intent: Intent) -> bytes:
    named = f"{intent.scope}\n{intent.key}"
    return hashlib.blake2b(named.encode(), digest_size=16).digest()


def with_key(
    keys: Sequence[Mapping[str, Any]], intent: Intent, *, version: int
) -> list[Mapping[str, Any]]:
    """Remember a command beside the last ones; one without a key leaves no trace."""
    if intent.key is None:
        return list(keys)
    new = {"key": _digest(intent), "fingerprint": intent.fingerprint, "version": version}
    return [*keys[-(KEYS_KEPT - 1) :], new]


def seen_before(keys: Sequence[Mapping[str, Any]], intent: Intent) -> bool:
    """Say whether this command has changed the document already.

    Raises:
        KeyReused: The same key came with another body.
    """
    if intent.key is None:
        return False
    digest = _digest(intent)
    for seen in keys:
        if bytes(seen["key"]) == digest:
            if seen["fingerprint"] != intent.fingerprint:
                raise KeyReused
            return True
    return False
