from pathlib import Path

import pytest

from network import Network

HERE = Path(__file__).parent


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Run last what shares the network: while it stands, nothing else is measured fairly."""
    items.sort(key=lambda item: item.path.is_relative_to(HERE) and "network" in item.fixturenames)


@pytest.fixture(scope="session")
def network(tmp_path_factory):
    """One network for all tests here; whoever takes a part of it away brings it back."""
    with Network(tmp_path_factory.mktemp("network")) as network:
        yield network
