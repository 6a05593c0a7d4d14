"""Settings are read once, or the service does not start."""

import pytest
from pydantic import ValidationError

from chassis.settings import Settings, SettingsWrong


@pytest.fixture
def environ(tmp_path):
    """An environment that names everything a service needs."""
    for name in ("master", "secret"):
        (tmp_path / name).write_text("x")
    return {
        "CAIRN_PORT": "8102",
        "CAIRN_MONGO_URL": "mongodb://127.0.0.1:27117/?replicaSet=rs0",
        "CAIRN_KAFKA_BOOTSTRAP": "127.0.0.1:9192",
        "CAIRN_MASTER_KEY_FILE": str(tmp_path / "master"),
        "CAIRN_SERVICE_SECRET_FILE": str(tmp_path / "secret"),
        "CAIRN_ISSUER": "http://127.0.0.1:8107",
        "CAIRN_RULESETS": str(tmp_path),
        "CAIRN_INTAKE_URL": "http://127.0.0.1:8101",
        "CAIRN_SESSIONS_URL": "http://127.0.0.1:8102",
    }


class TestFromEnvironment:
    """Reading what differs between deployments."""

    def test_reads_all_and_defaults_to_a_demonstration_on_this_machine(self, environ):
        """A newcomer sets only addresses and files."""
        settings = Settings.from_environment("sessions", environ)

        assert settings.database == "cairn_sessions"
        assert settings.demo
        assert (settings.host, settings.port, settings.role) == ("127.0.0.1", 8102, "all")

    def test_takes_the_role_from_the_command_line_before_the_environment(self, environ):
        """`python -m sessions worker` must not be turned into an api by a left-over variable."""
        environ["CAIRN_SERVICE_ROLE"] = "api"

        assert Settings.from_environment("sessions", environ).role == "api"
        assert Settings.from_environment("sessions", environ, role="worker").role == "worker"

    def test_names_every_missing_and_impossible_setting_at_once(self, environ):
        """An operator who learns of one problem a start needs as many starts as problems."""
        del environ["CAIRN_MONGO_URL"]
        environ |= {"CAIRN_PORT": "many", "CAIRN_KAFKA_BOOTSTRAP": "", "CAIRN_CLOCK": "sundial"}

        with pytest.raises(SettingsWrong) as wrong:
            Settings.from_environment("sessions", environ)

        said = str(wrong.value)
        assert "CAIRN_MONGO_URL is missing" in said
        assert "CAIRN_KAFKA_BOOTSTRAP is missing" in said
        assert "CAIRN_PORT must be a whole number" in said
        assert "CAIRN_CLOCK must be one of 'real' or 'demo'" in said

    def test_never_repeats_a_value(self, environ):
        """An address may hold a password, and the message ends up in a log."""
        environ["CAIRN_MONGO_URL"] = "postgres://admin:hunter2@db"

        with pytest.raises(SettingsWrong) as wrong:
            Settings.from_environment("sessions", environ)

        assert "hunter2" not in str(wrong.value)

    def test_names_files_that_are_not_there(self, environ):
        """The first request is too late to learn that there is no master key."""
        environ |= {"CAIRN_MASTER_KEY_FILE": "/nowhere", "CAIRN_RULESETS": "/nowhere"}

        with pytest.raises(SettingsWrong) as wrong:
            Settings.from_environment("sessions", environ)

        assert "CAIRN_MASTER_KEY_FILE names no file that is there" in str(wrong.value)
        assert "CAIRN_RULESETS names no folder that is there" in str(wrong.value)


class TestProduction:
    """What a real clinic must never run with."""

    @pytest.mark.parametrize(
        ("but", "named"),
        [
            ({"CAIRN_CLOCK": "demo"}, "CAIRN_CLOCK=demo"),
            ({"CAIRN_ISSUER": "http://127.0.0.1:8107"}, "CAIRN_ISSUER on this machine"),
            ({"CAIRN_ISSUER": "http://localhost:8107"}, "CAIRN_ISSUER on this machine"),
        ],
        ids=["demo clock", "local issuer", "local issuer by name"],
    )
    def test_refuses(self, environ, but, named):
        """A movable clock or an issuer that signs for anybody would open every gate."""
        real = {"CAIRN_MODE": "production", "CAIRN_ISSUER": "https://sign-in.example.org"}

        with pytest.raises(SettingsWrong, match=named):
            Settings.from_environment("sessions", environ | real | but)

    def test_starts_with_a_real_clock_and_issuer(self, environ):
        """The refusals must leave a way to run."""
        real = {"CAIRN_MODE": "production", "CAIRN_ISSUER": "https://sign-in.example.org"}

        assert not Settings.from_environment("sessions", environ | real).demo


class TestSettings:
    """The settings of a running process."""

    def test_cannot_be_changed(self, environ):
        """A setting that moves while a process runs holds for half of it."""
        settings = Settings.from_environment("sessions", environ)

        with pytest.raises(ValidationError):
            settings.mode = "production"
