"""Who is a client, and how may they be reached?"""

from datetime import datetime

from chassis.domain import Change, Refused
from contracts.clinical import Reason
from contracts.intake import (
    Channel,
    ChannelConsent,
    ClientRegistered,
    ContactChanged,
    Standing,
    StandingChanged,
)
from intake.model import Client, Contact, Site
from intake.rules.staff import unknown_site


def register_client(client: Client, *, site: Site | None) -> Change[Client]:
    """Make a person a client of the network.

    Rules: SITE_UNKNOWN, CHANNEL_WITHOUT_ADDRESS.
    """
    reasons = list(_unreachable(client))
    if site is None:
        reasons.append(unknown_site())
    if reasons:
        raise Refused(*reasons)
    return Change(client, told=(client.tell(ClientRegistered),))


def change_contact(client: Client, contact: Contact, *, at: datetime) -> Change[Client]:
    """Replace name, address and channels; a channel that stays keeps the day it was granted.

    Rule: CHANNEL_WITHOUT_ADDRESS.
    """
    said = {name: getattr(contact, name) for name in Contact.model_fields}
    said["channels"] = grant_channels(contact.channels, kept=client.channels, at=at)
    changed = client.but(**said)
    if changed == client:
        return Change(client)
    if reasons := _unreachable(changed):
        raise Refused(*reasons)
    return Change(changed, told=(changed.tell(ContactChanged),))


def change_standing(client: Client, standing: Standing) -> Change[Client]:
    """Note that a client went to hospital, left, died or came back; it has happened."""
    if client.standing == standing:
        return Change(client)
    changed = client.but(standing=standing)
    return Change(changed, told=(changed.tell(StandingChanged),), happened=True)


def grant_channels(
    wanted: tuple[Channel, ...], *, kept: tuple[ChannelConsent, ...], at: datetime
) -> tuple[ChannelConsent, ...]:
    """Grant each wanted channel once; one that was granted before keeps its moment."""
    before = {consent.channel: consent for consent in kept}
    return tuple(
        before.get(channel) or ChannelConsent(channel=channel, granted_at=at)
        for channel in dict.fromkeys(wanted)
    )


def inactive_reasons(client: Client | None) -> list[Reason]:
    """Say why this client cannot be cared for now.

    Rule: CLIENT_NOT_ACTIVE.
    """
    standing = None if client is None else client.standing
    if standing == "active":
        return []
    return [
        Reason(
            code="CLIENT_NOT_ACTIVE",
            says="The client is not known to be in care now.",
            facts={"standing": standing},
        )
    ]


def _unreachable(client: Client) -> list[Reason]:
    address = {"email": client.email, "sms": client.phone, "voice": client.phone}
    return [
        Reason(
            code="CHANNEL_WITHOUT_ADDRESS",
            says="A channel is granted, but there is no address to reach it by.",
            facts={"channel": channel},
        )
        for channel in client.open_channels
        if address[channel] is None
    ]
