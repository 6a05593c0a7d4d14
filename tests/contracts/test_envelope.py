"""What stands on the outside of a fact, and what becomes of headers that are not ours."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import JSON, SEALED, Envelope, Unreadable, read_headers, to_headers

ENVELOPE = Envelope(
    id=UUID("11111111-1111-5111-8111-111111111111"),
    source="/intake/pathways",
    subject=UUID("22222222-2222-5222-8222-222222222222"),
    type="intake.consent-signed.v1",
    time=datetime(2026, 3, 1, 15, 0, 0, 120_000, tzinfo=UTC),
    sequence=7,
    content_type=SEALED,
    dataschema="urn:cairn:schema:intake.consent-signed.v1",
    site=UUID("33333333-3333-5333-8333-333333333333"),
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)
HEADERS = dict(to_headers(ENVELOPE))
NEEDED = sorted(HEADERS.keys() - {"ce_dataschema", "site", "traceparent"})
NAMES = st.sampled_from([*HEADERS, "x-strange"])
VALUES = st.none() | st.binary(max_size=40) | st.sampled_from(list(HEADERS.values()))


class TestWriting:
    def test_uses_the_names_that_were_agreed(self):
        """A reader in another language knows the record by these alone."""
        assert HEADERS == {
            "ce_specversion": b"1.0",
            "ce_id": b"11111111-1111-5111-8111-111111111111",
            "ce_source": b"/intake/pathways",
            "ce_subject": b"22222222-2222-5222-8222-222222222222",
            "ce_type": b"intake.consent-signed.v1",
            "ce_time": b"2026-03-01T15:00:00.120Z",
            "ce_sequence": b"0000000007",
            "ce_dataschema": b"urn:cairn:schema:intake.consent-signed.v1",
            "content-type": b"application/jose",
            "site": b"33333333-3333-5333-8333-333333333333",
            "traceparent": b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        }

    @pytest.mark.parametrize("sequence", [0, -1, 10**10])
    def test_refuses_a_sequence_that_would_not_sort(self, sequence):
        """Eleven digits sort before ten, and the newest fact would look old for ever."""
        with pytest.raises(ValueError, match="ten digits"):
            to_headers(replace(ENVELOPE, sequence=sequence))

    def test_leaves_out_what_is_unknown(self):
        """A header without a value breaks readers less careful than ours."""
        bare = replace(ENVELOPE, dataschema=None, site=None, traceparent=None, content_type=JSON)
        assert [name for name, _ in to_headers(bare) if name not in NEEDED] == []
        assert read_headers(to_headers(bare)) == bare


class TestReading:
    def test_gives_back_what_was_written(self):
        """The gate of every mirror stands on the sequence and subject of this."""
        assert read_headers(to_headers(ENVELOPE)) == ENVELOPE

    def test_passes_over_strange_headers(self):
        """Tracers, proxies and mirrors of topics add their own, with null and bytes in them."""
        strange = [("b3", None), ("x-proxy", b"\xff\xfe"), ("", b"")]
        assert read_headers([*strange, *to_headers(ENVELOPE)]) == ENVELOPE

    def test_takes_the_first_of_two(self):
        """Whoever adds a header on the way adds it behind ours."""
        doubled = [*to_headers(ENVELOPE), ("ce_sequence", b"0000000009"), ("ce_id", None)]
        assert read_headers(doubled) == ENVELOPE

    def test_loses_only_the_trace_with_a_broken_trace(self):
        """A fact is not parked for the sake of a graph."""
        broken = [(name, value) for name, value in HEADERS.items() if name != "traceparent"]
        assert read_headers([*broken, ("traceparent", b"\xff")]).traceparent is None

    @pytest.mark.parametrize("name", NEEDED)
    @pytest.mark.parametrize(
        ("value", "code"),
        [
            pytest.param(..., "HEADER_MISSING", id="missing"),
            pytest.param(None, "HEADER_NOT_TEXT", id="null"),
            pytest.param(b"\xff\xfe", "HEADER_NOT_TEXT", id="bytes"),
        ],
    )
    def test_names_the_header_that_is_not_there(self, name, value, code):
        """Whoever looks at a parked row sees which header, and can mend the sender."""
        changed = {**HEADERS, name: value}
        with pytest.raises(Unreadable, match=name) as refused:
            read_headers([pair for pair in changed.items() if pair[1] is not ...])
        assert refused.value.code == code

    @pytest.mark.parametrize(
        ("name", "value", "code"),
        [
            pytest.param("ce_specversion", b"0.3", "SPECVERSION_UNKNOWN", id="another version"),
            pytest.param("ce_id", b"robin", "HEADER_NOT_UUID", id="an id in words"),
            pytest.param("ce_subject", b"{" + b"2" * 34 + b"}", "HEADER_NOT_UUID", id="braces"),
            pytest.param("site", b"nashville", "HEADER_NOT_UUID", id="a site by its name"),
            pytest.param("ce_time", b"2026-03-01T15:00:00", "HEADER_NOT_INSTANT", id="no zone"),
            pytest.param("ce_time", b"yesterday", "HEADER_NOT_INSTANT", id="a time in words"),
            pytest.param(
                "ce_time", b"0001-01-01T00:00:00+05:00", "HEADER_NOT_INSTANT", id="before"
            ),
            pytest.param("ce_sequence", b"7", "SEQUENCE_UNREADABLE", id="too short"),
            pytest.param("ce_sequence", b"0000000000", "SEQUENCE_UNREADABLE", id="zero"),
            pytest.param("ce_sequence", b"+000000007", "SEQUENCE_UNREADABLE", id="a sign"),
            pytest.param("ce_sequence", b"0_0000_007", "SEQUENCE_UNREADABLE", id="underscores"),
            pytest.param(
                "ce_sequence",
                ("\u0660" * 9 + "\u0667").encode(),
                "SEQUENCE_UNREADABLE",
                id="Arabic",
            ),
        ],
    )
    def test_says_by_a_code_what_is_wrong_and_never_the_value(self, name, value, code):
        """A value may be anything, a name too; codes are counted, and values are not logged."""
        with pytest.raises(Unreadable, match=name) as refused:
            read_headers({**HEADERS, name: value}.items())
        assert refused.value.code == code
        assert value.decode() not in str(refused.value)

    @given(st.lists(st.tuples(NAMES, VALUES), max_size=14))
    def test_raises_nothing_but_unreadable(self, headers):
        """Anything else would stop the loop that reads, and lose the batch around it."""
        with suppress(Unreadable):
            read_headers([*headers, *to_headers(ENVELOPE)])
