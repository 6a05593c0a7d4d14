"""Who asks, and may they? The token's roles, the route's row and the document's site decide."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, Self, TypeAlias
from uuid import UUID, uuid5

from chassis.refusals import NotFound, NotPermitted
from contracts.ids import NS_CAIRN, from_command

CallerKind: TypeAlias = Literal["staff", "client", "service"]
EVERY_SITE = "*"
_OURSELVES = "own"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody whose token was verified."""

    id: UUID
    kind: CallerKind
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The roles held at each site, by the site's id as text; `*` stands for every site."""

    name: str | None = None
    """A service's own name; people have none here."""

    purpose: str | None = None

    def roles_at(self, site_id: UUID | None) -> frozenset[str]:
        """Name the roles held at a site; what belongs to no site asks for a role everywhere."""
        everywhere = self.roles.get(EVERY_SITE, frozenset())
        return everywhere | self.roles.get(str(site_id), frozenset())

    def has(self, roles: Collection[str], site_id: UUID | None) -> bool:
        """Say whether one of these roles is held at the site."""
        return not self.roles_at(site_id).isdisjoint(roles)


@dataclass(frozen=True, slots=True)
class Row:
    """Who may use one route."""

    roles: frozenset[str]
    services: frozenset[str]

    def admits(self, caller: Caller) -> bool:
        """Say whether this caller may use the route for some document somewhere."""
        return self.names(caller) or any(
            not held.isdisjoint(self.roles) for held in caller.roles.values()
        )

    def names(self, caller: Caller) -> bool:
        """Say whether this is one of the services that may use the route, whatever the site."""
        return caller.kind == "service" and caller.name in self.services


def may(*roles: str, services: Collection[str] = ()) -> Row:
    """Let people in these roles use a route, and these services."""
    return Row(frozenset(roles), frozenset(services))


def services(*names: str) -> Row:
    """Let only these services use a route."""
    return Row(frozenset(), frozenset(names))


@dataclass(frozen=True, slots=True)
class Intent:
    """One thing that one caller wants: who, by which route, under which key."""

    caller: Caller
    row: Row
    route: str
    """The method and the template of the path, as in `access.py` of the service."""

    path: str
    key: str | None = None
    fingerprint: str | None = None
    """A keyed hash of the body; None where nothing can be repeated by key."""

    if_match: int | None = None

    @classmethod
    def own(cls, service: str) -> Self:
        """Say that a service acts by itself, on what it heard or on what is due."""
        caller = Caller(uuid5(NS_CAIRN, f"service:{service}"), "service", name=service)
        return cls(caller, services(service), route=_OURSELVES, path=_OURSELVES)

    @property
    def scope(self) -> str:
        """Within what a key must not be used twice: one caller and one address."""
        return f"{self.caller.id} {self.route.partition(' ')[0]} {self.path}"

    def created_id(self) -> UUID:
        """Name what this command makes; the same command always names the same thing."""
        if self.key is None:
            msg = f"{self.route} brings no key, so it cannot name what it makes"
            raise TypeError(msg)
        method = self.route.partition(" ")[0]
        return from_command(caller=self.caller.id, method=method, path=self.path, key=self.key)

    def require(self, site_id: UUID | None, about: UUID | None = None) -> None:
        """Pass only where the caller may do this at the document's site.

        A client reaches only what is about themselves.

        Raises:
            NotFound: the caller holds no role there, so the document does not exist for them.
            NotPermitted: none of the roles held there may do this.
        """
        if self.row.names(self.caller):
            return
        held = self.caller.roles_at(site_id)
        if not held or (self.caller.kind == "client" and about != self.caller.id):
            raise NotFound
        if held.isdisjoint(self.row.roles):
            raise NotPermitted
