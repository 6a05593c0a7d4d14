"""What does notifications remember?"""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from chassis.domain import Document
from contracts.base import Instant, Value
from contracts.clinical import Code
from contracts.notifications import Notice, PlanState

OPEN = ("planned", "held", "claimed")
"""Standings that may still change when the visit does; every other one is settled or under way."""

PASSING = ("CONFIRMATION_WAITING", "GATEWAY_AWAY", "IMPAIRMENT_WINDOW", "SITE_UNKNOWN")
"""Why a notice is held for a while only: nobody tells us when it is over, so we look again."""


class Claim(Value):
    """Which process has a notice in hand, and until when it is believed to be alive."""

    token: UUID
    lease_until: Instant
    """By the unshifted clock: a demo clock that jumps must not end it."""


class PlannedNotice(Notice):
    """A notice with what it was planned by; only what `Notice` names is told to others."""

    anchor_at: Instant
    """The start or discharge it was counted from: another instant asks for another notice."""

    presumed: bool = False
    """Whether the discharge was not heard of, and presumed so that the safety check stands."""

    claim: Claim | None = None

    @property
    def is_open(self) -> bool:
        """Whether it may still be moved, held or cancelled."""
        return self.standing in OPEN

    def but(self, **fields: object) -> "PlannedNotice":
        """Copy this with other fields, validated again."""
        kept = {name: getattr(self, name) for name in type(self).model_fields}
        return PlannedNotice.model_validate({**kept, **fields})


class Plan(PlanState, Document):
    """The notices around one visit, and where each of them stands."""

    clear_fields: ClassVar[tuple[str, ...]] = (
        "client_id",
        "visit_id",
        "site_id",
        "next_due_at",
        "next_lease_at",
        "looks_again",
        "standings",
    )

    notices: tuple[PlannedNotice, ...] = ()
    client_sequence: int = 0
    session_sequence: int = 0
    """The client's and the session's sequences this plan was made from, as `anchor_sequence`."""

    pack: str | None = None
    """The ruleset it was made from, as `id@date#hash`."""

    @property
    def next_due_at(self) -> datetime | None:
        """When a planned notice is due or a held one too late, whichever comes first."""
        wants = [one.due_at for one in self.notices if one.standing == "planned"]
        wants += [one.expires_at for one in self.notices if one.standing == "held"]
        return min(wants, default=None)

    @property
    def next_lease_at(self) -> datetime | None:
        """When the first claim ends that may have to be taken up, by the unshifted clock."""
        in_hand = (one for one in self.notices if one.standing in {"claimed", "intended"})
        leases = [one.claim.lease_until for one in in_hand if one.claim is not None]
        return min(leases, default=None)

    @property
    def looks_again(self) -> bool:
        """Whether something is missing that nobody will tell us has come."""
        return self.waiting_for is not None or any(
            one.standing == "held" and set(one.why) & set(PASSING) for one in self.notices
        )

    @property
    def standings(self) -> list[str]:
        """The different standings of its notices: operators look for `unknown`."""
        return sorted({one.standing for one in self.notices})


class Outcome(Value):
    """What became of one call to a gateway."""

    standing: Literal["sent", "failed", "unknown", "held"]
    """`held` where the gateway certainly did not take it and may be asked again."""

    why: tuple[Code, ...] = ()
