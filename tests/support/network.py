"""The whole network as real processes on real servers, asked over HTTP alone.

It stands in a directory of its own, on ports of its own, whatever servers the environment names:
whoever asks for it may stop, freeze and kill any part of it.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import httpx

from bus_records import Record, records_on, waiting_on
from cairn import demo_clock, programs, topics
from cairn.addresses import Addresses, addresses_at
from cairn.metrics import Sample, samples
from cairn.people import person_id, site_id
from cairn.places import Home, repository_root
from cairn.ports import DEFAULTS, free_port
from cairn.processes import Children
from cairn.programs import Program
from cairn.roster import OPERATOR, SERVICES
from cairn.secret_files import service_secret
from cairn.seed import seed
from cairn.servers.base import LocalServer
from cairn.servers.kafka import Kafka
from cairn.servers.mongod import Mongod
from contracts.catalog import BY_WIRE_NAME
from network_people import Person, granted

_CLOCK_SAMPLE_SECONDS = 1.3
_HEARD_SECONDS, _AGAIN_SECONDS = 60.0, 0.2
_MORNING_HOUR_UTC = 15
"""Nine or ten in Nashville, ten or eleven in Knoxville: a working day lies ahead in both."""


class Network:
    """Both servers, the mailbox, the issuer and the four services, with the demo people."""

    def __init__(self, directory: Path) -> None:
        """Choose ports and addresses; nothing runs yet."""
        self.directory = directory
        self.home = Home(directory / ".cairn")
        self._children = Children(run=self.home.run, logs=self.home.logs)
        ports = _ports()
        self.mongod = Mongod(self._children, self.home.path / "mongod", port=ports["mongod"])
        self.kafka = Kafka(self._children, self.home.path / "kafka", port=ports["kafka"])
        self.addresses: Addresses = addresses_at(
            ports, mongo=self.mongod.url, kafka=self.kafka.bootstrap
        )
        service_secret(self.home.secrets, OPERATOR)
        root = repository_root()
        services = programs.services(self._children, self.home, self.addresses, root=root)
        self._services = {service.name: service for service in services}
        self._beside = [
            build(self._children, self.home, ports) for build in (programs.mailbox, programs.issuer)
        ]
        self.http = httpx.Client(timeout=15, trust_env=False)
        self._people: dict[str, Person] = {}

    def __enter__(self) -> Self:
        """Start everything, seed the demo network, and let it be a morning."""
        try:
            _start(self.mongod, self.kafka, *self._beside)
            topics.apply(self.addresses.kafka, topics.declared())
            _start(*self._services.values())
            self.addresses.keep(self.home.addresses)
            seed(self.addresses)
            self.wait_heard()
            self.next_morning()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End everything: the services first, since they use all the others."""
        self.http.close()
        running = [each for each in self._services.values() if each.runs]
        for service in running:
            service.child.ask_to_end()
        for server in (*running, *self._beside, self.kafka, self.mongod):
            server.stop()
        self._children.close()

    @property
    def mongo_url(self) -> str:
        """Where MongoDB is."""
        return self.addresses.mongo

    @property
    def kafka_bootstrap(self) -> str:
        """Where Kafka is."""
        return self.addresses.kafka

    def service(self, name: str) -> Program:
        """Give one of the four services, to suspend, resume, kill or start again."""
        return self._services[name]

    @contextmanager
    def killed(self, server: LocalServer) -> Iterator[None]:
        """Do without a server that was killed, and start it again."""
        server.kill()
        try:
            yield
        finally:
            server.start()

    @contextmanager
    def frozen(self, server: LocalServer) -> Iterator[None]:
        """Do without a server that neither works nor goes away, and let it go on."""
        server.suspend()
        try:
            yield
        finally:
            server.resume()
            server.wait_ready()

    def person(self, username: str) -> Person:
        """Sign somebody in, once."""
        if username not in self._people:
            form = {"grant_type": "password", "username": username}
            token = granted(self.http, self.addresses, form)
            self._people[username] = Person(person_id(username), token, self.http, self.addresses)
        return self._people[username]

    def program(self, name: str) -> Person:
        """Sign a service in, or the operator."""
        secret = service_secret(self.home.secrets, name).read_text(encoding="utf-8").strip()
        form = {
            "grant_type": "client_credentials",
            "client_id": name,
            "client_secret": secret,
        }
        token = granted(self.http, self.addresses, form)
        return Person(person_id(name), token, self.http, self.addresses)

    def introduce(self, username: str, id: UUID, kind: str, roles: dict[str, list[str]]) -> Person:
        """Let a username stand for somebody at the issuer, and sign them in."""
        binding = {"username": username, "sub": str(id), "kind": kind, "roles": roles}
        told = self.http.post(
            f"{self.addresses.issuer}/people",
            json=binding,
            headers=self.program(OPERATOR).headers(),
        )
        assert told.is_success, told.text
        token = granted(self.http, self.addresses, {"grant_type": "password", "username": username})
        return Person(id, token, self.http, self.addresses)

    def now(self) -> datetime:
        """Tell the time that the services go by, to the whole second."""
        return demo_clock.demo_now(demo_clock.ahead(self.addresses.mongo))

    def advance(self, by: timedelta) -> None:
        """Move the demo clock forward, and wait until every service has seen it."""
        demo_clock.advance(self.addresses.mongo, by)
        time.sleep(_CLOCK_SAMPLE_SECONDS)

    def wait_until(self, instant: datetime) -> None:
        """Move the demo clock to a moment that lies ahead; a moment that has passed is no wait."""
        behind = instant - self.now()
        if behind > timedelta():
            self.advance(behind)

    def next_morning(self) -> datetime:
        """Let it be the next working morning, and tell the time."""
        now = self.now()
        morning = now.replace(hour=_MORNING_HOUR_UTC, minute=0, second=0)
        self.wait_until(morning if morning > now else morning + timedelta(days=1))
        return self.now()

    def messages(self) -> list[dict[str, Any]]:
        """Give what the mailbox has received, oldest first."""
        answer = self.http.get(f"{self.addresses.mailbox}/messages")
        found: list[dict[str, Any]] = sorted(answer.json(), key=lambda message: int(message["id"]))
        return found

    def metrics(self, service: str) -> list[Sample]:
        """Read the numbers of a service."""
        return samples(self.http.get(f"{self.addresses.service(service)}/metrics").text)

    def on_the_bus(self) -> list[Record]:
        """Give every record of every topic."""
        return records_on(self.addresses.kafka, list(topics.declared().topics))

    def wait_heard(self) -> None:
        """Wait until everything that was said has been heard by all whom it concerns."""
        until = time.monotonic() + _HEARD_SECONDS
        while waiting := waiting_on(self.addresses.kafka, _hearers()):
            assert time.monotonic() < until, f"not heard: {sorted(waiting)}"
            time.sleep(_AGAIN_SECONDS)

    def bound(self) -> dict[str, Any]:
        """Give what the issuer keeps of people who were introduced."""
        kept: dict[str, Any] = json.loads((self.home.path / "people.json").read_text("utf-8"))
        return kept


NASHVILLE, KNOXVILLE = site_id("nashville"), site_id("knoxville")


def _hearers() -> dict[str, set[str]]:
    """Say who hears which topic, by what the messages say of themselves."""
    hearers: dict[str, set[str]] = {f"{service}.work": {service} for service in SERVICES}
    for message in BY_WIRE_NAME.values():
        hearers.setdefault(message.topic, set()).update(message.heard_by)
    return hearers


def _ports() -> dict[str, int]:
    """Choose a free port for each program, none of them twice."""
    chosen: dict[str, int] = {}
    for name in DEFAULTS:
        port = free_port()
        while port in chosen.values():
            port = free_port()
        chosen[name] = port
    return chosen


def _start(*servers: LocalServer) -> None:
    for server in servers:
        server.launch()
    for server in servers:
        server.wait_ready()
