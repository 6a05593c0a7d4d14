"""The AsyncAPI document says what the messages say."""

from pathlib import Path

from contracts.__main__ import described
from contracts.asyncapi import document
from contracts.catalog import BY_WIRE_NAME, TOPICS

COMMITTED = Path(__file__).parents[2] / "shared" / "contracts" / "asyncapi.json"


class TestDocument:
    """Describing the bus to somebody who is not a service of ours."""

    def test_is_the_one_that_is_committed(self):
        """Whoever reads the committed one must not build against what was true last month."""
        assert COMMITTED.read_text() == described()

    def test_points_only_at_what_is_there(self):
        """A reference into nothing makes every generator of code stop."""
        described_messages = document()["components"]["messages"]

        for channel in document()["channels"].values():
            for reference in channel["messages"].values():
                assert reference["$ref"].rpartition("/")[2] in described_messages

    def test_lets_each_service_receive_what_it_hears(self):
        """A service that is missing here would seem not to care."""
        operations = document()["operations"]

        for topic, told in TOPICS.items():
            for service in {each for message in told for each in message.heard_by}:
                assert operations[f"receive.{topic}.{service}"]["action"] == "receive"

    def test_names_every_message(self):
        """What is not described will be guessed."""
        assert document()["components"]["messages"].keys() == BY_WIRE_NAME.keys()
