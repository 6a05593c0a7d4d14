"""Somebody who starts a process again whenever it has ended, as an orchestrator would."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from hearings import eventually
from served import Served
from service_process import ServiceProcess

_LOOK_SECONDS = 0.05


@dataclass
class Keeper:
    """Knows how often a process has ended, and how."""

    process: ServiceProcess
    fuses: list[str]
    """How each next start is armed; when all are used it is started as the product is."""

    endings: list[int | None] = field(default_factory=list)

    async def keep(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if not self.process.runs:
                self.endings.append(self.process.started.returncode)
                self.start()

    def start(self) -> None:
        """Start it, armed with the next fuse if there is one."""
        self.process.start_again(armed=self.fuses.pop(0) if self.fuses else None)


@asynccontextmanager
async def kept(process: ServiceProcess, fuses: Sequence[str] = ()) -> AsyncIterator[Keeper]:
    """Keep a process running for a while, and stop it in good order afterwards."""
    keeper = Keeper(process, list(fuses))
    keeper.start()
    keeping = asyncio.create_task(keeper.keep())
    try:
        yield keeper
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await asyncio.to_thread(process.stop)


async def until_ready(served: Served) -> None:
    """Wait until a process takes requests."""

    async def ready() -> bool:
        try:
            return (await served.http.get("/readyz")).is_success
        except httpx.HTTPError:
            return False

    await eventually(ready, wanted=True)
