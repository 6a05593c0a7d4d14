"""Is this bearer token true, and how does a service get one of its own?

Tokens are signed by the issuer (ES256); its public keys are fetched once and again when a token
names a key that is not known. Everything here goes by the unshifted clock.
"""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import httpx
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from joserfc.registry import Header
from pydantic import ConfigDict, Field

from chassis.access import Caller, CallerKind
from chassis.clock import Clock
from contracts.base import Service, Value

AUDIENCE: Final = "cairn"
_ALGORITHMS: Final = ["ES256"]
_LEEWAY_SECONDS = 5
_REMEMBERED_TOKENS = 10_000
FETCH_AGAIN_SECONDS = 30.0
_FETCH_SECONDS = 2.0
_RENEW_BEFORE_SECONDS = 60
_TOKEN_CHARACTERS = 8_192


class NotSignedIn(Exception):
    """There is no token, or none that is true now."""


class IssuerAway(Exception):
    """The issuer cannot be reached, and without it nothing can be told about the token."""


class _Claims(Value):
    model_config = ConfigDict(extra="ignore")

    iss: str
    sub: UUID
    kind: CallerKind
    aud: str | list[str]
    exp: int
    nbf: int = 0
    roles: dict[str, list[str]] = Field(default_factory=dict)
    name: str | None = None
    purpose: str | None = None

    def caller(self) -> Caller:
        return Caller(
            id=self.sub,
            kind=self.kind,
            roles={site: frozenset(roles) for site, roles in self.roles.items()},
            name=self.name if self.kind == "service" else None,
            purpose=self.purpose,
        )


class Issuer:
    """Whoever signs tokens; its addresses are read from its own description."""

    def __init__(self, url: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.url = url.rstrip("/")
        self._http = httpx.AsyncClient(timeout=_FETCH_SECONDS, trust_env=False, transport=transport)
        self._addresses: dict[str, Any] = {}

    async def jwks(self) -> Any:
        """Fetch the public keys.

        Raises:
            IssuerAway: it does not answer.
        """
        return await self._get(str((await self._described())["jwks_uri"]))

    async def grant(self, service: str, secret: str) -> Mapping[str, Any]:
        """Ask for a token in the name of a service.

        Raises:
            IssuerAway: it does not answer, or does not know the service.
        """
        form = {"grant_type": "client_credentials", "client_id": service, "client_secret": secret}
        address = str((await self._described())["token_endpoint"])
        try:
            answer = await self._http.post(address, data=form)
            answer.raise_for_status()
            granted = answer.json()
        except (httpx.HTTPError, ValueError):
            raise IssuerAway from None
        if not isinstance(granted, dict) or not isinstance(granted.get("access_token"), str):
            raise IssuerAway
        return granted

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def _described(self) -> Mapping[str, Any]:
        if not self._addresses:
            described = await self._get(f"{self.url}/.well-known/openid-configuration")
            if not {"jwks_uri", "token_endpoint"} <= described.keys():
                raise IssuerAway
            self._addresses = described
        return self._addresses

    async def _get(self, address: str) -> dict[str, Any]:
        try:
            answer = await self._http.get(address)
            answer.raise_for_status()
            told = answer.json()
        except (httpx.HTTPError, ValueError):
            raise IssuerAway from None
        if not isinstance(told, dict):
            raise IssuerAway
        return told


class Verifier:
    """Turns a bearer token into its caller, and remembers the last ones until they expire."""

    def __init__(
        self,
        issuer: Issuer,
        clock: Clock,
        *,
        fetch_again_seconds: float = FETCH_AGAIN_SECONDS,
    ) -> None:
        self._issuer = issuer
        self._clock = clock
        self._fetch_again_seconds = fetch_again_seconds
        self._keys: dict[str, ECKey] = {}
        self._fetched_at = 0.0
        self._fetching = asyncio.Lock()
        self._seen: OrderedDict[bytes, tuple[Caller, int]] = OrderedDict()

    async def verify(self, token: str) -> Caller:
        """Say who bears this token.

        Raises:
            NotSignedIn: it is forged, expired or meant for somebody else.
            IssuerAway: its key is not known here and the issuer does not answer.
        """
        if len(token) > _TOKEN_CHARACTERS:
            raise NotSignedIn
        now = int(self._clock.infrastructure_now().timestamp())
        name = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        seen = self._seen.get(name)
        if seen is not None and seen[1] > now:
            return seen[0]
        claims = await self._claims(token, now)
        self._seen[name] = (claims.caller(), claims.exp)
        while len(self._seen) > _REMEMBERED_TOKENS:
            self._seen.popitem(last=False)
        return self._seen[name][0]

    async def _claims(self, token: str, now: int) -> _Claims:
        key = await self._key_for(_header_of(token))
        try:
            claims = _Claims.model_validate(jwt.decode(token, key, algorithms=_ALGORITHMS).claims)
        except (JoseError, ValueError, TypeError):
            raise NotSignedIn from None
        audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        ours = claims.iss.rstrip("/") == self._issuer.url and AUDIENCE in audience
        if not ours or claims.exp <= now or claims.nbf > now + _LEEWAY_SECONDS:
            raise NotSignedIn
        return claims

    async def _key_for(self, header: Header) -> ECKey:
        kid = str(header.get("kid", ""))
        if kid not in self._keys:
            await self._fetch_keys(kid)
        key = self._keys.get(kid)
        if key is None:
            raise NotSignedIn
        return key

    async def _fetch_keys(self, kid: str) -> None:
        """Ask at most every 30 s: forged names of keys must not become a flood of questions."""
        async with self._fetching:
            waited = time.monotonic() - self._fetched_at
            if kid in self._keys or (self._keys and waited < self._fetch_again_seconds):
                return
            try:
                told = KeySet.import_key_set(await self._issuer.jwks())
            except IssuerAway:
                if not self._keys:
                    raise
                return
            except (JoseError, ValueError, TypeError, KeyError):
                raise IssuerAway from None
            self._fetched_at = time.monotonic()
            self._keys = {str(key.kid): key for key in told.keys if isinstance(key, ECKey)}


class ServiceToken:
    """The token a service shows to another, renewed before it expires."""

    def __init__(self, issuer: Issuer, service: Service, secret: str, clock: Clock) -> None:
        self._issuer = issuer
        self._service = service
        self._secret = secret
        self._clock = clock
        self._token = ""
        self._renew_at = 0.0
        self._granting = asyncio.Lock()

    async def bearer(self) -> str:
        """Give a token that holds for a while yet.

        Raises:
            IssuerAway: there is none, and the issuer does not answer.
        """
        async with self._granting:
            now = self._clock.infrastructure_now().timestamp()
            if now >= self._renew_at:
                granted = await self._issuer.grant(self._service, self._secret)
                self._token = granted["access_token"]
                lasts_seconds = int(granted.get("expires_in", 0))
                self._renew_at = now + max(0, lasts_seconds - _RENEW_BEFORE_SECONDS)
            return self._token

    def forget(self) -> None:
        """Drop a token that was refused; the next question asks for a new one."""
        self._renew_at = 0.0


def _header_of(token: str) -> Header:
    try:
        return jws.extract_compact(token.encode("ascii")).headers()
    except (JoseError, ValueError, TypeError, RecursionError):
        raise NotSignedIn from None
