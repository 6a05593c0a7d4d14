"""Who is with the client, since when, and was there a moment when nobody was?

Presence is a stated interval, never a heartbeat.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from chassis.domain import Change, Refused
from contracts.clinical import Reason
from contracts.ids import StaffId, session_of
from contracts.intake import SiteChanged
from contracts.sessions import PresenceInterval
from sessions.model import Known, PresenceMode, Session, SittingPolicy, Visit
from sessions.rules.care import not_in_care_team, pathway_unknown

PRESENT_ELSEWHERE = Reason(
    code="THERAPIST_PRESENT_ELSEWHERE", says="Your presence in another session is open"
)
"""What the index on open presence says no with."""


def begin_session(
    visit: Visit, mode: PresenceMode, known: Known, *, by: StaffId, at: datetime
) -> Change[Session]:
    """Make the session of a visit, with its first interval of presence.

    Raises:
        Refused: with every reason.

    Rules: R12, R17.
    """
    begun = Session(
        session_id=session_of(visit.visit_id),
        visit_id=visit.visit_id,
        client_id=visit.client_id,
        pathway_id=visit.pathway_id,
        site_id=visit.site_id,
        zone=visit.zone,
        therapist_id=by,
        phase="checked_in",
        mode=visit.mode,
    )
    return open_presence(begun, visit, mode, known, by=by, at=at)


def open_presence(
    session: Session,
    visit: Visit,
    mode: PresenceMode,
    known: Known,
    *,
    by: StaffId,
    at: datetime,
) -> Change[Session]:
    """State that a therapist is with the client from now on.

    Raises:
        Refused: with every reason.

    Rules: R12, R17.
    """
    reasons = [
        *_visit_not_under_way(visit),
        *_over(session),
        *_mode_invalid(mode, known.site),
        *pathway_unknown(known.pathway),
        *not_in_care_team(by, known.pathway),
    ]
    if is_present(session, by):
        reasons.append(
            Reason(code="PRESENCE_ALREADY_OPEN", says="Your presence in this session is open")
        )
    if reasons or mode == "audio":
        raise Refused(*reasons)
    interval = PresenceInterval(therapist_id=by, mode=mode, opened_at=at)
    return Change(session.but(presence=(*session.presence, interval)))


def close_presence(session: Session, *, by: StaffId, at: datetime) -> Change[Session]:
    """State that a therapist is with the client no longer; a gap is judged afterwards.

    Raises:
        Refused: this therapist's presence was not open.
    """
    if not is_present(session, by):
        raise Refused(
            Reason(code="PRESENCE_NOT_OPEN", says="Your presence in this session is not open")
        )
    stated = tuple(_until(at, each) if _is_open_of(each, by) else each for each in session.presence)
    return Change(session.but(presence=stated), happened=True)


def is_present(session: Session, staff_id: StaffId) -> bool:
    """Say whether this therapist's presence is open."""
    return any(_is_open_of(each, staff_id) for each in session.presence)


def who_sits(session: Session, caller: StaffId) -> StaffId:
    """Name the therapist a gate is asked about: who asks, if present, else the session's first."""
    return caller if is_present(session, caller) else session.therapist_id


def was_present(
    session: Session,
    *,
    policy: SittingPolicy,
    at: datetime,
    therapist_id: StaffId | None = None,
) -> bool:
    """Say whether a therapist, or this one, had been present long enough at a moment.

    Rule: R9.
    """
    since = at - timedelta(minutes=policy.presence_before_release_minutes_min)
    return any(
        each.opened_at <= since and (each.closed_at is None or each.closed_at > at)
        for each in session.presence
        if therapist_id in (None, each.therapist_id)
    )


def has_gap(session: Session, *, start: datetime, end: datetime) -> bool:
    """Say whether nobody was present at some moment between two; intervals that meet leave none.

    Rule: R10.
    """
    covered_to = start
    for each in sorted(session.presence, key=lambda interval: interval.opened_at):
        if each.opened_at > covered_to:
            break
        covered_to = max(covered_to, each.closed_at or end)
    return covered_to < end


def _until(at: datetime, interval: PresenceInterval) -> PresenceInterval:
    return PresenceInterval(
        therapist_id=interval.therapist_id,
        mode=interval.mode,
        opened_at=interval.opened_at,
        closed_at=at,
    )


def _is_open_of(interval: PresenceInterval, staff_id: StaffId) -> bool:
    return interval.therapist_id == staff_id and interval.closed_at is None


def _visit_not_under_way(visit: Visit) -> Iterator[Reason]:
    if visit.kind != "medicine":
        yield Reason(
            code="VISIT_NOT_FOR_MEDICINE",
            says="Only a medicine visit becomes a session",
            facts={"kind": visit.kind},
        )
    elif visit.standing != "checked_in":
        yield Reason(
            code="VISIT_NOT_CHECKED_IN",
            says="The client is not checked in",
            facts={"standing": visit.standing},
        )


def _over(session: Session) -> Iterator[Reason]:
    if session.closing is not None:
        yield Reason(code="SESSION_CLOSED", says="The record of this session is signed")


def _mode_invalid(mode: PresenceMode, site: SiteChanged | None) -> Iterator[Reason]:
    allowed = site.video_presence_allowed if site is not None else None
    if mode == "audio" or (mode == "video" and allowed is not True):
        yield Reason(
            code="PRESENCE_MODE_INVALID",
            says="Presence is in person, or by live video where the site's policy allows it",
            facts={"mode": mode, "video_presence_allowed": allowed},
        )
