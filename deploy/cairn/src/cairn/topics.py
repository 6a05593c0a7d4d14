"""Which topics must exist, and how are the missing ones made?"""

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

import yaml
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import for_code
from pydantic import BaseModel, ConfigDict, Field

from cairn.bridge import answer_of
from cairn.places import repository_root

_ASK_WITHIN_MS = 15_000
_MOST_REPLICAS = 3
_ALREADY_EXISTS = 36


class Topic(BaseModel):
    """One topic, with the service that writes it and those that hear it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    writer: str
    readers: tuple[str, ...] = Field(min_length=1)


class Topics(BaseModel):
    """All topics of Cairn and what they have in common."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    partitions: int = Field(ge=1)
    retention_ms: int
    topics: dict[str, Topic]


class Outcome(StrEnum):
    """What `cairn topics apply` did about one topic."""

    MADE = "made"
    KEPT = "kept"
    RETENTION_MENDED = "retention mended"
    PARTITIONS_DIFFER = "refused: its partitions differ, and changing them would break the order"


def declared(path: Path | None = None) -> Topics:
    """Read `deploy/topics.yaml`."""
    where = path or repository_root() / "deploy" / "topics.yaml"
    return Topics.model_validate(yaml.safe_load(where.read_text(encoding="utf-8")))


def apply(bootstrap: str, topics: Topics, *, replication: int | None = None) -> dict[str, Outcome]:
    """Make the missing topics and answer what was done about each; repeating it is harmless.

    Without a replication, each topic gets as many replicas as there are brokers, three at most.
    """
    return answer_of(_apply(bootstrap, topics, replication))


def summary(made: Mapping[str, Outcome]) -> str:
    """Say in one line what was done, such as `18 kept`."""
    counts = Counter(made.values())
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.items())


async def _apply(bootstrap: str, topics: Topics, replication: int | None) -> dict[str, Outcome]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=_ASK_WITHIN_MS)
    await admin.start()
    try:
        existing = await _partitions_of_existing(admin, topics)
        missing = [name for name in topics.topics if name not in existing]
        if missing:
            await _make(admin, missing, topics, replication or await _brokers(admin))
        mended = await _mend_retention(admin, topics, list(existing))
    finally:
        await admin.close()
    return {
        name: _outcome(name, existing, mended, wanted=topics.partitions) for name in topics.topics
    }


def _outcome(name: str, existing: Mapping[str, int], mended: set[str], *, wanted: int) -> Outcome:
    if name not in existing:
        return Outcome.MADE
    if existing[name] != wanted:
        return Outcome.PARTITIONS_DIFFER
    return Outcome.RETENTION_MENDED if name in mended else Outcome.KEPT


async def _partitions_of_existing(admin: AIOKafkaAdminClient, topics: Topics) -> dict[str, int]:
    known = set(await admin.list_topics()) & set(topics.topics)
    if not known:
        return {}
    described = await admin.describe_topics(sorted(known))
    return {topic["topic"]: len(topic["partitions"]) for topic in described}


async def _brokers(admin: AIOKafkaAdminClient) -> int:
    cluster = await admin.describe_cluster()
    return min(_MOST_REPLICAS, len(cluster["brokers"]))


async def _make(
    admin: AIOKafkaAdminClient, names: list[str], topics: Topics, replication: int
) -> None:
    wanted = [
        NewTopic(
            name,
            num_partitions=topics.partitions,
            replication_factor=replication,
            topic_configs={"retention.ms": str(topics.retention_ms)},
        )
        for name in names
    ]
    answer = await admin.create_topics(wanted)
    for _name, code, *says in answer.topic_errors:
        _check(code, *says)


async def _mend_retention(
    admin: AIOKafkaAdminClient, topics: Topics, existing: list[str]
) -> set[str]:
    """Set the retention of existing topics back: a fact that Kafka drops is lost to a rebuild."""
    if not existing:
        return set()
    kind, which = ConfigResourceType.TOPIC, {"retention.ms": None}
    asked = [ConfigResource(kind, name, which) for name in existing]
    wanted = str(topics.retention_ms)
    strays = {
        name
        for answer in await admin.describe_configs(asked)
        for _code, _says, _kind, name, entries in answer.resources
        if dict(entry[:2] for entry in entries).get("retention.ms") != wanted
    }
    if strays:
        configs = {"retention.ms": wanted}
        changed = [ConfigResource(kind, name, configs) for name in strays]
        for answer in await admin.alter_configs(changed):
            for code, says, *_which in answer.resources:
                _check(code, says)
    return strays


def _check(code: int, says: str | None) -> None:
    if code not in {0, _ALREADY_EXISTS}:
        raise for_code(code)(says)
