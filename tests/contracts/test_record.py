"""Whether a record that arrives is the record that was signed."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from contracts.record import HASHED_OF_ENTRY, root_sha256, segment_sha256
from contracts.sessions import Entry, SegmentSeal

OBSERVED_AT = datetime(2026, 3, 1, 15, 0, tzinfo=UTC)


def an_entry(number=0, **but):
    return Entry(
        **{
            "entry_id": UUID(int=number),
            "phase": "onset",
            "kind": "verbatim",
            "text": "A door in the hill.",
            "intensity": 4,
            "author_id": UUID(int=900),
            "observed_at": OBSERVED_AT,
            "entered_at": OBSERVED_AT,
            "received_at": OBSERVED_AT,
        }
        | but
    )


def a_seal(number=0, **but):
    return SegmentSeal(
        **{"segment_id": UUID(int=number), "phase": "onset", "entries": 3, "sha256": "a" * 64} | but
    )


SIGNED = (an_entry(1), an_entry(2), an_entry(3))
SEALS = (a_seal(1), a_seal(2), a_seal(3))


class TestSegmentHash:
    @pytest.mark.parametrize(
        "but",
        [
            {"entry_id": UUID(int=9)},
            {"phase": "peak"},
            {"kind": "imagery"},
            {"text": "A door in the hill!"},
            {"intensity": None},
            {"author_id": UUID(int=901)},
            {"observed_at": OBSERVED_AT + timedelta(milliseconds=1)},
            {"entered_at": OBSERVED_AT + timedelta(milliseconds=1)},
            {"received_at": OBSERVED_AT + timedelta(milliseconds=1)},
            {"late_reason": "The tablet was away."},
        ],
        ids=lambda but: f"another {next(iter(but))}",
    )
    def test_tells_a_changed_entry(self, but):
        """The next therapist builds on these words; a changed one must not pass for signed."""
        changed = (an_entry(1), an_entry(2, **but), an_entry(3))
        assert segment_sha256(changed) != segment_sha256(SIGNED)

    @pytest.mark.parametrize(
        "arrived",
        [
            pytest.param(SIGNED[1:], id="the first is missing"),
            pytest.param(SIGNED[:-1], id="the last is missing"),
            pytest.param((*SIGNED, an_entry(4)), id="one was added"),
            pytest.param((*SIGNED, SIGNED[0]), id="one stands twice"),
            pytest.param((SIGNED[1], SIGNED[0], SIGNED[2]), id="two changed places"),
            pytest.param((), id="none came"),
        ],
    )
    def test_tells_missing_added_and_reordered_entries(self, arrived):
        """What was said first may be why the second was said."""
        assert segment_sha256(arrived) != segment_sha256(SIGNED)

    def test_cannot_be_met_by_moving_words_from_one_field_to_the_next(self):
        """Parts that are only strung together hash alike when a boundary moves."""
        one = an_entry(text='line","late', late_reason="reason")
        other = an_entry(text="line", late_reason='late","reason')
        assert segment_sha256([one]) != segment_sha256([other])

    def test_is_the_same_for_ever(self):
        """A record signed today is verified after every upgrade to come."""
        assert segment_sha256(SIGNED) == (
            "fc4beb3c08ee928d170d05f680594d3fcb74b1e877b94963d91ad313d658e600"
        )

    def test_covers_every_field_of_an_entry(self):
        """A field that joins later is not covered, and whoever adds it must know that here."""
        assert set(HASHED_OF_ENTRY) == set(Entry.model_fields)


class TestRootHash:
    @pytest.mark.parametrize(
        "arrived",
        [
            pytest.param(SEALS[1:], id="one is missing"),
            pytest.param((*SEALS, a_seal(4)), id="one was added"),
            pytest.param((SEALS[1], SEALS[0], SEALS[2]), id="two changed places"),
            pytest.param((a_seal(1, phase="peak"), *SEALS[1:]), id="another phase"),
            pytest.param((a_seal(1, entries=2), *SEALS[1:]), id="another count"),
            pytest.param((a_seal(1, sha256="b" * 64), *SEALS[1:]), id="another hash"),
            pytest.param((), id="none came"),
        ],
    )
    def test_tells_a_record_that_is_not_whole(self, arrived):
        """A segment that never came would else be taken for a phase without words."""
        assert root_sha256(arrived) != root_sha256(SEALS)

    def test_is_the_same_for_ever(self):
        """A record signed today is verified after every upgrade to come."""
        assert root_sha256(SEALS) == (
            "cffdb98b8ecd6dbc35ff4f4613a265c0fd01fcc93cb4e2c8f4a22658edec0b27"
        )
