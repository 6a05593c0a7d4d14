import os
import stat
import subprocess
import sys
from uuid import UUID

import httpx
import pytest
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError
from joserfc.jwk import ECKey, KeySet

from cairn.issuer import Issuer, make_app
from cairn.people import Registry, demo_network, person_id, service_id, site_id
from cairn.secret_files import service_secret
from cairn.signing import Signer

URL = "http://127.0.0.1:8107"
ROBIN = UUID("3f2c1a52-3c43-5a57-9a65-6b2a6e2f0001")


@pytest.fixture
def home(tmp_path):
    """A directory as `cairn up` leaves it."""
    for client in ("sessions", "operator"):
        service_secret(tmp_path / "secrets", client)
    return tmp_path


def gateway_to(home):
    network = demo_network()
    signer = Signer.kept_in(home / "issuer.json", issuer=URL)
    issuer = Issuer(signer, Registry(network, home / "people.json"), home / "secrets")
    app = make_app(issuer, network, url=URL)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL)


async def person_token(gateway, username):
    return await gateway.post("/token", data={"grant_type": "password", "username": username})


async def service_token(gateway, home, client, secret=None):
    secret = secret or (home / "secrets" / client).read_text()
    form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
    return await gateway.post("/token", data=form)


async def claims_of(gateway, answer):
    keys = KeySet.import_key_set((await gateway.get("/jwks")).json())
    return jwt.decode(answer.json()["access_token"], keys, algorithms=["ES256"]).claims


class TestPersonTokens:
    """What a demo person gets without a password."""

    async def test_verify_with_the_published_key_and_say_who_and_where(self, home):
        """Services know the issuer by its published key alone."""
        async with gateway_to(home) as gateway:
            claims = await claims_of(gateway, await person_token(gateway, "noor"))

        assert claims["sub"] == str(person_id("noor"))
        assert (claims["iss"], claims["aud"], claims["kind"]) == (URL, "cairn", "staff")
        assert claims["roles"] == {str(site_id("nashville")): ["therapist"]}
        assert claims["exp"] - claims["iat"] == 8 * 60 * 60

    async def test_hold_no_name(self, home):
        """A token is logged and kept in places where no name may be."""
        async with gateway_to(home) as gateway:
            claims = await claims_of(gateway, await person_token(gateway, "iris"))

        assert "name" not in claims

    async def test_speak_of_the_whole_network_where_a_role_does(self, home):
        """A privacy officer who had to be named for each site would miss the next new one."""
        async with gateway_to(home) as gateway:
            claims = await claims_of(gateway, await person_token(gateway, "wren"))

        assert claims["roles"] == {"*": ["privacy_officer"]}

    @pytest.mark.parametrize("username", ["robin", "nobody", "", "../operator"])
    async def test_are_refused_to_whoever_is_not_bound(self, home, username):
        """A client has no id before a coordinator has registered them."""
        async with gateway_to(home) as gateway:
            answer = await person_token(gateway, username)

        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})

    async def test_of_another_issuer_do_not_verify(self, home, tmp_path_factory):
        """Anybody can sign a token; only one key counts."""
        elsewhere = tmp_path_factory.mktemp("elsewhere")
        async with gateway_to(home) as ours, gateway_to(elsewhere) as theirs:
            answer = await person_token(theirs, "iris")

            with pytest.raises(InvalidKeyIdError):
                await claims_of(ours, answer)


class TestServiceTokens:
    """What a service gets for its secret."""

    async def test_name_the_service(self, home):
        """An owner answers questions of services, and must know which one asks."""
        async with gateway_to(home) as gateway:
            claims = await claims_of(gateway, await service_token(gateway, home, "sessions"))

        assert claims["sub"] == str(service_id("sessions"))
        assert (claims["kind"], claims["name"], claims["roles"]) == ("service", "sessions", {})
        assert claims["exp"] - claims["iat"] == 60 * 60

    @pytest.mark.parametrize(
        ("client", "secret"),
        [
            pytest.param("sessions", "wrong", id="wrong secret"),
            pytest.param("intake", "any", id="no secret kept"),
            pytest.param("stranger", "any", id="unknown client"),
            pytest.param("../issuer.json", "any", id="a path"),
        ],
    )
    async def test_are_refused_without_the_right_secret(self, home, client, secret):
        """A service's token opens every client's standing to its holder."""
        async with gateway_to(home) as gateway:
            answer = await service_token(gateway, home, client, secret)

        assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


class TestTokenRequests:
    """What else may be posted to `/token`."""

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            pytest.param(b"", "unsupported_grant_type", id="empty"),
            pytest.param(b"grant_type=refresh_token", "unsupported_grant_type", id="other grant"),
            pytest.param(b"grant_type=\xff", "invalid_request", id="not UTF-8"),
            pytest.param(b"x" * 20_000, "invalid_request", id="too long"),
        ],
    )
    async def test_are_refused_when_they_make_no_sense(self, home, body, code):
        """Bad input is told apart from a mistake of ours."""
        async with gateway_to(home) as gateway:
            answer = await gateway.post("/token", content=body)

        assert (answer.status_code, answer.json()) == (400, {"error": code})

    async def test_are_refused_under_a_foreign_host_name(self, home):
        """A web page elsewhere must not reach this port by a name of its own."""
        async with gateway_to(home) as gateway:
            answer = await gateway.get("/jwks", headers={"Host": "elsewhere.example"})

        assert answer.status_code == 400


class TestBinding:
    """Letting a username stand for somebody whom a service has registered."""

    BODY = {  # noqa: RUF012 - a constant of this class, never changed
        "username": "robin",
        "sub": str(ROBIN),
        "roles": {str(site_id("nashville")): ["client"]},
    }

    async def test_gives_a_registered_client_a_token_even_after_a_restart(self, home):
        """The journey signs in as the client whom it has just registered."""
        async with gateway_to(home) as gateway:
            operator = (await service_token(gateway, home, "operator")).json()["access_token"]
            headers = {"Authorization": f"Bearer {operator}"}
            bound = await gateway.post("/people", json=self.BODY, headers=headers)
        async with gateway_to(home) as restarted:
            claims = await claims_of(restarted, await person_token(restarted, "robin"))

        assert bound.status_code == 204
        assert (claims["sub"], claims["kind"]) == (str(ROBIN), "client")

    async def test_is_refused_to_everybody_but_the_operator(self, home):
        """Whoever may bind usernames may become anybody."""
        async with gateway_to(home) as gateway:
            tokens = [
                (await person_token(gateway, "sage")).json()["access_token"],
                (await service_token(gateway, home, "sessions")).json()["access_token"],
                "not-a-token",
                "",
            ]
            answers = [
                await gateway.post(
                    "/people", json=self.BODY, headers={"Authorization": f"Bearer {token}"}
                )
                for token in tokens
            ]

        assert {answer.status_code for answer in answers} == {401}

    async def test_is_refused_under_a_token_of_another_key(self, home):
        """A forged operator is the most useful thing to forge."""
        forged = Signer(ECKey.generate_key("P-256", auto_kid=True), issuer=URL)
        operator = Registry(demo_network(), home / "people.json").find("sage")
        token, _ = forged.token(operator.model_copy(update={"roles": {"*": ["operator"]}}))
        async with gateway_to(home) as gateway:
            headers = {"Authorization": f"Bearer {token}"}
            answer = await gateway.post("/people", json=self.BODY, headers=headers)

        assert answer.status_code == 401


class TestIssuerKey:
    """The one key that services trust."""

    def test_is_made_once_and_readable_by_its_owner_alone(self, home):
        """A key made anew at every start would sign everybody out."""
        first = Signer.kept_in(home / "issuer.json", issuer=URL).jwks()

        assert Signer.kept_in(home / "issuer.json", issuer=URL).jwks() == first
        assert stat.S_IMODE((home / "issuer.json").stat().st_mode) == 0o600

    async def test_shows_only_its_public_half(self, home):
        """The private half at `/jwks` would let anybody sign."""
        async with gateway_to(home) as gateway:
            published = (await gateway.get("/jwks")).json()["keys"]

        assert [set(key) & {"d"} for key in published] == [set()]


class TestSignInPage:
    """The page for people who try Cairn."""

    async def test_lists_the_demo_people_and_gives_a_token(self, home):
        """Somebody who has just started it wants to be Iris within one click."""
        async with gateway_to(home) as gateway:
            shown = await gateway.get("/")
            signed_in = await gateway.post("/sign-in", data={"username": "iris"})

        assert all(username in shown.text for username in demo_network().people)
        assert "not registered yet" in shown.text
        assert signed_in.status_code == 200


@pytest.mark.fault
class TestProductionMode:
    """The issuer that knows people without a password."""

    @pytest.mark.parametrize("mode", ["production", ""])
    def test_does_not_start_the_issuer(self, home, mode):
        """One forgotten setting must not open a clinic's records."""
        done = subprocess.run(
            [sys.executable, "-m", "cairn.issuer", "--port", "0", "--home", str(home)],
            env={**os.environ, "CAIRN_MODE": mode},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

        assert done.returncode != 0
        assert "CAIRN_MODE=demo" in done.stderr
