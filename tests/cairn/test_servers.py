import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from pymongo import MongoClient, WriteConcern

from cairn import topics
from cairn.places import Home
from cairn.processes import Children, StartFailed
from cairn.servers.local import LocalServers
from cairn.servers.mongod import Mongod
from cairn.topics import Outcome, declared

pytestmark = [pytest.mark.wired, pytest.mark.fault]


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """Servers of this module's own, since it kills them."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("CAIRN_MONGO_URL", raising=False)
        environment.delenv("CAIRN_KAFKA_BOOTSTRAP", raising=False)
        with LocalServers(tmp_path_factory.mktemp("servers"), quick_ttl=True) as servers:
            yield servers


def notes(mongo):
    return mongo["trial"].get_collection("notes", write_concern=WriteConcern("majority", j=True))


class TestMongod:
    """The mongod of the wheel."""

    def test_is_a_replica_set_that_takes_majority_writes(self, servers):
        """A standalone server would take them too, and lose them."""
        with MongoClient(servers.mongo_url) as mongo:
            notes(mongo).insert_one({"_id": "one"})

            assert mongo.admin.command("hello")["setName"] == "rs0"
            assert notes(mongo).find_one({"_id": "one"}) is not None

    def test_keeps_what_it_acknowledged_when_it_is_killed(self, servers):
        """Every promise of the outbox stands on this."""
        with MongoClient(servers.mongo_url) as mongo:
            notes(mongo).insert_many([{"_id": number} for number in range(500)])
            pid = servers.mongod.pid

            servers.mongod.kill()
            servers.mongod.start()

            assert servers.mongod.pid != pid
            assert notes(mongo).count_documents({"_id": {"$type": "int"}}) == 500

    def test_is_not_ready_because_a_stranger_on_its_port_is(self, servers, tmp_path):
        """Two networks would share one database, and each would take the other's for its own."""
        with Children(run=tmp_path / "run", logs=tmp_path / "logs") as children:
            second = Mongod(children, tmp_path / "mongod", port=servers.mongod.port)

            with pytest.raises(StartFailed, match="ended with code"):
                second.start()


class TestKafka:
    """The broker from Maven Central."""

    async def test_keeps_what_it_acknowledged_when_it_is_killed(self, servers):
        """A fact that left the outbox must be on the bus, whatever happens to the broker."""
        topics.apply(servers.kafka_bootstrap, declared())
        producer = AIOKafkaProducer(
            bootstrap_servers=servers.kafka_bootstrap, acks="all", enable_idempotence=True
        )
        await producer.start()
        sent = [await producer.send("intake.clients", b"%d" % each) for each in range(200)]
        for each in sent:
            await each
        await producer.stop()

        servers.kafka.kill()
        servers.kafka.start()

        assert await heard(servers.kafka_bootstrap, "intake.clients", 200) == set(range(200))

    async def test_makes_no_topic_on_its_own(self, servers):
        """A misspelt topic would swallow facts in silence, with one partition and seven days."""
        producer = AIOKafkaProducer(
            bootstrap_servers=servers.kafka_bootstrap, request_timeout_ms=1_000
        )
        await producer.start()
        try:
            with pytest.raises(KafkaError):
                await producer.send_and_wait("intake.clientz", b"1")
        finally:
            await producer.stop()


class TestApplyTopics:
    """`cairn topics apply` on a real broker."""

    def test_is_harmless_when_repeated(self, servers):
        """It runs at every start."""
        topics.apply(servers.kafka_bootstrap, declared())

        again = topics.apply(servers.kafka_bootstrap, declared())

        assert set(again.values()) == {Outcome.KEPT}
        assert set(again) == set(declared().topics)

    def test_does_not_change_the_partitions_of_an_existing_topic(self, servers):
        """The facts of a client would go on in another partition, and overtake the older ones."""
        topics.apply(servers.kafka_bootstrap, declared())
        more = declared().model_copy(update={"partitions": 24})

        refused = topics.apply(servers.kafka_bootstrap, more)

        assert set(refused.values()) == {Outcome.PARTITIONS_DIFFER}


class TestLocalServers:
    """Both servers together."""

    def test_move_to_other_ports_with_all_their_files(self, tmp_path, monkeypatch):
        """A port that was free yesterday may be taken today."""
        monkeypatch.delenv("CAIRN_MONGO_URL", raising=False)
        with (
            LocalServers(tmp_path, with_kafka=False) as first,
            MongoClient(first.mongo_url) as mongo,
        ):
            notes(mongo).insert_one({"_id": "one"})

        with (
            LocalServers(tmp_path, with_kafka=False) as moved,
            MongoClient(moved.mongo_url) as mongo,
        ):
            assert moved.mongo_url != first.mongo_url
            assert notes(mongo).find_one({"_id": "one"}) is not None

    def test_start_nothing_where_addresses_are_given(self, tmp_path, monkeypatch):
        """A network that runs its own MongoDB and Kafka wants no second ones."""
        monkeypatch.setenv("CAIRN_MONGO_URL", "mongodb://elsewhere:27017")
        monkeypatch.setenv("CAIRN_KAFKA_BOOTSTRAP", "elsewhere:9092")

        with LocalServers(Home(tmp_path).path) as given:
            assert given.started_here == []
            assert given.mongo_url == "mongodb://elsewhere:27017"
            assert given.kafka_bootstrap == "elsewhere:9092"


async def heard(bootstrap, topic, count):
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", group_id=None
    )
    await consumer.start()
    found = set()
    try:
        while len(found) < count:
            batches = await consumer.getmany(timeout_ms=10_000)
            assert batches, f"only {len(found)} of {count} came back"
            found |= {int(each.value) for batch in batches.values() for each in batch}
    finally:
        await consumer.stop()
    return found
