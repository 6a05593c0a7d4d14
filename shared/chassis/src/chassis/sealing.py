"""How is a body sealed, so that nobody without the key reads it and nobody moves it elsewhere?

A sealed body is a JWE (RFC 7516) in compact form, `dir` with `A256GCM`. Its protected header names
the key, the subject, the type and the sequence; whoever opens it says what these must be.
"""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, Final
from uuid import UUID

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwa import JWEZipModel
from joserfc.jwe import CompactEncryption, JWERegistry
from joserfc.jwk import GuestProtocol, OctKey
from joserfc.util import json_b64decode
from typing_extensions import override

from chassis.vault import KeyRing

SEALED_BYTES = 2 * 1024 * 1024
INFLATED_BYTES = 4 * 1024 * 1024
"""A compressed body that would grow beyond this is refused before it has grown."""

_COMPRESSED: Final = "DEF"
_HEADER_FIELDS: Final = frozenset({"alg", "enc", "kid", "sub", "typ", "seq"})

# How our own headers begin: 36 bytes, so that the key id fills a whole number of base64's groups.
_BEGINNING: Final = urlsafe_b64encode(b'{"alg":"dir","enc":"A256GCM","kid":"')
_KEY_ID: Final = slice(len(_BEGINNING), len(_BEGINNING) * 2)


class SealBroken(Exception):
    """The sealed body is damaged, forged, or belongs to something else."""


class _BoundedDeflate(JWEZipModel):
    name = _COMPRESSED
    description = "DEFLATE that stops before it has grown too far"

    @override
    def compress(self, s: bytes) -> bytes:
        deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        return deflater.compress(s) + deflater.flush()

    @override
    def decompress(self, s: bytes) -> bytes:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        body = inflater.decompress(s, INFLATED_BYTES)
        if not inflater.eof:
            raise ValueError("too large, or cut short")
        return body


class _Registry(JWERegistry):
    algorithms: Any = {  # noqa: RUF012 - the base class declares it so
        "alg": JWERegistry.algorithms["alg"],
        "enc": JWERegistry.algorithms["enc"],
        "zip": {_COMPRESSED: _BoundedDeflate()},
    }
    max_ciphertext_length = SEALED_BYTES


_REGISTRY: Final = _Registry(
    algorithms=["dir", "A256GCM", _COMPRESSED],
    strict_check_header=False,  # the whole header is compared with the expected one instead
)


def seal(  # noqa: PLR0913 - all but the ring and the body is the header, field by field
    ring: KeyRing,
    *,
    body: bytes,
    kid: UUID,
    subject: UUID,
    kind: str,
    sequence: int,
    compress: bool = False,
) -> bytes:
    """Seal a body for one subject, type and sequence.

    Raises:
        KeyShredded: the key was destroyed; nothing is sealed for this person any more.
        KeyUnknown: the key was never opened.
    """
    header = _header(kid, subject, kind, sequence)
    if compress:
        header["zip"] = _COMPRESSED
    return jwe.encrypt_compact(header, body, ring.key(kid).jwk, registry=_REGISTRY).encode()


def open_sealed(ring: KeyRing, token: bytes, *, subject: UUID, kind: str, sequence: int) -> bytes:
    """Open a sealed body that must be about exactly this.

    Raises:
        SealBroken: it is damaged, forged, or about something else.
        KeyShredded: its key was destroyed.
        KeyUnknown: its key is not there.
    """

    def key_for(recipient: GuestProtocol) -> OctKey:
        header = dict(recipient.headers())
        kid = _key_id_in(header)
        if header.pop("zip", _COMPRESSED) != _COMPRESSED:
            raise SealBroken
        if header != _header(kid, subject, kind, sequence):
            raise SealBroken
        return ring.key(kid).jwk

    try:
        opened: CompactEncryption = jwe.decrypt_compact(token, key_for, registry=_REGISTRY)
    except (JoseError, ValueError, TypeError, KeyError, zlib.error, RecursionError):
        raise SealBroken from None
    return opened.plaintext or b""


def key_id_of(token: bytes) -> UUID:
    """Read which key a sealed body needs; nothing of it can be trusted before it is opened.

    Raises:
        SealBroken: it has no header that could be ours.
    """
    head, dot, _ = token[: JWERegistry.max_protected_header_length].partition(b".")
    if not dot:
        raise SealBroken
    try:
        if head.startswith(_BEGINNING):
            return UUID(urlsafe_b64decode(head[_KEY_ID]).decode("ascii"))
        header = json_b64decode(head)
    except (ValueError, TypeError, RecursionError):
        raise SealBroken from None
    return _key_id_in(header)


def _header(kid: UUID, subject: UUID, kind: str, sequence: int) -> dict[str, Any]:
    return {
        "alg": "dir",
        "enc": "A256GCM",
        "kid": str(kid),
        "sub": str(subject),
        "typ": kind,
        "seq": sequence,
    }


def _key_id_in(header: object) -> UUID:
    if not isinstance(header, dict) or not header.keys() >= _HEADER_FIELDS:
        raise SealBroken
    try:
        return UUID(header["kid"])
    except (ValueError, TypeError, AttributeError):
        raise SealBroken from None
