from contextlib import contextmanager

import pytest

from cairn import programs, topics
from cairn.addresses import addresses_at
from cairn.places import Home, repository_root
from cairn.ports import DEFAULTS, free_port
from cairn.processes import Children
from cairn.roster import OPERATOR
from cairn.secret_files import service_secret
from cairn.servers.local import LocalServers


@contextmanager
def own_servers():
    """Start servers even where others are given: these tests kill them and move their clock."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("CAIRN_MONGO_URL", raising=False)
        environment.delenv("CAIRN_KAFKA_BOOTSTRAP", raising=False)
        yield


@pytest.fixture(scope="module")
def intake_network(tmp_path_factory):
    """Servers of its own, issuer and intake, as `cairn up` starts them; home and addresses."""
    directory = tmp_path_factory.mktemp("network")
    home = Home(directory / ".cairn")
    ports = {name: free_port() for name in DEFAULTS}
    with (
        own_servers(),
        Children(run=home.run, logs=home.logs) as children,
        LocalServers(home.path, children=children) as servers,
    ):
        addresses = addresses_at(ports, mongo=servers.mongo_url, kafka=servers.kafka_bootstrap)
        addresses.keep(home.addresses)
        topics.apply(addresses.kafka, topics.declared())
        service_secret(home.secrets, OPERATOR)
        programs.issuer(children, home, ports).start()
        intake, *_ = programs.services(children, home, addresses, root=repository_root())
        intake.start()
        yield home, addresses
        intake.stop()
