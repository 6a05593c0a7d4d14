"""May a sitting begin? By what is known here: presence, pathway, standing, consent."""

from collections.abc import Iterator
from datetime import datetime

from chassis.domain import Change, Refused
from contracts.clinical import Reason
from contracts.ids import StaffId
from contracts.intake import ClientState, PathwayState
from contracts.sessions import SittingOpened
from sessions.model import Known, Session
from sessions.rules.care import medicine_forbidden, pathway_closed, pathway_unknown
from sessions.rules.phases import furthest
from sessions.rules.presence import is_present
from sessions.rules.visits import local_day


def open_sitting(session: Session, known: Known, *, by: StaffId, at: datetime) -> Change[Session]:
    """Begin the sitting: a therapist is there, and as far as is known the client consents.

    Raises:
        Refused: with every reason; what is unknown refuses.

    Rules: R17, R27.
    """
    reasons = [
        *_already_open(session),
        *session_over(session),
        *_absent(session, by),
        *_not_in_care(known.client),
        *pathway_unknown(known.pathway),
        *pathway_closed(known.pathway),
        *medicine_forbidden(known.pathway),
        *_consents_missing(session, known.pathway, at=at),
    ]
    if reasons:
        raise Refused(*reasons)
    sitting = session.but(sitting_opened_at=at, phase=furthest(session.phase, "safety_check"))
    return Change(sitting, (sitting.tell(SittingOpened),))


def session_over(session: Session) -> Iterator[Reason]:
    """Name a session whose client has gone home."""
    if session.discharge is not None or session.closing is not None:
        yield Reason(code="SESSION_OVER", says="The client of this session has been discharged")


def _already_open(session: Session) -> Iterator[Reason]:
    if session.sitting_opened_at is not None:
        yield Reason(code="SITTING_ALREADY_OPEN", says="The sitting is open")


def _absent(session: Session, by: StaffId) -> Iterator[Reason]:
    if not is_present(session, by):
        yield Reason(code="THERAPIST_ABSENT", says="Your presence in this session is not open")


def _not_in_care(client: ClientState | None) -> Iterator[Reason]:
    standing = None if client is None else client.standing
    if standing != "active":
        yield Reason(
            code="CLIENT_NOT_ACTIVE",
            says="The client is not known to be in care at home",
            facts={"standing": standing},
        )


def _consents_missing(
    session: Session, pathway: PathwayState | None, *, at: datetime
) -> Iterator[Reason]:
    needed = ["treatment_kap", *(["telehealth"] if session.mode == "video" else [])]
    today = local_day(at, session.zone)
    in_force = {
        each.kind
        for each in (() if pathway is None else pathway.consents)
        if each.withdrawn_at is None and each.signed_at <= at and today <= each.expires_on
    }
    for kind in needed:
        if kind not in in_force:
            yield Reason(
                code="CONSENT_NOT_IN_FORCE",
                says="A consent that the sitting needs is not known to be in force",
                facts={"kind": kind},
            )
