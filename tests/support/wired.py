"""Real servers for wired tests: MongoDB and Kafka, as `cairn up` starts them.

They are looked for in this order: addresses in the environment (`CAIRN_MONGO_URL`,
`CAIRN_KAFKA_BOOTSTRAP`), then the local binaries.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from cairn.servers.local import LocalServers
from cairn.topics import apply, declared


class Servers(Protocol):
    """Where the servers of a test are."""

    @property
    def mongo_url(self) -> str:
        """Where MongoDB is."""

    @property
    def kafka_bootstrap(self) -> str:
        """Where Kafka is."""


@contextmanager
def local_servers(directory: Path) -> Iterator[LocalServers]:
    """Start both servers of one's own, with the topics; stop them afterwards."""
    with LocalServers(directory, quick_ttl=True) as servers:
        apply(servers.kafka_bootstrap, declared())
        yield servers


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The servers that all wired tests share; what one test writes another may see."""
    with local_servers(tmp_path_factory.mktemp("servers")) as servers:
        yield servers


@pytest.fixture(scope="module")
def own_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServers]:
    """Servers for one module alone, which it may kill."""
    with local_servers(tmp_path_factory.mktemp("own-servers")) as servers:
        yield servers


@pytest.fixture(scope="session")
def mongo_url(servers: Servers) -> str:
    """Where MongoDB is."""
    return servers.mongo_url


@pytest.fixture(scope="session")
def kafka_bootstrap(servers: Servers) -> str:
    """Where Kafka is."""
    return servers.kafka_bootstrap
