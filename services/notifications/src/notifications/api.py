"""How does somebody learn which notices there are, and why each is where it is?"""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from chassis.intents import After, Limit, ReadIntent
from contracts.ids import ClientId, PlanId
from contracts.notifications import NoticeStanding
from notifications.schemas import PlanShown, PlansShown
from notifications.store import StoreHere

router = APIRouter(prefix="/v1/plans", tags=["plans"])


@router.get("")
async def list_plans(
    intent: ReadIntent,
    store: StoreHere,
    client: Annotated[ClientId | None, Query()] = None,
    standing: Annotated[NoticeStanding | None, Query()] = None,
    limit: Limit = 100,
    after: After = None,
) -> PlansShown:
    """List plans, of one client or with a notice that stands so: `unknown` is for a person."""
    kept = await store.plans_for(intent, client=client, standing=standing, limit=limit, after=after)
    return PlansShown.page(kept, intent.caller, limit=limit)


@router.get("/{plan_id}")
async def show_plan(
    plan_id: PlanId, intent: ReadIntent, store: StoreHere, response: Response
) -> PlanShown:
    """Show a plan: each notice, when it is due, how it stands and why."""
    kept = await store.plans.get(plan_id, intent)
    response.headers["etag"] = f'"{kept.version}"'
    return PlanShown.of(kept, intent.caller)
