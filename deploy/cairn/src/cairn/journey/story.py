"""The journey: one client from registration to integration, thin and real."""

from datetime import datetime, timedelta

from cairn.addresses import Addresses
from cairn.journey import afterwards, client, sitting
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
    with a_walk(addresses, teller) as walk, operator(Home.here(), addresses) as keeper:
        mails = afterwards.mails_so_far(walk)
        enrolled = client.enrol(walk, keeper)
        visits = sitting.book(walk, enrolled)
        afterwards.expect_notices(walk, enrolled, visits)
        afterwards.move_integration(walk, enrolled, visits)
        sitting.prepare(walk, visits)
        _pass_the_day_before(walk, visits)
        session_id = sitting.sit(walk, enrolled, visits)
        root = sitting.close(walk, session_id)
        afterwards.integrate(walk, enrolled, root)
        walk.wait_until(walk.now() + timedelta(hours=22), "the next morning")
        afterwards.read_mail(walk, enrolled, visits, item_after=mails)
        walk.chapter("The end: everything above stands in the services; the pages show where.")


def _pass_the_day_before(walk: Walk, visits: dict[str, str]) -> None:
    """Let the hours come in which reminders are due, one after the other."""
    visit = walk.sees("iris", "looks the day up", "sessions", f"/v1/visits/{visits['medicine']}")
    starts_at = datetime.fromisoformat(visit["starts_at"])
    for hours in (23, 1):
        walk.wait_until(starts_at - timedelta(hours=hours), f"{hours} h before the medicine visit")
