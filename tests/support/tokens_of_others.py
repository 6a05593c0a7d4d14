"""Tokens that no service may believe, made with the issuer's own key where that takes it."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import ECKey

_HOUR_SECONDS = 3600


class Forger:
    """Somebody who has seen a good token, and even the issuer's key."""

    def __init__(self, key_file: Path, *, issuer: str) -> None:
        """Take the key from the issuer's file; the issuer knows nothing of it."""
        self._key = ECKey.import_key(json.loads(key_file.read_text("utf-8")))
        self._issuer = issuer

    def good(self, **but: Any) -> str:
        """Sign what would be a good token, with some claims changed."""
        return self._signed(self._key, "ES256", self._claims(but))

    def bad(self) -> Mapping[str, str]:
        """Give every token that must be refused, by what is wrong with it."""
        now = int(time.time())
        stranger = ECKey.generate_key("P-256", {"kid": str(self._key.kid)})
        return {
            "signed by somebody else": self._signed(stranger, "ES256", self._claims({})),
            "under a key nobody knows": self._signed(
                ECKey.generate_key("P-256", auto_kid=True), "ES256", self._claims({})
            ),
            "without a signature": self._unsigned(),
            "with the public key as a secret": self._with_public_key_as_secret(),
            "changed after signing": self._changed(),
            "expired": self.good(exp=now - 1),
            "not valid yet": self.good(nbf=now + _HOUR_SECONDS),
            "for another audience": self.good(aud="somebody-else"),
            "from another issuer": self.good(iss="http://127.0.0.1:1"),
            "for nobody": self.good(sub="robin"),
            "of an unknown kind": self.good(kind="robot"),
            "without an end": self._signed(
                self._key, "ES256", {k: v for k, v in self._claims({}).items() if k != "exp"}
            ),
            "no token at all": "x" * 20_000,
        }

    def _claims(self, but: Mapping[str, Any]) -> dict[str, Any]:
        now = int(time.time())
        return {
            "iss": self._issuer,
            "aud": "cairn",
            "iat": now,
            "exp": now + _HOUR_SECONDS,
            "sub": str(uuid4()),
            "kind": "staff",
            "roles": {"*": ["site_admin", "operator", "intake_coordinator", "therapist"]},
            **but,
        }

    def _signed(self, key: Any, algorithm: str, claims: Mapping[str, Any]) -> str:
        header = {"alg": algorithm, "kid": key.kid or self._key.kid, "typ": "JWT"}
        return jwt.encode(header, dict(claims), key, algorithms=[algorithm])

    def _unsigned(self) -> str:
        header = {"alg": "none", "kid": self._key.kid, "typ": "JWT"}
        return f"{_part(header)}.{_part(self._claims({}))}."

    def _with_public_key_as_secret(self) -> str:
        header = {"alg": "HS256", "kid": self._key.kid, "typ": "JWT"}
        told = f"{_part(header)}.{_part(self._claims({}))}"
        mark = hmac.digest(self._key.as_pem(private=False), told.encode(), hashlib.sha256)
        return f"{told}.{_text(mark)}"

    def _changed(self) -> str:
        head, _, signature = self.good().split(".")
        return f"{head}.{_part(self._claims({}))}.{signature}"


def _part(told: Mapping[str, Any]) -> str:
    return _text(json.dumps(told).encode())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
