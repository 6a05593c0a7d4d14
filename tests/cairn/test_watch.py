import io
import time

import pytest
from rich.console import Console

from cairn.places import Home
from cairn.ports import free_port
from cairn.processes import Children
from cairn.programs import mailbox
from cairn.teller import Teller
from cairn.watch import Watch

pytestmark = pytest.mark.fault


@pytest.fixture
def program(tmp_path):
    """A program that runs, to be looked after."""
    home = Home(tmp_path)
    with Children(run=home.run, logs=home.logs) as children:
        program = mailbox(children, home, {"smtp": free_port(), "mailbox": free_port()})
        program.start()
        yield program


class TestWatch:
    """Looking after programs while the network is up."""

    def test_says_that_one_has_ended_and_starts_it_again(self, program):
        """A service that is gone until somebody notices is a clinic without its records."""
        console = Console(record=True, file=io.StringIO(), width=200)
        watch = Watch([program], Teller(console))
        program.kill()

        deadline = time.monotonic() + 20
        while "ready again" not in console.export_text(clear=False):
            assert time.monotonic() < deadline
            watch.look()
            time.sleep(0.05)

        assert program.is_ready()
        assert "mailbox ended with code -9" in console.export_text()

    def test_waits_longer_each_time_it_ends_again(self, program):
        """A program that cannot start would otherwise keep the machine busy with starting."""
        console = Console(record=True, file=io.StringIO(), width=200)
        watch = Watch([program], Teller(console))
        for pause in (1, 2):
            program.kill()
            watch.look()
            assert f"started again in {pause} s" in console.export_text()
            time.sleep(pause)
            watch.look()
            assert program.runs
