"""What is said of a client, and what is shown?"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from chassis.rows import Kept
from contracts.base import Instant, Value
from contracts.ids import ClientId, SiteId
from contracts.intake import (
    Channel,
    Standing,
)
from intake.model import Client, Contact
from intake.rules.clients import grant_channels
from intake.schemas.zones import KnownZone


class ContactGiven(Contact):
    """A client's name, address and channels, whole, as they are from now on."""

    zone: KnownZone
    channels: Annotated[tuple[Channel, ...], Field(max_length=3)] = ()


class ClientGiven(ContactGiven):
    """A person who becomes a client of a site."""

    site_id: SiteId

    def client(self, client_id: ClientId, *, at: Instant) -> Client:
        """Make the client, in care from now on."""
        said = {name: getattr(self, name) for name in Contact.model_fields}
        said["channels"] = grant_channels(self.channels, kept=(), at=at)
        return Client(client_id=client_id, site_id=self.site_id, standing="active", **said)


class StandingGiven(Value):
    """How a client stands now."""

    standing: Standing


class ClientTold(Value):
    """A client as another service heard of them last."""

    id: ClientId
    sequence: Annotated[int, Field(ge=0)]


class ClientsTold(Value):
    """Clients that another service is about to act for."""

    clients: Annotated[tuple[ClientTold, ...], Field(max_length=200)]


class ClientConfirmed(Value):
    """Whether what was heard of a client is still how they stand."""

    id: ClientId
    current: bool
    sequence: int | None = None
    """The newest that was told; None for a client who is not known."""

    standing: Standing | None = None
    channels: tuple[Channel, ...] = ()


class ClientsConfirmed(Value):
    """The answer for each client asked about, in the order of the question."""

    clients: tuple[ClientConfirmed, ...]

    @classmethod
    def of(cls, told: ClientsTold, kept: Mapping[UUID, Kept[Client]]) -> Self:
        """Compare what was heard with how each client stands; one that is not known is not."""
        return cls(
            clients=tuple(
                ClientConfirmed(id=each.id, current=False)
                if (now := kept.get(each.id)) is None
                else ClientConfirmed(
                    id=each.id,
                    current=now.sequence == each.sequence,
                    sequence=now.sequence,
                    standing=now.document.standing,
                    channels=now.document.open_channels,
                )
                for each in told.clients
            )
        )


class ClientShown(Value):
    """A client in a list: enough to find the right one."""

    id: ClientId
    legal_name: str
    preferred_name: str | None
    standing: Standing


class ClientsShown(Value):
    """A page of clients."""

    items: tuple[ClientShown, ...]
    next: ClientId | None = None
    """What to ask for `after`; None on the last page."""

    @classmethod
    def page(cls, kept: Sequence[Kept[Client]], *, limit: int) -> Self:
        """Show one page; a full one names where the next begins."""
        clients = [each.document for each in kept]
        return cls(
            items=tuple(
                ClientShown(
                    id=client.client_id,
                    legal_name=client.legal_name,
                    preferred_name=client.preferred_name,
                    standing=client.standing,
                )
                for client in clients
            ),
            next=clients[-1].client_id if len(clients) == limit else None,
        )
