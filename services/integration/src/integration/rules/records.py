"""Has a session's record arrived whole, and is it what was signed?"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import get_args

from chassis.domain import Change, Refused
from contracts.clinical import Reason
from contracts.ids import SegmentId, SessionId, case_of
from contracts.integration import CaseOpened, ReceivedRecord
from contracts.record import root_sha256, segment_sha256
from contracts.sessions import Closing, Phase, SegmentSeal, SegmentSigned, SessionState
from integration.model import BrokenRecord, Case

_PHASES: tuple[str, ...] = get_args(Phase)


def new_case(session: SessionState, *, at: datetime) -> Case:
    """Make the case of the pathway this session belongs to, without any record yet."""
    return Case(
        case_id=case_of(session.pathway_id),
        client_id=session.client_id,
        pathway_id=session.pathway_id,
        site_id=session.site_id,
        opened_at=at,
    )


def receive_record(
    case: Case, session: SessionState, segments: Sequence[SegmentSigned], *, at: datetime
) -> Change[Case]:
    """Keep how much of a session's record is there; open the case once one is whole.

    Asked again on every companion that comes, in whatever order and however often: the answer
    depends only on what is there. A record that differs from what was signed is kept as broken.

    Rule: R14.
    """
    if session.closing is None:
        return Change(case)
    reasons = broken_in(session, session.closing, segments)
    listed = _listed(session.closing, segments)
    whole = not reasons and len(listed) == len(session.closing.segments)
    received = ReceivedRecord(
        session_id=session.session_id,
        closed_at=session.closing.closed_at,
        root_sha256=session.closing.root_sha256,
        segments_expected=len(session.closing.segments),
        segments_received=len(listed),
        verified_at=(_verified_at(case, session.session_id) or at) if whole else None,
    )
    after = case.but(
        records=_with(case.records, received), broken=_broken(case, session.session_id, reasons, at)
    )
    return _opened(case, after, at=at)


def whole_record(
    case: Case, session: SessionState | None, segments: Sequence[SegmentSigned]
) -> tuple[SegmentSigned, ...]:
    """Give the segments of a record in the order of the phases, checked again as they are read.

    Raises:
        Refused: `RECORD_INCOMPLETE` while segments are missing, `RECORD_BROKEN` with every
            difference where the record is not what was signed.

    Rule: R14.
    """
    record = None if session is None else case.record_of(session.session_id)
    if session is None or session.closing is None or record is None:
        raise Refused(_incomplete(record))
    broken = broken_in(session, session.closing, segments)
    if broken:
        raise Refused(*broken)
    listed = _listed(session.closing, segments)
    if record.verified_at is None or len(listed) != record.segments_expected:
        raise Refused(_incomplete(record))
    return tuple(sorted(listed, key=lambda segment: _PHASES.index(segment.phase)))


def last_session(case: Case) -> SessionId:
    """Name the session that closed last.

    Raises:
        Refused: `RECORD_INCOMPLETE` where no closing was heard of.
    """
    if not case.records:
        raise Refused(_incomplete(None))
    return case.records[-1].session_id


def broken_in(
    session: SessionState, closing: Closing, segments: Iterable[SegmentSigned]
) -> tuple[Reason, ...]:
    """Name every difference between what was signed and what came; a missing segment is none."""
    reasons = []
    if root_sha256(closing.segments) != closing.root_sha256:
        reasons.append(_broken_by("root-hash-differs", None))
    seals = {seal.segment_id: seal for seal in closing.segments}
    for segment in segments:
        seal = seals.get(segment.segment_id)
        reasons.extend(
            _broken_by(problem, segment.segment_id)
            for problem in _differences(session, seal, segment)
        )
    return tuple(reasons)


def _differences(
    session: SessionState, seal: SegmentSeal | None, segment: SegmentSigned
) -> Iterator[str]:
    if seal is None:
        yield "segment-not-listed"
        return
    if (segment.client_id, segment.pathway_id) != (session.client_id, session.pathway_id):
        yield "of-another-client"
    if segment.phase != seal.phase:
        yield "phase-differs"
    if len(segment.entries) != seal.entries:
        yield "count-differs"
    if not segment_sha256(segment.entries) == segment.sha256 == seal.sha256:
        yield "hash-differs"


def _verified_at(case: Case, session_id: SessionId) -> datetime | None:
    known = case.record_of(session_id)
    return None if known is None else known.verified_at


def _listed(closing: Closing, segments: Iterable[SegmentSigned]) -> tuple[SegmentSigned, ...]:
    names = {seal.segment_id for seal in closing.segments}
    return tuple(segment for segment in segments if segment.segment_id in names)


def _with(
    records: tuple[ReceivedRecord, ...], received: ReceivedRecord
) -> tuple[ReceivedRecord, ...]:
    others = (record for record in records if record.session_id != received.session_id)
    return tuple(sorted((*others, received), key=lambda one: (one.closed_at, one.session_id)))


def _broken(
    case: Case, session_id: SessionId, reasons: tuple[Reason, ...], at: datetime
) -> tuple[BrokenRecord, ...]:
    others = tuple(one for one in case.broken if one.session_id != session_id)
    if not reasons:
        return others
    known = case.broken_record_of(session_id)
    if known is not None and known.reasons == reasons:
        return case.broken
    return (*others, BrokenRecord(session_id=session_id, found_at=at, reasons=reasons))


def _opened(before: Case, after: Case, *, at: datetime) -> Change[Case]:
    verified = [record for record in after.records if record.verified_at is not None]
    known = [record for record in before.records if record.verified_at is not None]
    if verified == known:
        return Change(after, happened=True)
    if not known:
        after = after.but(opened_at=at)
    return Change(after, (after.tell(CaseOpened),), happened=True)


def _broken_by(problem: str, segment_id: SegmentId | None) -> Reason:
    named = None if segment_id is None else str(segment_id)
    return Reason(
        code="RECORD_BROKEN",
        says="The record is not what was signed.",
        facts={"problem": problem, "segment_id": named},
    )


def _incomplete(record: ReceivedRecord | None) -> Reason:
    return Reason(
        code="RECORD_INCOMPLETE",
        says="The session's record has not arrived whole.",
        facts={
            "segments_expected": None if record is None else record.segments_expected,
            "segments_received": None if record is None else record.segments_received,
        },
    )
