from datetime import UTC, date, datetime

import pytest

from chassis.domain import Refused
from contracts.ids import ConsentId
from contracts.intake import ConsentSigned, ConsentWithdrawn
from intake.model import ConsentSigning
from intake.rules.consents import sign_consent, withdraw_consent
from intake_builders import CENTRAL, NOW, a_consent, a_dose_taken, a_movement, a_pathway
from intake_policies import CONSENTS, ENGLISH_SHA256, KAP_VERSION, SPANISH_SHA256

CONSENT = ConsentId(a_consent().consent_id)


def signing(**but):
    """A signature under the current English text."""
    ordinary = {
        "kind": "treatment_kap",
        "text_version": KAP_VERSION,
        "text_sha256": ENGLISH_SHA256,
        "language": "en",
    }
    return ConsentSigning(**{**ordinary, **but})


def sign(pathway=None, given=None, *, at=NOW):
    """Sign an ordinary consent, but for what is given."""
    return sign_consent(
        pathway or a_pathway(consents=()),
        given or signing(),
        consent_id=CONSENT,
        policy=CONSENTS,
        zone=CENTRAL,
        at=at,
    )


def refusal(*args, **kwargs):
    """Sign what will be refused, and give the codes."""
    with pytest.raises(Refused) as refused:
        sign(*args, **kwargs)
    return [reason.code for reason in refused.value.reasons]


class TestSignConsent:
    def test_pins_the_text_and_tells(self):
        """Years later it must be plain what was agreed to."""
        change = sign()
        assert change.document.consents == (a_consent(signed_at=NOW, expires_on=date(2027, 12, 4)),)
        assert [type(fact) for fact in change.told] == [ConsentSigned]

    def test_is_a_row_of_its_own(self):
        """What was signed before is never written over."""
        change = sign(a_pathway(consents=(a_consent(withdrawn_at=NOW),)))
        assert [each.withdrawn_at for each in change.document.consents] == [NOW, None]

    def test_is_given_in_the_client_s_language(self):
        """A text in a language one does not read is no text."""
        spanish = signing(language="es", text_sha256=SPANISH_SHA256)
        assert sign(given=spanish).document.consents[0].language == "es"

    @pytest.mark.parametrize(
        ("but", "code"),
        [
            pytest.param(
                {"text_version": "treatment-kap-0"}, "CONSENT_TEXT_NOT_CURRENT", id="an older text"
            ),
            pytest.param({"text_sha256": "c" * 64}, "CONSENT_TEXT_MISMATCH", id="another text"),
            pytest.param(
                {"text_sha256": SPANISH_SHA256}, "CONSENT_TEXT_MISMATCH", id="another language"
            ),
            pytest.param({"language": "other"}, "CONSENT_TEXT_MISMATCH", id="no such language"),
            pytest.param({"kind": "chaperone_disclosure"}, "CONSENT_KIND_UNKNOWN", id="no text"),
        ],
    )
    def test_refuses_what_was_not_the_current_text(self, but, code):
        """A page kept open overnight may show yesterday's text."""
        assert refusal(given=signing(**but)) == [code]

    def test_refuses_on_an_ended_pathway(self):
        """There is nothing left to agree to."""
        assert refusal(a_pathway(closed_at=NOW)) == ["PATHWAY_CLOSED"]


class TestCapacity:
    """R23."""

    TAKEN_AT = datetime(2026, 12, 4, 22, 0, tzinfo=UTC)

    @pytest.mark.parametrize(
        "at",
        [
            pytest.param(TAKEN_AT, id="at the moment of taking"),
            pytest.param(datetime(2026, 12, 5, 13, 59, 59, tzinfo=UTC), id="a second before 8"),
        ],
    )
    def test_refuses_until_the_next_morning(self, at):
        """Whoever still feels the medicine cannot agree to more of it."""
        pathway = a_pathway(ledger=(a_movement(), a_dose_taken(self.TAKEN_AT)))
        assert refusal(pathway, at=at) == ["CONSENT_CAPACITY_WINDOW"]

    def test_accepts_from_eight_o_clock_on(self):
        """Eight in the morning of Chicago is two in the afternoon of UTC."""
        pathway = a_pathway(ledger=(a_movement(), a_dose_taken(self.TAKEN_AT)))
        assert sign(pathway, at=datetime(2026, 12, 5, 14, 0, tzinfo=UTC)).told

    def test_lets_an_emergency_contact_be_named_at_once(self):
        """That asks for no clear head, and may be needed now."""
        pathway = a_pathway(ledger=(a_movement(), a_dose_taken(self.TAKEN_AT)))
        contact = signing(kind="emergency_contact", text_version="emergency-contact-1")
        assert sign(pathway, contact, at=self.TAKEN_AT).told


class TestWithdrawConsent:
    def test_counts_from_this_moment(self):
        """The next release is refused, with the bus up or down."""
        change = withdraw_consent(a_pathway(), "treatment_kap", at=NOW)
        assert [each.withdrawn_at for each in change.document.consents] == [NOW]
        assert [type(fact) for fact in change.told] == [ConsentWithdrawn]
        assert change.happened

    def test_leaves_other_kinds_alone(self):
        """Who ends video has not ended treatment."""
        pathway = a_pathway(consents=(a_consent(), a_consent("telehealth")))
        change = withdraw_consent(pathway, "telehealth", at=NOW)
        assert [each.withdrawn_at for each in change.document.consents] == [None, NOW]

    @pytest.mark.parametrize(
        "pathway",
        [
            pytest.param(a_pathway(consents=()), id="never given"),
            pytest.param(
                a_pathway(consents=(a_consent(withdrawn_at=NOW),)), id="withdrawn already"
            ),
        ],
    )
    def test_is_never_refused(self, pathway):
        """Nobody is told that there is nothing to take back."""
        change = withdraw_consent(pathway, "treatment_kap", at=NOW)
        assert change.document is pathway
        assert change.told == ()

    def test_is_accepted_on_an_ended_pathway(self):
        """What was told stays told; what is to be told ends."""
        assert withdraw_consent(a_pathway(closed_at=NOW), "treatment_kap", at=NOW).told
