"""What holds for every test: unmarked ones touch no network, and run first."""

import pytest
from pytest_socket import disable_socket, enable_socket

pytest_plugins = ["wired", "servers_used"]

_KINDS = ("wired", "journey", "fault")


def _cost(item):
    return max((n for n, kind in enumerate(_KINDS, 1) if item.get_closest_marker(kind)), default=0)


def pytest_collection_modifyitems(items):
    """Run the cheap tests first: no server of a wired test is then alive while they run."""
    items.sort(key=_cost)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Block the network for unmarked tests; an event loop's own pair of sockets stays allowed."""
    if _cost(item) == 0:
        disable_socket(allow_unix_socket=True)
    else:
        enable_socket()
