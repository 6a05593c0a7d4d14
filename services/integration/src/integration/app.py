"""How is integration put together?"""

from functools import partial

from chassis.service import Chassis, Parts
from integration import api, handlers
from integration.access import ACCESS
from integration.rules.following import RECEIVE_RECORD
from integration.store import Store


def build(chassis: Chassis) -> Parts:
    """Name the parts of the service for the chassis to start."""
    store = Store(chassis)
    return Parts(
        routers=(api.router,),
        access=ACCESS,
        holds={Store: store},
        work={RECEIVE_RECORD: partial(handlers.receive_records, store)},
    )
