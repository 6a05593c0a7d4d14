"""A mail server that does what its recipients are called: a process of its own, for wired tests.

`python smtp_server.py FILE` prints its port, takes mail, and writes a line to FILE for each message
whose words it was given in full, whatever it answers.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

_HANG_SECONDS = 60


@dataclass(frozen=True)
class MailServer:
    """A running mail server and what it was given."""

    url: str
    kept: Path

    def given(self, to: str) -> list[dict[str, Any]]:
        """Give what was handed over for one address, in the order it came."""
        lines = self.kept.read_text().splitlines() if self.kept.exists() else []
        return [each for each in map(json.loads, lines) if to in each["to"]]


@contextmanager
def mail_server(directory: Path) -> Iterator[MailServer]:
    """Start the server as a process, and stop it by its own id."""
    kept = directory / "given.jsonl"
    command = [sys.executable, __file__, str(kept)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            port = process.stdout.readline().strip() if process.stdout else ""
            yield MailServer(f"smtp://127.0.0.1:{port}/?from=appointments%40harbor.example", kept)
        finally:
            process.kill()


class _ByName:
    """Reads in an address what to do: `refuse-1@…` is refused, `hang-1@…` never answered."""

    def __init__(self, kept: Path) -> None:
        self._kept = kept

    async def handle_RCPT(  # noqa: N802 - the server looks for this name and form
        self,
        _server: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if address.startswith("refuse"):
            return "550 no such mailbox"
        if address.startswith("later"):
            return "451 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - as above
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        self._write_down(envelope)
        match envelope.rcpt_tos[0].partition("-")[0]:
            case "hang":
                await asyncio.sleep(_HANG_SECONDS)
            case "drop" if isinstance(server.transport, asyncio.Transport):
                server.transport.abort()
            case "reject":
                return "554 not these words"
            case "full":
                return "452 no room"
            case "garble":
                return "what?"
        return "250 taken"

    def _write_down(self, envelope: Envelope) -> None:
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        row = {
            "to": envelope.rcpt_tos,
            "from": envelope.mail_from,
            "message_id": message["Message-ID"],
            "subject": message["Subject"],
            "text": message.get_content(),
        }
        with self._kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")


async def _serve(kept: Path) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(_ByName(kept), loop=loop), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)  # it ends with whoever started it, however that ended
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
