import base64
import stat

from cairn.secret_files import keep_secret, master_key, service_secret


class TestKeptSecrets:
    """Secrets on this machine's disk."""

    def test_can_be_read_by_their_owner_alone(self, tmp_path):
        """Whoever reads the master key reads every client's chart."""
        keep_secret(tmp_path / "secret", "words")

        assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600

    def test_hold_thirty_two_random_bytes_as_master_key(self, tmp_path):
        """AES-256 takes neither more nor fewer."""
        key = master_key(tmp_path / "master.key").read_text()

        assert len(base64.b64decode(key, validate=True)) == 32

    def test_are_never_made_a_second_time(self, tmp_path):
        """A new master key would leave every stored body closed for ever."""
        first = master_key(tmp_path / "master.key").read_text()
        secret = service_secret(tmp_path, "intake").read_text()

        assert master_key(tmp_path / "master.key").read_text() == first
        assert service_secret(tmp_path, "intake").read_text() == secret
