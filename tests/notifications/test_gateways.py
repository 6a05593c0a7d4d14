import asyncio
import socket
import subprocess
import sys
from uuid import uuid4

import httpx
import pytest

from cairn.ports import free_port
from hearings import eventually
from notice_builders import STARTS_AT
from notifications.gateways import AWAY, REFUSED, SENT, UNKNOWN, Mail
from notifications.rules.letters import Letter
from smtp_server import mail_server

pytestmark = pytest.mark.wired


@pytest.fixture(scope="module")
def mail(tmp_path_factory):
    with mail_server(tmp_path_factory.mktemp("mail")) as server:
        yield server


@pytest.fixture
def mailbox(tmp_path):
    smtp_port, http_port = free_port(), free_port()
    ports = ("--smtp-port", str(smtp_port), "--http-port", str(http_port))
    command = (sys.executable, "-m", "cairn.mailbox", *ports, "--keep", str(tmp_path / "mail"))
    with subprocess.Popen(command) as process:
        try:
            yield f"smtp://127.0.0.1:{smtp_port}", f"http://127.0.0.1:{http_port}/messages"
        finally:
            process.terminate()


def a_letter(to):
    return Letter(
        notice_id=uuid4(), to=to, subject="Harbor: su próxima cita", body="¿Cómo está?\n.\nFin"
    )


async def sent(url, letter):
    return await Mail(url, call_seconds=2).send(letter, at=STARTS_AT)


class TestSend:
    """K-ONCE: what can be said about a letter after one call, and nothing more."""

    async def test_hands_a_letter_over(self, mail):
        """Its Message-ID is the notice, so that a log of the server can be asked."""
        letter = a_letter("taken-1@example.org")

        assert await sent(mail.url, letter) == SENT
        (given,) = mail.given(letter.to)
        assert given["message_id"] == f"<{letter.notice_id}@harbor.example>"
        assert (given["from"], given["subject"], given["text"].splitlines()) == (
            "appointments@harbor.example",
            letter.subject,
            letter.body.splitlines(),
        )

    @pytest.mark.parametrize(
        ("to", "outcome"),
        [
            pytest.param("refuse-1@example.org", REFUSED, id="the recipient"),
            pytest.param("reject-1@example.org", REFUSED, id="the words"),
            pytest.param("later-1@example.org", AWAY, id="the recipient for now"),
            pytest.param("full-1@example.org", AWAY, id="the words for now"),
        ],
    )
    async def test_takes_a_no_for_a_no(self, mail, to, outcome):
        """A server that says no has not taken it; for now means that it may be asked again."""
        assert await sent(mail.url, a_letter(to)) == outcome

    @pytest.mark.parametrize("name", ["hang", "drop", "garble"])
    async def test_knows_nothing_once_the_words_are_out_and_no_answer_comes(self, mail, name):
        """The server had every word of it: it may have been delivered."""
        letter = a_letter(f"{name}-1@example.org")

        assert await sent(mail.url, letter) == UNKNOWN
        assert len(mail.given(letter.to)) == 1

    async def test_is_bounded_in_time(self, mail):
        """A server that says nothing must not keep the others waiting."""
        async with asyncio.timeout(4):
            await sent(mail.url, a_letter("hang-2@example.org"))

    async def test_knows_that_nothing_left_where_no_server_is(self, unused_tcp_port):
        """It may be asked again."""
        url = f"smtp://127.0.0.1:{unused_tcp_port}"

        assert await sent(url, a_letter("taken-2@example.org")) == AWAY

    async def test_knows_that_nothing_left_where_the_server_never_greets(self):
        """A listening port is not a mail server."""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"smtp://127.0.0.1:{silent.getsockname()[1]}"

            assert await sent(url, a_letter("a@example.org")) == AWAY

    async def test_knows_that_nothing_left_without_an_address_of_a_server(self):
        """A deployment without mail holds its notices, and shows why."""
        assert await sent(None, a_letter("a@example.org")) == AWAY

    async def test_reaches_the_mailbox_of_the_demo_network(self, mailbox):
        """What a newcomer sees on its page is what a client would have received."""
        smtp, page = mailbox
        letter = a_letter("robin@example.org")
        await eventually(lambda: sent(smtp, letter), SENT)
        async with httpx.AsyncClient(trust_env=False) as http:
            (message,) = (await http.get(page)).json()

        assert (message["to"], message["subject"]) == (["robin@example.org"], letter.subject)
        assert message["message_id"] == f"<{letter.notice_id}@localhost>"
