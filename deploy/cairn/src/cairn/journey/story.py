"""The journey: one client from registration to integration, thin and real."""

from datetime import datetime, timedelta

from cairn.addresses import Addresses
from cairn.journey import afterwards, client, sitting
from cairn.journey.client import Enrolled
from cairn.journey.walk import Walk, a_walk
from cairn.operating import operator
from cairn.places import Home
from cairn.teller import Teller


def walk_journey(addresses: Addresses, teller: Teller) -> None:
    """Walk one client through all four services.

    Raises:
        WentAstray: something did not end as the journey says.
        Unanswered: a service did not answer, or refused what must be allowed.
    """
    home = Home.here()
    unfinished = home.path / "unfinished-walk"
    with a_walk(addresses, teller) as walk, operator(home, addresses) as keeper:
        sitting.leave_unfinished(walk, unfinished)
        mails = afterwards.mails_so_far(walk)
        enrolled = client.enrol(walk, keeper)
        visits = sitting.book(walk, enrolled)
        afterwards.expect_notices(walk, enrolled, visits)
        afterwards.move_integration(walk, enrolled, visits)
        sitting.prepare(walk, visits)
        _pass_the_day_before(walk, enrolled, visits)
        session_id = sitting.sit(walk, enrolled, visits, unfinished)
        root = sitting.close(walk, session_id)
        afterwards.integrate(walk, enrolled, root)
        walk.wait_until(walk.now() + timedelta(hours=3), "an evening at home")
        afterwards.wait_for_notices(walk, enrolled, visits)
        walk.wait_until(walk.now() + timedelta(hours=21), "a day later")
        afterwards.read_mail(walk, enrolled, visits, item_after=mails)
        unfinished.unlink()
        walk.chapter("The end: everything above stands in the services; the pages show where.")


def _pass_the_day_before(walk: Walk, enrolled: Enrolled, visits: dict[str, str]) -> None:
    """Let the hours come in which reminders are due, one after the other."""
    visit = walk.sees("iris", "looks the day up", "sessions", f"/v1/visits/{visits['medicine']}")
    starts_at = datetime.fromisoformat(visit["starts_at"])
    for hours in (24, 14):
        due = starts_at - timedelta(hours=hours)
        walk.wait_until(due + timedelta(minutes=1), f"{hours} h before the medicine visit")
        afterwards.wait_for_notices(walk, enrolled, visits)
