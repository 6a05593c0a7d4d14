import asyncio
from itertools import permutations
from uuid import uuid4

import pytest

from contracts.ids import case_of
from contracts.intake import CareTeamChanged
from contracts.sessions import SegmentSigned, SessionClosed
from hearings import eventually
from record_builders import (
    AUTHOR,
    COLLEAGUE,
    SITE,
    a_closing,
    a_pathway,
    a_segment,
    a_session,
)

pytestmark = pytest.mark.wired


class World:
    """One client with one closed session, told piece by piece."""

    def __init__(self, teller, integration):
        self.teller = teller
        self.client, self.pathway, self.visit = uuid4(), uuid4(), uuid4()
        signed = (a_segment("onset", visit_id=self.visit), a_segment("peak", visit_id=self.visit))
        closed = a_session(a_closing(signed), visit_id=self.visit)
        self.segments = tuple(self.mine(one, SegmentSigned) for one in signed)
        self.closed = self.mine(closed, SessionClosed)
        self.case = case_of(self.pathway)
        self.author = integration.person("therapist", site=SITE, id=AUTHOR)
        self.colleague = integration.person("therapist", site=SITE, id=COLLEAGUE)

    def mine(self, message, fact):
        """Make a message one of this client's."""
        whose = {"client_id": self.client, "pathway_id": self.pathway}
        return fact(**{**{name: getattr(message, name) for name in fact.model_fields}, **whose})

    def team(self):
        """Name the care team: the author and a colleague."""
        pathway = a_pathway([(AUTHOR, "lead_therapist"), (COLLEAGUE, "therapist")])
        return self.mine(pathway, CareTeamChanged)

    async def told(self, *facts):
        """Tell the care team, then these facts."""
        await self.teller.tell(self.team(), *facts)
        return self

    async def record(self, person=None):
        """Ask for the record, as the colleague where nobody is named."""
        return await (person or self.colleague).get(f"/v1/cases/{self.case}/record")

    async def counted(self):
        """Say how much of each record has come, and whether it is verified."""
        listed = await self.author.get(f"/v1/cases?client={self.client}")
        return [
            (each["segments_received"], each["segments_expected"], each["verified_at"] is not None)
            for case in listed.json()["items"]
            for each in case["records"]
        ]


@pytest.fixture
def world(teller, integration):
    return World(teller, integration)


class TestReceiveRecord:
    """R14: the record of a session arrives over three topics without a common order."""

    async def test_is_read_by_another_therapist_of_the_care_team(self, world):
        """A record that only its author can read is a defect."""
        await world.told(world.closed, *world.segments)
        await eventually(world.counted, [(2, 2, True)])
        record = (await world.record()).json()

        assert record["complete"] is True
        assert record["root_sha256"] == world.closed.closing.root_sha256
        assert [each["phase"] for each in record["segments"]] == ["onset", "peak"]
        assert [each["entries"][0]["text"] for each in record["segments"]] == [
            "seen in onset",
            "seen in peak",
        ]
        assert record["verified_at"] is not None

    @pytest.mark.parametrize("order", [*permutations((0, 1, 2))], ids=str)
    async def test_is_whole_whichever_part_comes_last(self, world, order):
        """The last companion completes it."""
        parts = (world.closed, *world.segments)
        for place in order:
            await world.told(parts[place])
            await asyncio.sleep(0.1)

        await eventually(world.counted, [(2, 2, True)])

    async def test_waits_and_says_how_much_is_there(self, world):
        """409 with the counts: something is still to come."""
        await world.told(world.closed, world.segments[0])
        await eventually(world.counted, [(1, 2, False)])
        answer = await world.record()

        assert answer.status_code == 409
        (reason,) = answer.json()["reasons"]
        assert (reason["code"], reason["facts"]) == (
            "RECORD_INCOMPLETE",
            {"segments_expected": 2, "segments_received": 1},
        )

    async def test_shows_a_record_that_is_not_what_was_signed(self, world):
        """409 with the difference, and the case says so; nobody reads it as the record."""
        wrong = SegmentSigned(**{**dict(world.segments[0]), "sha256": "0" * 64})
        await world.told(world.closed, wrong, world.segments[1])
        await eventually(world.counted, [(2, 2, False)])
        answer = await world.record()
        case = (await world.author.get(f"/v1/cases/{world.case}")).json()

        assert answer.status_code == 409
        assert [each["code"] for each in answer.json()["reasons"]] == ["RECORD_BROKEN"]
        assert case["broken"][0]["reasons"][0]["facts"]["problem"] == "hash-differs"

    async def test_is_not_harmed_by_repeats(self, world):
        """Everything on the bus may come twice."""
        await world.told(world.closed, *world.segments)
        await eventually(world.counted, [(2, 2, True)])
        before = (await world.author.get(f"/v1/cases/{world.case}")).json()
        for fact in (world.closed, *world.segments):
            await world.teller.tell_again(fact, sequence=1)
            await world.teller.tell_again(fact, sequence=2)
        await world.teller.tell(world.team())
        await asyncio.sleep(1)

        after = (await world.author.get(f"/v1/cases/{world.case}")).json()
        assert (after["records"], after["sequence"]) == (before["records"], before["sequence"])


class TestAccess:
    """R14: a role at the site is not a place in the care team."""

    async def test_hides_the_case_from_a_therapist_outside_the_team(self, world, integration):
        """404: it does not exist for them."""
        await world.told(world.closed, *world.segments)
        await eventually(world.counted, [(2, 2, True)])
        outsider = integration.person("therapist", site=SITE)

        assert (await world.record(outsider)).status_code == 404
        assert (await outsider.get(f"/v1/cases/{world.case}")).status_code == 404
        assert (await outsider.get(f"/v1/cases?client={world.client}")).json()["items"] == []

    async def test_hides_the_case_from_a_therapist_of_another_site(self, world, integration):
        """Also where they are named in the team: they hold no role here."""
        await world.told(world.closed, *world.segments)
        await eventually(world.counted, [(2, 2, True)])
        elsewhere = integration.person("therapist", site=uuid4(), id=COLLEAGUE)

        assert (await world.record(elsewhere)).status_code == 404

    async def test_shows_a_supervisor_the_case_and_not_the_words(self, world, integration):
        """Somebody must see that a record is broken; nobody need read it for that."""
        await world.told(world.closed, *world.segments)
        await eventually(world.counted, [(2, 2, True)])
        supervisor = integration.person("clinical_supervisor", site=SITE)

        assert (await supervisor.get(f"/v1/cases/{world.case}")).status_code == 200
        assert (await world.record(supervisor)).status_code == 403

    @pytest.mark.parametrize("role", ["intake_coordinator", "operator", "site_admin"])
    async def test_refuses_every_other_role(self, world, integration, role):
        """What was said in a session is not for the office."""
        person = integration.person(role, site=SITE)

        assert (await world.record(person)).status_code == 403

    async def test_refuses_whoever_shows_no_token(self, world, integration):
        """401 says: sign in."""
        assert (await integration.http.get(f"/v1/cases/{world.case}")).status_code == 401

    async def test_knows_no_case_before_a_session_closed(self, world):
        """404 for what is not there, whoever asks."""
        assert (await world.record()).status_code == 404

    async def test_refuses_a_list_without_a_client(self, world):
        """Nobody looks through everybody's cases."""
        assert (await world.author.get("/v1/cases")).status_code == 422
