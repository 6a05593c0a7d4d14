"""How is a session's record closed and signed?"""

from fastapi import APIRouter
from starlette.responses import Response

from chassis.access import Intent
from chassis.http import CommandIntent, shown
from chassis.rows import Kept
from contracts.ids import SessionId, StaffId
from sessions.model import Session
from sessions.rules import closing
from sessions.rules.closing import Signature
from sessions.schemas import NothingMore, SignatureGiven
from sessions.store import Store, StoreHere

router = APIRouter(prefix="/v1/sessions", tags=["record"])


@router.post("/{session_id}/begin-closing")
async def begin_closing(
    session_id: SessionId,
    intent: CommandIntent,
    store: StoreHere,
    nothing: NothingMore | None = None,  # noqa: ARG001 - checked for what it must not hold
) -> Response:
    """Set the fence behind which the record is judged; until it is signed it may be set again."""
    at = store.clock.now()
    kept = await store.sessions.change(
        session_id, lambda session: closing.begin_closing(session, at=at), intent
    )
    return shown(kept)


@router.post("/{session_id}/close-session")
async def close_session(
    session_id: SessionId, given: SignatureGiven, intent: CommandIntent, store: StoreHere
) -> Response:
    """Sign the record, or name everything that it lacks."""
    signature = Signature(
        by=StaffId(intent.caller.id), at=store.clock.now(), adverse_events=given.adverse_events
    )
    return shown(await _close(store, session_id, signature, intent))


async def _close(
    store: Store, session_id: SessionId, signature: Signature, intent: Intent
) -> Kept[Session]:
    """Sign the segments first and the session last: a retry finds what was signed already."""
    session = (await store.sessions.get(session_id, intent)).document
    policy = store.terms(signature.at).policy
    record = closing.record_behind(session, await store.entries_of(session_id))
    segments = await store.segments_of(session_id)
    for change in closing.sign_segments(
        session, record, segments, signature=signature, policy=policy
    ):
        segments.append((await store.segments.add(change, intent)).document)
    return await store.sessions.change(
        session_id,
        lambda session: closing.close_session(
            session, record, segments, signature=signature, policy=policy
        ),
        intent,
    )
