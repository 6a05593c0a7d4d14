import hashlib
from datetime import date
from pathlib import Path

import pytest

from chassis.rulesets import Rulesets
from intake.model import ConsentPolicy, PrescribingPolicy
from served import RULESETS

ON = date(2026, 11, 23)
CONSENT_FOLDER = RULESETS / "kap-consent"


@pytest.fixture(scope="module")
def consents():
    """The texts that clients sign, as they are shipped."""
    return Rulesets(RULESETS, demo=True).newest(ConsentPolicy, "kap-consent", on=ON).policy


class TestConsentRuleset:
    def test_every_text_is_the_one_that_is_pinned(self, consents):
        """A corrected comma is another text; it gets another hash, and maybe another version."""
        pages = [page for terms in consents.kinds.values() for page in terms.pages.values()]
        hashes = {
            page.file: hashlib.sha256((CONSENT_FOLDER / page.file).read_bytes()).hexdigest()
            for page in pages
        }
        assert hashes == {page.file: page.sha256 for page in pages}

    def test_every_text_is_there_in_both_languages(self, consents):
        """Half of a form in another language is no consent."""
        assert {frozenset(terms.pages) for terms in consents.kinds.values()} == {
            frozenset({"en", "es"})
        }

    def test_no_text_lies_about_unused(self, consents):
        """A file that nobody pins may be taken for the text in force."""
        pinned = {page.file for terms in consents.kinds.values() for page in terms.pages.values()}
        assert {f"texts/{path.name}" for path in (CONSENT_FOLDER / "texts").iterdir()} == pinned

    @pytest.mark.parametrize(
        ("file", "words"),
        [
            pytest.param(
                "treatment_kap.en.md",
                ["off-label", "has not been evaluated by the\nFDA", "at home", "right to stop"],
                id="English",
            ),
            pytest.param(
                "treatment_kap.es.md",
                ["off-label", "no ha sido evaluada por la FDA", "en casa", "derecho a parar"],
                id="Spanish",
            ),
        ],
    )
    def test_says_what_must_be_said(self, file, words):
        """Off-label use, a compounded product, taking it at home, and the right to stop."""
        text = (CONSENT_FOLDER / "texts" / file).read_text().lower()
        assert [word for word in words if word.lower() not in text] == []

    def test_every_mode_has_its_consents(self, consents):
        """Video asks for one more than a room."""
        assert consents.needed_for_dose == {
            "in_person": ("treatment_kap",),
            "video": ("treatment_kap", "telehealth"),
        }


class TestPrescribingRuleset:
    def test_fits_what_the_rules_ask(self):
        """A slip in the file must not wait for the first patient of the day."""
        ruleset = Rulesets(RULESETS, demo=True).newest(PrescribingPolicy, "kap-prescribing", on=ON)
        assert ruleset.policy.permitted_medicines == ("ketamine",)
        assert ruleset.name.endswith(" not approved")

    def test_is_signed_by_nobody(self):
        """Only a medical director may say otherwise."""
        files = [*Path(RULESETS, "kap-prescribing").glob("*.yaml"), *CONSENT_FOLDER.glob("*.yaml")]
        assert all("\nsigned_by: null\n" in file.read_text() for file in files)
