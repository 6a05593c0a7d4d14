"""What does a service read from its environment? All of it once, or it does not start."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, model_validator

from contracts.base import Service, Value

Mode: TypeAlias = Literal["demo", "production"]
Role: TypeAlias = Literal["all", "api", "worker"]

_PREFIX = "CAIRN_"
_ON_THIS_MACHINE = frozenset({"127.0.0.1", "localhost", "::1"})
_SAYS = {
    "missing": "is missing",
    "literal_error": "must be one of {expected}",
    "int_parsing": "must be a whole number",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_pattern_mismatch": "must look like {pattern}",
}
_URL = r"^https?://[^\s/]+[^\s]*$"


class SettingsWrong(Exception):
    """Settings are missing or impossible; the message names each of them."""


class Settings(Value):
    """Everything that differs from one deployment to the next."""

    service: Service
    mode: Mode = "demo"
    role: Role = "all"
    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65535)
    mongo_url: str = Field(pattern=r"^mongodb(\+srv)?://\S+$")
    mongo_driver: Literal["pymongo", "motor"] = "pymongo"
    kafka_bootstrap: str = Field(pattern=r"^[^\s,]+:[0-9]+(,[^\s,]+:[0-9]+)*$")
    clock: Literal["real", "demo"] = "real"
    master_key_file: Path
    issuer: str = Field(pattern=_URL)
    service_secret_file: Path
    rulesets: Path
    smtp_url: str | None = Field(default=None, pattern=r"^smtps?://\S+$")
    sms_url: str | None = Field(default=None, pattern=_URL)
    intake_url: str = Field(pattern=_URL)
    sessions_url: str = Field(pattern=_URL)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    otlp_url: str | None = Field(default=None, pattern=_URL)
    """Where traces go; without it none are exported, but trace ids are still made and passed on."""

    @property
    def database(self) -> str:
        """The name of this service's own database."""
        return f"cairn_{self.service}"

    @property
    def demo(self) -> bool:
        """Whether unapproved rulesets are used; every answer then says so."""
        return self.mode == "demo"

    @property
    def owners(self) -> Mapping[str, str]:
        """Where the services live that others put questions to."""
        return {"intake": self.intake_url, "sessions": self.sessions_url}

    @model_validator(mode="after")
    def _no_demo_in_production(self) -> Self:
        if self.mode == "production":
            wrong = [
                *(["CAIRN_CLOCK=demo"] if self.clock == "demo" else []),
                *(["a CAIRN_ISSUER on this machine"] if _is_local(self.issuer) else []),
            ]
            if wrong:
                msg = f"CAIRN_MODE=production refuses {' and '.join(wrong)}"
                raise ValueError(msg)
        return self

    @classmethod
    def from_environment(
        cls, service: Service, environ: Mapping[str, str] | None = None, *, role: Role | None = None
    ) -> Self:
        """Read the settings once; an empty variable counts as one that was not set.

        Raises:
            SettingsWrong: every missing or impossible setting, one a line.
        """
        given: dict[str, Any] = {
            name: text
            for name in cls.model_fields
            if (text := (os.environ if environ is None else environ).get(_variable(name)))
        }
        given |= {"service": service} | ({"role": role} if role else {})
        try:
            settings = cls.model_validate(given)
        except ValidationError as wrong:
            raise SettingsWrong(_explained(service, wrong)) from None
        _check_files(settings)
        return settings


def _check_files(settings: Settings) -> None:
    missing = [
        f"  {_variable(name)} names no {kind} that is there"
        for name, kind, there in (
            ("master_key_file", "file", settings.master_key_file.is_file()),
            ("service_secret_file", "file", settings.service_secret_file.is_file()),
            ("rulesets", "folder", settings.rulesets.is_dir()),
        )
        if not there
    ]
    if missing:
        raise SettingsWrong(_introduced(settings.service, missing))


def _variable(name: str) -> str:
    return f"{_PREFIX}SERVICE_ROLE" if name == "role" else f"{_PREFIX}{name.upper()}"


def _is_local(url: str) -> bool:
    return urlsplit(url).hostname in _ON_THIS_MACHINE


def _explained(service: str, wrong: ValidationError) -> str:
    lines = []
    for problem in wrong.errors(include_url=False, include_input=False):
        context = problem.get("ctx", {})
        if not problem["loc"]:
            lines.append(f"  {context['error']}")
            continue
        says = _SAYS.get(problem["type"], "is not valid").format_map(context)
        lines.append(f"  {_variable(str(problem['loc'][0]))} {says}")
    return _introduced(service, lines)


def _introduced(service: str, lines: list[str]) -> str:
    return "\n".join((f"{service} cannot start; these settings are wrong:", *lines))
