import asyncio
from uuid import UUID

import pytest

from chassis.access import Intent
from contracts.record import root_sha256, segment_sha256
from contracts.sessions import SegmentSeal
from intake_people import done
from sessions.rules.closing import Signature, record_behind, sign_segments
from sessions_house import PHASES
from sessions_people import codes, entry_body, moment

pytestmark = pytest.mark.wired

SIGNED = {"adverse_events": "none"}


async def segments_of(house, session_id):
    """The segments as they are kept, with their versions."""
    return await house.store.segments.find({"clear.session_id": UUID(session_id)}, limit=0)


async def close(care, path):
    """Set the fence and sign."""
    await done(care.therapist.post(f"{path}/begin-closing", {}))
    return await done(care.therapist.post(f"{path}/close-session", SIGNED))


class TestCloseSession:
    async def test_signs_every_segment_and_the_hash_over_all(self, care, house):
        """Whoever receives the record can tell that it is whole."""
        session = await close(care, await care.discharged_session())

        closing = session["closing"]
        seals = [SegmentSeal.model_validate(each) for each in closing["segments"]]
        kept = {each.document.segment_id: each for each in await segments_of(house, session["id"])}
        assert [each.phase for each in seals] == PHASES
        assert closing["root_sha256"] == root_sha256(seals)
        assert all(
            segment_sha256(kept[each.segment_id].document.entries) == each.sha256 for each in seals
        )
        assert {each.sequence for each in kept.values()} == {1}

    async def test_names_everything_that_is_missing(self, care):
        """R13: each item by itself, and nothing is told."""
        path = await care.session()

        refused = await care.therapist.post(f"{path}/close-session", {})

        assert codes(refused) == {"CLOSING_NOT_BEGUN", "DOC_INCOMPLETE"}
        missing = {
            reason["facts"].get("phase", reason["facts"].get("missing"))
            for reason in refused.json()["reasons"]
        }
        assert {"end", "adverse_event_statement", "discharge_checklist", "intention"} <= missing

    async def test_answers_a_repeat_with_the_signed_record(self, care):
        """A lost answer must not look like a second signature."""
        path = await care.discharged_session()
        await done(care.therapist.post(f"{path}/begin-closing", {}))
        first = await care.therapist.post(f"{path}/close-session", SIGNED, key="sign")

        again = await care.therapist.post(f"{path}/close-session", SIGNED, key="sign")

        assert again.json() == first.json()
        assert again.headers["idempotent-replay"] == "true"
        assert codes(await care.therapist.post(f"{path}/close-session", SIGNED)) == {
            "SESSION_CLOSED"
        }

    async def test_takes_in_what_was_added_before_the_fence_was_set_again(self, care):
        """R13 names what is missing behind the fence; it must be possible to add it."""
        path = await care.discharged_session()
        await done(care.therapist.post(f"{path}/begin-closing", {}))
        more = {"entries": [entry_body("peak")]}
        (result,) = (await done(care.therapist.post(f"{path}/entries", more)))["entries"]

        session = await close(care, path)

        assert result["outcome"] == "addendum"
        peak = next(each for each in session["closing"]["segments"] if each["phase"] == "peak")
        assert peak["entries"] == 2

    async def test_leaves_out_what_came_after_the_fence(self, care):
        """An addendum is kept, shown, and not part of what was signed."""
        path = await care.discharged_session()
        session = await close(care, path)
        late = entry_body("peak", observed_at=moment(-1))

        (result,) = (await done(care.therapist.post(f"{path}/entries", {"entries": [late]})))[
            "entries"
        ]

        items = (await done(care.therapist.get(f"{path}/entries")))["items"]
        assert result["outcome"] == "addendum"
        assert [each["entry_id"] for each in items if each["addendum"]] == [late["entry_id"]]
        assert (await done(care.therapist.get(path)))["closing"] == session["closing"]

    async def test_puts_every_entry_in_one_segment_or_none_while_others_write(self, care, house):
        """Closing under a writing hand: nothing twice, nothing lost, nothing between."""
        path = await care.discharged_session()

        async def write(number):
            await asyncio.sleep(number / 50)
            sent = {"entries": [entry_body("recovery") for _ in range(2)]}
            return (await done(care.therapist.post(f"{path}/entries", sent)))["entries"]

        async def sign():
            await asyncio.sleep(0.1)
            return await close(care, path)

        session, *written = await asyncio.gather(sign(), *map(write, range(30)))

        signed = [
            str(entry.entry_id)
            for kept in await segments_of(house, session["id"])
            for entry in kept.document.entries
        ]
        results = [each for call in written for each in call]
        late = {each["entry_id"] for each in results if each["outcome"] == "addendum"}
        kept = await house.store.entries_of(UUID(session["id"]))
        assert len(signed) == len(set(signed))
        assert late
        assert not late & set(signed)
        assert len(kept) == len(PHASES) + 60
        assert sum(each["entries"] for each in session["closing"]["segments"]) == len(signed)

    async def test_uses_the_segments_that_a_crash_left_behind(self, care, house):
        """Between the segments and the session there is a moment to die in."""
        path = await care.discharged_session()
        begun = await done(care.therapist.post(f"{path}/begin-closing", {}))
        left_behind = await _crash_after_two_segments(care, house, UUID(begun["id"]))

        session = await done(care.therapist.post(f"{path}/close-session", SIGNED))

        kept = {each.document.segment_id: each for each in await segments_of(house, session["id"])}
        assert [UUID(each["segment_id"]) for each in session["closing"]["segments"][:2]] == [
            each.segment_id for each in left_behind
        ]
        assert len(kept) == len(PHASES)
        assert {(each.version, each.sequence) for each in kept.values()} == {(1, 1)}
        assert all(kept[each.segment_id].document == each for each in left_behind)


async def _crash_after_two_segments(care, house, session_id):
    store = house.store
    session = (await store.sessions.get(session_id)).document
    signature = Signature(by=care.therapist.id, at=store.clock.now(), adverse_events="none")
    changes = sign_segments(
        session,
        record_behind(session, await store.entries_of(session_id)),
        (),
        signature=signature,
        policy=store.terms(signature.at).policy,
    )
    own = Intent.own("sessions")
    return [(await store.segments.add(change, own)).document for change in changes[:2]]
