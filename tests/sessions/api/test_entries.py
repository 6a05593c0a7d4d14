import asyncio
from uuid import uuid4

import pytest

from intake_people import done
from sessions_people import entry_body, moment

pytestmark = pytest.mark.wired


async def write(care, path, *entries, by=None):
    """Send entries as one call, and give what became of each."""
    sent = {"entries": list(entries)}
    return (await done((by or care.therapist).post(f"{path}/entries", sent)))["entries"]


async def count(care, path):
    """How many entries the session has."""
    return len((await done(care.therapist.get(f"{path}/entries?limit=200")))["items"])


class TestWriteEntries:
    async def test_keeps_each_with_its_author_and_the_three_clocks(self, care):
        """Observed, entered, received: the reader must be able to tell."""
        path, entry = await care.session(), entry_body()

        (result,) = await write(care, path, entry)

        (kept,) = (await done(care.therapist.get(f"{path}/entries")))["items"]
        assert (result["outcome"], result["entry_id"]) == ("stored", entry["entry_id"])
        assert kept["author_id"] == str(care.therapist.id)
        assert {"observed_at", "entered_at", "received_at"} <= kept.keys()
        assert kept["addendum"] is False

    async def test_is_harmless_to_repeat_however_often_and_at_once(self, care):
        """A tablet that is not sure sends again."""
        path = await care.session()
        entries = [entry_body() for _ in range(20)]

        calls = await asyncio.gather(*(write(care, path, *entries) for _ in range(5)))

        outcomes = [result["outcome"] for call in calls for result in call]
        assert (outcomes.count("stored"), outcomes.count("repeated")) == (20, 80)
        assert await count(care, path) == 20

    async def test_takes_a_repeat_that_would_be_late_by_now(self, care):
        """The network may be away for hours after the entry was kept."""
        path, entry = await care.session(), entry_body(observed_at=moment(-9.9))
        await write(care, path, entry)

        await asyncio.sleep(7)

        assert (await write(care, path, entry))[0]["outcome"] == "repeated"

    async def test_refuses_other_words_under_the_same_id(self, care):
        """An entry is never overwritten."""
        path, entry = await care.session(), entry_body()
        await write(care, path, entry)

        (result,) = await write(care, path, {**entry, "text": "Other words"})

        assert result["outcome"] == "malformed"
        assert [each["code"] for each in result["problems"]] == ["ENTRY_ID_TAKEN"]

    async def test_keeps_the_good_ones_beside_a_bad_one(self, care):
        """One bad entry of an offline hour must not lose the others."""
        path = await care.session()
        bad = entry_body(kind="seance", observed_at="2026-12-01T12:00:00")

        results = await write(care, path, entry_body(), bad, entry_body())

        assert [each["outcome"] for each in results] == ["stored", "malformed", "stored"]
        assert {each["facts"]["pointer"] for each in results[1]["problems"]} == {
            "/entries/1/kind",
            "/entries/1/observed_at",
        }
        assert await count(care, path) == 2

    async def test_refuses_the_call_when_nothing_in_it_can_be_read(self, care):
        """422 with every problem, by its place, repeating nothing."""
        path = await care.session()
        sent = {"entries": [entry_body(kind="seance"), {"text": "a secret sentence"}]}

        answer = await care.therapist.post(f"{path}/entries", sent)

        assert answer.status_code == 422
        places = {reason["facts"]["pointer"] for reason in answer.json()["reasons"]}
        assert {"/entries/0/kind", "/entries/1/entry_id"} <= places
        assert "secret" not in answer.text
        assert await count(care, path) == 0

    @pytest.mark.parametrize(
        ("minutes", "code"), [(3, "STATED_AHEAD"), (-11, "LATE_REASON_MISSING")]
    )
    async def test_names_an_entry_from_the_future_and_a_late_one(self, care, minutes, code):
        """Clocks differ; two minutes ahead and ten behind are what is believed."""
        path = await care.session()

        late, kept = await write(care, path, entry_body(observed_at=moment(minutes)), entry_body())

        assert [each["code"] for each in late["problems"]] == [code]
        assert kept["outcome"] == "stored"

    async def test_takes_a_late_entry_with_its_reason(self, care):
        """Written from memory, and said so."""
        path = await care.session()
        late = entry_body(observed_at=moment(-60), late_reason="The network was away")

        assert (await write(care, path, late))[0]["outcome"] == "stored"

    @pytest.mark.parametrize("many", [0, 101])
    async def test_takes_one_to_a_hundred_at_once(self, care, many):
        """A call has a size that can be answered in time."""
        path = await care.session()
        sent = {"entries": [entry_body() for _ in range(many)]}

        assert (await care.therapist.post(f"{path}/entries", sent)).status_code == 422

    async def test_needs_no_key(self, care):
        """The ids were made by the device."""
        path = await care.session()

        answer = await care.therapist.http.post(
            f"{path}/entries",
            json={"entries": [entry_body()]},
            headers=care.therapist.headers(),
        )

        assert answer.is_success

    async def test_pages(self, care):
        """A long night has hundreds."""
        path = await care.session()
        await write(care, path, *(entry_body() for _ in range(3)))

        first = await done(care.therapist.get(f"{path}/entries?limit=2"))
        rest = await done(care.therapist.get(f"{path}/entries?limit=2&after={first['next']}"))

        assert (len(first["items"]), len(rest["items"])) == (2, 1)

    async def test_finds_no_session_where_the_caller_has_no_role(self, care, house):
        """Nor does it store anything."""
        path = await care.session()
        stranger = house.sessions.person("therapist", site=uuid4())

        answer = await stranger.post(f"{path}/entries", {"entries": [entry_body()]})

        assert answer.status_code == 404
        assert await count(care, path) == 0
