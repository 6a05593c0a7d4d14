"""How is a token signed, and how does anybody check it? ES256, with a key made at first start."""

import json
import time
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from cairn.people import Identity
from cairn.secret_files import keep_secret

AUDIENCE = "cairn"
ALGORITHM = "ES256"
_PERSON_SECONDS = 8 * 60 * 60
_SERVICE_SECONDS = 60 * 60


class NotOurs(Exception):
    """A token that this issuer did not sign, or that no longer holds."""


class Signer:
    """The one key of this issuer."""

    def __init__(self, key: ECKey, *, issuer: str) -> None:
        self._key = key
        self._issuer = issuer

    @classmethod
    def kept_in(cls, path: Path, *, issuer: str) -> "Signer":
        """Take the key from its file, and make both when there is none."""
        if not path.exists():
            made = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
            keep_secret(path, json.dumps(made.as_dict(private=True)))
        return cls(ECKey.import_key(json.loads(path.read_text("utf-8"))), issuer=issuer)

    def token(self, identity: Identity) -> tuple[str, int]:
        """Sign what is known of somebody; answers the token and its life in seconds."""
        lasts = _SERVICE_SECONDS if identity.kind == "service" else _PERSON_SECONDS
        now = int(time.time())
        claims = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + lasts,
            **identity.model_dump(mode="json", exclude_none=True),
        }
        header = {"alg": ALGORITHM, "kid": self._key.kid, "typ": "JWT"}
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM]), lasts

    def jwks(self) -> dict[str, Any]:
        """Give the public half for whoever checks tokens."""
        return {"keys": [self._key.as_dict(private=False)]}

    def identity(self, token: str) -> Identity:
        """Read a token of our own.

        Raises:
            NotOurs: it was not signed here, is for somebody else, or has ended.
        """
        rules = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": AUDIENCE},
            exp={"essential": True},
        )
        try:
            claims = jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims
            rules.validate(claims)
            known = {name: claims[name] for name in Identity.model_fields if name in claims}
            return Identity.model_validate(known)
        except (JoseError, ValueError) as error:
            raise NotOurs from error
