"""The local token issuer: it knows the demo people without a password, and so refuses production.

Run as a process of its own: `CAIRN_MODE=demo python -m cairn.issuer --port 8107 --home .cairn`.
"""

import argparse
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs
from uuid import UUID

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.middleware.trustedhost import TrustedHostMiddleware

from cairn.page import article, button, page, paragraph, table
from cairn.people import EVERYWHERE, Identity, Network, Registry, demo_network, service_id
from cairn.places import Home
from cairn.ports import DEFAULTS, HOST
from cairn.roster import OPERATOR, SERVICES
from cairn.signing import ALGORITHM, NotOurs, Signer

_LARGEST_FORM_BYTES = 10_000


class TokenRefused(Exception):
    """No token for this request; the code is one of RFC 6749, section 5.2."""

    def __init__(self, code: str, *, status: int = 400) -> None:
        self.code = code
        self.status = status
        super().__init__(code)


class Binding(BaseModel):
    """Which username shall stand for whom."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(min_length=1, max_length=64, pattern=r"^[a-z0-9._-]+$")
    sub: UUID
    kind: Literal["staff", "client"] = "client"
    roles: dict[str, list[str]]


class Issuer:
    """Who may have which token."""

    def __init__(self, signer: Signer, registry: Registry, client_secrets: Path) -> None:
        self.signer = signer
        self.registry = registry
        self._client_secrets = client_secrets

    def token(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Answer a token request.

        Raises:
            TokenRefused: the grant, the username or the secret is not good.
        """
        match form.get("grant_type"):
            case "password":
                identity = self._person(form.get("username", ""))
            case "client_credentials":
                identity = self._service(form.get("client_id", ""), form.get("client_secret", ""))
            case _:
                raise TokenRefused("unsupported_grant_type")
        token, lasts = self.signer.token(identity)
        return {"access_token": token, "token_type": "Bearer", "expires_in": lasts}

    def may_bind(self, authorization: str) -> bool:
        """Say whether this header holds an operator's token."""
        scheme, _, token = authorization.partition(" ")
        try:
            caller = self.signer.identity(token)
        except NotOurs:
            return False
        return scheme.lower() == "bearer" and OPERATOR in caller.roles.get(EVERYWHERE, [])

    def _person(self, username: str) -> Identity:
        identity = self.registry.find(username)
        if identity is None:
            raise TokenRefused("invalid_grant")
        return identity

    def _service(self, client: str, secret: str) -> Identity:
        known = self._client_secrets / client
        if client not in {*SERVICES, OPERATOR} or not known.exists():
            raise TokenRefused("invalid_client", status=401)
        if not secrets.compare_digest(known.read_bytes().strip(), secret.encode("utf-8")):
            raise TokenRefused("invalid_client", status=401)
        roles = {EVERYWHERE: [OPERATOR]} if client == OPERATOR else {}
        return Identity(sub=service_id(client), kind="service", roles=roles, name=client)


def make_app(issuer: Issuer, network: Network, *, url: str) -> FastAPI:
    """Build the endpoints of an OpenID provider, as far as services need them, and a page."""
    app = FastAPI(title="Cairn's local token issuer")
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])
    _add_discovery(app, issuer, url)
    _add_tokens(app, issuer)
    _add_pages(app, issuer, network)
    return app


def _add_discovery(app: FastAPI, issuer: Issuer, url: str) -> None:
    @app.get("/.well-known/openid-configuration")
    async def configuration() -> dict[str, Any]:
        """Say where everything is, as every OpenID provider does."""
        return {
            "issuer": url,
            "jwks_uri": f"{url}/jwks",
            "token_endpoint": f"{url}/token",
            "grant_types_supported": ["password", "client_credentials"],
            "response_types_supported": ["token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
        }

    @app.get("/jwks")
    async def jwks() -> dict[str, Any]:
        """Give the public key."""
        return issuer.signer.jwks()

    @app.get("/livez")
    async def live() -> dict[str, str]:
        """Say that tokens are to be had."""
        return {"state": "live"}


def _add_tokens(app: FastAPI, issuer: Issuer) -> None:
    @app.exception_handler(TokenRefused)
    async def refuse(_request: Request, refused: TokenRefused) -> JSONResponse:
        return JSONResponse({"error": refused.code}, status_code=refused.status)

    @app.post("/token")
    async def token(request: Request) -> JSONResponse:
        """Give a token for a demo person, or to a service that shows its secret."""
        answer = issuer.token(await _form(request))
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    @app.post("/people", status_code=204)
    async def bind(binding: Binding, request: Request) -> None:
        """Let a username stand for somebody whom a service has just registered."""
        if not issuer.may_bind(request.headers.get("authorization", "")):
            raise TokenRefused("invalid_token", status=401)
        identity = Identity(sub=binding.sub, kind=binding.kind, roles=binding.roles)
        issuer.registry.bind(binding.username, identity)


def _add_pages(app: FastAPI, issuer: Issuer, network: Network) -> None:
    @app.get("/", response_class=HTMLResponse)
    async def people() -> str:
        """Show the demo people, each with a button that gives their token."""
        rows = [
            (username, _roles(each.roles), _sign_in(username, known=issuer.registry.find(username)))
            for username, each in network.people.items()
        ]
        return page(f"Sign in to {network.network}", [table(["who", "roles", "token"], rows)])

    @app.post("/sign-in", response_class=HTMLResponse)
    async def sign_in(request: Request) -> str:
        """Show a token to copy."""
        username = (await _form(request)).get("username", "")
        answer = issuer.token({"grant_type": "password", "username": username})
        facts = [("good for", f"{answer['expires_in'] // 3600} hours")]
        return page("Your token", [article(username, facts, answer["access_token"])])


def _roles(roles: Mapping[str, list[str]]) -> str:
    return "; ".join(f"{', '.join(each)} ({site})" for site, each in roles.items())


def _sign_in(username: str, *, known: Identity | None) -> str:
    if known is None:
        return paragraph("not registered yet")
    return button("/sign-in", "Show a token", username=username)


async def _form(request: Request) -> dict[str, str]:
    body = await request.body()
    if len(body) > _LARGEST_FORM_BYTES:
        raise TokenRefused("invalid_request")
    try:
        return {name: values[0] for name, values in parse_qs(body.decode("utf-8")).items()}
    except ValueError as error:
        raise TokenRefused("invalid_request") from error


def main() -> None:
    """Run the issuer until it is told to end."""
    if os.environ.get("CAIRN_MODE") != "demo":
        raise SystemExit("The local token issuer gives tokens without a password: CAIRN_MODE=demo")
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, default=DEFAULTS["issuer"])
    arguments.add_argument("--home", type=Path, default=Home.here().path)
    chosen = arguments.parse_args()
    url = f"http://{HOST}:{chosen.port}"
    home = Home(chosen.home)
    network = demo_network()
    signer = Signer.kept_in(home.path / "issuer.json", issuer=url)
    issuer = Issuer(signer, Registry(network, home.path / "people.json"), home.secrets)
    uvicorn.run(
        make_app(issuer, network, url=url), host=HOST, port=chosen.port, log_level="warning"
    )


if __name__ == "__main__":
    main()
