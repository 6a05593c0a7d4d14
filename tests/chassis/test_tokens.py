"""A token is believed only when the issuer signed it for us and it has not expired."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from uuid import UUID

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from chassis.testing import FrozenClock
from chassis.tokens import IssuerAway, NotSignedIn, ServiceToken, Verifier
from signing_issuer import NOW, SOMEBODY, SigningIssuer


@pytest.fixture
def signing():
    """An issuer that is there."""
    return SigningIssuer()


@pytest.fixture
def clock():
    """A clock that stands still."""
    return FrozenClock(NOW)


@pytest.fixture
def verifier(signing, clock):
    """A verifier that has seen nothing yet."""
    return Verifier(signing.issuer(), clock)


class TestVerify:
    """Turning a token into its caller."""

    async def test_gives_the_caller_with_the_roles_of_each_site(self, signing, verifier):
        """Everything that is decided about access is decided on these."""
        caller = await verifier.verify(signing.token(roles={"s": ["therapist"]}, purpose="care"))

        assert caller.id == SOMEBODY
        assert (caller.kind, caller.name, caller.purpose) == ("staff", None, "care")
        assert caller.roles == {"s": frozenset({"therapist"})}

    async def test_knows_a_service_by_its_name(self, signing, verifier):
        """A person who calls themselves `sessions` must not become the service."""
        service = await verifier.verify(signing.token(kind="service", name="sessions", roles={}))
        person = await verifier.verify(signing.token(name="sessions"))

        assert service.name == "sessions"
        assert person.name is None

    @pytest.mark.parametrize(
        "but",
        [
            {"exp": int(NOW.timestamp())},
            {"nbf": int(NOW.timestamp()) + 60},
            {"aud": "another"},
            {"iss": "http://elsewhere.test"},
            {"sub": "robin"},
            {"kind": "king"},
            {"roles": ["site_admin"]},
            {"exp": None},
        ],
        ids=["expired", "early", "audience", "issuer", "no id", "kind", "roles", "no expiry"],
    )
    async def test_refuses_claims_that_are_not_for_us_now(self, signing, verifier, but):
        """A true signature under a token for something else is no sign-in here."""
        with pytest.raises(NotSignedIn):
            await verifier.verify(signing.token(**but))

    async def test_refuses_what_the_issuer_did_not_sign(self, signing, verifier):
        """The signature is the only thing a caller cannot make up."""
        token = signing.token()
        head, claims, signature = token.split(".")
        stranger = ECKey.generate_key("P-256", {"kid": signing.key.kid})
        other_claims = json.loads(urlsafe_b64decode(claims + "==")) | {"sub": str(UUID(int=1))}
        other = urlsafe_b64encode(json.dumps(other_claims).encode()).rstrip(b"=").decode()

        for forged in (
            signing.token(key=stranger),
            f"{head}.{other}.{signature}",
            f"{head}.{claims}.",
            jwt.encode({"alg": "HS256", "kid": signing.key.kid}, {}, OctKey.generate_key(256)),
            urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=") + f".{claims}.",
        ):
            with pytest.raises(NotSignedIn):
                await verifier.verify(forged)

    @pytest.mark.parametrize(
        "token", ["", "x", "a.b.c", "é.é.é", "." * 9_000, "e30.e30.e30"], ids=repr
    )
    async def test_refuses_what_is_no_token(self, verifier, token):
        """Anything may stand in the header."""
        with pytest.raises(NotSignedIn):
            await verifier.verify(token)

    async def test_remembers_a_token_no_longer_than_it_holds(self, signing, verifier, clock):
        """Verifying costs more than the rest of a request, but an expired token must end."""
        token = signing.token()
        await verifier.verify(token)
        clock.move(timedelta(seconds=599))
        assert await verifier.verify(token) == await verifier.verify(token)

        clock.move(timedelta(seconds=1))

        with pytest.raises(NotSignedIn):
            await verifier.verify(token)

    async def test_goes_by_the_clock_that_no_demonstration_moves(self, signing, verifier, clock):
        """A month played in a minute must not sign everybody out."""
        clock.demo_offset_ms = 30 * 24 * 3_600_000

        assert await verifier.verify(signing.token())


class TestKeys:
    """The issuer's public keys."""

    async def test_are_fetched_once(self, signing, verifier):
        """The issuer is not asked for every request."""
        await verifier.verify(signing.token())
        await verifier.verify(signing.token(purpose="care"))

        assert signing.asked == ["configuration", "jwks"]

    async def test_are_not_asked_for_again_at_every_forged_name(self, signing, verifier):
        """Anybody can send a token with a made-up key; the issuer must not feel it."""
        await verifier.verify(signing.token())
        for _ in range(10):
            with pytest.raises(NotSignedIn):
                await verifier.verify(signing.token(key=ECKey.generate_key("P-256", auto_kid=True)))

        assert signing.asked.count("jwks") == 1

    async def test_are_fetched_again_when_a_new_one_signs(self, signing, clock):
        """An issuer changes its keys, and nobody restarts four services for it."""
        verifier = Verifier(signing.issuer(), clock, fetch_again_seconds=0)
        await verifier.verify(signing.token())
        signing.key = ECKey.generate_key("P-256", auto_kid=True)

        assert await verifier.verify(signing.token())

    async def test_are_kept_while_the_issuer_is_away(self, signing, clock):
        """Whoever is signed in goes on working when the sign-in server restarts."""
        verifier = Verifier(signing.issuer(), clock, fetch_again_seconds=0)
        await verifier.verify(signing.token())
        signing.away = True

        assert await verifier.verify(signing.token(purpose="care"))
        with pytest.raises(NotSignedIn):
            await verifier.verify(signing.token(key=ECKey.generate_key("P-256", auto_kid=True)))

    async def test_say_that_the_issuer_is_away_when_there_are_none(self, signing, verifier):
        """To call a true token forged would sign out a clinic over a restart."""
        signing.away = True
        with pytest.raises(IssuerAway):
            await verifier.verify(signing.token())

        signing.away = False
        assert await verifier.verify(signing.token())


class TestServiceToken:
    """The token a service shows to another."""

    async def test_is_renewed_before_it_expires(self, signing, clock):
        """A question that is refused for an old token is an answer that did not come."""
        token = ServiceToken(signing.issuer(), "sessions", "open", clock)
        first = await token.bearer()
        clock.move(timedelta(seconds=239))
        assert await token.bearer() == first

        clock.move(timedelta(seconds=1))

        await token.bearer()
        assert signing.asked.count("grant") == 2

    async def test_is_verified_as_that_service(self, signing, verifier, clock):
        """Between services, the name is what access is decided on."""
        token = await ServiceToken(signing.issuer(), "sessions", "open", clock).bearer()

        assert (await verifier.verify(token)).name == "sessions"

    async def test_is_not_given_for_a_wrong_secret(self, signing, clock):
        """It is told apart from an answer, so that nothing is concluded from it."""
        with pytest.raises(IssuerAway):
            await ServiceToken(signing.issuer(), "sessions", "guess", clock).bearer()
