import time

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from cairn.people import Identity, service_id
from cairn.signing import NotOurs, Signer

URL = "http://127.0.0.1:8107"
OPERATOR = Identity(
    sub=service_id("operator"), kind="service", roles={"*": ["operator"]}, name="operator"
)


@pytest.fixture
def key():
    """The key of one issuer."""
    return ECKey.generate_key("P-256", auto_kid=True)


def signed(key, **but):
    now = int(time.time())
    claims = {
        "iss": URL,
        "aud": "cairn",
        "iat": now,
        "exp": now + 60,
        **OPERATOR.model_dump(mode="json"),
        **but,
    }
    header = {"alg": "ES256", "kid": key.kid}
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(header, kept, key, algorithms=["ES256"])


class TestReadingOurOwnTokens:
    """Whom the issuer itself believes."""

    def test_gives_back_who_was_signed(self, key):
        """Binding a username asks for the operator's own token."""
        signer = Signer(key, issuer=URL)
        token, _ = signer.token(OPERATOR)

        assert signer.identity(token) == OPERATOR
        assert signer.identity(signed(key)) == OPERATOR

    @pytest.mark.parametrize(
        "but",
        [
            pytest.param({"exp": 1}, id="ended"),
            pytest.param({"exp": None}, id="without an end"),
            pytest.param({"iss": "http://elsewhere"}, id="of another issuer"),
            pytest.param({"aud": "billing"}, id="for another audience"),
            pytest.param({"sub": "operator"}, id="without a proper subject"),
            pytest.param({"roles": None}, id="without roles"),
        ],
    )
    def test_refuses_what_no_longer_or_never_held(self, key, but):
        """A right signature under wrong claims is still a wrong token."""
        with pytest.raises(NotOurs):
            Signer(key, issuer=URL).identity(signed(key, **but))

    @pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
    def test_refuses_what_is_no_token(self, key, token):
        """The header of a request holds whatever somebody cares to send."""
        with pytest.raises(NotOurs):
            Signer(key, issuer=URL).identity(token)
