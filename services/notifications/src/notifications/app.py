"""How is notifications put together?"""

from functools import partial

from chassis.service import Chassis, Parts, Timer
from notifications import api, handlers, timers
from notifications.access import ACCESS
from notifications.rules.following import PLAN_CLIENT, PLAN_VISIT
from notifications.store import Store


def build(chassis: Chassis) -> Parts:
    """Name the parts of the service for the chassis to start."""
    store = Store(chassis)
    return Parts(
        routers=(api.router,),
        access=ACCESS,
        holds={Store: store},
        work={
            PLAN_VISIT: partial(handlers.plan_visits, store),
            PLAN_CLIENT: partial(handlers.plan_clients, store),
        },
        timers=(
            Timer("deliver", 1.0, partial(timers.deliver_due, store)),
            Timer("take-up", 5.0, partial(timers.take_up, store)),
            Timer("look-again", 30.0, partial(timers.look_again, store)),
            Timer("owners-back", 2.0, partial(timers.go_on_with_owners, store)),
        ),
    )
