"""What keeps a notice from going out now?"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from contracts.clinical import Code
from contracts.intake import ClientState
from contracts.sessions import SessionState, VisitState
from notifications.rules.hours import zone_named
from notifications.rules.packs import Item, NoticePack


class Sitting(NamedTuple):
    """A medicine visit of a client and, where it was heard of, the session it became."""

    visit: VisitState
    session: SessionState | None


def reasons_to_hold(
    item: Item, visit: VisitState, client: ClientState, pack: NoticePack
) -> tuple[Code, ...]:
    """Name everything about the client that holds this notice until it changes.

    Rules: K-STANDING, K-CHANNEL, K-ZONE, K-LANGUAGE.
    """
    return tuple(_holds(item, visit, client, pack))


def _holds(item: Item, visit: VisitState, client: ClientState, pack: NoticePack) -> Iterator[Code]:
    if client.standing != "active":
        yield "CLIENT_NOT_ACTIVE"
    if item.channel not in {consent.channel for consent in client.channels}:
        yield "CHANNEL_NOT_CONSENTED"
    if item.channel != "email":
        yield "CHANNEL_NOT_OFFERED"
    elif client.email is None:
        yield "ADDRESS_MISSING"
    if zone_named(client.zone) is None or zone_named(visit.zone) is None:
        yield "ZONE_UNKNOWN"
    if pack.words_for(item.item, client.language) is None:
        yield "LANGUAGE_NOT_OFFERED"


def is_impaired(sittings: Iterable[Sitting], pack: NoticePack, *, at: datetime) -> bool:
    """Tell whether a client may be under the effect of a medicine, and reads nothing but safety.

    From a while before the scheduled start until discharge is heard of. Where not even a dose was
    heard of, until discharge is presumed.

    Rule: K-IMPAIRMENT.
    """
    return any(_is_under_way(sitting, pack, at) for sitting in sittings)


def presumed_discharge_at(visit: VisitState, pack: NoticePack) -> datetime:
    """Give the instant at which a discharge that was never heard of is taken to have been."""
    return visit.ends_at + timedelta(hours=pack.presumed_discharge_hours_after_end)


def impairment_opens_at(visit: VisitState, pack: NoticePack) -> datetime:
    """Give the instant from which on a client before their session is left in peace."""
    return visit.starts_at - timedelta(minutes=pack.impairment_minutes_before_start)


def _is_under_way(sitting: Sitting, pack: NoticePack, at: datetime) -> bool:
    visit, session = sitting
    opens_at, presumed_at = impairment_opens_at(visit, pack), presumed_discharge_at(visit, pack)
    if visit.kind != "medicine":
        return False
    if session is None:
        is_off = visit.standing in {"cancelled", "missed"}
        return not is_off and opens_at <= at < presumed_at
    if session.discharge is not None:
        is_over = session.discharge.discharged_at <= at
    else:
        is_over = not session.doses and presumed_at <= at
    return min(opens_at, session.sitting_opened_at or opens_at) <= at and not is_over
