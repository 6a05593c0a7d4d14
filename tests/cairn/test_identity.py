import json
import os
import signal

from cairn.identity import Life, RunFiles, birth_of, life_of

NO_PROCESS = 2**22 + 1


class TestLife:
    """A process, told apart from a later one with the same pid."""

    def test_lasts_while_its_process_runs(self):
        """What runs is what must be ended before it is started a second time."""
        assert life_of(os.getpid()).lasts()

    def test_does_not_reach_a_later_owner_of_its_pid(self):
        """The pid of a dead mongod may by now belong to somebody's editor."""
        stranger = Life(pid=os.getpid(), birth="another boot/1")

        assert stranger.signal(signal.SIGKILL) is False

    def test_is_over_where_there_is_no_process(self):
        """Cleaning up after a crash is mostly about processes that are long gone."""
        assert birth_of(NO_PROCESS) is None
        assert life_of(NO_PROCESS) is None
        assert Life(pid=NO_PROCESS, birth="any").wait(0) is True


class TestRunFiles:
    """The notes that outlive a crash."""

    def test_give_back_what_was_noted(self, tmp_path):
        """The next start knows only what these files say."""
        life = life_of(os.getpid())
        RunFiles(tmp_path).note("mongod", life)

        assert RunFiles(tmp_path).noted() == {"mongod": life}

    def test_end_nobody_whose_pid_is_used_again(self, tmp_path):
        """This very process would be killed if the pid alone were believed."""
        RunFiles(tmp_path).note("mongod", Life(pid=os.getpid(), birth="another boot/1"))

        ended = RunFiles(tmp_path).end_stale(grace_seconds=0)

        assert ended == []
        assert RunFiles(tmp_path).noted() == {}

    def test_pass_over_a_note_that_a_crash_cut_short(self, tmp_path):
        """Half a note must not keep everything from starting."""
        (tmp_path / "kafka.json").write_text('{"pid": 12')
        (tmp_path / "mongod.json").write_text(json.dumps({"pid": 12}))

        assert RunFiles(tmp_path).end_stale(grace_seconds=0) == []
