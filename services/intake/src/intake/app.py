"""How is intake put together?"""

from functools import partial

from chassis.service import Chassis, Parts
from intake import handlers
from intake.access import ACCESS
from intake.api import clients, consents, directory, doses, pathways, prescriptions
from intake.rules.ledger import COUNT_DOSE
from intake.store import Store


def build(chassis: Chassis) -> Parts:
    """Name the parts of the service for the chassis to start."""
    store = Store(chassis)
    return Parts(
        routers=(
            directory.sites,
            directory.staff,
            clients.router,
            pathways.router,
            consents.router,
            consents.texts,
            prescriptions.router,
            doses.router,
        ),
        access=ACCESS,
        holds={Store: store},
        work={COUNT_DOSE: partial(handlers.count_dose, store)},
    )
