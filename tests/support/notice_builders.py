"""An ordinary client, an ordinary medicine visit, and the pack of notices as it stands."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import yaml

from contracts.ids import NS_CAIRN, ClientId, PathwayId, SiteId, StaffId, VisitId, session_of
from contracts.intake import ChannelConsent, ClientState, SiteChanged
from contracts.sessions import Discharge, Dose, SessionState, VisitState
from notifications.model import Claim, Plan, PlannedNotice
from notifications.rules.packs import NoticePack
from notifications.rules.plans import Known, new_plan, plan_visit

PACK_FILE = Path(__file__).parents[2] / "deploy/rulesets/kap-notices/2026-11-01.yaml"
PACK = NoticePack.model_validate(yaml.safe_load(PACK_FILE.read_text())["policy"])
RULESET = "kap-notices@2026-11-01#000000000000 not approved"

BOOKED_AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
STARTS_AT = datetime(2026, 12, 8, 16, 0, tzinfo=UTC)
"""A Tuesday, ten in the morning by the client's clock."""

CLIENT = ClientId(uuid5(NS_CAIRN, "a client"))
SITE = SiteId(uuid5(NS_CAIRN, "a site"))
THERAPIST = StaffId(uuid5(NS_CAIRN, "a therapist"))
VISIT = VisitId(uuid5(NS_CAIRN, "a visit"))


def a_client(**but: Any) -> ClientState:
    """Give a client who agreed to e-mail and lives by Chicago's clock."""
    return ClientState(
        **{
            "client_id": CLIENT,
            "site_id": SITE,
            "zone": "America/Chicago",
            "language": "en",
            "standing": "active",
            "legal_name": "Robin Example",
            "email": "robin@example.org",
            "channels": (ChannelConsent(channel="email", granted_at=BOOKED_AT),),
            **but,
        }
    )


def a_visit(**but: Any) -> VisitState:
    """Give a medicine visit of two hours."""
    starts_at = but.get("starts_at", STARTS_AT)
    return VisitState(
        **{
            "visit_id": VISIT,
            "client_id": CLIENT,
            "pathway_id": PathwayId(uuid5(NS_CAIRN, "a pathway")),
            "site_id": SITE,
            "zone": "America/Chicago",
            "kind": "medicine",
            "mode": "in_person",
            "therapist_id": THERAPIST,
            "starts_at": starts_at,
            "ends_at": starts_at + timedelta(hours=2),
            **but,
        }
    )


def a_site(**but: Any) -> SiteChanged:
    """Give a site with a neutral name."""
    return SiteChanged(
        **{
            "site_id": SITE,
            "name": "Harbor Nashville",
            "zone": "America/Chicago",
            "phone": "+16155550100",
            **but,
        }
    )


def a_session(
    *,
    visit: VisitState | None = None,
    opened_at: datetime | None = STARTS_AT,
    taken_at: datetime | None = None,
    discharged_at: datetime | None = None,
) -> SessionState:
    """Give the session of a visit as far as it came."""
    visit = visit or a_visit()
    return SessionState(
        session_id=session_of(visit.visit_id),
        visit_id=visit.visit_id,
        client_id=visit.client_id,
        pathway_id=visit.pathway_id,
        site_id=visit.site_id,
        zone=visit.zone,
        therapist_id=visit.therapist_id,
        phase="checked_in" if discharged_at is None else "discharged",
        sitting_opened_at=opened_at,
        doses=() if taken_at is None else (_a_dose(taken_at),),
        discharge=None if discharged_at is None else _a_discharge(discharged_at),
    )


def known(**but: Any) -> Known:
    """Give what was heard about an ordinary visit."""
    return Known(**{"visit": a_visit(), "sequence": 1, "client": a_client(), **but})


def planned(heard: Known | None = None, *, before: Plan | None = None, at: datetime) -> Plan:
    """Plan a visit at this moment."""
    heard = heard or known()
    plan = before or new_plan(heard.visit)
    return plan_visit(plan, heard, pack=PACK, ruleset=RULESET, at=at).document


def one(plan: Plan, item: str) -> PlannedNotice:
    """Give the latest notice of an item; an item's whole word need not be spelt."""
    return [notice for notice in plan.notices if notice.item.startswith(item)][-1]


def a_claim(word: str = "a process", *, until: datetime | None = None) -> Claim:
    """Give the claim of a process that is believed to live until then."""
    token: UUID = uuid5(NS_CAIRN, word)
    return Claim(token=token, lease_until=until or datetime(2099, 1, 1, tzinfo=UTC))


def _a_dose(taken_at: datetime) -> Dose:
    return Dose(
        medicine="ketamine",
        route="sublingual",
        units=Decimal(1),
        total_mg=Decimal(100),
        taken_at=taken_at,
        recorded_by=THERAPIST,
    )


def _a_discharge(discharged_at: datetime) -> Discharge:
    return Discharge(
        discharged_by=THERAPIST,
        discharged_at=discharged_at,
        effects_resolved_at=discharged_at,
        checklist=("steady",),
    )
