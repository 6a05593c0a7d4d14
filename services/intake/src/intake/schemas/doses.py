"""What does sessions learn when a dose is reserved?"""

from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

from chassis.rows import Kept
from contracts.clinical import Decision
from contracts.ids import SessionId
from intake.model import Pathway


def shown_reserved(
    kept: Kept[Pathway], session_id: SessionId, decision: Decision, looked_at: Mapping[str, int]
) -> Response:
    """Show the pathway with this session's reservation, and what it was decided on."""
    reservation = next(each for each in kept.document.reservations if each.session_id == session_id)
    answer = {
        "id": str(kept.document.id),
        "version": kept.version,
        "sequence": kept.sequence,
        **kept.document.model_dump(mode="json"),
        "reservation": reservation.model_dump(mode="json"),
        "decision": decision.model_dump(mode="json"),
        "decided_on": {**looked_at, str(kept.document.id): kept.sequence},
    }
    return JSONResponse(answer, headers={"etag": f'"{kept.version}"'})
