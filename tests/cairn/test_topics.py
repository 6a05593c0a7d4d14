import pytest
from pydantic import ValidationError

from cairn.roster import SERVICES
from cairn.topics import Topics, declared
from contracts.catalog import TOPICS

DOCUMENTS = {
    "intake": {"clients", "pathways", "measures", "staff", "sites", "rulesets"},
    "sessions": {"visits", "preparations", "sessions", "segments"},
    "integration": {"cases", "windows"},
    "notifications": {"plans", "tasks"},
}


class TestDeclaredTopics:
    """What `deploy/topics.yaml` says."""

    def test_name_every_kind_of_document_that_tells_facts(self):
        """A missing topic stops its writer's outbox for ever: nothing makes it on its own."""
        expected = {f"{who}.{what}" for who, kinds in DOCUMENTS.items() for what in kinds}

        assert set(declared().topics) - {f"{who}.work" for who in SERVICES} == expected

    def test_give_every_service_a_topic_for_itself(self):
        """Follow-ups of a service are heard by that service, and by nobody else."""
        work = {
            who: (topic.writer, topic.readers)
            for who in SERVICES
            for topic in [declared().topics[f"{who}.work"]]
        }

        assert work == {who: (who, (who,)) for who in SERVICES}

    def test_have_twelve_partitions_and_are_kept_for_ever(self):
        """Another number would send a client's facts to two partitions, and so out of order."""
        assert (declared().partitions, declared().retention_ms) == (12, -1)

    def test_are_written_by_the_service_that_they_are_named_after(self):
        """Facts of one kind come from one owner; two writers would be two truths."""
        strays = {
            name
            for name, topic in declared().topics.items()
            if topic.writer != name.partition(".")[0]
        }

        assert strays == set()

    def test_let_everybody_read_who_hears_a_message_of_the_catalogue(self):
        """The readers here become the permissions of the broker; a message says who needs them."""
        needed = {
            (topic, reader)
            for topic, messages in TOPICS.items()
            for message in messages
            for reader in message.heard_by
        }
        allowed = {
            (name, reader) for name, topic in declared().topics.items() for reader in topic.readers
        }

        assert needed - allowed == set()
        assert len(needed) > len(TOPICS)

    def test_are_read_by_services_only(self):
        """A misspelt reader would be nobody, and its silence would look like agreement."""
        readers = {reader for topic in declared().topics.values() for reader in topic.readers}

        assert readers <= set(SERVICES)

    def test_cannot_hold_a_setting_that_nobody_reads(self):
        """A topic with `partition: 24` that is quietly given 12 would be found out too late."""
        with pytest.raises(ValidationError):
            Topics.model_validate(
                {
                    "partitions": 12,
                    "retention_ms": -1,
                    "topics": {"a.b": {"writer": "a", "readers": ["c"], "partition": 24}},
                }
            )
