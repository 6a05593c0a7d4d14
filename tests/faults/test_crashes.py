"""A real service process, killed at the worst moments: nothing is lost and nothing is doubled."""

import asyncio
from functools import partial

import pytest

from crashing import AFTER_EFFECT, AFTER_SEND, AFTER_WRITE, BEFORE_EFFECT
from hearings import eventually, send_all
from intake_people import a_cleared_pathway, done
from intake_rows import COLLECTIONS, TOPICS, nothing_waits
from keeper import kept, until_ready
from ledger import evidence, judge
from session_facts import a_session_told
from tape import everything_said, unheard

pytestmark = pytest.mark.fault

KILLED = -9
DESKS = 8
PATHWAYS = 6


class TestKilledBetweenWriteAndRemoval:
    """The moments in which what was told stands in the outbox alone, or there and on the bus."""

    @pytest.mark.parametrize(
        "fuses",
        [
            pytest.param([f"{AFTER_WRITE}:{n}" for n in (1, 14, 30)], id="after-write-before-send"),
            pytest.param(
                [f"{AFTER_SEND}:{n}" for n in (1, 14, 30)], id="after-send-before-removal"
            ),
        ],
    )
    async def test_keeps_every_command_once(self, stage, people, database, ledger, fuses):
        """A client whose consent is half stored, or stored twice, was asked in vain."""
        process = stage.service("intake")
        async with stage.served(process) as served, kept(process, fuses) as keeper:
            desk = people.desk(served, ledger)
            await asyncio.gather(*(desk.care_for_one() for _ in range(DESKS)))
            await nothing_waits(database)
        said = await everything_said(stage.servers.kafka_bootstrap, TOPICS)
        verdict = judge(ledger, await evidence(said, database, COLLECTIONS))

        print(verdict)
        assert keeper.endings == [KILLED] * 3
        assert verdict.commands == DESKS * 8
        assert verdict.faults == {}


class TestKilledAroundTheEffect:
    """The moments in which a batch has come, or is acted on, and will be heard again."""

    async def test_counts_every_dose_once(self, stage, people, database):
        """A dose that is counted twice takes units away that the client still has."""
        process, mongo_url = stage.service("intake"), stage.servers.mongo_url
        kafka = stage.servers.kafka_bootstrap
        async with stage.served(process) as served:
            network = people.before(served)
            async with kept(process):
                await until_ready(served)
                pathways = [await a_cleared_pathway(network) for _ in range(PATHWAYS)]
            told = [await a_session_told(mongo_url, each, doses=2) for each in pathways]
            async with kept(process, [f"{BEFORE_EFFECT}:1", f"{AFTER_EFFECT}:2"]) as keeper:
                await send_all(kafka, [fact for _, facts in told for fact in facts])
                await eventually(lambda: keeper.endings, [KILLED] * 2)
                await eventually(partial(unheard, kafka, "intake", "sessions.sessions"), 0)
                await eventually(partial(unheard, kafka, "intake", "intake.work"), 0)
                await nothing_waits(database)
                await until_ready(served)
                shown = [await show(network.coordinator, each["id"]) for each in pathways]

        assert [len(each["ledger"]) for each in shown] == [3] * PATHWAYS
        assert [each["units"] for each in shown[0]["ledger"]] == ["6", "-2", "-2"]


async def show(coordinator, pathway_id):
    """Give a pathway as intake shows it."""
    return await done(coordinator.get(f"/v1/pathways/{pathway_id}"))
