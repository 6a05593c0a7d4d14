import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from contracts.intake import ChannelConsent, ContactChanged
from contracts.sessions import VisitCancelled, VisitMoved
from hearings import eventually
from notified import A_DAY, Someone, someone

pytestmark = pytest.mark.wired

SOON = timedelta(seconds=3)
SENT = ("sent", ())
WAITING = ("held", ("CONFIRMATION_WAITING",))
HOUR = timedelta(hours=1)


def as_fact(fact, message, **but):
    return fact(**{**{name: getattr(message, name) for name in fact.model_fields}, **but})


async def discharged(world, *, due_in, name="taken", **client):
    """Make somebody whose first safety check is due in so long."""
    at = datetime.now(UTC) - 3 * HOUR + due_in
    robin = Someone(world, name, starts_at=at - 2 * HOUR)
    facts = robin.client(**client), robin.visit(standing="attended"), robin.discharge(at)
    await world.teller.tell(robin.site(), *facts)
    return robin


async def seconds(count):
    await asyncio.sleep(count)


class TestPlanVisit:
    """K-REPLAN: what others tell becomes a plan, in whatever order it comes."""

    async def test_waits_for_a_client_who_comes_after_the_visit(self, world):
        """Topics have no common order; the plan says what it waits for."""
        robin = someone(world, due_in=A_DAY)
        await world.teller.tell(robin.visit())
        await eventually(lambda: _waiting_for(robin), "client")
        await robin.told()

        await eventually(lambda: robin.stands("k06"), ("planned", ()))
        assert await _waiting_for(robin) is None

    async def test_moves_with_the_visit(self, world):
        """The same notice at another time."""
        robin = await someone(world, due_in=A_DAY).told()
        await world.teller.tell(robin.visit())
        await eventually(lambda: robin.stands("k06"), ("planned", ()))
        before = await robin.notice("k06")
        await world.teller.tell(as_fact(VisitMoved, robin.visit(starts_at=robin.starts_at + HOUR)))

        await eventually(
            lambda: _due_of(robin, "k06"), datetime.fromisoformat(before["due_at"]) + HOUR
        )
        assert (await robin.notice("k06"))["notice_id"] == before["notice_id"]

    async def test_is_cancelled_with_the_visit(self, world):
        """A reminder of a visit that is off is not sent."""
        robin = await someone(world, due_in=A_DAY).told()
        await world.teller.tell(robin.visit())
        await eventually(lambda: robin.stands("k06"), ("planned", ()))
        await world.teller.tell(as_fact(VisitCancelled, robin.visit(standing="cancelled")))

        await eventually(lambda: robin.stands("k06"), ("cancelled", ("VISIT_CANCELLED",)))

    async def test_is_held_and_let_go_with_the_client(self, world):
        """Consent is asked of the newest fact."""
        robin = await someone(world, due_in=A_DAY).told()
        await world.teller.tell(robin.visit())
        await eventually(lambda: robin.stands("k06"), ("planned", ()))
        await world.teller.tell(as_fact(ContactChanged, robin.client(channels=())))
        await eventually(lambda: robin.stands("k06"), ("held", ("CHANNEL_NOT_CONSENTED",)))
        granted = (ChannelConsent(channel="email", granted_at=datetime.now(UTC)),)
        await world.teller.tell(as_fact(ContactChanged, robin.client(channels=granted)))

        await eventually(lambda: robin.stands("k06"), ("planned", ()))


class TestDeliverDue:
    """A notice that is due goes out once, after its owners said that it still stands."""

    async def test_sends_what_is_due(self, world):
        """By real SMTP, under its own id, in words that tell a stranger nothing."""
        robin = await someone(world, due_in=SOON).told()
        await world.teller.tell(robin.visit())
        await eventually(lambda: robin.stands("k06"), SENT)
        (letter,) = robin.mailed()
        notice = await robin.notice("k06")

        assert letter["message_id"] == f"<{notice['notice_id']}@harbor.example>"
        assert letter["subject"].startswith("Harbor Nashville: your visit on ")
        assert notice["settled_at"] >= notice["due_at"]
        assert {robin.client_id, robin.visit_id} <= set(world.owners.asked)
        assert (await robin.plan())["sequence"] == 1

    async def test_sends_nothing_early(self, world):
        """Never early; a second late at most is the aim."""
        robin = await someone(world, due_in=timedelta(seconds=6)).told()
        await world.teller.tell(robin.visit())
        await eventually(lambda: robin.stands("k06"), ("planned", ()))
        assert robin.mailed() == []

        await eventually(lambda: robin.stands("k06"), SENT)
        notice = await robin.notice("k06")
        assert notice["settled_at"] >= notice["due_at"]

    async def test_waits_where_the_owner_knows_better(self, world):
        """A cancel that was acknowledged is never followed by a send, though no fact has come."""
        robin = someone(world, due_in=SOON)
        world.owners.news[robin.visit_id] = {"current": False, "standing": "cancelled"}
        await robin.told(robin.visit())
        await eventually(lambda: robin.stands("k06"), WAITING)
        assert robin.mailed() == []
        await world.teller.tell(as_fact(VisitCancelled, robin.visit(standing="cancelled")))

        await eventually(lambda: robin.stands("k06"), ("cancelled", ("VISIT_CANCELLED",)))
        assert robin.mailed() == []

    @pytest.mark.parametrize("how", ["away", "frozen"])
    async def test_waits_where_no_owner_answers(self, world, how):
        """No answer is not a yes."""
        setattr(world.owners, how, True)
        robin = await someone(world, due_in=SOON).told()
        await world.teller.tell(robin.visit())

        await eventually(lambda: robin.stands("k06"), WAITING)
        assert robin.mailed() == []

    async def test_sends_a_safety_check_where_no_owner_answers(self, world):
        """Who had medicine is checked on, whatever is down."""
        world.owners.away = True
        robin = await discharged(world, due_in=SOON)

        await eventually(lambda: robin.stands("k10"), SENT)
        assert [each["subject"] for each in robin.mailed()] == ["Harbor Nashville: checking in"]

    async def test_holds_a_safety_check_where_an_owner_says_no(self, world):
        """The client has died, and intake knows it."""
        robin = someone(world, due_in=A_DAY)
        world.owners.news[robin.client_id] = {"current": False, "standing": "deceased"}
        at = datetime.now(UTC) - 3 * HOUR + SOON
        robin.starts_at = at - 2 * HOUR
        await robin.told(robin.visit(standing="attended"), robin.discharge(at))

        await eventually(lambda: robin.stands("k10"), WAITING)
        assert robin.mailed() == []

    async def test_looks_again_until_the_owners_answer(self, world):
        """Held for a while only, and not for half a minute more than the owners were away."""
        world.owners.away = True
        robin = await someone(world, due_in=SOON).told()
        await world.teller.tell(robin.visit())
        await eventually(lambda: robin.stands("k06"), WAITING)
        world.owners.away = False

        async with asyncio.timeout(12):
            await eventually(lambda: robin.stands("k06"), SENT)
        assert len(robin.mailed()) == 1

    async def test_leaves_a_client_in_session_alone(self, world):
        """K-IMPAIRMENT: the reminder of another visit waits until discharge is heard."""
        now = datetime.now(UTC)
        robin = someone(world, due_in=SOON)
        sitting = Someone(world, starts_at=now - HOUR, client_id=robin.client_id)
        await robin.told(sitting.visit(standing="checked_in"), robin.visit(kind="integration"))

        await eventually(lambda: robin.stands("k06"), ("held", ("IMPAIRMENT_WINDOW",)))
        await world.teller.tell(sitting.discharge(datetime.now(UTC)))
        await eventually(lambda: robin.stands("k06"), SENT)


class TestOutcomes:
    """K-ONCE: every outcome of a call is written down, and none is tried twice unless it may be."""

    async def test_lists_what_nobody_knows(self, world):
        """The server had the words and did not answer: a person looks, and it is not sent again."""
        robin = await someone(world, "hang", due_in=SOON).told()
        await world.teller.tell(robin.visit())
        await eventually(lambda: robin.stands("k06"), ("unknown", ("OUTCOME_UNKNOWN",)))
        await seconds(3)
        operator = world.running.person("operator", site=robin.site_id)
        listed = (await operator.get("/v1/plans?standing=unknown")).json()["items"]

        assert [plan["id"] for plan in listed] == [(await robin.plan())["id"]]
        assert len(robin.mailed()) == 1

    async def test_takes_a_no_for_final(self, world):
        """A mailbox that is not there will not be there in a minute."""
        robin = await someone(world, "refuse", due_in=SOON).told()
        await world.teller.tell(robin.visit())

        await eventually(lambda: robin.stands("k06"), ("failed", ("GATEWAY_REFUSED",)))

    async def test_asks_a_server_again_that_did_not_take_it(self, world):
        """It certainly did not: there is nothing to double."""
        robin = await someone(world, "later", due_in=SOON).told()
        await world.teller.tell(robin.visit())

        await eventually(lambda: robin.stands("k06"), ("held", ("GATEWAY_AWAY",)))

    async def test_lets_no_hanging_call_hold_up_what_comes_next(self, world):
        """A second letter of the same batch is not lost with the first."""
        hanging = await someone(world, "hang", due_in=SOON).told()
        robin = await someone(world, due_in=SOON).told()
        await world.teller.tell(hanging.visit(), robin.visit())

        await eventually(lambda: robin.stands("k06"), SENT)


async def _waiting_for(robin):
    return (await robin.plan()).get("waiting_for")


async def _due_of(robin, item):
    return datetime.fromisoformat((await robin.notice(item))["due_at"])
