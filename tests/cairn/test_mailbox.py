import json
import smtplib
from email.message import EmailMessage

import httpx
import pytest

from cairn.mailbox import Mailbox, Received, make_app
from cairn.places import Home
from cairn.ports import free_port
from cairn.processes import Children
from cairn.programs import mailbox

ONE = Received(
    id=1,
    received_at="2027-03-01T15:00:00.000Z",
    to=["robin@example.org"],
    sender="harbor@example.org",
    subject="Your visit",
    text="Tomorrow at 9.",
    message_id="<1@example.org>",
)


def a_message(subject="Your visit", text="Tomorrow at 9.\n"):
    message = EmailMessage()
    message["To"] = "robin@example.org"
    message["From"] = "harbor@example.org"
    message["Subject"] = subject
    message["Message-ID"] = "<1@example.org>"
    message.set_content(text)
    return message


def gateway_to(box):
    transport = httpx.ASGITransport(make_app(box, smtp_port=0))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


class TestMailboxPage:
    """What a person sees of it."""

    async def test_shows_markup_as_text(self, tmp_path):
        """A message could otherwise run what it likes in the reader's browser."""
        box = Mailbox(tmp_path / "mail.jsonl")
        box.messages.append(Received(**{**vars(ONE), "text": "<script>alert(1)</script>"}))
        async with gateway_to(box) as gateway:
            page = (await gateway.get("/")).text

        assert "<script>" not in page
        assert "&lt;script&gt;" in page

    async def test_says_when_nothing_has_come(self, tmp_path):
        """An empty page would look broken."""
        async with gateway_to(Mailbox(tmp_path / "mail.jsonl")) as gateway:
            page = (await gateway.get("/")).text

        assert "Nothing has been received yet" in page


class TestKeptMessages:
    """Messages of earlier runs."""

    def test_are_there_after_a_restart(self, tmp_path):
        """The mailbox is a witness: what it has forgotten counts as never sent."""
        keep = tmp_path / "mail.jsonl"
        keep.write_text(json.dumps(vars(ONE)) + "\n")

        assert Mailbox(keep).messages == [ONE]

    def test_survive_a_line_that_a_crash_cut_short(self, tmp_path):
        """Half a line must not take the message after it along."""
        keep = tmp_path / "mail.jsonl"
        keep.write_text('{"id": 1, "recei')
        Mailbox(keep)
        with keep.open("a") as file:
            file.write(json.dumps(vars(ONE)) + "\n")

        assert Mailbox(keep).messages == [ONE]


@pytest.mark.wired
class TestSmtpConversation:
    """A real one, with the mailbox as a process of its own."""

    @pytest.fixture
    def running(self, tmp_path):
        """The mailbox with its SMTP port."""
        ports = {"smtp": free_port(), "mailbox": free_port()}
        home = Home(tmp_path)
        with Children(run=home.run, logs=home.logs) as children:
            program = mailbox(children, home, ports)
            program.start()
            yield program, ports

    def test_ends_with_the_message_on_the_disk_and_on_the_list(self, running):
        """An accepted message that a kill could still take away was never accepted."""
        program, ports = running
        with smtplib.SMTP("127.0.0.1", ports["smtp"], timeout=10) as smtp:
            smtp.send_message(a_message(subject="Grüße", text="Bis morgen, neun Uhr.\n"))
            smtp.send_message(a_message(subject="Second"))
        program.kill()
        program.start()
        url = f"http://127.0.0.1:{ports['mailbox']}/messages"
        newest, oldest = httpx.get(url, timeout=10, trust_env=False).json()

        assert (newest["id"], newest["subject"]) == (2, "Second")
        assert oldest["to"] == ["robin@example.org"]
        assert oldest["sender"] == "harbor@example.org"
        assert (oldest["subject"], oldest["text"].strip()) == ("Grüße", "Bis morgen, neun Uhr.")
        assert oldest["message_id"] == "<1@example.org>"
        assert oldest["received_at"].endswith("Z")

    def test_refuses_a_message_that_is_too_large(self, running):
        """A runaway sender must not fill a person's disk."""
        _, ports = running
        with (
            smtplib.SMTP("127.0.0.1", ports["smtp"], timeout=10) as smtp,
            pytest.raises((smtplib.SMTPDataError, smtplib.SMTPSenderRefused)),
        ):
            smtp.send_message(a_message(text="x" * 1_100_000))
