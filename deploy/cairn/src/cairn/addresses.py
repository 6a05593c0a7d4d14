"""Who listens where? Chosen at the start of `cairn up`, kept for every other command."""

import json
import re
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from cairn.ports import DEFAULTS, HOST, port_or_free
from cairn.roster import SERVICES
from cairn.secret_files import keep_secret

_PASSWORD = re.compile(r"//[^/@]*@")


class NotRunning(Exception):
    """Nothing has been started here yet."""


class Addresses(BaseModel):
    """The address of every program of one network."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    intake: str
    sessions: str
    integration: str
    notifications: str
    mailbox: str
    issuer: str
    smtp: str
    mongo: str
    kafka: str

    @classmethod
    def kept_in(cls, path: Path) -> "Addresses":
        """Read the addresses of the network that runs here.

        Raises:
            NotRunning: no network was ever started in this directory.
        """
        if not path.exists():
            raise NotRunning(f"{path} does not exist: run `cairn up` in this directory first")
        return cls.model_validate_json(path.read_text(encoding="utf-8"))

    def keep(self, path: Path) -> None:
        """Write the addresses for other commands of this user: one may hold a password."""
        keep_secret(path, json.dumps(self.model_dump(), indent=2) + "\n")

    def shown(self) -> dict[str, str]:
        """Give the addresses for people's eyes, without a password."""
        return {name: _PASSWORD.sub("//", address) for name, address in self.model_dump().items()}

    def service(self, name: str) -> str:
        """Give the address of one of the four services."""
        return self.services()[name]

    def services(self) -> dict[str, str]:
        """Give the addresses of the four services."""
        return {name: str(getattr(self, name)) for name in SERVICES}


def choose_ports() -> dict[str, int]:
    """Take the usual port of each program, or a free one where somebody has it."""
    return {name: port_or_free(port) for name, port in DEFAULTS.items()}


def addresses_at(ports: dict[str, int], *, mongo: str, kafka: str) -> Addresses:
    """Turn ports into addresses; the two servers may be elsewhere."""
    http = {name: f"http://{HOST}:{ports[name]}" for name in (*SERVICES, "mailbox", "issuer")}
    return Addresses(**http, smtp=f"smtp://{HOST}:{ports['smtp']}", mongo=mongo, kafka=kafka)
