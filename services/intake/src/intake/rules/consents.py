"""What has the client consented to, under which text, and does it still hold?"""

from datetime import date, datetime, tzinfo

from chassis.domain import Change, Refused
from contracts.clinical import Reason
from contracts.ids import ConsentId
from contracts.intake import Consent, ConsentKind, ConsentSigned, ConsentWithdrawn
from intake.model import ConsentPolicy, ConsentSigning, ConsentTerms, Mode, Pathway
from intake.rules import pathways
from intake.rules.days import months_after, morning_after


def sign_consent(
    pathway: Pathway,
    signing: ConsentSigning,
    *,
    consent_id: ConsentId,
    policy: ConsentPolicy,
    zone: tzinfo,
    at: datetime,
) -> Change[Pathway]:
    """Keep a signature under the text that was shown, as a row of its own.

    Rules: PATHWAY_CLOSED, CONSENT_KIND_UNKNOWN, CONSENT_TEXT_NOT_CURRENT, CONSENT_TEXT_MISMATCH,
    CONSENT_CAPACITY_WINDOW.
    """
    terms = policy.kinds.get(signing.kind)
    reasons = [*pathways.closed_reasons(pathway), *_text_reasons(signing, terms)]
    if terms is None or terms.sober_only:
        reasons.extend(_capacity_reasons(pathway, policy=policy, zone=zone, at=at))
    if terms is None or reasons:
        raise Refused(*reasons)
    consent = Consent(
        consent_id=consent_id,
        signed_at=at,
        expires_on=months_after(at.astimezone(zone).date(), terms.valid_months),
        **signing.model_dump(),
    )
    changed = pathway.but(consents=(*pathway.consents, consent))
    return Change(changed, told=(changed.tell(ConsentSigned),))


def withdraw_consent(pathway: Pathway, kind: ConsentKind, *, at: datetime) -> Change[Pathway]:
    """Take every consent of one kind back, from this moment on; nobody may be refused this."""
    consents = tuple(
        Consent(**{**dict(each), "withdrawn_at": at})
        if each.kind == kind and each.withdrawn_at is None
        else each
        for each in pathway.consents
    )
    if consents == pathway.consents:
        return Change(pathway)
    changed = pathway.but(consents=consents)
    return Change(changed, told=(changed.tell(ConsentWithdrawn),), happened=True)


def missing_reasons(
    pathway: Pathway, mode: Mode, *, policy: ConsentPolicy, on: date
) -> list[Reason]:
    """Name each consent that a dose in this mode needs and that does not hold on the day.

    Rule: CONSENT_NOT_IN_FORCE.
    """
    return [
        Reason(
            code="CONSENT_NOT_IN_FORCE",
            says="A consent that a dose needs was not given under the current text, or has ended.",
            facts={"kind": kind},
        )
        for kind in policy.needed_for_dose.get(mode, tuple(policy.kinds))
        if not _has_in_force(pathway, kind, policy=policy, on=on)
    ]


def _has_in_force(pathway: Pathway, kind: ConsentKind, *, policy: ConsentPolicy, on: date) -> bool:
    terms = policy.kinds.get(kind)
    return terms is not None and any(
        each.kind == kind
        and each.withdrawn_at is None
        and each.text_version == terms.material_version
        and on <= each.expires_on
        for each in pathway.consents
    )


def _text_reasons(signing: ConsentSigning, terms: ConsentTerms | None) -> list[Reason]:
    if terms is None:
        return [Reason(code="CONSENT_KIND_UNKNOWN", says="There is no text for this consent.")]
    if signing.text_version != terms.material_version:
        return [
            Reason(
                code="CONSENT_TEXT_NOT_CURRENT",
                says="The text that was shown is not the current one.",
                facts={"current": terms.material_version},
            )
        ]
    page = terms.pages.get(signing.language)
    if page is None or page.sha256 != signing.text_sha256:
        return [
            Reason(
                code="CONSENT_TEXT_MISMATCH",
                says="The text that was shown is not the text of this version and language.",
                facts={"known_in_this_language": page is not None},
            )
        ]
    return []


def _capacity_reasons(
    pathway: Pathway, *, policy: ConsentPolicy, zone: tzinfo, at: datetime
) -> list[Reason]:
    taken = [each.moved_at for each in pathway.ledger if each.kind == "taken"]
    if not taken or at >= morning_after(max(taken), hour=policy.sober_from_hour, zone=zone):
        return []
    return [
        Reason(
            code="CONSENT_CAPACITY_WINDOW",
            says="After a dose, consent is given with a clear head: from the next morning on.",
            facts={"from_hour": policy.sober_from_hour},
        )
    ]
