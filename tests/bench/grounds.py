"""What every comparison stands on: real servers, a vault, topics, and services as processes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from uuid import UUID

import psutil

from cairn.addresses import Addresses, addresses_at
from cairn.people import Identity
from cairn.places import Home, repository_root
from cairn.ports import DEFAULTS, free_port
from cairn.processes import Children
from cairn.programs import Program, issuer, service_settings
from cairn.secret_files import master_key
from cairn.servers.local import LocalServers
from cairn.signing import Signer
from cairn.topics import Topic, Topics, apply, declared
from chassis.vault import read_master_key


@dataclass
class Grounds:
    """Servers that run, with the programs started on them."""

    servers: LocalServers
    children: Children
    home: Home
    ports: dict[str, int]
    programs: dict[str, Program] = field(default_factory=dict)

    @property
    def mongo_url(self) -> str:
        """Where MongoDB is."""
        return self.servers.mongo_url

    @property
    def bootstrap(self) -> str:
        """Where Kafka is."""
        return self.servers.kafka_bootstrap

    @cached_property
    def addresses(self) -> Addresses:
        """Where every program is, or would be."""
        return addresses_at(self.ports, mongo=self.mongo_url, kafka=self.bootstrap)

    @cached_property
    def master_key(self) -> bytes:
        """The key of the vault that all services open."""
        return read_master_key(master_key(self.home.master_key))

    def token(self, identity: Identity) -> str:
        """Sign somebody in."""
        signer = Signer.kept_in(self.home.path / "issuer.json", issuer=self.addresses.issuer)
        return signer.token(identity)[0]

    def coordinator(self, site: UUID, sub: UUID) -> str:
        """Sign a coordinator of one site in."""
        return self.token(
            Identity(sub=sub, kind="staff", roles={str(site): ["intake_coordinator"]})
        )

    def add_topics(self, names: Sequence[str]) -> None:
        """Make topics that belong to this run alone."""
        alone = {name: Topic(writer="bench", readers=("bench",)) for name in names}
        apply(self.bootstrap, Topics(partitions=12, retention_ms=-1, topics=alone))

    def start_issuer(self) -> None:
        """Start the token issuer that services ask for keys."""
        issuer(self.children, self.home, self.ports).start()

    def start_service(self, name: str) -> psutil.Process:
        """Start one service as a process of its own and wait until it is ready."""
        program = Program(
            self.children,
            name,
            home=self.home,
            port=self.ports[name],
            health="/readyz",
            settings=service_settings(name, self.home, self.addresses, root=repository_root()),
        )
        program.start()
        self.programs[name] = program
        return psutil.Process(program.pid)

    def stop_service(self, name: str) -> None:
        """Stop one service, so that others are measured without it."""
        self.programs.pop(name).stop()


@contextmanager
def grounds(directory: Path) -> Iterator[Grounds]:
    """Start the servers with the topics of the network; stop all that was started afterwards."""
    home = Home(directory)
    with (
        Children(run=home.run, logs=home.logs) as children,
        LocalServers(directory, children=children) as servers,
    ):
        apply(servers.kafka_bootstrap, declared())
        yield Grounds(servers, children, home, {name: free_port() for name in DEFAULTS})


def cpu_seconds(processes: Sequence[psutil.Process]) -> float:
    """Add up what these processes have used of the processors so far."""
    return sum(used.user + used.system for used in (each.cpu_times() for each in processes))
