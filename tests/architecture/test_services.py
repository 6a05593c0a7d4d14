"""Each service does what the catalogue and its own tables say."""

import base64
import importlib

import pytest

from chassis.operations import ACCESS as OPERATING
from chassis.service import Chassis, application
from chassis.settings import Settings
from contracts.catalog import TOPICS

SERVICES = ("intake", "sessions", "integration", "notifications")


@pytest.fixture
def settings_of(tmp_path):
    """Settings under which a service can be put together; nothing connects."""
    (tmp_path / "master.key").write_bytes(base64.b64encode(bytes(range(32))))
    (tmp_path / "secret").write_text("secret", encoding="utf-8")

    def settings(service):
        return Settings(
            service=service,
            port=0,
            mongo_url="mongodb://127.0.0.1:9",
            kafka_bootstrap="127.0.0.1:9",
            master_key_file=tmp_path / "master.key",
            issuer="http://127.0.0.1:9",
            service_secret_file=tmp_path / "secret",
            rulesets="deploy/rulesets",
            smtp_url="smtp://127.0.0.1:9",
            intake_url="http://127.0.0.1:9",
            sessions_url="http://127.0.0.1:9",
        )

    return settings


def _build(service):
    return importlib.import_module(f"{service}.app").build


@pytest.mark.parametrize("service", SERVICES)
class TestService:
    """A service as it is put together."""

    def test_hears_what_the_catalogue_says_it_hears(self, service, settings_of):
        """A fact that nobody reads is a promise to a colleague that was not kept."""
        chassis = Chassis(settings_of(service))
        _build(service)(chassis)

        wanted = {
            topic
            for topic, told in TOPICS.items()
            if any(service in message.heard_by for message in told)
        }
        assert {mirror.topic for mirror in chassis.mirrors} == wanted

    def test_decides_for_every_route_who_may_use_it(self, service, settings_of):
        """A route without a row would be open to nobody's decision; the start refuses it."""
        access = importlib.import_module(f"{service}.access").ACCESS
        paths = application(settings_of(service), _build(service)).openapi()["paths"]

        routes = {
            f"{method.upper()} {path}"
            for path, methods in paths.items()
            for method in methods
            if path.startswith("/v1/")
        }
        assert routes == access.keys() | OPERATING.keys()

    def test_says_of_every_route_what_it_does(self, service, settings_of):
        """Whoever reads the description of a service reads nothing else."""
        paths = application(settings_of(service), _build(service)).openapi()["paths"]

        for path, methods in paths.items():
            for method, described in methods.items():
                assert described.get("description"), f"{method} {path}"
