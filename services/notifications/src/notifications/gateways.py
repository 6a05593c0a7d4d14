"""How does a letter leave, and what do the owners of a visit and a client say before it does?

SMTP cannot be asked afterwards what it did. Until the words are handed over nothing has happened
that matters; from then on only the server's own answer tells, and silence is not an answer.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_LINES
from email.utils import format_datetime
from itertools import islice
from typing import Any, TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import aiosmtplib

from chassis.ask import Ask, NoAnswer, Owner
from notifications.model import Outcome
from notifications.rules.confirming import OwnersWord, client_word, visit_word
from notifications.rules.letters import Letter

CALL_SECONDS = 10.0
_SENDER = "appointments@localhost"
_PORTS = {"smtp": 25, "smtps": 465}
_AT_ONCE = 200
_OK = 200
_TRANSIENT, _PERMANENT = range(400, 500), range(500, 600)

SENT = Outcome(standing="sent")
REFUSED = Outcome(standing="failed", why=("GATEWAY_REFUSED",))
UNKNOWN = Outcome(standing="unknown", why=("OUTCOME_UNKNOWN",))
AWAY = Outcome(standing="held", why=("GATEWAY_AWAY",))


class Mail:
    """E-mail by SMTP: one connection a letter, 10 s at most, never a second try of its own."""

    def __init__(self, url: str | None, *, call_seconds: float = CALL_SECONDS) -> None:
        """Use the server at `smtp[s]://[user:password@]host[:port][/?from=address]`."""
        self._url = None if url is None else urlsplit(url)
        self._call_seconds = call_seconds
        named = [] if self._url is None else parse_qs(self._url.query).get("from", [])
        self._sender = named[0] if named else _SENDER

    async def send(self, letter: Letter, *, at: datetime) -> Outcome:
        """Hand a letter over, and say what is known about it."""
        if self._url is None:
            return AWAY
        smtp = self._connection()
        handing_over = False
        try:
            async with asyncio.timeout(self._call_seconds):
                if not await self._introduced(smtp):
                    return AWAY
                await smtp.rcpt(letter.to)
                handing_over = True
                await smtp.data(self._written(letter, at))
        except aiosmtplib.SMTPResponseException as answer:
            return _answered(answer.code, handing_over=handing_over)
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            return UNKNOWN if handing_over else AWAY
        except UnicodeEncodeError:
            return REFUSED
        finally:
            smtp.close()
        return SENT

    def _connection(self) -> aiosmtplib.SMTP:
        url = self._url
        if url is None:
            raise TypeError("there is no mail server to connect to")
        return aiosmtplib.SMTP(
            hostname=url.hostname,
            port=url.port or _PORTS[url.scheme],
            username=None if url.username is None else unquote(url.username),
            password=None if url.password is None else unquote(url.password),
            use_tls=url.scheme == "smtps",
            timeout=self._call_seconds,
            local_hostname=self._sender.rpartition("@")[2],
        )

    async def _introduced(self, smtp: aiosmtplib.SMTP) -> bool:
        """Get as far as the recipient; a no before that is about us, not about the letter."""
        try:
            await smtp.connect()
            await smtp.mail(self._sender)
        except aiosmtplib.SMTPResponseException:
            return False
        return True

    def _written(self, letter: Letter, at: datetime) -> bytes:
        message = EmailMessage(policy=SMTP_LINES)
        message["From"] = self._sender
        message["To"] = letter.to
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(at)
        message["Message-ID"] = f"<{letter.notice_id}@{self._sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.body)
        return message.as_bytes()


def _answered(code: int, *, handing_over: bool) -> Outcome:
    """Read a no; an answer that is none, once the words are out, tells nothing."""
    if code in _PERMANENT:
        return REFUSED
    return AWAY if code in _TRANSIENT or not handing_over else UNKNOWN


Words: TypeAlias = Mapping[UUID, OwnersWord]
"""What an owner says of each document; one that is not there got no answer."""


class Owners:
    """Asks those who own visits and clients whether what we heard still stands."""

    def __init__(self, ask: Ask) -> None:
        """Ask in the name of this service."""
        self._ask = ask
        self._was_silent = False

    async def confirm(
        self, visits: Mapping[UUID, int], clients: Mapping[UUID, int]
    ) -> tuple[Words, Words]:
        """Ask both owners at once, by id and sequence."""
        return await asyncio.gather(
            self._words("sessions", "visits", visits, visit_word),
            self._words("intake", "clients", clients, client_word),
        )

    async def are_back(self) -> bool:
        """Tell, once, that owners who gave no answer answer again; what was held may go on."""
        if not self._was_silent:
            return False
        self._was_silent = False
        await asyncio.gather(
            self._rows("sessions", "visits", {}), self._rows("intake", "clients", {})
        )
        return not self._was_silent

    async def _words(
        self,
        owner: Owner,
        kind: str,
        told: Mapping[UUID, int],
        word: Callable[[Mapping[str, Any]], OwnersWord],
    ) -> Words:
        answers = await asyncio.gather(
            *(self._rows(owner, kind, some) for some in _by_the_hundred(told))
        )
        return {UUID(row["id"]): word(row) for rows in answers for row in rows}

    async def _rows(
        self, owner: Owner, kind: str, told: Mapping[UUID, int]
    ) -> list[Mapping[str, Any]]:
        asked = [{"id": str(each), "sequence": sequence} for each, sequence in told.items()]
        try:
            answer = await self._ask.post(owner, f"/v1/{kind}/confirm", {kind: asked})
        except NoAnswer:
            self._was_silent = True
            return []
        return list(answer.body[kind]) if answer.status == _OK else []


def _by_the_hundred(told: Mapping[UUID, int]) -> Iterator[Mapping[UUID, int]]:
    rest = iter(told.items())
    while some := dict(islice(rest, _AT_ONCE)):
        yield some
