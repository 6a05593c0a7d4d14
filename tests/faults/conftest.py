"""Servers that these tests alone may kill, and a network of people on them."""

import pytest

from desks import People
from intake_people import a_network, consent_body
from intake_rows import intake_database
from ledger import Ledger
from service_process import a_stage
from wired import local_servers


@pytest.fixture(scope="session")
def killable(tmp_path_factory):
    """Servers of our own, whatever addresses the environment names; each test leaves them well."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("CAIRN_MONGO_URL", raising=False)
        environment.delenv("CAIRN_KAFKA_BOOTSTRAP", raising=False)
        with local_servers(tmp_path_factory.mktemp("killable")) as servers:
            servers.kafka.ready_within_seconds = 180
            yield servers


@pytest.fixture(scope="session")
def stage(killable, tmp_path_factory):
    """Where service processes run: keys, secrets, tokens and an issuer of their own."""
    with a_stage(killable, tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@pytest.fixture(scope="session")
async def people(stage):
    """Two sites with their people, set up while nothing is broken yet."""
    process = stage.service("intake")
    process.start()
    async with stage.served(process) as served:
        network = await a_network(served)
        consent = await consent_body(network.coordinator)
    process.stop()
    return People(network, consent)


@pytest.fixture
async def database(killable):
    """What intake keeps, read past intake."""
    async with intake_database(killable.mongo_url) as database:
        yield database


@pytest.fixture
def ledger(tmp_path):
    """What the people of this test asked and were answered."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    yield ledger
    ledger.close()
