import re
from importlib import resources

import pytest
from pytest_socket import disable_socket

from cairn.jars import LOCK_NAME, JarsMissing, cache_directory, kafka_jars
from cairn.servers.base import silent


class TestLockFile:
    """The list of jars in the repository."""

    def test_names_each_jar_with_its_checksum(self):
        """A jar without one would be run as it came from the network."""
        text = (resources.files("cairn") / LOCK_NAME).read_text()

        jars = text.count("[[dependencies]]")
        assert jars > 40
        assert len(re.findall(r'^sha256 = "[0-9a-f]{64}"$', text, re.MULTILINE)) == jars


@pytest.mark.wired
class TestKafkaJars:
    """Jars that were fetched once."""

    @pytest.fixture
    def copied(self, tmp_path):
        """A cache that may be spoilt, with the network cut off."""
        for jar in kafka_jars(silent):
            copy = tmp_path / jar.relative_to(cache_directory())
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.symlink_to(jar)
        disable_socket()
        return tmp_path

    def test_need_no_network_a_second_time(self, copied):
        """A clinic's laptop is not always online."""
        assert all(jar.exists() for jar in kafka_jars(silent, cache=copied))

    def test_are_not_used_when_they_are_not_what_was_locked(self, copied):
        """A spoilt or swapped jar would run with all rights of the user."""
        jar = kafka_jars(silent, cache=copied)[0]
        jar.unlink()
        jar.write_bytes(b"something else")

        with pytest.raises(JarsMissing, match="could not be fetched"):
            kafka_jars(silent, cache=copied)

    def test_are_asked_for_by_name_when_one_is_missing(self, copied):
        """Whoever is offline needs to know what to fetch, and with which command."""
        kafka_jars(silent, cache=copied)[0].unlink()

        with pytest.raises(JarsMissing, match="cairn up"):
            kafka_jars(silent, cache=copied)
