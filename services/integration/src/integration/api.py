"""How does a therapist of the care team find a case and read what was written?"""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from chassis.intents import ReadIntent
from chassis.shown import listed, shown
from contracts.ids import CaseId, ClientId, SessionId
from integration.rules.records import last_session, whole_record
from integration.schemas import RecordShown
from integration.store import StoreHere

router = APIRouter(prefix="/v1/cases", tags=["cases"])


@router.get("")
async def list_cases(
    client: Annotated[ClientId, Query()], intent: ReadIntent, store: StoreHere
) -> Response:
    """List the cases of a client that the caller may see, with how much of each record came."""
    cases = await store.cases_of(client, intent)
    return listed(cases, len(cases) + 1)


@router.get("/{case_id}")
async def show_case(case_id: CaseId, intent: ReadIntent, store: StoreHere) -> Response:
    """Show a case: which records it has, and whether each is whole or broken."""
    return shown(await store.case_for(case_id, intent, to_read=False))


@router.get("/{case_id}/record")
async def show_record(
    case_id: CaseId,
    intent: ReadIntent,
    store: StoreHere,
    session: Annotated[SessionId | None, Query()] = None,
) -> RecordShown:
    """Show the whole record of a session, of the last one where none is named."""
    case = (await store.case_for(case_id, intent, to_read=True)).document
    session_id = session or last_session(case)
    segments = (await store.segments_of([session_id])).get(session_id, ())
    read = whole_record(case, await store.session(session_id), segments)
    return RecordShown.of(case, session_id, read)
