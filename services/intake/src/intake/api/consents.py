"""How does a client consent, and take it back?"""

from fastapi import APIRouter
from starlette.responses import Response

from chassis.intents import CommandIntent, ReadIntent
from chassis.shown import shown
from contracts.ids import ConsentId, PathwayId
from contracts.intake import Language
from intake.model import ConsentSigning
from intake.rules import consents as rules
from intake.schemas.consents import ConsentEnd, ConsentTexts
from intake.store import StoreHere

router = APIRouter(prefix="/v1/pathways", tags=["consents"])
texts = APIRouter(prefix="/v1/consent-texts", tags=["consents"])


@texts.get("")
async def show_texts(
    intent: ReadIntent,  # noqa: ARG001 - asked for its check
    store: StoreHere,
    language: Language = "en",
) -> ConsentTexts:
    """Show the current texts in one language, with the version and hash that a signature pins."""
    policy = store.consents(store.clock.now().date())
    return ConsentTexts.of(policy, language, text_of=store.text)


@router.post("/{pathway_id}/sign-consent")
async def sign_consent(
    pathway_id: PathwayId, signing: ConsentSigning, intent: CommandIntent, store: StoreHere
) -> Response:
    """Keep a client's signature under the text that was shown to them."""
    at, zone = store.clock.now(), await store.zone_of_client(pathway_id)
    consent_id = ConsentId(intent.created_id())
    policy = store.consents(at.astimezone(zone).date())
    kept = await store.pathways.change(
        pathway_id,
        lambda pathway: rules.sign_consent(
            pathway, signing, consent_id=consent_id, policy=policy, zone=zone, at=at
        ),
        intent,
    )
    return shown(kept)


@router.post("/{pathway_id}/withdraw-consent")
async def withdraw_consent(
    pathway_id: PathwayId, given: ConsentEnd, intent: CommandIntent, store: StoreHere
) -> Response:
    """Take a consent back; this is never refused, and counts at once."""
    at = store.clock.now()
    kept = await store.pathways.change(
        pathway_id, lambda pathway: rules.withdraw_consent(pathway, given.kind, at=at), intent
    )
    return shown(kept)
