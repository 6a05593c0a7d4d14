"""Sessions and intake as they run, on a real MongoDB and Kafka."""

import pytest

from sessions_house import a_house
from sessions_people import a_care


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """Where keys, secrets and rulesets of both services lie."""
    return tmp_path_factory.mktemp("sessions")


@pytest.fixture(scope="session")
async def house(servers, home):
    """Both services, shared by all tests that talk to sessions over HTTP."""
    async with a_house(servers, home) as house:
        yield house


@pytest.fixture
async def care(house):
    """A client of one's own, ready for a session as far as intake is concerned."""
    return await a_care(house)
