"""The local mailbox: a real SMTP server, and a page with what a client would have received.

Run as a process of its own: `python -m cairn.mailbox --smtp-port 8125 --http-port 8105 --keep F`.
A message is on the disk before its sender is told that it was taken.
"""

import argparse
import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware

from cairn.page import article, page, paragraph
from cairn.ports import DEFAULTS, HOST

_LARGEST_BYTES = 1_000_000


@dataclass(frozen=True)
class Received:
    """One message as it came in."""

    id: int
    """Counts up from 1 in the order of arrival."""
    received_at: str
    to: list[str]
    sender: str
    subject: str
    text: str
    message_id: str


class Mailbox:
    """All messages, in memory and in a file of one line each."""

    def __init__(self, keep: Path) -> None:
        self._keep = keep
        self.messages = _kept(keep)
        self._end_cut_line()

    async def handle_DATA(  # noqa: N802 - the SMTP server looks for this name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep what was sent, then say so."""
        received = _received(envelope, number=len(self.messages) + 1)
        self._append(received)
        self.messages.append(received)
        return f"250 kept as {received.id}"

    def _end_cut_line(self) -> None:
        """Begin a new line after one that a crash cut short, or the next message is lost too."""
        if self._keep.exists() and not self._keep.read_bytes().endswith(b"\n"):
            with self._keep.open("ab") as file:
                file.write(b"\n")

    def _append(self, received: Received) -> None:
        self._keep.parent.mkdir(parents=True, exist_ok=True)
        with self._keep.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(received)) + "\n")
            file.flush()
            os.fsync(file.fileno())


def make_app(mailbox: Mailbox, *, smtp_port: int) -> FastAPI:
    """Build the page; the SMTP server lives exactly as long as it does."""

    @asynccontextmanager
    async def smtp(_app: FastAPI) -> AsyncIterator[None]:
        server = await asyncio.get_running_loop().create_server(
            lambda: SMTP(mailbox, data_size_limit=_LARGEST_BYTES, enable_SMTPUTF8=True),
            HOST,
            smtp_port,
        )
        async with server:
            yield

    app = FastAPI(title="Cairn's local mailbox", lifespan=smtp)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])

    @app.get("/messages")
    async def messages() -> list[Received]:
        """List all messages, newest first."""
        return list(reversed(mailbox.messages))

    @app.get("/", response_class=HTMLResponse)
    async def show() -> str:
        """Show all messages, newest first."""
        return _shown(mailbox.messages)

    @app.get("/livez")
    async def live() -> dict[str, str]:
        """Say that the mailbox takes messages."""
        return {"state": "live"}

    return app


def _received(envelope: Envelope, *, number: int) -> Received:
    content = envelope.content or b""
    raw = content if isinstance(content, bytes) else content.encode("utf-8")
    message = message_from_bytes(raw, policy=policy.default)
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Received(
        id=number,
        received_at=at,
        to=[str(each) for each in envelope.rcpt_tos],
        sender=str(envelope.mail_from or ""),
        subject=str(message.get("Subject", "")),
        text=_text_of(message),
        message_id=str(message.get("Message-ID", "")),
    )


def _text_of(message: EmailMessage) -> str:
    """Give the words of a message; an unreadable body is shown as it came."""
    body = message.get_body(preferencelist=("plain", "html"))
    if body is None:
        return ""
    try:
        return str(body.get_content())
    except (LookupError, KeyError, UnicodeError):
        return str(body.get_payload())


def _kept(keep: Path) -> list[Received]:
    """Read the messages of earlier runs; a line that a crash cut short is left out."""
    found: list[Received] = []
    if keep.exists():
        for line in keep.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError, TypeError):
                found.append(Received(**json.loads(line)))
    return found


def _shown(messages: list[Received]) -> str:
    if not messages:
        return page("Mailbox", [paragraph("Nothing has been received yet.")])
    return page("Mailbox", [_article(each) for each in reversed(messages)])


def _article(received: Received) -> str:
    facts = [
        ("to", ", ".join(received.to)),
        ("from", received.sender),
        ("received", received.received_at),
    ]
    return article(received.subject, facts, received.text)


def main() -> None:
    """Run the mailbox until it is told to end."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--smtp-port", type=int, default=DEFAULTS["smtp"])
    arguments.add_argument("--http-port", type=int, default=DEFAULTS["mailbox"])
    arguments.add_argument("--keep", type=Path, required=True)
    chosen = arguments.parse_args()
    app = make_app(Mailbox(chosen.keep), smtp_port=chosen.smtp_port)
    uvicorn.run(app, host=HOST, port=chosen.http_port, log_level="warning")


if __name__ == "__main__":
    main()
