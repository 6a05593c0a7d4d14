from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from chassis.domain import Refused
from contracts.clinical import Outcome
from contracts.ids import PrescriptionId
from contracts.intake import DoseReserved
from intake.rules.dosing import may_dose, reserve_dose
from intake_builders import (
    KNOXVILLE,
    NOW,
    OTHER_SESSION,
    SUPERVISOR,
    a_clearance,
    a_client,
    a_consent,
    a_delegation,
    a_dose_asked,
    a_dose_taken,
    a_licence,
    a_movement,
    a_pathway,
    a_physician,
    a_prescription,
    a_reservation,
    a_therapist,
    a_training,
    circumstances,
)
from intake_policies import CONSENTS, POLICIES, PRESCRIBING


def codes_of(pathway=None, asked=None, around=None, *, policies=POLICIES, at=NOW):
    """Ask about an ordinary dose, but for what is given."""
    decision = may_dose(
        pathway or a_pathway(),
        asked or a_dose_asked(),
        around or circumstances(),
        policies=policies,
        at=at,
    )
    return [reason.code for reason in decision.reasons]


def prescribed(**but):
    """A pathway with this prescription."""
    return a_pathway(prescriptions=(a_prescription(**but),))


def by_designee(delegation):
    """A pathway with a designee's prescription."""
    return prescribed(prescriber=a_physician(kind="aprn"), delegation=delegation)


class TestMayDose:
    def test_passes_where_all_is_in_order(self):
        """A gate that never opens would be found out late, on the day."""
        decision = may_dose(a_pathway(), a_dose_asked(), circumstances(), policies=POLICIES, at=NOW)
        assert decision.outcome is Outcome.PASS
        assert decision.rulesets == POLICIES.names

    def test_names_every_reason_at_once(self):
        """Whoever sees only the first problem repairs only the first problem."""
        codes = codes_of(
            a_pathway(consents=(), prescriptions=(), clearance=None, ledger=()),
            a_dose_asked(medicine="psilocybin"),
            circumstances(client=None, therapist=None),
        )
        assert codes == [
            "CLIENT_NOT_ACTIVE",
            "SIT_MEDICINE_NOT_PERMITTED",
            "SIT_NO_VALID_PRESCRIPTION",
            "THERAPIST_NOT_TRAINED",
            "THERAPIST_NOT_LICENSED",
            "NOT_CLEARED",
            "UNDER_AGE",
            "CONSENT_NOT_IN_FORCE",
        ]

    def test_refuses_on_an_ended_pathway(self):
        """What has ended is not asked for its consents."""
        assert codes_of(a_pathway(closed_at=NOW)) == ["PATHWAY_CLOSED"]

    def test_refuses_on_a_pathway_of_harm_reduction(self):
        """There nobody sits and nothing is given."""
        assert codes_of(a_pathway(kind="harm_reduction")) == ["PATHWAY_NOT_KAP"]

    @pytest.mark.parametrize("standing", ["in_hospital", "left", "deceased"])
    def test_refuses_a_client_who_is_not_in_care(self, standing):
        """News of a hospital must stop a dose at once."""
        assert codes_of(around=circumstances(client=a_client(standing=standing))) == [
            "CLIENT_NOT_ACTIVE"
        ]


class TestPrescription:
    """R1 to R5."""

    def test_another_medicine_is_not_permitted(self):
        """R1 is a list of one."""
        pathway = prescribed(medicine="mdma")
        assert codes_of(pathway, a_dose_asked(medicine="mdma"), around_trained("mdma")) == [
            "SIT_MEDICINE_NOT_PERMITTED"
        ]

    def test_a_prescription_of_another_pathway_is_none(self):
        """R2: what was prescribed for somebody else covers nobody here."""
        asked = a_dose_asked(prescription_id=PrescriptionId(OTHER_SESSION))
        assert codes_of(asked=asked) == ["SIT_NO_VALID_PRESCRIPTION"]

    def test_an_ended_prescription_covers_nothing(self):
        """R2 counts from the moment it was ended."""
        pathway = prescribed(state="ended", ended_at=NOW, end_cause="cancelled")
        assert codes_of(pathway) == ["SIT_NO_VALID_PRESCRIPTION"]

    def test_a_prescription_of_another_medicine_covers_nothing(self):
        """The label in the hand must be the medicine of the record."""
        policies = replace(
            POLICIES,
            prescribing=policy_with(permitted_medicines=("ketamine", "mdma")),
        )
        pathway = prescribed(medicine="mdma")
        assert codes_of(pathway, policies=policies) == ["SIT_NO_VALID_PRESCRIPTION"]

    @pytest.mark.parametrize(
        "but",
        [
            pytest.param({"licence_state": "KY"}, id="another state"),
            pytest.param({"licence_valid_from": None}, id="unknown begin"),
            pytest.param({"licence_valid_to": None}, id="unknown end"),
            pytest.param({"licence_valid_to": date(2026, 12, 3)}, id="ended yesterday"),
            pytest.param({"licence_valid_from": date(2026, 11, 21)}, id="not yet at issue"),
        ],
    )
    def test_the_prescriber_has_no_licence_that_holds(self, but):
        """R3 asks for the day of issue and for today."""
        assert codes_of(prescribed(prescriber=a_physician(**but))) == ["SIT_PRESCRIBER_NOT_TN"]

    def test_the_licence_may_end_today(self):
        """R3: the last day is still a day."""
        physician = a_physician(licence_valid_to=date(2026, 12, 4))
        assert codes_of(prescribed(prescriber=physician)) == []

    @pytest.mark.parametrize(
        "delegation",
        [
            pytest.param(None, id="none"),
            pytest.param(a_delegation(in_force_from=None), id="unknown begin"),
            pytest.param(a_delegation(in_force_to=None), id="unknown end"),
            pytest.param(a_delegation(in_force_to=date(2026, 12, 3)), id="ended yesterday"),
            pytest.param(a_delegation(in_force_from=date(2026, 11, 21)), id="not yet at issue"),
            pytest.param(a_delegation(physician=a_physician(kind="pa")), id="no physician"),
            pytest.param(
                a_delegation(physician=a_physician(npi="1234567890")), id="no such physician"
            ),
            pytest.param(
                a_delegation(physician=a_physician(licence_state="KY")), id="of another state"
            ),
            pytest.param(
                a_delegation(physician=a_physician(licence_valid_to=None)), id="not verified"
            ),
        ],
    )
    def test_a_designee_without_a_doctor_behind_them(self, delegation):
        """R4: a designee acts for somebody, or for nobody."""
        assert codes_of(by_designee(delegation)) == ["SIT_DESIGNEE_UNSUPPORTED"]

    def test_a_designee_with_a_doctor_behind_them(self):
        """R4 also lets through; the delegation may end today."""
        assert codes_of(by_designee(a_delegation(in_force_to=date(2026, 12, 4)))) == []

    @pytest.mark.parametrize("use", ["clinic_administered", None])
    def test_a_use_that_is_not_known_to_be_home_use(self, use):
        """R5: unknown is not home use."""
        assert codes_of(prescribed(intended_use=use)) == ["SIT_NOT_HOME_USE"]

    def test_esketamine_is_never_home_use(self):
        """A list that permits it by mistake meets the second rule."""
        policies = replace(POLICIES, prescribing=policy_with(permitted_medicines=("esketamine",)))
        pathway = prescribed(medicine="esketamine")
        codes = codes_of(
            pathway,
            a_dose_asked(medicine="esketamine"),
            around_trained("esketamine"),
            policies=policies,
        )
        assert codes == ["RX_NEVER_HOME_USE"]


class TestOutsidePrescription:
    """R6: what is taken is what was prescribed."""

    @pytest.mark.parametrize(
        ("pathway", "asked"),
        [
            pytest.param({}, {"route": "oral"}, id="another route"),
            pytest.param({}, {"units": Decimal("2.25")}, id="a quarter too many"),
            pytest.param({"valid_to_on": date(2026, 12, 3)}, {}, id="ended yesterday"),
            pytest.param({"valid_from_on": date(2026, 12, 5)}, {}, id="begins tomorrow"),
            pytest.param({"units_per_session_max": Decimal(1)}, {}, id="too many units"),
            pytest.param({"session_mg_max": Decimal("199.99")}, {}, id="a little too much"),
        ],
    )
    def test_refuses(self, pathway, asked):
        """Each bound of the label is one of the rule."""
        codes = codes_of(prescribed(**pathway), a_dose_asked(**asked))
        assert set(codes) == {"SIT_OUTSIDE_PRESCRIPTION"}

    @pytest.mark.parametrize(
        "pathway",
        [
            pytest.param({"valid_to_on": date(2026, 12, 4)}, id="ends today"),
            pytest.param({"valid_from_on": date(2026, 12, 4)}, id="begins today"),
            pytest.param({"session_mg_max": Decimal(200)}, id="exactly the most of a session"),
        ],
    )
    def test_passes_on_the_limit(self, pathway):
        """A limit names what is still allowed."""
        assert codes_of(prescribed(**pathway)) == []

    def test_asks_for_units_that_are_there(self):
        """A dose from another source is what the ledger is to show."""
        assert codes_of(a_pathway(ledger=(a_movement(units=Decimal("1.75")),))) == [
            "SIT_OUTSIDE_PRESCRIPTION"
        ]
        assert codes_of(a_pathway(ledger=(a_movement(units=Decimal(2)),))) == []

    def test_an_empty_ledger_holds_nothing(self):
        """Nothing received is nothing to release."""
        assert codes_of(a_pathway(ledger=())) == ["SIT_OUTSIDE_PRESCRIPTION"]

    def test_names_each_way_in_which_it_differs(self):
        """Route and amount are two mistakes."""
        asked = a_dose_asked(route="oral", units=Decimal(7))
        decision = may_dose(a_pathway(), asked, circumstances(), policies=POLICIES, at=NOW)
        assert len({reason.says for reason in decision.reasons}) == 4


class TestTherapist:
    """R7 and R8."""

    @pytest.mark.parametrize(
        "trainings",
        [
            pytest.param((), id="none known"),
            pytest.param((a_training(medicine="psilocybin"),), id="in another medicine"),
            pytest.param((a_training(expires_on=date(2026, 12, 3)),), id="expired yesterday"),
            pytest.param((a_training(completed_on=date(2026, 12, 5)),), id="not completed"),
        ],
    )
    def test_is_not_trained(self, trainings):
        """R7 is about this medicine and this day."""
        around = circumstances(therapist=a_therapist(trainings=trainings))
        assert codes_of(around=around) == ["THERAPIST_NOT_TRAINED"]

    @pytest.mark.parametrize(
        "licences",
        [
            pytest.param((), id="none known"),
            pytest.param((a_licence(state="KY"),), id="of another state"),
            pytest.param((a_licence(valid_to_on=date(2026, 12, 3)),), id="ended yesterday"),
            pytest.param((a_licence(valid_from_on=date(2026, 12, 5)),), id="begins tomorrow"),
            pytest.param((a_licence(profession="barber"),), id="another profession"),
            pytest.param((a_licence(profession="lmsw"),), id="trainee without supervisor"),
        ],
    )
    def test_is_not_licensed(self, licences):
        """R8 asks for a licence of this state, or for a supervisor as well."""
        around = circumstances(therapist=a_therapist(licences=licences))
        assert codes_of(around=around) == ["THERAPIST_NOT_LICENSED"]

    @pytest.mark.parametrize(
        "licence",
        [
            pytest.param(a_licence(valid_to_on=date(2026, 12, 4)), id="ends today"),
            pytest.param(
                a_licence(profession="lmsw", supervised_by=SUPERVISOR), id="supervised trainee"
            ),
        ],
    )
    def test_is_licensed(self, licence):
        """A trainee may sit under supervision."""
        around = circumstances(therapist=a_therapist(licences=(licence,)))
        assert codes_of(around=around) == []

    def test_a_training_may_expire_today(self):
        """The last day is still a day."""
        trainings = (a_training(expires_on=date(2026, 12, 4)),)
        around = circumstances(therapist=a_therapist(trainings=trainings))
        assert codes_of(around=around) == []


class TestClearance:
    """R21."""

    @pytest.mark.parametrize(
        "clearance",
        [
            pytest.param(None, id="unknown"),
            pytest.param(a_clearance(outcome="deferred"), id="deferred"),
            pytest.param(a_clearance(outcome="declined"), id="declined"),
            pytest.param(
                a_clearance(decided_at=datetime(2026, 6, 3, 15, tzinfo=UTC)), id="a day too old"
            ),
            pytest.param(
                a_clearance(decided_at=datetime(2026, 12, 5, 15, tzinfo=UTC)), id="of tomorrow"
            ),
        ],
    )
    def test_is_missing(self, clearance):
        """Only the prescriber's own and recent yes counts."""
        assert codes_of(a_pathway(clearance=clearance)) == ["NOT_CLEARED"]

    @pytest.mark.parametrize(
        "clearance",
        [
            pytest.param(
                a_clearance(decided_at=datetime(2026, 6, 4, 15, tzinfo=UTC)), id="the last day"
            ),
            pytest.param(
                a_clearance(outcome="cleared_with_conditions", conditions=("Fasting",)),
                id="with conditions",
            ),
            pytest.param(a_clearance(decided_at=NOW), id="of this very day"),
        ],
    )
    def test_holds(self, clearance):
        """Six months are six calendar months at the site."""
        assert codes_of(a_pathway(clearance=clearance)) == []


class TestAge:
    """R25."""

    @pytest.mark.parametrize(
        ("born_on", "codes"),
        [
            pytest.param(date(2008, 12, 4), [], id="eighteen today"),
            pytest.param(date(2008, 12, 5), ["UNDER_AGE"], id="eighteen tomorrow"),
            pytest.param(None, ["UNDER_AGE"], id="unknown"),
        ],
    )
    def test_asks_for_a_known_adult(self, born_on, codes):
        """A birthday nobody asked for is not an adult's."""
        assert codes_of(around=circumstances(client=a_client(born_on=born_on))) == codes


class TestConsent:
    """R27."""

    @pytest.mark.parametrize(
        "consents",
        [
            pytest.param((), id="none"),
            pytest.param((a_consent(withdrawn_at=NOW),), id="withdrawn"),
            pytest.param((a_consent(expires_on=date(2026, 12, 3)),), id="expired yesterday"),
            pytest.param((a_consent(text_version="treatment-kap-0"),), id="an older text"),
            pytest.param((a_consent("telehealth"),), id="another kind"),
        ],
    )
    def test_is_not_in_force(self, consents):
        """Consent is to this text, and lasts until it is taken back."""
        assert codes_of(a_pathway(consents=consents)) == ["CONSENT_NOT_IN_FORCE"]

    def test_may_expire_today(self):
        """The last day is still a day."""
        pathway = a_pathway(consents=(a_consent(expires_on=date(2026, 12, 4)),))
        assert codes_of(pathway) == []

    def test_a_withdrawn_one_may_be_given_again(self):
        """The newer row counts beside the withdrawn one."""
        pathway = a_pathway(consents=(a_consent(withdrawn_at=NOW), a_consent()))
        assert codes_of(pathway) == []

    def test_video_needs_one_more(self):
        """At a distance, more can go wrong."""
        asked = a_dose_asked(mode="video")
        assert codes_of(asked=asked) == ["CONSENT_NOT_IN_FORCE"]
        both = a_pathway(consents=(a_consent(), a_consent("telehealth")))
        assert codes_of(both, asked) == []

    def test_a_mode_the_policy_forgot_needs_every_consent(self):
        """A gap in the data must not open the gate."""
        forgetful = CONSENTS.model_copy(update={"needed_for_dose": {}})
        policies = replace(POLICIES, consents=forgetful)
        assert codes_of(policies=policies) == ["CONSENT_NOT_IN_FORCE"] * 2


class TestInterval:
    @pytest.mark.parametrize(
        ("taken_at", "codes"),
        [
            pytest.param(
                datetime(2026, 12, 2, 18, tzinfo=UTC), ["DOSE_INTERVAL_TOO_SHORT"], id="two days"
            ),
            pytest.param(datetime(2026, 12, 1, 18, tzinfo=UTC), [], id="three days"),
            pytest.param(
                datetime(2026, 12, 2, 5, 30, tzinfo=UTC), [], id="late on the third day, local"
            ),
        ],
    )
    def test_counts_days_at_the_site(self, taken_at, codes):
        """Half past five in the morning of UTC is the evening before at the site."""
        pathway = a_pathway(ledger=(a_movement(), a_dose_taken(taken_at)))
        assert codes_of(pathway) == codes

    def test_counts_every_prescription_of_the_medicine(self):
        """A new prescription does not shorten the way between two doses."""
        older = PrescriptionId(OTHER_SESSION)
        pathway = a_pathway(
            prescriptions=(a_prescription(prescription_id=older), a_prescription()),
            ledger=(
                a_movement(),
                a_dose_taken(datetime(2026, 12, 3, 18, tzinfo=UTC), prescription_id=older),
            ),
        )
        assert codes_of(pathway) == ["DOSE_INTERVAL_TOO_SHORT"]

    def test_there_may_be_no_dose_before(self):
        """The first dose waits for none."""
        assert codes_of(a_pathway()) == []


class TestReservation:
    def test_another_session_holds_one(self):
        """Two sites must not release at once."""
        pathway = a_pathway(reservations=(a_reservation(session_id=OTHER_SESSION),))
        assert codes_of(pathway, a_dose_asked(site_id=KNOXVILLE)) == ["DOSE_RESERVED_ELSEWHERE"]

    @pytest.mark.parametrize(
        ("seconds", "codes"),
        [
            pytest.param(900, ["DOSE_RESERVED_ELSEWHERE"], id="to the second"),
            pytest.param(901, [], id="a second later"),
        ],
    )
    def test_it_lapses_unused(self, seconds, codes):
        """A therapist whose connection broke must not block the client for the day."""
        pathway = a_pathway(reservations=(a_reservation(session_id=OTHER_SESSION),))
        assert codes_of(pathway, at=NOW + timedelta(seconds=seconds)) == codes

    def test_a_used_one_does_not_hold(self):
        """What was taken stands in the ledger, and is not counted twice."""
        pathway = a_pathway(reservations=(a_reservation(session_id=OTHER_SESSION, used_at=NOW),))
        assert codes_of(pathway) == []

    def test_the_own_one_does_not_stand_in_the_way(self):
        """To ask again is not to ask for two."""
        assert codes_of(a_pathway(reservations=(a_reservation(),))) == []

    def test_a_session_has_one_dose(self):
        """What was counted for this session is not released again."""
        taken = a_dose_taken(
            datetime(2026, 11, 28, 18, tzinfo=UTC), session_id=a_dose_asked().session_id
        )
        assert codes_of(a_pathway(ledger=(a_movement(), taken))) == ["SESSION_DOSE_TAKEN"]


class TestReserveDose:
    def test_records_and_tells_one_reservation(self):
        """The answer and the record are one write."""
        change = reserve_dose(
            a_pathway(), a_dose_asked(), circumstances(), policies=POLICIES, at=NOW
        )
        assert change.document.reservations == (a_reservation(),)
        assert [type(fact) for fact in change.told] == [DoseReserved]

    def test_refuses_with_every_reason(self):
        """A refusal is what the question would have answered."""
        pathway = a_pathway(consents=(), clearance=None)
        with pytest.raises(Refused) as refused:
            reserve_dose(pathway, a_dose_asked(), circumstances(), policies=POLICIES, at=NOW)
        codes = [reason.code for reason in refused.value.reasons]
        assert codes == ["NOT_CLEARED", "CONSENT_NOT_IN_FORCE"]

    def test_answers_the_same_when_asked_again(self):
        """A lost answer is asked for again, minutes later perhaps."""
        pathway = a_pathway(reservations=(a_reservation(),))
        change = reserve_dose(
            pathway,
            a_dose_asked(),
            circumstances(),
            policies=POLICIES,
            at=NOW + timedelta(minutes=14),
        )
        assert change.document is pathway
        assert change.told == ()

    def test_takes_the_place_of_the_session_s_own(self):
        """A therapist who reserved two and gives one has one reserved."""
        pathway = a_pathway(reservations=(a_reservation(),))
        change = reserve_dose(
            pathway,
            a_dose_asked(units=Decimal(1)),
            circumstances(),
            policies=POLICIES,
            at=NOW,
        )
        assert [each.units for each in change.document.reservations] == [Decimal(1)]

    def test_is_judged_anew_once_it_has_lapsed(self):
        """A quarter of an hour later, consent may have gone."""
        late = NOW + timedelta(minutes=16)
        withdrawn = a_pathway(consents=(), reservations=(a_reservation(),))
        with pytest.raises(Refused):
            reserve_dose(withdrawn, a_dose_asked(), circumstances(), policies=POLICIES, at=late)

        standing = a_pathway(reservations=(a_reservation(),))
        change = reserve_dose(standing, a_dose_asked(), circumstances(), policies=POLICIES, at=late)
        assert [each.reserved_at for each in change.document.reservations] == [late]

    def test_keeps_those_that_were_used(self):
        """They are the history of the doses."""
        used = a_reservation(session_id=OTHER_SESSION, used_at=NOW)
        change = reserve_dose(
            a_pathway(reservations=(used,)),
            a_dose_asked(),
            circumstances(),
            policies=POLICIES,
            at=NOW,
        )
        assert change.document.reservations == (used, a_reservation())


def around_trained(medicine):
    """A therapist trained in this medicine."""
    return circumstances(therapist=a_therapist(trainings=(a_training(medicine=medicine),)))


def policy_with(**but):
    """The ordinary policy, but for what is given."""
    return PRESCRIBING.model_copy(update=but)
