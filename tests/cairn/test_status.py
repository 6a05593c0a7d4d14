import pytest

from cairn.status import ServiceStatus, Status, host_and_port


class TestHostAndPort:
    """Where to knock, from an address as drivers take it."""

    @pytest.mark.parametrize(
        ("address", "where"),
        [
            pytest.param("http://127.0.0.1:8101", ("127.0.0.1", 8101), id="http"),
            pytest.param("127.0.0.1:9192", ("127.0.0.1", 9192), id="kafka"),
            pytest.param("one:9192,two:9192", ("one", 9192), id="several brokers"),
            pytest.param("mongodb://h:27117/?replicaSet=rs0", ("h", 27117), id="mongo"),
            pytest.param("mongodb://u:p@one:1,two:2/x?y=z", ("one", 1), id="mongo with a password"),
            pytest.param("mongodb+srv://cluster.example", None, id="no port"),
        ],
    )
    def test_is_that_of_the_first_server_named(self, address, where):
        """Servers of the clinic's own are on other machines, with more than one member."""
        assert host_and_port(address) == where


class TestWhole:
    """Whether a network is well."""

    @pytest.mark.parametrize(
        ("state", "listens", "whole"),
        [("ready", True, True), ("not ready", True, False), ("ready", False, False)],
    )
    def test_asks_for_every_service_and_every_server(self, state, listens, whole):
        """A script that waits for the network goes by this alone."""
        found = Status(
            addresses={},
            servers={"kafka": listens},
            services={"intake": ServiceStatus(address="http://127.0.0.1:8101", state=state)},
        )

        assert found.whole is whole
