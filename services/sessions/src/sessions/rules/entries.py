"""How does something seen or said get into the record, and when is it too odd to be kept?

An entry is never refused for a clinical reason; what makes no sense as an entry is named, entry
by entry, and the others are kept.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from chassis.domain import Change, Refused
from contracts.clinical import Reason
from contracts.ids import StaffId
from sessions.model import EntryAsked, EntryDocument, Session, SittingPolicy


def write_entry(
    asked: EntryAsked, session: Session, *, policy: SittingPolicy, by: StaffId, at: datetime
) -> Change[EntryDocument]:
    """Turn what a device sent into an entry of this session.

    Raises:
        Refused: with everything that makes no sense about it.
    """
    if reasons := [*_ahead(asked, policy, at), *_late_without_reason(asked, policy, at)]:
        raise Refused(*reasons)
    entry = EntryDocument(
        **asked.model_dump(),
        author_id=by,
        received_at=at,
        session_id=session.session_id,
        client_id=session.client_id,
        site_id=session.site_id,
    )
    return Change(entry, happened=True)


def refuse_other(kept: EntryDocument, asked: EntryAsked, session: Session, *, by: StaffId) -> None:
    """Let the same entry come again, however late, and nothing else under its id.

    Raises:
        Refused: the id belongs to another entry.
    """
    as_sent = EntryAsked(**{name: getattr(kept, name) for name in EntryAsked.model_fields})
    if (as_sent, kept.session_id, kept.author_id) != (asked, session.session_id, by):
        raise Refused(
            Reason(code="ENTRY_ID_TAKEN", says="This id was given to another entry before")
        )


def in_record(entry: EntryDocument, *, fence: datetime | None) -> bool:
    """Say whether an entry came before the fence; what comes later is an addendum."""
    return fence is None or entry.received_at <= fence


def _ahead(asked: EntryAsked, policy: SittingPolicy, at: datetime) -> Iterator[Reason]:
    if asked.observed_at > at + timedelta(minutes=policy.stated_ahead_minutes_max):
        yield Reason(
            code="STATED_AHEAD",
            says="What has not happened yet cannot be recorded",
            facts={"minutes_ahead_max": policy.stated_ahead_minutes_max},
        )


def _late_without_reason(
    asked: EntryAsked, policy: SittingPolicy, at: datetime
) -> Iterator[Reason]:
    late = at - asked.observed_at > timedelta(minutes=policy.late_after_minutes)
    if late and asked.late_reason is None:
        yield Reason(
            code="LATE_REASON_MISSING",
            says="An entry made this long after what it tells of needs a reason",
            facts={"minutes_max": policy.late_after_minutes},
        )
