"""What may an operator ask of any service? What is parked, and that it be tried again."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends

from chassis.access import Row, may
from chassis.dispatch import Dispatcher
from chassis.domain import Refused
from chassis.intents import After, CommandIntent, Limit, ReadIntent, here
from chassis.parking import Parking
from chassis.refusals import NotFound
from chassis.vault import KeyShredded
from contracts.base import Paragraph, Value
from contracts.clinical import Reason
from contracts.envelope import Unreadable

ACCESS: Mapping[str, Row] = {
    "GET /v1/parked": may("operator", services=("operator",)),
    "GET /v1/parked/{parked_id}": may("operator", services=("operator",)),
    "POST /v1/parked/{parked_id}/retry": may("operator", services=("operator",)),
    "POST /v1/parked/{parked_id}/discard": may("operator", services=("operator",)),
}


class Operations:
    """What operators do to a running service."""

    def __init__(self, parking: Parking, dispatchers: Mapping[str, Dispatcher[Any]]) -> None:
        """Try parked records again with the dispatchers of their topics."""
        self.parking = parking
        self._dispatchers = dispatchers

    async def retry(self, parked_id: UUID) -> None:
        """Act on a parked record again; a newer state of the same document makes it harmless.

        Raises:
            NotFound: nothing of this id waits.
            Refused: it still cannot be acted on; it stays parked.
        """
        record: Any = await self.parking.kept(parked_id)
        if record is None:
            raise NotFound
        try:
            await self._dispatchers[record.topic].retry(record)
        except Unreadable as unreadable:
            raise Refused(Reason(code=unreadable.code, says=unreadable.says)) from None
        except KeyShredded:
            raise Refused(
                Reason(code="KEY_SHREDDED", says="The person was erased; discard this record.")
            ) from None
        await self.parking.settle(parked_id, "retried")


class NothingMore(Value):
    """A command whose address says it all."""


class Discard(Value):
    """Why a parked record is given up."""

    note: Paragraph


Here = Annotated[Operations, Depends(here(Operations))]
router = APIRouter(prefix="/v1/parked", tags=["operations"])


@router.get("")
async def list_parked(
    intent: ReadIntent,  # noqa: ARG001 - asked for its check
    operations: Here,
    limit: Limit = 100,
    after: After = None,
) -> dict[str, Any]:
    """List the records that wait for a person, without their words."""
    rows = await operations.parking.listed(limit=limit, after=after)
    return {"items": rows, "next": rows[-1]["id"] if len(rows) == limit else None}


@router.get("/{parked_id}")
async def show_parked(
    parked_id: UUID,
    intent: ReadIntent,  # noqa: ARG001 - asked for its check
    operations: Here,
) -> dict[str, Any]:
    """Show where a parked record came from and why it is here, without its words."""
    row = await operations.parking.shown(parked_id)
    if row is None:
        raise NotFound
    return row


@router.post("/{parked_id}/retry")
async def retry_parked(
    parked_id: UUID,
    intent: CommandIntent,  # noqa: ARG001 - asked for its check
    operations: Here,
    nothing: NothingMore | None = None,  # noqa: ARG001 - checked for what it must not hold
) -> dict[str, Any]:
    """Act on a parked record again."""
    await operations.retry(parked_id)
    return {"id": parked_id, "state": "retried"}


@router.post("/{parked_id}/discard")
async def discard_parked(
    parked_id: UUID,
    discard: Discard,
    intent: CommandIntent,  # noqa: ARG001 - asked for its check
    operations: Here,
) -> dict[str, Any]:
    """Give a parked record up, with a note."""
    if not await operations.parking.settle(parked_id, "discarded", note=discard.note):
        raise NotFound
    return {"id": parked_id, "state": "discarded"}
