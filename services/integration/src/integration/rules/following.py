"""What does integration ask of itself when a part of a record is heard?"""

from chassis.domain import Work
from contracts.sessions import SegmentSigned, SessionState

RECEIVE_RECORD = "receive-record"


def follow_closing(session: SessionState) -> tuple[Work, ...]:
    """Look at the record as soon as its signature is there."""
    if session.closing is None:
        return ()
    return (Work(RECEIVE_RECORD, session.session_id, session.client_id),)


def follow_segment(segment: SegmentSigned) -> tuple[Work, ...]:
    """Look at the record whenever a segment comes; it may be the last."""
    return (Work(RECEIVE_RECORD, segment.session_id, segment.client_id),)
