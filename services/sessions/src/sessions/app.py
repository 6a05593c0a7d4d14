"""How is sessions put together?"""

from functools import partial

from chassis.service import Chassis, Parts
from sessions import handlers
from sessions.access import ACCESS
from sessions.api import entries, record, sitting, visits
from sessions.rules.discharge import ATTEND_VISIT
from sessions.store import Store


def build(chassis: Chassis) -> Parts:
    """Name the parts of the service for the chassis to start."""
    store = Store(chassis)
    return Parts(
        routers=(visits.router, sitting.router, entries.router, record.router),
        access=ACCESS,
        holds={Store: store},
        work={ATTEND_VISIT: partial(handlers.attend_visits, store)},
    )
