"""How does the demo network come into being? Over HTTP, by its site administrator, like any other.

Ids come from `demo.yaml`, so that seeding again finds everything there and changes nothing.
"""

from typing import Any
from uuid import uuid5

from cairn.addresses import Addresses
from cairn.operating import Caller, demo_person
from cairn.people import Network, Person, demo_network, home_site, person_id, site_id

ADMINISTRATOR = "sage"


def seed(addresses: Addresses) -> str:
    """Make the sites and the people who work there; answers what there now is.

    Raises:
        Unanswered: intake did not answer, or refused.
    """
    network = demo_network()
    with demo_person(ADMINISTRATOR, addresses) as caller:
        for name, site in network.sites.items():
            body = {"site_id": str(site_id(name)), **site.model_dump()}
            caller.post(f"{addresses.intake}/v1/sites", body)
        for username, person in network.staff().items():
            caller.post(f"{addresses.intake}/v1/staff", _member(username, person, network))
        for username, person in network.staff().items():
            _record_papers(caller, addresses, username, person, network)
    return f"{network.network}: {len(network.sites)} sites, {len(network.staff())} staff"


def _member(username: str, person: Person, network: Network) -> dict[str, Any]:
    roles = sorted({role for roles in person.roles.values() for role in roles})
    return {
        "staff_id": str(person_id(username)),
        "site_id": str(site_id(home_site(person, network))),
        "name": person.name,
        "roles": roles,
    }


def _record_papers(
    caller: Caller, addresses: Addresses, username: str, person: Person, network: Network
) -> None:
    member_id = person_id(username)
    member = f"{addresses.intake}/v1/staff/{member_id}"
    if person.licence is not None:
        licence = {**network.licence_terms, **person.licence.model_dump(exclude_none=True)}
        if person.licence.supervised_by is not None:
            licence["supervised_by"] = str(person_id(person.licence.supervised_by))
        # The key names what is recorded, so that seeding again repeats it and adds nothing.
        caller.post(f"{member}/record-licence", licence, key=str(uuid5(member_id, "licence")))
    for medicine in person.trained_in:
        training = {**network.training_terms, "medicine": medicine}
        caller.post(f"{member}/record-training", training, key=str(uuid5(member_id, medicine)))
