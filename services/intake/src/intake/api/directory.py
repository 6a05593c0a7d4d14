"""How does the directory of sites and staff get filled?"""

from fastapi import APIRouter
from starlette.responses import Response

from chassis.intents import CommandIntent, IdCommandIntent, ReadIntent
from chassis.shown import shown
from contracts.ids import SiteId, StaffId
from contracts.intake import Licence, Training
from intake.model import Site, StaffMember
from intake.rules import staff as rules
from intake.schemas.directory import SiteGiven, StaffGiven
from intake.store import StoreHere

sites = APIRouter(prefix="/v1/sites", tags=["directory"])
staff = APIRouter(prefix="/v1/staff", tags=["directory"])


@sites.post("", status_code=201)
async def open_site(given: SiteGiven, intent: IdCommandIntent, store: StoreHere) -> Response:
    """Add a site; to add the same one again shows it as it stands."""
    site = Site(**dict(given))
    return shown(await store.sites.add(rules.open_site(site), intent), 201)


@sites.get("/{site_id}")
async def show_site(site_id: SiteId, intent: ReadIntent, store: StoreHere) -> Response:
    """Show a site."""
    return shown(await store.sites.get(site_id, intent))


@staff.post("", status_code=201)
async def register_staff(given: StaffGiven, intent: IdCommandIntent, store: StoreHere) -> Response:
    """Add somebody to the directory, with a key of their own for what is personal."""
    intent.require(given.site_id)
    member = StaffMember(**dict(given))
    change = rules.register_staff(member, site=await store.site(given.site_id))
    await store.vault.open_keys(member.staff_id, ("contact",))
    return shown(await store.staff.add(change, intent), 201)


@staff.get("/{staff_id}")
async def show_staff(staff_id: StaffId, intent: ReadIntent, store: StoreHere) -> Response:
    """Show a member of staff with licences and trainings."""
    return shown(await store.staff.get(staff_id, intent))


@staff.post("/{staff_id}/record-licence")
async def record_licence(
    staff_id: StaffId, licence: Licence, intent: CommandIntent, store: StoreHere
) -> Response:
    """Record a licence to practise."""
    by = () if licence.supervised_by is None else (licence.supervised_by,)
    known = await store.known_staff(by)
    policy = store.prescribing(store.clock.now().date())
    kept = await store.staff.change(
        staff_id,
        lambda member: rules.record_licence(member, licence, policy=policy, known_staff=known),
        intent,
    )
    return shown(kept)


@staff.post("/{staff_id}/record-training")
async def record_training(
    staff_id: StaffId, training: Training, intent: CommandIntent, store: StoreHere
) -> Response:
    """Record a completed training."""
    kept = await store.staff.change(
        staff_id, lambda member: rules.record_training(member, training), intent
    )
    return shown(kept)
