"""Integration as it runs, on a real MongoDB and Kafka."""

import pytest

from integration.app import build
from served import served
from telling import a_teller


@pytest.fixture(scope="session")
async def integration(servers, tmp_path_factory):
    """The service, shared by all tests that talk to it over HTTP."""
    home = tmp_path_factory.mktemp("integration")
    async with served("integration", build, servers, home) as running:
        yield running


@pytest.fixture(scope="session")
async def teller(servers):
    """Whoever tells what sessions and intake tell."""
    async with a_teller(servers) as telling:
        yield telling
