"""An issuer that signs tokens in memory, spoken to over HTTP without a socket."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import httpx
from fastapi import FastAPI, Request
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.responses import JSONResponse, Response

from chassis.tokens import AUDIENCE, Issuer

URL = "http://issuer.test"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SOMEBODY = UUID("7d1b6d36-5d0c-4a55-8f6e-5f4c7c6f0a11")


class SigningIssuer:
    """Signs whatever a test asks for, and can be told to be away."""

    def __init__(self) -> None:
        self.key = ECKey.generate_key("P-256", auto_kid=True)
        self.away = False
        self.asked: list[str] = []
        self._app = FastAPI()
        self._app.get("/.well-known/openid-configuration")(self._configuration)
        self._app.get("/jwks")(self._jwks)
        self._app.post("/token")(self._grant)

    def issuer(self) -> Issuer:
        """Give the issuer as a service sees it."""
        return Issuer(URL, transport=httpx.ASGITransport(self._app))

    def token(self, *, key: ECKey | None = None, **but: Any) -> str:
        """Sign an ordinary token, but for what the test names."""
        signer = key or self.key
        claims = {
            "iss": URL,
            "aud": AUDIENCE,
            "sub": str(SOMEBODY),
            "kind": "staff",
            "roles": {"*": ["site_admin"]},
            "exp": int(NOW.timestamp()) + 600,
            **but,
        }
        header = {"alg": "ES256", "kid": signer.kid}
        return jwt.encode(header, claims, signer, algorithms=["ES256"])

    async def _configuration(self) -> Response:
        return self._answer(
            "configuration", {"jwks_uri": f"{URL}/jwks", "token_endpoint": f"{URL}/token"}
        )

    async def _jwks(self) -> Response:
        return self._answer("jwks", {"keys": [self.key.as_dict(private=False)]})

    async def _grant(self, request: Request) -> Response:
        form = parse_qs((await request.body()).decode())
        if form["client_secret"] != ["open"]:
            return JSONResponse({"error": "invalid_client"}, 401)
        token = self.token(kind="service", name=form["client_id"][0], roles={})
        return self._answer("grant", {"access_token": token, "expires_in": 300})

    def _answer(self, what: str, said: dict[str, Any]) -> Response:
        self.asked.append(what)
        return JSONResponse({}, 503) if self.away else JSONResponse(said)
