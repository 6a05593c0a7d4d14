"""Says at the end of a run which servers were real: a pass without them proves less."""

import os
from collections.abc import Generator, Iterator
from typing import Any

import pytest

_FOUND = pytest.StashKey[list[Any]]()
_FIXTURES = {"servers", "own_servers", "network", "killable"}
_SETTINGS = {
    "MongoDB": ("CAIRN_MONGO_URL", "mongo_url"),
    "Kafka": ("CAIRN_KAFKA_BOOTSTRAP", "kafka_bootstrap"),
}


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, Any, Any]:
    """Remember the servers that tests use; a conftest would not hear of their fixture."""
    made = yield
    if fixturedef.argname in _FIXTURES and hasattr(made, "kafka_bootstrap"):
        request.config.stash.setdefault(_FOUND, []).append(made)
    return made


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name each server with its address, without the credentials that may stand in it."""
    lines = dict.fromkeys(
        line for servers in config.stash.get(_FOUND, []) for line in _described(servers)
    )
    for line in lines or ("servers: none was needed",):
        terminalreporter.write_line(line)


def _described(servers: Any) -> Iterator[str]:
    for name, (setting, attribute) in _SETTINGS.items():
        address = getattr(servers, attribute)
        place = address.rpartition("@")[2].removeprefix("mongodb://")
        given = os.environ.get(setting) == address
        came_from = f"given by {setting}" if given else "started for these tests"
        yield f"servers: {name} at {place}, {came_from}"
