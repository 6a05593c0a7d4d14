"""A loop ends when it is told to, also when a library lost the message."""

import asyncio

import pytest

from chassis.loops import end_if_told, pause


async def lose_a_cancellation():
    """Wait as `asyncio.wait_for` of Python 3.11 may do."""
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        return


async def pausing():
    while True:
        await lose_a_cancellation()
        await pause(60)


async def waiting():
    while True:
        end_if_told()
        await lose_a_cancellation()


class TestLoops:
    @pytest.mark.parametrize("loop", [pausing, waiting])
    async def test_end_although_the_cancellation_was_lost(self, loop):
        """Every twentieth stop of a service took twenty-five seconds, and was a kill to others."""
        task = asyncio.create_task(loop())
        await asyncio.sleep(0)

        task.cancel()
        await asyncio.wait([task], timeout=2)

        assert task.cancelled()

    async def test_go_on_after_a_limit_of_their_own(self):
        """A time limit cancels as well, and takes it back."""
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.sleep(60)

        await pause(0)
