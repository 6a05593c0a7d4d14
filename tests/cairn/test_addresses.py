import stat

import pytest

from cairn.addresses import Addresses, NotRunning, addresses_at
from cairn.ports import DEFAULTS

MONGO = "mongodb://cairn:secret@db.example:27017/?replicaSet=rs0"


@pytest.fixture
def addresses():
    """A network whose MongoDB is the clinic's own."""
    return addresses_at(DEFAULTS, mongo=MONGO, kafka="127.0.0.1:9192")


class TestAddresses:
    """Who listens where."""

    def test_are_read_back_as_they_were_kept(self, addresses, tmp_path):
        """Every other command goes by this file."""
        addresses.keep(tmp_path / "addresses.json")

        assert Addresses.kept_in(tmp_path / "addresses.json") == addresses

    def test_are_for_one_user_only(self, addresses, tmp_path):
        """The address of a clinic's own database holds a password."""
        addresses.keep(tmp_path / "addresses.json")

        assert stat.S_IMODE((tmp_path / "addresses.json").stat().st_mode) == 0o600

    def test_are_shown_without_a_password(self, addresses):
        """Terminals are shared, photographed and logged."""
        assert addresses.shown()["mongo"] == "mongodb://db.example:27017/?replicaSet=rs0"
        assert addresses.shown()["intake"] == addresses.intake

    def test_are_missing_where_nothing_was_started(self, tmp_path):
        """The next thing to do is to start it."""
        with pytest.raises(NotRunning, match="cairn up"):
            Addresses.kept_in(tmp_path / "addresses.json")
