"""Small policies for the rules of intake; the numbers are those that the tests speak of."""

from datetime import date

from intake.model import (
    ConsentPage,
    ConsentPolicy,
    ConsentTerms,
    IssuanceBasis,
    Policies,
    PrescribingPolicy,
)

KAP_VERSION = "treatment-kap-1"
ENGLISH_SHA256, SPANISH_SHA256 = "a" * 64, "b" * 64
PRESCRIBING = PrescribingPolicy(
    permitted_medicines=("ketamine",),
    permitted_uses=("home_use",),
    never_home_use=("esketamine",),
    formulations_by_route={"sublingual": ("troche", "rdt"), "oral": ("oral_capsule",)},
    licence_state="TN",
    independent_kinds=("physician",),
    refills_max=5,
    valid_months_max=6,
    issuance_bases=(
        IssuanceBasis(basis="in_person_exam"),
        IssuanceBasis(basis="telemedicine_flexibility", last_issued_on=date(2026, 12, 31)),
    ),
    monitoring_check_months=6,
    clearance_months=6,
    adult_age_years=18,
    independent_professions=("lcsw",),
    supervised_professions=("lmsw",),
    reservation_minutes=15,
)


def _terms(version: str, *, sober_only: bool) -> ConsentTerms:
    return ConsentTerms(
        material_version=version,
        valid_months=12,
        sober_only=sober_only,
        pages={
            "en": ConsentPage(file="texts/one.en.md", sha256=ENGLISH_SHA256),
            "es": ConsentPage(file="texts/one.es.md", sha256=SPANISH_SHA256),
        },
    )


CONSENTS = ConsentPolicy(
    kinds={
        "treatment_kap": _terms(KAP_VERSION, sober_only=True),
        "telehealth": _terms("telehealth-1", sober_only=True),
        "emergency_contact": _terms("emergency-contact-1", sober_only=False),
    },
    needed_for_dose={"in_person": ("treatment_kap",), "video": ("treatment_kap", "telehealth")},
    sober_from_hour=8,
)
POLICIES = Policies(
    prescribing=PRESCRIBING,
    consents=CONSENTS,
    names=("kap-prescribing@test not approved", "kap-consent@test not approved"),
)
