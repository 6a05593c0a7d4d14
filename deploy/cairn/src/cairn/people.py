"""Who belongs to the demo network, and under which ids do they sign in?

Ids are made from the names, so that every start of the network speaks of the same people. Whoever
gets an id from a service only later, as a client does when registered, is bound to it then.
"""

import json
from importlib import resources
from pathlib import Path
from typing import Any, Literal
from uuid import UUID, uuid5

import yaml
from pydantic import BaseModel, ConfigDict

from cairn.secret_files import keep_secret
from contracts.ids import NS_CAIRN

EVERYWHERE = "*"
_EVERYWHERE_IN_FILE = "everywhere"


class Site(BaseModel):
    """One site of the network."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    zone: str
    phone: str
    """What messages name for whoever wants to change something or needs a call."""


class DemoLicence(BaseModel):
    """What sets one person's licence apart."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    profession: str
    number: str
    supervised_by: str | None = None
    """The short name of the supervisor, where the licence asks for one."""


class Person(BaseModel):
    """One invented person, as the demo file gives them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    kind: Literal["staff", "client"]
    roles: dict[str, list[str]]
    """Roles by the short name of a site, or `everywhere`."""
    licence: DemoLicence | None = None
    trained_in: tuple[str, ...] = ()
    """Medicines that the person has a completed training in."""


class Network(BaseModel):
    """The demo network: its sites and people by short name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    network: str
    sites: dict[str, Site]
    people: dict[str, Person]
    licence_terms: dict[str, Any]
    """What every licence has in common, as intake takes it."""
    training_terms: dict[str, Any]
    """What every training has in common, as intake takes it."""

    def staff(self) -> dict[str, Person]:
        """Give those who work here."""
        return {name: each for name, each in self.people.items() if each.kind == "staff"}


class Identity(BaseModel):
    """What a token says of somebody."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sub: UUID
    kind: Literal["staff", "client", "service"]
    roles: dict[str, list[str]]
    """Roles by site id, or `*` for the whole network."""
    name: str | None = None
    """Set for services only: a person's name has no business in a token."""


class Registry:
    """Every username that may sign in, kept in a file as far as the demo file does not say it."""

    def __init__(self, network: Network, path: Path) -> None:
        self._path = path
        self._identities = {
            username: _identity(username, person) for username, person in network.staff().items()
        }
        if path.exists():
            kept = json.loads(path.read_text(encoding="utf-8"))
            self._bound = {name: Identity.model_validate(each) for name, each in kept.items()}
        else:
            self._bound = {}

    def find(self, username: str) -> Identity | None:
        """Give what is known of a username; None while it is bound to nobody."""
        return self._bound.get(username) or self._identities.get(username)

    def bind(self, username: str, identity: Identity) -> None:
        """Let a username stand for somebody from now on, and after a restart."""
        self._bound[username] = identity
        kept = {name: each.model_dump(mode="json") for name, each in self._bound.items()}
        keep_secret(self._path, json.dumps(kept, indent=2, sort_keys=True))


def demo_network() -> Network:
    """Read the demo network."""
    text = (resources.files("cairn") / "demo.yaml").read_text(encoding="utf-8")
    return Network.model_validate(yaml.safe_load(text))


def site_id(site: str) -> UUID:
    """Name a demo site."""
    return uuid5(NS_CAIRN, f"demo/sites/{site}")


def person_id(username: str) -> UUID:
    """Name a demo person."""
    return uuid5(NS_CAIRN, f"demo/people/{username}")


def service_id(service: str) -> UUID:
    """Name a service, or the operator, as a caller."""
    return uuid5(NS_CAIRN, f"services/{service}")


def home_site(person: Person, network: Network) -> str:
    """Name the site where somebody is kept: their first one, or the network's first."""
    named = [site for site in person.roles if site in network.sites]
    return named[0] if named else next(iter(network.sites))


def roles_by_id(person: Person) -> dict[str, list[str]]:
    """Give a person's roles under the ids of the sites."""
    return {
        EVERYWHERE if site == _EVERYWHERE_IN_FILE else str(site_id(site)): roles
        for site, roles in person.roles.items()
    }


def _identity(username: str, person: Person) -> Identity:
    return Identity(sub=person_id(username), kind=person.kind, roles=roles_by_id(person))
