"""Which way of care is a client on, and with whom?"""

from collections.abc import Container
from datetime import datetime

from chassis.domain import Change, Refused
from contracts.clinical import Reason
from contracts.ids import StaffId
from contracts.intake import CareTeamChanged, CareTeamMember, PathwayClosed, PathwayOpened
from intake.model import Client, Pathway
from intake.rules import clients


def open_pathway(
    pathway: Pathway, *, client: Client | None, known_staff: Container[StaffId]
) -> Change[Pathway]:
    """Set a client out on a pathway.

    A client of another site reads the same as one who does not exist.

    Rules: CLIENT_NOT_AT_SITE, CLIENT_NOT_ACTIVE, MEMBER_UNKNOWN.
    """
    reasons = _unknown_members(pathway.care_team, known_staff)
    if client is None or client.site_id != pathway.site_id:
        reasons.append(
            Reason(code="CLIENT_NOT_AT_SITE", says="There is no such client at this site.")
        )
    else:
        reasons.extend(clients.inactive_reasons(client))
    if reasons:
        raise Refused(*reasons)
    return Change(pathway, told=(pathway.tell(PathwayOpened),))


def change_care_team(
    pathway: Pathway, team: tuple[CareTeamMember, ...], *, known_staff: Container[StaffId]
) -> Change[Pathway]:
    """Replace the care team.

    Rules: PATHWAY_CLOSED, MEMBER_UNKNOWN.
    """
    if reasons := [*closed_reasons(pathway), *_unknown_members(team, known_staff)]:
        raise Refused(*reasons)
    changed = pathway.but(care_team=team)
    if changed == pathway:
        return Change(pathway)
    return Change(changed, told=(changed.tell(CareTeamChanged),))


def close_pathway(pathway: Pathway, *, at: datetime) -> Change[Pathway]:
    """End a pathway; to end an ended one changes nothing."""
    if pathway.closed_at is not None:
        return Change(pathway)
    changed = pathway.but(closed_at=at)
    return Change(changed, told=(changed.tell(PathwayClosed),))


def already_open() -> Refused:
    """Refuse a second open KAP pathway; the store's unique index found the first.

    Rule: KAP_ALREADY_OPEN.
    """
    return Refused(
        Reason(code="KAP_ALREADY_OPEN", says="This client has an open KAP pathway already.")
    )


def closed_reasons(pathway: Pathway) -> list[Reason]:
    """Say that nothing new begins on an ended pathway.

    Rule: PATHWAY_CLOSED.
    """
    if pathway.closed_at is None:
        return []
    return [Reason(code="PATHWAY_CLOSED", says="This pathway has ended.")]


def other_kind_reasons(pathway: Pathway) -> list[Reason]:
    """Say that medicine belongs on a KAP pathway and on no other.

    Rule: PATHWAY_NOT_KAP.
    """
    if pathway.kind == "kap":
        return []
    return [
        Reason(
            code="PATHWAY_NOT_KAP",
            says="Prescriptions, clearance and doses belong on a KAP pathway.",
            facts={"kind": pathway.kind},
        )
    ]


def _unknown_members(
    team: tuple[CareTeamMember, ...], known_staff: Container[StaffId]
) -> list[Reason]:
    return [
        Reason(
            code="MEMBER_UNKNOWN",
            says="A member of the care team is not in the directory.",
            facts={"position": position},
        )
        for position, member in enumerate(team)
        if member.staff_id not in known_staff
    ]
