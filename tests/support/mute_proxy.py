"""A line to MongoDB that can be cut so that a request arrives and its answer does not."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

_CHUNK_BYTES = 65_536


class MuteProxy:
    """Passes bytes both ways, until it is told to swallow what comes back."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.cut = False
        self.port = 0

    @property
    def url(self) -> str:
        """The address for drivers; they must not find the server's own address behind it."""
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection; while the line is cut, none begins."""
        if self.cut:
            writer.close()
            return
        there_reader, there_writer = await asyncio.open_connection(self._host, self._port)
        self._writers |= {writer, there_writer}
        self._carry(reader, there_writer, answers=False)
        self._carry(there_reader, writer, answers=True)

    def close(self) -> None:
        """Close every connection."""
        for task in self._tasks:
            task.cancel()
        for writer in self._writers:
            writer.close()

    def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        task = asyncio.create_task(self._carried(reader, writer, answers=answers))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carried(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(_CHUNK_BYTES):
                if self.cut and answers:
                    break
                writer.write(chunk)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def a_mute_proxy(mongo_url: str) -> AsyncIterator[MuteProxy]:
    """Put a proxy before MongoDB, on a port from the system."""
    there = urlsplit(mongo_url)
    proxy = MuteProxy(there.hostname or "127.0.0.1", there.port or 27017)
    listening = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = listening.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        listening.close()
        proxy.close()
