"""Intake as it runs: its own process's worth of it, on a real MongoDB and Kafka."""

import pytest

from intake.app import build
from intake_people import a_network
from served import served


@pytest.fixture(scope="session")
async def intake(servers, tmp_path_factory):
    """The service, shared by all tests that talk to it over HTTP."""
    home = tmp_path_factory.mktemp("intake")
    async with served("intake", build, servers, home) as running:
        yield running


@pytest.fixture(scope="session")
async def network(intake):
    """Two sites with their people, as an administrator sets them up."""
    return await a_network(intake)
