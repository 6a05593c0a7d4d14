"""What must be written before a session closes, and what is signed then?

Closing is a fence: the entries that came before it are the record, cut into segments by phase;
what comes later is an addendum.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from chassis.domain import Change, Refused
from contracts.clinical import Code, Reason
from contracts.ids import EntryId, StaffId, segment_of
from contracts.record import root_sha256, segment_sha256
from contracts.sessions import Closing, Entry, Phase, SegmentSeal, SegmentSigned, SessionClosed
from sessions.model import AdverseEvents, EntryDocument, Segment, Session, SittingPolicy
from sessions.rules.entries import in_record
from sessions.rules.phases import ORDER, needs_medicine
from sessions.rules.presence import has_gap
from sessions.rules.visits import local_day

SEGMENT_CHARACTERS = 180_000
"""How much one segment holds, as JSON before it is compressed; a longer phase is cut into parts."""


@dataclass(frozen=True, slots=True)
class Record:
    """The words of a session as they were read behind one fence."""

    fence: datetime | None
    entries: Sequence[EntryDocument]
    """In the order of what was seen."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signs, when, and what they state about adverse events."""

    by: StaffId
    at: datetime
    adverse_events: AdverseEvents | None


def begin_closing(session: Session, *, at: datetime) -> Change[Session]:
    """Set the fence; set again, it takes in what was added meanwhile.

    Raises:
        Refused: the record is signed.
    """
    _refuse_closed(session)
    return Change(session.but(closing_at=at))


def record_behind(session: Session, entries: Iterable[EntryDocument]) -> Record:
    """Take the entries that came before the fence as the record."""
    fence = session.closing_at
    before = (each for each in entries if in_record(each, fence=fence))
    return Record(fence, sorted(before, key=lambda e: (e.observed_at, e.entered_at, e.entry_id)))


def addenda(
    session: Session, entries: Iterable[EntryDocument], segments: Iterable[Segment]
) -> frozenset[EntryId]:
    """Name the entries that do not belong to the record.

    Of a signed record that is whatever no segment holds; before, whatever came behind the fence.
    """
    if session.closing is None:
        late = (each for each in entries if not in_record(each, fence=session.closing_at))
        return frozenset(each.entry_id for each in late)
    signed = {entry.entry_id for segment in segments for entry in segment.entries}
    return frozenset(each.entry_id for each in entries) - signed


def sign_segments(
    session: Session,
    record: Record,
    signed: Sequence[Segment],
    *,
    signature: Signature,
    policy: SittingPolicy,
) -> list[Change[Segment]]:
    """Cut what is not signed yet into segments, once the record is whole.

    Whoever closes again after a crash finds the segments that were signed already; of a closed
    session nothing is left to cut.

    Raises:
        Refused: with everything that the record lacks.

    Rule: R13.
    """
    if session.closing is not None:
        return []
    refuse_incomplete(session, record, signature=signature, policy=policy)
    told = {entry.entry_id for segment in signed for entry in segment.entries}
    changes = []
    for phase in ORDER:
        parts = sum(segment.phase == phase for segment in signed)
        untold = (e.entry() for e in record.entries if e.phase == phase and e.entry_id not in told)
        for number, cut in enumerate(_cut(untold), start=parts + 1):
            segment = _segment(session, phase, number, cut, signature=signature)
            changes.append(Change(segment, (segment.tell(SegmentSigned),)))
    return changes


def close_session(
    session: Session,
    record: Record,
    segments: Sequence[Segment],
    *,
    signature: Signature,
    policy: SittingPolicy,
) -> Change[Session]:
    """Sign the record: its segments in the order of the phases, and the hash over all of them.

    Raises:
        Refused: the record is signed or not whole, or the fence moved since it was read.

    Rule: R13.
    """
    refuse_incomplete(session, record, signature=signature, policy=policy)
    seals = tuple(_seal(each) for each in sorted(segments, key=_place))
    closing = Closing(
        closed_by=signature.by,
        closed_at=signature.at,
        segments=seals,
        root_sha256=root_sha256(seals),
        breaches=tuple(dict.fromkeys(_breaches(session, record, policy))),
    )
    closed = session.but(closing=closing, adverse_events=signature.adverse_events)
    return Change(closed, (closed.tell(SessionClosed),))


def refuse_incomplete(
    session: Session, record: Record, *, signature: Signature, policy: SittingPolicy
) -> None:
    """Let a session close only when its record holds all that a record must.

    Raises:
        Refused: with every missing item.

    Rule: R13.
    """
    _refuse_closed(session)
    reasons = [
        *_fence_missing(session, record),
        *(_missing(what) for what in _parts_missing(session, signature)),
        *_observations_missing(session, record, policy),
    ]
    if reasons:
        raise Refused(*reasons)


def _refuse_closed(session: Session) -> None:
    if session.closing is not None:
        raise Refused(Reason(code="SESSION_CLOSED", says="The record of this session is signed"))


def _fence_missing(session: Session, record: Record) -> Iterator[Reason]:
    if session.closing_at is None:
        yield Reason(code="CLOSING_NOT_BEGUN", says="Closing begins with its fence")
    elif session.closing_at != record.fence:
        yield Reason(code="CLOSING_MOVED", says="The fence was set again meanwhile: close again")


def _missing(what: str, phase: Phase | None = None) -> Reason:
    return Reason(
        code="DOC_INCOMPLETE",
        says="The record lacks something that a record must hold",
        facts={"missing": what} if phase is None else {"missing": what, "phase": phase},
    )


def _parts_missing(session: Session, signature: Signature) -> Iterator[str]:
    if not session.presence or session.sitting_opened_at is None:
        yield "start"
    if session.present:
        yield "end"
    if session.release is not None and not session.doses:
        yield "dose_record"
    if signature.adverse_events is None:
        yield "adverse_event_statement"
    if session.discharge is None:
        yield "discharge_checklist"
    if signature.by not in {each.therapist_id for each in session.presence}:
        yield "therapist_signature"


def _observations_missing(
    session: Session, record: Record, policy: SittingPolicy
) -> Iterator[Reason]:
    written = {each.phase for each in record.entries}
    for phase in policy.documented_phases:
        if phase not in written and (session.doses or not needs_medicine(phase)):
            yield _missing("observation", phase)


def _breaches(session: Session, record: Record, policy: SittingPolicy) -> Iterator[Code]:
    for dose in session.doses:
        yield from dose.breaches
    if session.discharge is None or not session.doses:
        return
    yield from session.discharge.breaches
    active_from = min(dose.taken_at for dose in session.doses)
    active_to = session.discharge.discharged_at
    if has_gap(session, start=active_from, end=active_to):
        yield "PRESENCE_GAP"
    watched = (e.observed_at for e in record.entries if active_from < e.observed_at < active_to)
    widest = timedelta(minutes=policy.entry_gap_minutes_max)
    steps = pairwise((active_from, *watched, active_to))
    if any(later - earlier > widest for earlier, later in steps):
        yield "ENTRY_GAP"


def _cut(entries: Iterable[Entry]) -> Iterator[tuple[Entry, ...]]:
    part: list[Entry] = []
    size = 0
    for entry in entries:
        characters = len(entry.model_dump_json())
        if part and size + characters > SEGMENT_CHARACTERS:
            yield tuple(part)
            part, size = [], 0
        part.append(entry)
        size += characters
    if part:
        yield tuple(part)


def _segment(
    session: Session,
    phase: Phase,
    number: int,
    entries: tuple[Entry, ...],
    *,
    signature: Signature,
) -> Segment:
    name = phase if number == 1 else f"{phase}:{number}"
    return Segment(
        segment_id=segment_of(session.session_id, name),
        session_id=session.session_id,
        client_id=session.client_id,
        pathway_id=session.pathway_id,
        site_id=session.site_id,
        phase=phase,
        entries=entries,
        sha256=segment_sha256(entries),
        signed_by=signature.by,
        signed_at=signature.at,
        held_on=local_day(session.presence[0].opened_at, session.zone),
    )


def _place(segment: Segment) -> tuple[int, datetime, str]:
    return ORDER.index(segment.phase), segment.entries[0].observed_at, str(segment.segment_id)


def _seal(segment: Segment) -> SegmentSeal:
    return SegmentSeal(
        segment_id=segment.segment_id,
        phase=segment.phase,
        entries=len(segment.entries),
        sha256=segment.sha256,
    )
