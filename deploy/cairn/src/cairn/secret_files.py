"""How is a secret kept on this machine? In a file that only its owner may read."""

import base64
import os
import secrets
from pathlib import Path

_KEY_BYTES = 32


def keep_secret(path: Path, text: str) -> None:
    """Write a secret so that no other user can read it, not even while it is being written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(path.suffix + ".new")
    unfinished.unlink(missing_ok=True)
    opened = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def master_key(path: Path) -> Path:
    """Make the master key if there is none: 32 random bytes in base64; never a second time."""
    if not path.exists():
        keep_secret(path, base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode("ascii"))
    return path


def service_secret(directory: Path, service: str) -> Path:
    """Make the secret with which a service asks for its own token, if there is none."""
    path = directory / service
    if not path.exists():
        keep_secret(path, secrets.token_urlsafe(_KEY_BYTES))
    return path
