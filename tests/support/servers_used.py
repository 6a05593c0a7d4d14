"""Says at the end of a run which servers were real: a pass without them proves less."""

import os
from collections.abc import Generator
from typing import Any

import pytest

_FOUND = pytest.StashKey[Any]()
_SETTINGS = {
    "MongoDB": ("CAIRN_MONGO_URL", "mongo_url"),
    "Kafka": ("CAIRN_KAFKA_BOOTSTRAP", "kafka_bootstrap"),
}


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, Any, Any]:
    """Remember the servers that wired tests share; a conftest would not hear of their fixture."""
    made = yield
    if fixturedef.argname == "servers":
        request.config.stash[_FOUND] = made
    return made


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name each server with its address, without the credentials that may stand in it."""
    servers = config.stash.get(_FOUND, None)
    for name, (setting, attribute) in _SETTINGS.items() if servers else ():
        place = getattr(servers, attribute).rpartition("@")[2].removeprefix("mongodb://")
        came_from = f"given by {setting}" if setting in os.environ else "started for these tests"
        terminalreporter.write_line(f"servers: {name} at {place}, {came_from}")
    if servers is None:
        terminalreporter.write_line("servers: none was needed")
