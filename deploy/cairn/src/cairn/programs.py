"""The programs of `cairn up` that are written in Python: mailbox, issuer and the four services."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import httpx
from typing_extensions import override

from cairn.addresses import Addresses
from cairn.places import Home
from cairn.ports import HOST, accepts
from cairn.processes import Children
from cairn.roster import SERVICES
from cairn.secret_files import master_key, service_secret
from cairn.servers.base import LocalServer

_ASK_WITHIN_SECONDS = 2.0


class Program(LocalServer):
    """A Python module that serves HTTP."""

    stop_grace_seconds: ClassVar[float] = 30.0
    ready_within_seconds: ClassVar[float] = 60.0

    def __init__(  # noqa: PLR0913 - one for each thing that differs between programs
        self,
        children: Children,
        name: str,
        *,
        home: Home,
        port: int,
        health: str,
        arguments: tuple[str, ...] = (),
        settings: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(children, home.path, port=port)
        self.name = name
        self._module, *self._arguments = arguments or (name,)
        self._settings = dict(settings or {})
        self._health = f"http://{HOST}:{port}{health}"

    @override
    def prepare(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)

    @override
    def command(self) -> list[str]:
        return [sys.executable, "-m", self._module, *self._arguments]

    @override
    def environment(self) -> dict[str, str]:
        return {"PYTHONUNBUFFERED": "1", "CAIRN_MODE": "demo", **self._settings}

    @override
    def is_ready(self) -> bool:
        if not accepts(self.port):
            return False
        try:
            answer = httpx.get(self._health, timeout=_ASK_WITHIN_SECONDS, trust_env=False)
        except httpx.HTTPError:
            return False
        return answer.is_success


def mailbox(children: Children, home: Home, ports: Mapping[str, int]) -> Program:
    """Build the mailbox."""
    where = ("--smtp-port", str(ports["smtp"]), "--http-port", str(ports["mailbox"]))
    return Program(
        children,
        "mailbox",
        home=home,
        port=ports["mailbox"],
        health="/livez",
        arguments=("cairn.mailbox", *where, "--keep", str(home.messages)),
    )


def issuer(children: Children, home: Home, ports: Mapping[str, int]) -> Program:
    """Build the token issuer."""
    where = ("--port", str(ports["issuer"]), "--home", str(home.path))
    return Program(
        children,
        "issuer",
        home=home,
        port=ports["issuer"],
        health="/livez",
        arguments=("cairn.issuer", *where),
    )


def services(children: Children, home: Home, addresses: Addresses, *, root: Path) -> list[Program]:
    """Build the four services."""
    return [
        Program(
            children,
            name,
            home=home,
            port=int(addresses.service(name).rpartition(":")[2]),
            health="/readyz",
            settings=service_settings(name, home, addresses, root=root),
        )
        for name in SERVICES
    ]


def service_settings(name: str, home: Home, addresses: Addresses, *, root: Path) -> dict[str, str]:
    """Give everything that a service reads from its environment."""
    return {
        "CAIRN_PORT": addresses.service(name).rpartition(":")[2],
        "CAIRN_MONGO_URL": addresses.mongo,
        "CAIRN_KAFKA_BOOTSTRAP": addresses.kafka,
        "CAIRN_CLOCK": "demo",
        "CAIRN_MASTER_KEY_FILE": str(master_key(home.master_key)),
        "CAIRN_ISSUER": addresses.issuer,
        "CAIRN_SERVICE_SECRET_FILE": str(service_secret(home.secrets, name)),
        "CAIRN_RULESETS": str(root / "deploy" / "rulesets"),
        "CAIRN_SMTP_URL": addresses.smtp,
        "CAIRN_INTAKE_URL": addresses.intake,
        "CAIRN_SESSIONS_URL": addresses.sessions,
    }
