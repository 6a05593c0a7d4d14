"""How does a loop that never ends by itself hear that it shall end?

On Python 3.11 `asyncio.wait_for` loses a cancellation that comes in the moment in which what it
waits for is there, and the drivers of MongoDB and Kafka wait like that. A loop that only hopes for
the exception then runs on, and a stop waits for it until its limit.
"""

import asyncio


def end_if_told() -> None:
    """End the task that asks, if it was cancelled and did not notice."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def pause(seconds: float) -> None:
    """Sleep, unless the task that asks was told to end."""
    end_if_told()
    await asyncio.sleep(seconds)
