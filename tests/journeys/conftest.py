import pytest

from network import Network


@pytest.fixture(scope="session")
def network(tmp_path_factory):
    """One network for all tests here; whoever takes a part of it away brings it back."""
    with Network(tmp_path_factory.mktemp("network")) as network:
        yield network
