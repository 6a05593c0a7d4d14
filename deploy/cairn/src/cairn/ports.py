"""Which port each program listens on when nobody says otherwise, and what to do when it is taken.

Free ports are taken from below the range that systems give to outgoing connections: a program that
keeps connecting to a stopped server's port inside that range can end up connected to itself, and
the server could then never come back.
"""

import random
import socket

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


def is_free(port: int) -> bool:
    """Say whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Find a port that nobody listens on."""
    for _ in range(_TRIES):
        port = random.randint(_FREE_FROM, _FREE_TO)  # noqa: S311 - a port is no secret
        if is_free(port):
            return port
    raise OSError(f"no free port between {_FREE_FROM} and {_FREE_TO}")


def port_or_free(wanted: int) -> int:
    """Take the wanted port, or a free one when somebody has it."""
    return wanted if is_free(wanted) else free_port()


def accepts(port: int, *, host: str = HOST) -> bool:
    """Say whether somebody listens on this port."""
    try:
        with socket.create_connection((host, port), timeout=_KNOCK_SECONDS):
            return True
    except OSError:
        return False
