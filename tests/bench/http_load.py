"""Sends requests over connections that stay open, from a process of its own.

It reads what to send from standard input and writes what came of it to standard output, both as
JSON. It speaks just enough HTTP to spend little of the processors that it shares.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import uvloop


@dataclass(frozen=True)
class Request:
    """One POST."""

    path: str
    key: str
    body: Any


@dataclass(frozen=True)
class Load:
    """Requests, and whom to send them to over how many connections."""

    host: str
    port: int
    token: str
    connections: int
    requests: tuple[Request, ...]


@dataclass(frozen=True)
class Answers:
    """What came of it, on the clock that all processes of a machine share."""

    began: float
    ended: float
    latencies_ms: list[float]
    failures: list[str]


async def ask(load: Load) -> Answers:
    """Send it all from a process of its own and wait for the answers."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        __file__,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate(json.dumps(asdict(load)).encode())
    return Answers(**json.loads(out))


async def _sent(load: dict[str, Any]) -> Answers:
    waiting = iter([_written(load, request) for request in load["requests"]])
    connections = [
        await asyncio.open_connection(load["host"], load["port"])
        for _ in range(load["connections"])
    ]
    latencies: list[float] = []
    failures: list[str] = []
    began = time.monotonic()
    await asyncio.gather(
        *(_keep_asking(each, waiting, latencies, failures) for each in connections)
    )
    ended = time.monotonic()
    for _, writer in connections:
        writer.close()
    return Answers(began, ended, latencies, failures)


def _written(load: dict[str, Any], request: dict[str, Any]) -> bytes:
    body = json.dumps(request["body"]).encode()
    head = (
        f"POST {request['path']} HTTP/1.1",
        f"host: {load['host']}:{load['port']}",
        f"authorization: Bearer {load['token']}",
        f"idempotency-key: {request['key']}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        "\r\n",
    )
    return "\r\n".join(head).encode() + body


async def _keep_asking(
    connection: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    waiting: Iterator[bytes],
    latencies: list[float],
    failures: list[str],
) -> None:
    reader, writer = connection
    for request in waiting:
        sent_at = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(_length(head))
        latencies.append((time.perf_counter() - sent_at) * 1000)
        if not head.startswith(b"HTTP/1.1 2"):
            failures.append((head.partition(b"\r\n")[0] + b" " + body).decode()[:300])


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0])


def spread_over(requests: Sequence[Request], apart: int) -> tuple[Request, ...]:
    """Order requests so that those which follow each other closely concern others."""
    return tuple(request for first in range(apart) for request in requests[first::apart])


if __name__ == "__main__":
    print(json.dumps(asdict(uvloop.run(_sent(json.load(sys.stdin))))))
