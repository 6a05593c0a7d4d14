"""How does a person become a client, and how do others learn how they stand?"""

from fastapi import APIRouter
from starlette.responses import Response

from chassis.intents import After, CommandIntent, Limit, ReadIntent
from chassis.shown import shown
from contracts.ids import ClientId, SiteId
from intake.rules import clients as rules
from intake.schemas.clients import (
    ClientGiven,
    ClientsConfirmed,
    ClientsShown,
    ClientsTold,
    ContactGiven,
    StandingGiven,
)
from intake.store import StoreHere

router = APIRouter(prefix="/v1/clients", tags=["clients"])


@router.post("", status_code=201)
async def register_client(given: ClientGiven, intent: CommandIntent, store: StoreHere) -> Response:
    """Register a client, with the keys that seal whatever is written of them."""
    intent.require(given.site_id)
    client = given.client(ClientId(intent.created_id()), at=store.clock.now())
    change = rules.register_client(client, site=await store.site(given.site_id))
    await store.vault.open_keys(client.client_id, ("contact", "chart"))
    return shown(await store.clients.add(change, intent), 201)


@router.get("")
async def list_clients(
    site: SiteId,
    intent: ReadIntent,
    store: StoreHere,
    limit: Limit = 100,
    after: After = None,
) -> ClientsShown:
    """List the clients of one site, a page at a time; who looked is kept."""
    kept = await store.clients_of_site(site, intent, limit=limit, after=after)
    return ClientsShown.page(kept, limit=limit)


@router.post("/confirm")
async def confirm_clients(
    told: ClientsTold,
    intent: ReadIntent,  # noqa: ARG001 - asked for its check
    store: StoreHere,
) -> ClientsConfirmed:
    """Say which of these clients still stand as was heard, before anything is sent to them."""
    kept = await store.clients.get_many(each.id for each in told.clients)
    return ClientsConfirmed.of(told, kept)


@router.get("/{client_id}")
async def show_client(client_id: ClientId, intent: ReadIntent, store: StoreHere) -> Response:
    """Show a client."""
    return shown(await store.clients.get(client_id, intent))


@router.post("/{client_id}/change-contact")
async def change_contact(
    client_id: ClientId, given: ContactGiven, intent: CommandIntent, store: StoreHere
) -> Response:
    """Replace a client's name, address, zone, language and channels."""
    at = store.clock.now()
    kept = await store.clients.change(
        client_id, lambda client: rules.change_contact(client, given, at=at), intent
    )
    return shown(kept)


@router.post("/{client_id}/change-standing")
async def change_standing(
    client_id: ClientId, given: StandingGiven, intent: CommandIntent, store: StoreHere
) -> Response:
    """Note that a client went to hospital, left, died or came back."""
    kept = await store.clients.change(
        client_id, lambda client: rules.change_standing(client, given.standing), intent
    )
    return shown(kept)
