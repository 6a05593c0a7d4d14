"""What is said of a pathway and of a clearance?"""

from typing import Annotated, TypeAlias

from pydantic import Field

from contracts.base import Line, Value
from contracts.ids import ClientId, SiteId
from contracts.intake import (
    CareTeamMember,
    ClearanceOutcome,
    PathwayKind,
)

CareTeam: TypeAlias = Annotated[tuple[CareTeamMember, ...], Field(max_length=50)]


class PathwayGiven(Value):
    """A pathway that a client sets out on."""

    client_id: ClientId
    site_id: SiteId
    kind: PathwayKind
    care_team: CareTeam = ()


class CareTeamGiven(Value):
    """Everybody who cares for the client from now on."""

    care_team: CareTeam


class NothingMore(Value):
    """A command whose address says it all."""


class ClearanceGiven(Value):
    """The prescriber's decision."""

    outcome: ClearanceOutcome
    conditions: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
