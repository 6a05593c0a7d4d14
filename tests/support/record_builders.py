"""An ordinary record of a session: two phases, signed, as sessions tells it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from contracts.base import Paragraph
from contracts.ids import (
    NS_CAIRN,
    ClientId,
    EntryId,
    PathwayId,
    SessionId,
    SiteId,
    StaffId,
    VisitId,
    segment_of,
    session_of,
)
from contracts.intake import CareRole, CareTeamMember, PathwayState
from contracts.record import root_sha256, segment_sha256
from contracts.sessions import Closing, Entry, Phase, SegmentSeal, SegmentSigned, SessionState

CLOSED_AT = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
HEARD_AT = CLOSED_AT + timedelta(seconds=3)
CLIENT = ClientId(uuid5(NS_CAIRN, "a client"))
PATHWAY = PathwayId(uuid5(NS_CAIRN, "a pathway"))
SITE = SiteId(uuid5(NS_CAIRN, "a site"))
VISIT = VisitId(uuid5(NS_CAIRN, "a visit"))
AUTHOR = StaffId(uuid5(NS_CAIRN, "the author"))
COLLEAGUE = StaffId(uuid5(NS_CAIRN, "a colleague"))


def an_entry(phase: Phase, said: Paragraph) -> Entry:
    """Write one entry."""
    return Entry(
        entry_id=EntryId(uuid5(VISIT, said)),
        phase=phase,
        kind="verbatim",
        text=said,
        author_id=AUTHOR,
        observed_at=CLOSED_AT,
        entered_at=CLOSED_AT,
        received_at=CLOSED_AT,
    )


def a_segment(
    phase: Phase, *said: Paragraph, visit_id: VisitId = VISIT, pathway_id: PathwayId = PATHWAY
) -> SegmentSigned:
    """Sign one phase with these entries."""
    entries = tuple(an_entry(phase, one) for one in said or (f"seen in {phase}",))
    session_id = session_of(visit_id)
    return SegmentSigned(
        segment_id=segment_of(session_id, phase),
        session_id=session_id,
        client_id=CLIENT,
        pathway_id=pathway_id,
        site_id=SITE,
        phase=phase,
        entries=entries,
        sha256=segment_sha256(entries),
        signed_by=AUTHOR,
        signed_at=CLOSED_AT,
        held_on=CLOSED_AT.date(),
    )


def segments(visit_id: VisitId = VISIT) -> tuple[SegmentSigned, ...]:
    """Give the two segments of an ordinary session."""
    return (a_segment("onset", visit_id=visit_id), a_segment("peak", visit_id=visit_id))


def a_closing(signed: Sequence[SegmentSigned]) -> Closing:
    """Close a session over these segments."""
    seals = tuple(
        SegmentSeal(
            segment_id=one.segment_id,
            phase=one.phase,
            entries=len(one.entries),
            sha256=one.sha256,
        )
        for one in signed
    )
    return Closing(
        closed_by=AUTHOR, closed_at=CLOSED_AT, segments=seals, root_sha256=root_sha256(seals)
    )


def a_session(closing: Closing | None, *, visit_id: VisitId = VISIT) -> SessionState:
    """Give a session as far as it came."""
    return SessionState(
        session_id=SessionId(session_of(visit_id)),
        visit_id=visit_id,
        client_id=CLIENT,
        pathway_id=PATHWAY,
        site_id=SITE,
        zone="America/Chicago",
        therapist_id=AUTHOR,
        phase="discharged",
        closing=closing,
    )


def a_pathway(team: Sequence[tuple[UUID, CareRole]]) -> PathwayState:
    """Open a pathway with this care team."""
    return PathwayState(
        pathway_id=PATHWAY,
        client_id=CLIENT,
        site_id=SITE,
        kind="kap",
        opened_at=CLOSED_AT,
        care_team=tuple(
            CareTeamMember(staff_id=StaffId(staff_id), role=role) for staff_id, role in team
        ),
    )
