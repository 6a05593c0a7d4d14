import subprocess
import sys

import pytest

from cairn.ports import accepts, claim, free_port, port_or_free

CLAIM = "import sys; from cairn.ports import claim; print(claim(int(sys.argv[1])), flush=True)"


def elsewhere(port):
    """Ask another process whether it can have the port."""
    done = subprocess.run(
        [sys.executable, "-c", CLAIM, str(port)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.strip() == "True"


@pytest.mark.fault
class TestClaim:
    """Taking a port before anything listens on it."""

    def test_keeps_others_from_a_port_that_is_not_open_yet(self):
        """A broker takes seconds to open its port; a second network must not choose it."""
        assert elsewhere(free_port()) is False

    def test_ends_with_the_process_that_made_it(self):
        """A killed network must not keep its ports for ever."""
        port = free_port_of_another()

        assert elsewhere(port) is True

    def test_fails_where_somebody_listens(self):
        """The other one was there first."""
        with subprocess.Popen(
            [sys.executable, "-c", LISTEN], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
        ) as stranger:
            port = int(stranger.stdout.readline())
            assert accepts(port)

            assert claim(port) is False
            assert port_or_free(port) != port
            stranger.stdin.close()


LISTEN = (
    "import socket, sys; s = socket.create_server(('127.0.0.1', 0));"
    "print(s.getsockname()[1], flush=True); sys.stdin.read()"
)


def free_port_of_another():
    done = subprocess.run(
        [sys.executable, "-c", "from cairn.ports import free_port; print(free_port())"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return int(done.stdout)
