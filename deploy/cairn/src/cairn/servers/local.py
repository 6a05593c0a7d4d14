"""MongoDB and Kafka for whoever needs real ones: `cairn up`, the tests, the benchmarks.

A server whose address stands in the environment (`CAIRN_MONGO_URL`, `CAIRN_KAFKA_BOOTSTRAP`) is
used as it is, and then there is nothing here to start, stop or kill.
"""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from cairn.ports import free_port
from cairn.processes import Children, StartFailed
from cairn.servers.base import LocalServer, Say, silent
from cairn.servers.kafka import Kafka
from cairn.servers.mongod import Mongod


class LocalServers:
    """Both servers, with their files, logs and run files in one directory.

    Used as a context manager: `with LocalServers(directory) as servers: servers.mongo_url`.
    """

    def __init__(  # noqa: PLR0913 - a choice for each server, all with a default
        self,
        directory: Path,
        *,
        children: Children | None = None,
        mongo_port: int | None = None,
        kafka_port: int | None = None,
        quick_ttl: bool = False,
        with_kafka: bool = True,
        say: Say = silent,
    ) -> None:
        self._own = None if children else Children(run=directory / "run", logs=directory / "logs")
        either = children or self._own
        self._mongo_url = os.environ.get("CAIRN_MONGO_URL")
        self._kafka_bootstrap = os.environ.get("CAIRN_KAFKA_BOOTSTRAP")
        self._mongod: Mongod | None = None
        self._kafka: Kafka | None = None
        if either is not None and self._mongo_url is None:
            self._mongod = Mongod(
                either,
                directory / "mongod",
                port=mongo_port or free_port(),
                say=say,
                quick_ttl=quick_ttl,
            )
        if either is not None and self._kafka_bootstrap is None and with_kafka:
            self._kafka = Kafka(
                either, directory / "kafka", port=kafka_port or free_port(), say=say
            )

    @property
    def mongo_url(self) -> str:
        """Where MongoDB is."""
        return self._mongo_url or self.mongod.url

    @property
    def kafka_bootstrap(self) -> str:
        """Where Kafka is."""
        return self._kafka_bootstrap or self.kafka.bootstrap

    @property
    def mongod(self) -> Mongod:
        """The mongod that runs here; fault tests kill, suspend and restart it."""
        if self._mongod is None:
            raise StartFailed("MongoDB runs elsewhere: CAIRN_MONGO_URL is set")
        return self._mongod

    @property
    def kafka(self) -> Kafka:
        """The broker that runs here; fault tests kill, suspend and restart it."""
        if self._kafka is None:
            raise StartFailed("Kafka runs elsewhere (CAIRN_KAFKA_BOOTSTRAP) or was not asked for")
        return self._kafka

    @property
    def started_here(self) -> list[LocalServer]:
        """The servers that were not given by an address, in the order of starting."""
        return [server for server in (self._mongod, self._kafka) if server is not None]

    def start(self) -> None:
        """Start both at the same time and wait until both are ready."""
        try:
            for server in self.started_here:
                server.launch()
            for server in self.started_here:
                server.wait_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop both, the last started first; with nobody left, the guard goes too."""
        for server in reversed(self.started_here):
            server.stop()
        if self._own is not None:
            self._own.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
