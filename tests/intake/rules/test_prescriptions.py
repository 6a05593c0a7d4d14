from datetime import date
from decimal import Decimal

import pytest

from chassis.domain import Refused
from contracts.ids import PrescriptionId
from contracts.intake import PrescriptionEnded, PrescriptionVerified
from intake.rules.prescriptions import end_prescription, verify_prescription
from intake_builders import (
    NOW,
    OTHER_SESSION,
    PRESCRIPTION,
    TODAY,
    a_delegation,
    a_pathway,
    a_physician,
    a_prescription,
)
from intake_policies import PRESCRIBING


def verify(pathway=None, *, by_therapist=False, on=TODAY, **but):
    """Verify an ordinary prescription, but for what is given."""
    return verify_prescription(
        pathway or a_pathway(prescriptions=()),
        a_prescription(**but),
        by_therapist=by_therapist,
        policy=PRESCRIBING,
        on=on,
    )


def refusal(*args, **kwargs):
    """Verify what will be refused, and give the codes."""
    with pytest.raises(Refused) as refused:
        verify(*args, **kwargs)
    return [reason.code for reason in refused.value.reasons]


def by_telemedicine(issued_on):
    """A prescription issued at a distance, verified early in the next year."""
    return {
        "issuance_basis": "telemedicine_flexibility",
        "issued_on": issued_on,
        "valid_from_on": issued_on,
        "valid_to_on": date(2027, 5, 31),
        "on": date(2027, 1, 4),
    }


class TestVerifyPrescription:
    def test_takes_it_onto_the_pathway_and_tells(self):
        """From here on a dose may rest on it."""
        change = verify()
        assert change.document.prescriptions == (a_prescription(),)
        assert [type(fact) for fact in change.told] == [PrescriptionVerified]

    def test_names_every_reason_at_once(self):
        """One telephone call to the pharmacy instead of five."""
        codes = refusal(
            a_pathway(kind="integration_only", closed_at=NOW, prescriptions=()),
            by_therapist=True,
            medicine="esketamine",
            formulation="dust",
            prescriber=a_physician(
                kind="aprn", npi="1234567890", dea_number="AB1234560", licence_state="KY"
            ),
            issuance_basis="other",
            pharmacy_monitoring_checked_on=None,
            issued_on=date(2025, 1, 10),
            valid_from_on=date(2025, 1, 9),
            valid_to_on=date(2026, 1, 9),
            refills_authorized=6,
            dose_mg_min=Decimal(300),
            dose_mg_max=Decimal(201),
        )
        assert codes == [
            "PATHWAY_CLOSED",
            "PATHWAY_NOT_KAP",
            "RX_BY_THERAPIST",
            "SIT_MEDICINE_NOT_PERMITTED",
            "RX_NEVER_HOME_USE",
            "RX_FORM_UNKNOWN",
            "NPI_INVALID",
            "DEA_NUMBER_INVALID",
            "SIT_PRESCRIBER_NOT_TN",
            "SIT_DESIGNEE_UNSUPPORTED",
            "RX_BASIS_UNVERIFIED",
            "RX_MONITORING_NOT_CHECKED",
            "RX_DAYS_DISORDERED",
            "RX_TOO_LONG",
            "RX_NOT_CURRENT",
            "RX_TOO_MANY_REFILLS",
            "RX_DOSE_DISORDERED",
            "RX_UNITS_BELOW_DOSE",
        ]

    def test_echoes_no_number_of_the_prescriber(self):
        """A refusal is shown, logged and kept; identifiers are not its matter."""
        with pytest.raises(Refused) as refused:
            verify(prescriber=a_physician(npi="1234567890", dea_number="AB1234560"))
        said = "".join(reason.model_dump_json() for reason in refused.value.reasons)
        assert "1234567890" not in said
        assert "AB1234560" not in said

    @pytest.mark.parametrize(
        ("but", "code"),
        [
            pytest.param(
                {"valid_to_on": date(2027, 5, 21)}, "RX_TOO_LONG", id="a day over six months"
            ),
            pytest.param({"refills_authorized": 6}, "RX_TOO_MANY_REFILLS", id="a refill over five"),
            pytest.param(
                {"valid_to_on": date(2026, 12, 3)}, "RX_NOT_CURRENT", id="ended yesterday"
            ),
            pytest.param(
                {"dose_mg_min": Decimal("200.01")}, "RX_DOSE_DISORDERED", id="least above most"
            ),
            pytest.param(
                {"session_mg_max": Decimal("199.99")},
                "RX_DOSE_DISORDERED",
                id="dose above the session's most",
            ),
            pytest.param(
                {"units_per_session_max": Decimal("1.75")},
                "RX_UNITS_BELOW_DOSE",
                id="units that do not reach",
            ),
            pytest.param(
                {"route": "intravenous"}, "RX_FORM_UNKNOWN", id="a route that is not named"
            ),
            pytest.param({"formulation": "oral_capsule"}, "RX_FORM_UNKNOWN", id="mismatched form"),
            pytest.param({"intended_use": None}, "SIT_NOT_HOME_USE", id="unknown use"),
            pytest.param(
                {"pharmacy_monitoring_checked_on": None},
                "RX_MONITORING_NOT_CHECKED",
                id="monitoring unknown",
            ),
            pytest.param(
                {"pharmacy_monitoring_checked_on": date(2026, 6, 3)},
                "RX_MONITORING_NOT_CHECKED",
                id="monitoring a day too old",
            ),
            pytest.param(
                {"issuance_basis": "special_registration"},
                "RX_BASIS_UNVERIFIED",
                id="only proposed",
            ),
            pytest.param(
                {"prescriber": a_physician(dea_number=None)},
                "DEA_NUMBER_INVALID",
                id="DEA number unknown",
            ),
            pytest.param(
                {"prescriber": a_physician(licence_valid_from=None)},
                "SIT_PRESCRIBER_NOT_TN",
                id="licence unknown",
            ),
            pytest.param(
                {
                    "prescriber": a_physician(kind="pa"),
                    "delegation": a_delegation(in_force_to=None),
                },
                "SIT_DESIGNEE_UNSUPPORTED",
                id="delegation unknown",
            ),
        ],
    )
    def test_refuses_one_thing_at_a_time(self, but, code):
        """Each check stands alone; none hides behind another."""
        assert refusal(**but) == [code]

    @pytest.mark.parametrize(
        "but",
        [
            pytest.param({"valid_to_on": date(2027, 5, 20)}, id="six months to the day"),
            pytest.param({"refills_authorized": 5}, id="five refills"),
            pytest.param({"valid_to_on": date(2026, 12, 4)}, id="ends today"),
            pytest.param({"dose_mg_min": Decimal(200)}, id="one dose only"),
            pytest.param({"pharmacy_monitoring_checked_on": date(2026, 6, 4)}, id="six months ago"),
            pytest.param(
                {"prescriber": a_physician(kind="pa"), "delegation": a_delegation()}, id="designee"
            ),
        ],
    )
    def test_passes_on_the_limit(self, but):
        """A limit names what is still allowed."""
        assert verify(**but).told

    @pytest.mark.parametrize(
        "issued_on",
        [
            pytest.param(date(2026, 12, 31), id="the last day"),
            pytest.param(date(2026, 12, 1), id="before it"),
        ],
    )
    def test_accepts_the_telemedicine_flexibility_while_it_lasts(self, issued_on):
        """The rule of today is not the rule of tomorrow."""
        assert verify(**by_telemedicine(issued_on)).told

    def test_knows_when_the_telemedicine_flexibility_ends(self):
        """Nobody may assume a fifth extension; a new ruleset says so when there is one."""
        assert refusal(**by_telemedicine(date(2027, 1, 1))) == ["RX_TELEMED_BASIS_UNVERIFIED"]

    def test_is_not_issued_tomorrow(self):
        """A date of the future is a slip or worse."""
        tomorrow = date(2026, 12, 5)
        but = {
            "issued_on": tomorrow,
            "valid_from_on": tomorrow,
            "pharmacy_monitoring_checked_on": TODAY,
        }
        assert refusal(**but) == ["RX_NOT_CURRENT"]


class TestEndPrescription:
    def test_ends_it_at_once_and_tells(self):
        """The next dose is refused from this write on."""
        change = end_prescription(a_pathway(), PRESCRIPTION, "cancelled", at=NOW)
        ended = change.document.prescriptions[0]
        assert (ended.state, ended.ended_at, ended.end_cause) == ("ended", NOW, "cancelled")
        assert [type(fact) for fact in change.told] == [PrescriptionEnded]

    def test_is_stored_even_with_a_long_backlog(self):
        """A cancelled prescription must not wait for the bus."""
        assert end_prescription(a_pathway(), PRESCRIPTION, "cancelled", at=NOW).happened

    def test_keeps_the_first_end(self):
        """To end an ended one changes nothing, and tells nothing."""
        once = end_prescription(a_pathway(), PRESCRIPTION, "cancelled", at=NOW).document
        again = end_prescription(once, PRESCRIPTION, "expired", at=NOW)
        assert again.document is once
        assert again.told == ()

    def test_refuses_one_that_is_not_there(self):
        """To end nothing and say yes would leave the right one standing."""
        with pytest.raises(Refused, match="PRESCRIPTION_UNKNOWN"):
            end_prescription(a_pathway(), PrescriptionId(OTHER_SESSION), "cancelled", at=NOW)
