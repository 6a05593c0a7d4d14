"""What does intake keep, and what does it look up?"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, tzinfo
from typing import Annotated, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends

from chassis.access import Intent
from chassis.audit import read_row
from chassis.domain import Change
from chassis.intents import here
from chassis.mongo import Index, Taken
from chassis.rows import Kept
from chassis.service import Chassis
from contracts.ids import PathwayId, StaffId
from contracts.notifications import PlanState
from contracts.sessions import SessionState, VisitState
from intake.model import (
    Circumstances,
    Client,
    ConsentPolicy,
    DoseAsked,
    Pathway,
    Policies,
    PrescribingPolicy,
    Site,
    StaffMember,
)
from intake.rules import pathways
from intake.rules.ledger import follow_doses

ONE_OPEN_KAP = "open_kap"
_US = "intake"
_PRESCRIBING, _CONSENTS = "kap-prescribing", "kap-consent"


class Store:
    """The collections and mirrors of intake, and the questions asked of them."""

    def __init__(self, chassis: Chassis) -> None:
        """Declare what is kept; nothing connects yet."""
        self.clock = chassis.clock
        self.vault = chassis.vault
        self._audit = chassis.audit
        self._rulesets = chassis.rulesets
        self._texts = _texts_by_hash(chassis)
        by_site = Index("by_site", ("clear.site_id", "_id"))
        self.sites = chassis.collection(Site, "sites")
        self.staff = chassis.collection(StaffMember, "staff")
        self.clients = chassis.collection(Client, "clients", indexes=(by_site,))
        self.pathways = chassis.collection(
            Pathway,
            "pathways",
            indexes=(
                Index("by_client", ("clear.client_id",)),
                Index(
                    ONE_OPEN_KAP,
                    ("clear.open_kap_of",),
                    unique=True,
                    partial={"clear.open_kap_of": {"$gt": ""}},
                ),
            ),
        )
        self.heard_visits = chassis.mirror(VisitState, clear_fields=("client_id",))
        self.heard_sessions = chassis.mirror(
            SessionState, clear_fields=("client_id",), follow=follow_doses
        )
        self.heard_plans = chassis.mirror(PlanState, clear_fields=("client_id",))

    async def open_pathway(self, pathway: Pathway, intent: Intent) -> Kept[Pathway]:
        """Keep a new pathway with the key that seals it; a repeat is not judged again.

        Raises:
            Refused: the rule said no, or this client has an open KAP pathway already.
        """
        if pathway.id in await self.pathways.get_many([pathway.id]):
            return await self.pathways.add(Change(pathway), intent)
        change = pathways.open_pathway(
            pathway,
            client=await self.client(pathway.client_id),
            known_staff=await self.known_staff(each.staff_id for each in pathway.care_team),
        )
        if pathway.kind == "harm_reduction":
            await self.vault.open_keys(pathway.client_id, ("harm_reduction",))
        try:
            return await self.pathways.add(change, intent)
        except Taken as taken:
            if taken.index != ONE_OPEN_KAP:
                raise
            raise pathways.already_open() from None

    async def clients_of_site(
        self, site_id: UUID, intent: Intent, *, limit: int, after: UUID | None
    ) -> list[Kept[Client]]:
        """Give a page of a site's clients; each of them is noted as read.

        Raises:
            NotFound: The caller holds no role at that site.
        """
        intent.require(site_id)
        found = await self.clients.find({"clear.site_id": site_id}, limit=limit, after=after)
        at = self.clock.infrastructure_now()
        await self._audit.append_many(
            read_row(
                intent, each.document, kind="clients", version=each.version, service=_US, at=at
            )
            for each in found
        )
        return found

    async def site(self, site_id: UUID) -> Site | None:
        """Give a site; None where there is none."""
        kept = (await self.sites.get_many([site_id])).get(site_id)
        return None if kept is None else kept.document

    async def client(self, client_id: UUID) -> Client | None:
        """Give a client; None where there is none."""
        kept = (await self.clients.get_many([client_id])).get(client_id)
        return None if kept is None else kept.document

    async def known_staff(self, staff_ids: Iterable[StaffId]) -> frozenset[StaffId]:
        """Give those of these ids that are in the directory."""
        return frozenset(map(StaffId, await self.staff.get_many(set(staff_ids))))

    async def zone_of_site(self, site_id: UUID) -> tzinfo | None:
        """Give the zone of a site; None where there is no such site."""
        site = await self.site(site_id)
        return None if site is None else ZoneInfo(site.zone)

    async def zone_of_pathway(self, pathway_id: PathwayId) -> tzinfo:
        """Give the zone of the pathway's own site.

        Raises:
            NotFound: There is no such pathway.
        """
        pathway = (await self.pathways.get(pathway_id)).document
        return ZoneInfo((await self.sites.get(pathway.site_id)).document.zone)

    async def zone_of_client(self, pathway_id: PathwayId) -> tzinfo:
        """Give the zone where the client of a pathway lives.

        Raises:
            NotFound: There is no such pathway.
        """
        pathway = (await self.pathways.get(pathway_id)).document
        return ZoneInfo((await self.clients.get(pathway.client_id)).document.zone)

    async def circumstances(
        self, pathway_id: PathwayId, asked: DoseAsked
    ) -> tuple[Circumstances, Mapping[str, int]]:
        """Look at what stands outside the pathway, and say what each document had told."""
        pathway = (await self.pathways.get(pathway_id)).document
        client = (await self.clients.get_many([pathway.client_id])).get(pathway.client_id)
        therapist = (await self.staff.get_many([asked.therapist_id])).get(asked.therapist_id)
        circumstances = Circumstances(
            client=None if client is None else client.document,
            therapist=None if therapist is None else therapist.document,
            zone=await self.zone_of_site(asked.site_id),
        )
        looked_at = (kept for kept in (client, therapist) if kept is not None)
        return circumstances, {str(kept.document.id): kept.sequence for kept in looked_at}

    def prescribing(self, on: date) -> PrescribingPolicy:
        """Give the policy of prescriptions, clearances and licences that holds on a day."""
        return self._rulesets.newest(PrescribingPolicy, _PRESCRIBING, on=on).policy

    def consents(self, on: date) -> ConsentPolicy:
        """Give the policy of consents that holds on a day."""
        return self._rulesets.newest(ConsentPolicy, _CONSENTS, on=on).policy

    def policies(self, on: date) -> Policies:
        """Give what a dose is judged by on a day, by name."""
        prescribing = self._rulesets.newest(PrescribingPolicy, _PRESCRIBING, on=on)
        consents = self._rulesets.newest(ConsentPolicy, _CONSENTS, on=on)
        return Policies(prescribing.policy, consents.policy, (prescribing.name, consents.name))

    def text(self, sha256: str) -> str:
        """Give the very text that has this hash."""
        return self._texts[sha256]


StoreHere: TypeAlias = Annotated[Store, Depends(here(Store))]
"""The store of this process, as endpoints ask for it."""


def _texts_by_hash(chassis: Chassis) -> Mapping[str, str]:
    """Read the texts that clients sign, once: what is shown is what the ruleset pins."""
    files = (chassis.settings.rulesets / _CONSENTS).glob("texts/*.md")
    contents = [file.read_bytes() for file in files]
    return {hashlib.sha256(content).hexdigest(): content.decode() for content in contents}
