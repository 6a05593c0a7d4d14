"""Service processes as an operator starts them, which a test may kill, freeze and start again."""

import base64
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from typing_extensions import override

from cairn.places import Home
from cairn.ports import free_port
from cairn.processes import Child, Children
from cairn.programs import Program, issuer
from cairn.roster import SERVICES
from cairn.secret_files import keep_secret, service_secret
from cairn.servers.local import LocalServers
from cairn.signing import Signer
from served import Served
from worlds import MASTER_KEY

ROOT = Path(__file__).parents[2]
_ANSWER_SECONDS = 8.0


class ServiceProcess(Program):
    """One process of a service; armed, it kills itself at a named point."""

    armed: str | None = None

    @override
    def command(self) -> list[str]:
        command = super().command()
        if self.armed is None:
            return command
        python, _, *_rest = command
        return [python, "-m", "crashing", self.name, self.armed]

    def start_again(self, *, armed: str | None = None) -> None:
        """Start it anew, ended or not; nothing is known yet of its readiness."""
        if self.runs:
            self.stop()
        self.armed = armed
        if self._child is not None:
            self._child.command = self.command()
        self.launch()

    @property
    def started(self) -> Child:
        """The program itself, with its log."""
        return self.child


@dataclass(frozen=True)
class Stage:
    """Where service processes run."""

    servers: LocalServers
    home: Home
    children: Children
    issuer_url: str

    @property
    def python_path(self) -> str:
        """Where processes find what tests alone have."""
        inherited = filter(None, [os.environ.get("PYTHONPATH")])
        return os.pathsep.join([str(ROOT / "tests/support"), *inherited])

    def service(self, name: str) -> ServiceProcess:
        """Prepare a process of a service on a port from the system; it is not started yet."""
        port = free_port()
        return ServiceProcess(
            self.children,
            name,
            home=self.home,
            port=port,
            health="/readyz",
            settings=self._settings(name, port),
        )

    @asynccontextmanager
    async def served(self, process: ServiceProcess) -> AsyncIterator[Served]:
        """Speak to a process, with tokens for whoever a test asks for."""
        signer = Signer.kept_in(self.home.path / "issuer.json", issuer=self.issuer_url)
        url = f"http://127.0.0.1:{process.port}"
        async with httpx.AsyncClient(
            base_url=url, timeout=_ANSWER_SECONDS, trust_env=False
        ) as http:
            yield Served(http, url, signer)

    def _settings(self, name: str, port: int) -> dict[str, str]:
        own = f"http://127.0.0.1:{port}"
        return {
            "CAIRN_PORT": str(port),
            "CAIRN_MONGO_URL": self.servers.mongo_url,
            "CAIRN_KAFKA_BOOTSTRAP": self.servers.kafka_bootstrap,
            "CAIRN_CLOCK": "real",
            "CAIRN_MASTER_KEY_FILE": str(self.home.master_key),
            "CAIRN_ISSUER": self.issuer_url,
            "CAIRN_SERVICE_SECRET_FILE": str(service_secret(self.home.secrets, name)),
            "CAIRN_RULESETS": str(ROOT / "deploy" / "rulesets"),
            "CAIRN_INTAKE_URL": own,
            "CAIRN_SESSIONS_URL": own,
            "PYTHONPATH": self.python_path,
        }


@contextmanager
def a_stage(servers: LocalServers, directory: Path) -> Iterator[Stage]:
    """Set the stage; whatever was started on it ends with it."""
    home = Home(directory)
    keep_secret(home.master_key, base64.b64encode(MASTER_KEY).decode("ascii"))
    for name in SERVICES:
        service_secret(home.secrets, name)
    port = free_port()
    with Children(run=home.run, logs=home.logs) as children:
        issuer(children, home, {"issuer": port}).start()
        yield Stage(servers, home, children, f"http://127.0.0.1:{port}")
