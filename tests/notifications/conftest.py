"""Notifications as it runs, on servers of its own: it would hear what other tests tell."""

import pytest

from notified import notified
from smtp_server import mail_server
from telling import a_teller
from wired import local_servers


@pytest.fixture(scope="session")
def our_servers(tmp_path_factory):
    """MongoDB and Kafka that only these tests speak to."""
    with local_servers(tmp_path_factory.mktemp("notified-servers")) as servers:
        yield servers


@pytest.fixture(scope="session")
def mail(tmp_path_factory):
    """A mail server that does what its recipients are called."""
    with mail_server(tmp_path_factory.mktemp("mail")) as server:
        yield server


@pytest.fixture(scope="session")
async def teller(our_servers):
    """Whoever tells what sessions and intake tell."""
    async with a_teller(our_servers) as telling:
        yield telling


@pytest.fixture(scope="session")
async def world(our_servers, tmp_path_factory, mail, teller):
    """The service, its owners and its mail server."""
    home = tmp_path_factory.mktemp("notifications")
    async with notified(our_servers, home, mail, teller) as running:
        yield running


@pytest.fixture(autouse=True)
def owners_answer(request):
    """Let the owners answer again whatever the test before made them do."""
    yield
    if "world" in request.fixturenames:
        owners = request.getfixturevalue("world").owners
        owners.away = owners.frozen = False
        owners.news.clear()
