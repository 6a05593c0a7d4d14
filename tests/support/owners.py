"""Two owners who are asked over HTTP: they say what a test lets them say, or nothing at all."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

_FROZEN_SECONDS = 30


@dataclass
class Owners:
    """What sessions and intake would answer; what was never said stands as it is asked about."""

    away: bool = False
    frozen: bool = False
    news: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    """What an owner says instead of `current`, by visit or client."""

    asked: list[UUID] = field(default_factory=list)

    def app(self, _url: str) -> FastAPI:
        """Answer for both owners at one address."""
        app = FastAPI()
        app.post("/v1/visits/confirm")(self._visits)
        app.post("/v1/clients/confirm")(self._clients)
        return app

    async def _visits(self, request: Request) -> Response:
        return await self._answer("visits", await request.json())

    async def _clients(self, request: Request) -> Response:
        return await self._answer("clients", await request.json())

    async def _answer(self, kind: str, body: dict[str, Any]) -> Response:
        if self.frozen:
            await asyncio.sleep(_FROZEN_SECONDS)
        if self.away:
            return JSONResponse({"title": "away"}, 503)
        return JSONResponse({kind: [self._row(each) for each in body[kind]]})

    def _row(self, told: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(UUID(told["id"]))
        said = self.news.get(UUID(told["id"]), {"current": True})
        return {"id": told["id"], **said}
