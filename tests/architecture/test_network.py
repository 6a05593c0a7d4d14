"""Whether a test that says nothing of servers can reach one."""

import asyncio
import socket

import pytest
from pytest_socket import SocketBlockedError


class TestUnmarkedTests:
    def test_reach_no_network(self):
        """A test that needs a server fails on the machine that has none, and only there."""
        with pytest.raises(SocketBlockedError), socket.create_server(("127.0.0.1", 0)):
            pass

    async def test_have_an_event_loop_all_the_same(self):
        """A loop needs a pair of sockets of its own, and pure coroutines are tested on it."""
        await asyncio.to_thread(len, ())


@pytest.mark.wired
class TestWiredTests:
    def test_reach_it(self):
        """They run after the others, in the same process."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            assert server.getsockname()[1] > 0
