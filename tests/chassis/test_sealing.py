"""A sealed body opens only where it belongs."""

import base64
import json
import os
import zlib
from uuid import UUID

import pytest
from joserfc import jwe

from chassis.sealing import INFLATED_BYTES, SealBroken, key_id_of, open_sealed, seal
from chassis.vault import KeyRing, KeyShredded, KeyUnknown, data_key

KEY = UUID("0b8f8b39-2f5e-4f0f-8f0e-6d6f2a1c9a01")
OTHER_KEY = UUID("0b8f8b39-2f5e-4f0f-8f0e-6d6f2a1c9a02")
SUBJECT = UUID("5b0b5a52-8c86-4a3b-9d3a-0a8a6a2f7c11")
RING = KeyRing({kid: data_key(kid, os.urandom(32)) for kid in (KEY, OTHER_KEY)})
BODY = b'{"text":"the sea, and someone singing"}'


def sealed(body=BODY, *, ring=RING, kid=KEY, compress=False):
    """Seal an ordinary body."""
    return seal(
        ring, body=body, kid=kid, subject=SUBJECT, kind="a.told.v1", sequence=3, compress=compress
    )


def opened(token, *, ring=RING, **but):
    """Open it as what it is, but for what the test names."""
    return open_sealed(
        ring, token, **{"subject": SUBJECT, "kind": "a.told.v1", "sequence": 3} | but
    )


def with_header(token, **but):
    """Replace fields of the protected header and leave the rest as it is."""
    head, dot, rest = token.partition(b".")
    header = json.loads(base64.urlsafe_b64decode(head + b"=="))
    new = json.dumps(header | but, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(new).rstrip(b"=") + dot + rest


class TestSeal:
    """Sealing a body."""

    def test_gives_a_compact_jwe_that_any_library_opens(self):
        """Whoever inherits the data must not need our code to read it."""
        token = sealed()

        opened_elsewhere = jwe.decrypt_compact(token, RING.key(KEY).jwk, registry=LENIENT)
        assert opened_elsewhere.plaintext == BODY
        assert opened_elsewhere.protected == {
            "alg": "dir",
            "enc": "A256GCM",
            "kid": str(KEY),
            "sub": str(SUBJECT),
            "typ": "a.told.v1",
            "seq": 3,
        }

    def test_never_gives_the_same_twice(self):
        """Equal bodies that look equal tell whoever copies the database that they are."""
        assert sealed() != sealed()

    def test_compresses_on_request(self):
        """A segment's prose is several times smaller, and a fact has a limit."""
        prose = b"and again the sea " * 500

        assert len(sealed(prose, compress=True)) < len(prose) / 10
        assert opened(sealed(prose, compress=True)) == prose

    @pytest.mark.parametrize(
        ("ring", "error"),
        [(KeyRing(), KeyUnknown), (KeyRing(shredded=frozenset({KEY})), KeyShredded)],
        ids=["unknown", "shredded"],
    )
    def test_never_makes_a_key(self, ring, error):
        """A key made while sealing could bring back a person who was erased."""
        with pytest.raises(error):
            sealed(ring=ring)


class TestOpenSealed:
    """Opening a body."""

    def test_gives_back_what_was_sealed(self):
        """The ordinary case."""
        assert opened(sealed()) == BODY

    @pytest.mark.parametrize(
        "but",
        [{"subject": KEY}, {"kind": "a.told.v2"}, {"sequence": 4}, {"sequence": True}],
        ids=["another subject", "another type", "another sequence", "no number"],
    )
    def test_refuses_a_body_that_was_moved(self, but):
        """One client's chart under another client's id would be read as theirs."""
        with pytest.raises(SealBroken):
            opened(sealed(), **but)

    @pytest.mark.parametrize(
        "but",
        [
            {"sub": str(KEY)},
            {"seq": 4},
            {"typ": "a.told.v2"},
            {"kid": str(OTHER_KEY)},
            {"zip": "DEF"},
            {"alg": "A256KW"},
            {"enc": "A128GCM"},
            {"alg": "none"},
            {"crit": ["x"]},
            {"more": 1},
            {"kid": 5},
        ],
        ids=str,
    )
    def test_refuses_a_changed_header(self, but):
        """The header decides what a body is about, so it is sealed with it."""
        with pytest.raises(SealBroken):
            opened(with_header(sealed(), **but))

    @pytest.mark.parametrize("part", range(5))
    def test_refuses_a_damaged_part(self, part):
        """A flipped bit must be seen in whatever part it falls."""
        parts = sealed().split(b".")
        parts[part] = (b"A" if parts[part][:1] != b"A" else b"B") + parts[part][1:]

        with pytest.raises(SealBroken):
            opened(b".".join(parts))

    @pytest.mark.parametrize(
        "token",
        [b"", b".....", b"{}", b"\xff\xfe\x00", b"a" * 5_000, b"W" * 1_000 + b"....", b"e30...."],
        ids=["nothing", "dots", "json", "bytes", "long", "no json", "no header"],
    )
    def test_refuses_what_never_was_sealed(self, token):
        """Anything may stand on a topic."""
        with pytest.raises(SealBroken):
            opened(token)
        with pytest.raises(SealBroken):
            key_id_of(token)

    def test_stops_before_a_small_body_has_grown_huge(self):
        """Ten kilobytes of deflate can hold gigabytes, and one of them would end the process."""
        deflated = zlib.compress(b"a" * (INFLATED_BYTES + 1))
        assert len(deflated) < INFLATED_BYTES / 100

        with pytest.raises(SealBroken):
            opened(sealed(b"a" * (INFLATED_BYTES + 1), compress=True))

    def test_tells_a_missing_key_from_a_broken_seal(self):
        """The one is parked until somebody looks, the other dropped and counted."""
        with pytest.raises(KeyUnknown):
            opened(sealed(), ring=KeyRing())
        with pytest.raises(KeyShredded):
            opened(sealed(), ring=KeyRing(shredded=frozenset({KEY})))


class TestKeyIdOf:
    """Learning which keys a batch needs."""

    def test_reads_the_key_without_opening(self):
        """The keys of a whole batch are fetched with one question."""
        assert key_id_of(sealed()) == KEY

    def test_reads_the_key_in_whatever_order_a_header_stands(self):
        """A body sealed by another library is no worse than one of ours."""
        head, dot, rest = sealed().partition(b".")
        header = json.loads(base64.urlsafe_b64decode(head + b"=="))
        turned = json.dumps(dict(reversed(header.items()))).encode()

        assert key_id_of(base64.urlsafe_b64encode(turned).rstrip(b"=") + dot + rest) == KEY


LENIENT = jwe.JWERegistry(algorithms=["dir", "A256GCM", "DEF"], strict_check_header=False)
