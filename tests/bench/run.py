"""`make bench`: each path of Cairn beside its floor, on real servers, in the same run.

It prints a table and writes build/bench.json. A target that is missed is said, and fails nothing:
how fast a machine is, is no mistake of whoever runs this.
"""

import argparse
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import command
import heard_facts
import uvloop
import visit_to_plan
from aiokafka import AIOKafkaProducer
from bus_ends import BusEnds
from command_floor import CommandFloor
from grounds import Grounds, grounds
from heard_facts import Heap
from machine import machine
from projection import Projection
from projection_floor import ProjectionFloor
from report import keep, show
from rounds import Comparison, Sample
from visit_to_plan_floor import VISITS, WORK, VisitToPlanFloor

from cairn.places import repository_root
from chassis.clock import Clock
from chassis.logs import configure
from chassis.mongo import Mongo
from chassis.vault import Vault

PATHS = ("command", "projection", "visit-to-plan")
_FACTS, _PEOPLE = 3_000, 200
_COMMANDS, _PATHWAYS = 800, 800
_VISITS = 300
_BATCH_BYTES = 128 * 1024


@dataclass(frozen=True)
class Bench:
    """What all paths share."""

    grounds: Grounds
    mongo: Mongo
    vault: Vault
    clock: Clock
    producer: AIOKafkaProducer
    rounds: int

    @property
    def wrapping(self) -> bytes:
        """The key under which data keys are wrapped; floors unwrap them by hand."""
        return self.vault.subkey("wrap")

    async def commands(self) -> list[Comparison]:
        """Commands to intake."""
        intake = self.grounds.start_service("intake")
        ids = await command.lay_pathways(self.grounds, _PATHWAYS)
        commands = command.Commands(self.grounds, self.mongo, intake, ids)
        floor = CommandFloor(self.grounds.mongo_url, self.producer, self.wrapping, "bench.pathways")
        await floor.copy_documents()
        path = Comparison("command", target_ratio=0.5, target_p99_times=5)
        path.setting |= {"connections": command.CONNECTIONS, "commands": _COMMANDS}
        async with BusEnds(self.grounds.bootstrap, command.TOPIC) as ends:

            async def ours(number: int) -> Sample:
                return await commands.run(commands.of_round(number, _COMMANDS), ends)

            async def floors(number: int) -> Sample:
                return await floor.run(commands.of_round(number, _COMMANDS), command.CONNECTIONS)

            await path.run(ours, floors, rounds=self.rounds)
        await floor.close()
        self.grounds.stop_service("intake")
        return [path]

    async def projections(self) -> list[Comparison]:
        """Facts into mirrors, sealed and not."""
        lay = partial(
            heard_facts.visits_of, vault=self.vault, bootstrap=self.grounds.bootstrap, count=_FACTS
        )
        heaps = {
            "warm": await lay(_PEOPLE, topic="bench.warm"),
            "cold": await lay(_FACTS, topic="bench.cold"),
            "clear": await heard_facts.sites(
                topic="bench.clear", bootstrap=self.grounds.bootstrap, count=_FACTS
            ),
        }
        return [await self._projection(name, heap) for name, heap in heaps.items()]

    async def _projection(self, name: str, heap: Heap) -> Comparison:
        bootstrap = self.grounds.bootstrap
        ours = Projection(self.mongo, self.vault, self.clock, bootstrap, heap)
        floor = ProjectionFloor(self.grounds.mongo_url, bootstrap, self.wrapping, heap)
        path = Comparison(f"projection, {name}", target_ratio=0.6)
        path.setting |= {"facts": heap.count, "keys": len(heap.key_ids)}
        await path.run(ours.hear, floor.hear, rounds=self.rounds)
        await floor.close()
        return path

    async def visits_to_plans(self) -> list[Comparison]:
        """Visits booked, until their notices are planned."""
        services = [self.grounds.start_service(name) for name in ("sessions", "notifications")]
        people = visit_to_plan.some_care(_VISITS)
        await visit_to_plan.tell_of(people, self.vault, self.grounds.bootstrap)
        ours = visit_to_plan.VisitToPlan(self.grounds, self.mongo, people)
        await ours.heard()
        floor = VisitToPlanFloor(
            self.grounds.mongo_url, self.grounds.bootstrap, self.producer, self.wrapping
        )
        await floor.copy_documents(visit_to_plan.key_ids_of(people))
        path = Comparison("visit to plan", target_ratio=0.5, target_per_second=500)
        path.setting |= {"connections": visit_to_plan.CONNECTIONS, "visits": _VISITS}
        begins = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        async with floor.listening():

            async def booked(number: int) -> Sample:
                return await ours.run(number, services)

            async def floors(number: int) -> Sample:
                starts_at = begins + timedelta(days=30, hours=2 * number)
                return await floor.run(people, starts_at, visit_to_plan.CONNECTIONS)

            await path.run(booked, floors, rounds=self.rounds)
        await floor.close()
        return [path]


@asynccontextmanager
async def bench(ground: Grounds, rounds: int) -> AsyncIterator[Bench]:
    """Connect, and let go at the end."""
    ground.add_topics(["bench.warm", "bench.cold", "bench.clear", "bench.pathways", VISITS, WORK])
    mongo = Mongo(ground.mongo_url)
    clock = Clock(mongo, demo=False)
    await clock.start()
    producer = AIOKafkaProducer(
        bootstrap_servers=ground.bootstrap,
        acks="all",
        enable_idempotence=True,
        linger_ms=0,
        max_batch_size=_BATCH_BYTES,
    )
    await producer.start()
    try:
        yield Bench(ground, mongo, Vault(mongo, ground.master_key), clock, producer, rounds)
    finally:
        await producer.stop()
        await clock.stop()
        await mongo.close()


async def measured(ground: Grounds, paths: list[str], rounds: int) -> list[Comparison]:
    """Measure these paths, one after the other."""
    found: list[Comparison] = []
    async with bench(ground, rounds) as ready:
        measures = {
            "projection": ready.projections,
            "command": ready.commands,
            "visit-to-plan": ready.visits_to_plans,
        }
        for name, measure in measures.items():
            if name in paths:
                print(f"measuring {name}, {rounds} rounds", flush=True)
                found += await measure()
    return found


def main() -> None:
    """Measure what was asked for, or everything."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("paths", nargs="*", default=PATHS, help=f"of {', '.join(PATHS)}")
    asked.add_argument("--rounds", type=int, default=10)
    chosen = asked.parse_args()
    if unknown := set(chosen.paths) - set(PATHS):
        asked.error(f"no such path: {', '.join(sorted(unknown))}")
    configure("bench", level="error")
    about = machine()
    with tempfile.TemporaryDirectory(prefix="cairn-bench-") as directory:
        print("starting MongoDB, Kafka and the token issuer", flush=True)
        with grounds(Path(directory)) as ground:
            ground.start_issuer()
            comparisons = uvloop.run(measured(ground, list(chosen.paths), chosen.rounds))
    show(comparisons, about)
    kept = repository_root() / "build" / "bench.json"
    keep(kept, comparisons, about)
    print(f"every figure: {kept}")


if __name__ == "__main__":
    main()
