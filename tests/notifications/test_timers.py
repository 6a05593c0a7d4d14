import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from chassis.domain import Change
from contracts.ids import plan_of
from hearings import eventually
from notifications.model import Claim
from notifications.store import OWN
from notifications.timers import to_the_end
from notified import a_dying_process, notified, someone

HOUR = timedelta(hours=1)


async def left_behind(world, servers, standing, *, lease):
    """Leave a client's due reminder as a process had it in hand when it died."""
    robin = await someone(world, due_in=HOUR).told()
    await world.teller.tell(robin.visit())
    await eventually(lambda: robin.stands("k06"), ("planned", ()))
    now = datetime.now(UTC)
    claim = Claim(token=uuid4(), lease_until=now + lease)

    def in_hand(plan):
        notices = tuple(
            one.but(standing=standing, due_at=now, claim=claim)
            if one.item.startswith("k06")
            else one
            for one in plan.notices
        )
        return Change(plan.but(notices=notices))

    async with a_dying_process(servers) as plans:
        await plans.change(plan_of(robin.visit_id), in_hand, OWN)
    return robin


@pytest.mark.wired
class TestTakeUp:
    """K-ONCE: what a dead process left behind is taken up when its lease is over."""

    async def test_sends_what_was_only_claimed(self, world, our_servers):
        """Nothing had gone to the gateway; it goes out once."""
        robin = await left_behind(world, our_servers, "claimed", lease=-HOUR)

        await eventually(lambda: robin.stands("k06"), ("sent", ()))
        assert len(robin.mailed()) == 1

    async def test_lists_what_was_intended_and_sends_nothing(self, world, our_servers):
        """It may have been sent."""
        robin = await left_behind(world, our_servers, "intended", lease=-HOUR)

        await eventually(lambda: robin.stands("k06"), ("unknown", ("OUTCOME_UNKNOWN",)))
        await asyncio.sleep(2)
        assert robin.mailed() == []

    @pytest.mark.parametrize("standing", ["claimed", "intended"])
    async def test_leaves_what_somebody_still_has_in_hand(self, world, our_servers, standing):
        """A slow process is not a dead one."""
        robin = await left_behind(world, our_servers, standing, lease=HOUR)
        await asyncio.sleep(7)

        assert await robin.stands("k06") == (standing, ())
        assert robin.mailed() == []


@pytest.mark.wired
class TestClaimDue:
    """Two workers of one service look for what is due at the same moment."""

    async def test_sends_each_notice_once(self, world, our_servers, tmp_path):
        """Each claim is a conditional change: one of the two finds it gone."""
        async with notified(our_servers, tmp_path / "second", world.mail, world.teller):
            clients = [someone(world, due_in=timedelta(seconds=15)) for _ in range(24)]
            for robin in clients:
                await robin.told(robin.visit())
            for robin in clients:
                await eventually(_sent(robin), ("sent", ()))

        assert [len(robin.mailed()) for robin in clients] == [1] * len(clients)


class TestToTheEnd:
    """A process that is told to stop lets the calls that have begun end."""

    async def test_lets_every_call_end_when_told_to_stop(self):
        """Nobody has to look for an outcome that only needed a moment more."""
        ended = []

        async def call(name):
            await asyncio.sleep(0.05)
            ended.append(name)

        delivering = asyncio.create_task(to_the_end([call("one"), call("two")]))
        await asyncio.sleep(0.01)
        delivering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await delivering

        assert ended == ["one", "two"]

    async def test_lets_no_call_that_fails_end_the_others(self):
        """One letter that cannot be settled is one letter."""
        ended = []

        async def fails():
            raise ValueError

        async def call():
            await asyncio.sleep(0.01)
            ended.append("call")

        await to_the_end([fails(), call()])

        assert ended == ["call"]


def _sent(robin):
    return lambda: robin.stands("k06")
