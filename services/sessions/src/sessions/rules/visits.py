"""May a visit be booked, moved, cancelled, attended? And who holds what while it stands?"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from chassis.domain import Change, Refused
from contracts.clinical import Reason
from contracts.ids import VisitId
from contracts.intake import PathwayState
from contracts.sessions import VisitAttended, VisitCancelled, VisitMoved, VisitScheduled
from sessions.model import Known, MoveAsked, SittingPolicy, Visit, VisitAsked
from sessions.rules.care import (
    medicine_forbidden,
    not_in_care_team,
    pathway_closed,
    pathway_unknown,
)

_GONE = frozenset({"left", "deceased"})


def schedule_visit(
    visit_id: VisitId, asked: VisitAsked, known: Known, *, policy: SittingPolicy, at: datetime
) -> Change[Visit]:
    """Book a visit; that nobody is booked twice is held by the index on what it holds.

    Raises:
        Refused: with every reason, what is unknown among them.

    Rules: R17.
    """
    reasons = [
        *_surroundings_unknown(known),
        *pathway_closed(known.pathway),
        *(medicine_forbidden(known.pathway) if asked.kind == "medicine" else ()),
        *not_in_care_team(asked.therapist_id, known.pathway),
        *_implausible(asked.starts_at, asked.ends_at, policy=policy, at=at),
    ]
    if reasons or known.pathway is None or known.site is None:
        raise Refused(*reasons)
    visit = Visit(
        **asked.model_dump(),
        visit_id=visit_id,
        client_id=known.pathway.client_id,
        pathway_kind=known.pathway.kind,
        zone=known.site.zone,
    )
    return Change(visit, (visit.tell(VisitScheduled),))


def move_visit(
    visit: Visit,
    asked: MoveAsked,
    pathway: PathwayState | None,
    *,
    policy: SittingPolicy,
    at: datetime,
) -> Change[Visit]:
    """Give a visit another time, therapist or room; what it held is free in the same write.

    Raises:
        Refused: with every reason.
    """
    therapist_id = asked.therapist_id or visit.therapist_id
    reasons = [
        *_not_scheduled(visit),
        *pathway_unknown(pathway),
        *not_in_care_team(therapist_id, pathway),
        *_implausible(asked.starts_at, asked.ends_at, policy=policy, at=at),
    ]
    if reasons:
        raise Refused(*reasons)
    moved = visit.but(
        starts_at=asked.starts_at,
        ends_at=asked.ends_at,
        therapist_id=therapist_id,
        room=asked.room or visit.room,
        moves=visit.moves + 1,
    )
    return Change(moved, (moved.tell(VisitMoved),))


def cancel_visit(visit: Visit) -> Change[Visit]:
    """Call a visit off; its people, room and time are free at once.

    Raises:
        Refused: the client has come already, or the visit is over.
    """
    if reasons := list(_not_scheduled(visit)):
        raise Refused(*reasons)
    cancelled = visit.but(standing="cancelled")
    return Change(cancelled, (cancelled.tell(VisitCancelled),))


def check_in(visit: Visit, *, at: datetime) -> Change[Visit]:
    """Record that the client came; a medicine visit goes on from there, any other is attended.

    Raises:
        Refused: the visit is not scheduled any more, or not for today.
    """
    if reasons := [*_not_scheduled(visit), *_not_today(visit, at)]:
        raise Refused(*reasons)
    came = visit.but(standing="checked_in" if visit.kind == "medicine" else "attended")
    return Change(came, (came.tell(VisitAttended),))


def attend_visit(visit: Visit) -> Change[Visit]:
    """Let a medicine visit be over; one that is not under way stays as it is."""
    if visit.standing != "checked_in":
        return Change(visit)
    attended = visit.but(standing="attended")
    return Change(attended, (attended.tell(VisitAttended),))


def overlapping(wanted: Visit, others: Iterable[Visit]) -> tuple[Reason, ...]:
    """Say what is taken, therapist, client or room, without a word about whose visit it is."""
    ours = set(wanted.holds)
    taken = {
        hold.partition(":")[0]
        for other in others
        if other.visit_id != wanted.visit_id
        for hold in ours.intersection(other.holds)
    }
    # Whoever held it may have let go between the write that failed and this look.
    whose: list[str | None] = [*sorted(taken)] or [None]
    return tuple(
        Reason(
            code="VISIT_OVERLAPS",
            says="Something this visit needs is taken at that time",
            facts={"taken": each},
        )
        for each in whose
    )


def local_day(at: datetime, zone: str) -> date:
    """Tell which day it is in a zone."""
    return at.astimezone(ZoneInfo(zone)).date()


def _surroundings_unknown(known: Known) -> Iterator[Reason]:
    yield from pathway_unknown(known.pathway)
    if known.site is None:
        yield Reason(code="VISIT_SITE_UNKNOWN", says="This site is not known here, or not yet")
    if known.client is None:
        yield Reason(code="VISIT_CLIENT_UNKNOWN", says="This client is not known here, or not yet")
    elif known.client.standing in _GONE:
        yield Reason(
            code="CLIENT_NOT_ACTIVE",
            says="This client is not in care any more",
            facts={"standing": known.client.standing},
        )


def _implausible(
    starts_at: datetime, ends_at: datetime, *, policy: SittingPolicy, at: datetime
) -> Iterator[Reason]:
    if ends_at <= starts_at:
        yield Reason(code="VISIT_ENDS_BEFORE_START", says="The visit ends before it starts")
    elif ends_at - starts_at > timedelta(minutes=policy.visit_minutes_max):
        yield Reason(
            code="VISIT_TOO_LONG",
            says="The visit lasts longer than a visit may",
            facts={"minutes_max": policy.visit_minutes_max},
        )
    if ends_at <= at:
        yield Reason(code="VISIT_IN_PAST", says="The visit would be over already")
    if starts_at - at > timedelta(days=policy.visit_booked_ahead_days_max):
        yield Reason(
            code="VISIT_TOO_FAR_AHEAD",
            says="The visit lies further ahead than visits are booked",
            facts={"days_max": policy.visit_booked_ahead_days_max},
        )


def _not_scheduled(visit: Visit) -> Iterator[Reason]:
    if visit.standing != "scheduled":
        yield Reason(
            code="VISIT_NOT_SCHEDULED",
            says="Only a visit that is still to come can be changed",
            facts={"standing": visit.standing},
        )


def _not_today(visit: Visit, at: datetime) -> Iterator[Reason]:
    day = local_day(visit.starts_at, visit.zone)
    if local_day(at, visit.zone) != day:
        yield Reason(
            code="VISIT_NOT_TODAY",
            says="The visit is for another day",
            facts={"visit_on": day.isoformat()},
        )
