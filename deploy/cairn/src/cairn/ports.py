"""Which port each program listens on when nobody says otherwise, and what to do when it is taken.

Free ports are taken from below the range that systems give to outgoing connections: a program that
keeps connecting to a stopped server's port inside that range can end up connected to itself, and
the server could then never come back.

A chosen port is claimed by a locked file until this process ends, because a server takes seconds to
open it: two networks that start together would otherwise choose the same one, and one of them would
quietly talk to the servers of the other.
"""

import fcntl
import random
import socket
from typing import IO

from cairn.places import user_cache

HOST = "127.0.0.1"
DEFAULTS = {
    "intake": 8101,
    "sessions": 8102,
    "integration": 8103,
    "notifications": 8104,
    "mailbox": 8105,
    "issuer": 8107,
    "smtp": 8125,
    "mongod": 27117,
    "kafka": 9192,
}
_FREE_FROM, _FREE_TO = 20_000, 32_000
_TRIES = 200
_KNOCK_SECONDS = 0.5
_claims: dict[int, IO[str]] = {}
"""The open lock files of this process; the system drops the locks with the process."""


def claim(port: int) -> bool:
    """Take a port for this process; False when a program listens there or another claimed it."""
    claims = user_cache() / "ports"
    claims.mkdir(parents=True, exist_ok=True)
    lock = (claims / str(port)).open("w", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return False
    if not _is_free(port):
        lock.close()
        return False
    _claims[port] = lock
    return True


def free_port() -> int:
    """Claim a port that nobody listens on."""
    for _ in range(_TRIES):
        port = random.randint(_FREE_FROM, _FREE_TO)  # noqa: S311 - a port is no secret
        if port not in _claims and claim(port):
            return port
    raise OSError(f"no free port between {_FREE_FROM} and {_FREE_TO}")


def port_or_free(wanted: int) -> int:
    """Claim the wanted port, or a free one when somebody has it."""
    return wanted if claim(wanted) else free_port()


def accepts(port: int, *, host: str = HOST) -> bool:
    """Say whether somebody listens on this port."""
    try:
        with socket.create_connection((host, port), timeout=_KNOCK_SECONDS):
            return True
    except OSError:
        return False


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
