"""The routes of running services, as they describe themselves, and bodies that none may take."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from typing import Any, TypeAlias
from uuid import UUID

import httpx

from cairn.addresses import Addresses
from cairn.roster import SERVICES
from chassis import operations
from chassis.access import Row

Place: TypeAlias = tuple[str | int, ...]
"""Where a field stands in a body: the steps of its JSON pointer."""

_PLACEHOLDER = re.compile(r"\{[^}]+\}")
_SOME_ID = UUID("5f0c2f3e-8a3d-4c55-9a75-0f1b6f5d7c21")


@dataclass(frozen=True)
class Field:
    """One field of a body that holds no other fields, or one parameter of a query."""

    place: Place
    format: str | None

    @property
    def pointer(self) -> str:
        """Where a problem with it is said to be."""
        return "".join(f"/{step}" for step in self.place)


@dataclass(frozen=True)
class Route:
    """One route of one service."""

    service: str
    method: str
    template: str
    row: Row
    body: Mapping[str, Any] | None
    """The schema of the body, with every reference replaced; None where it takes none."""

    parameters: tuple[Field, ...]

    @property
    def name(self) -> str:
        """Name it as the table of who may use it does."""
        return f"{self.method} {self.template}"

    @property
    def path(self) -> str:
        """Address it with ids that name nothing."""
        return _PLACEHOLDER.sub(str(_SOME_ID), self.template)

    def fields(self) -> list[Field]:
        """Name every field of the body, however deep it stands."""
        return [] if self.body is None else list(_fields(self.body, ()))

    def filled(self, wanted: Callable[[Field], bool], value: Any) -> Any:
        """Make a body that says this in every wanted field, and nothing else."""
        body: Any = {}
        for field in self.fields():
            if wanted(field):
                _put(body, field.place, value)
        return body


def routes_of(http: httpx.Client, addresses: Addresses) -> list[Route]:
    """Ask every service for its routes."""
    return [
        route
        for service in SERVICES
        for route in _routes(service, http.get(f"{addresses.service(service)}/openapi.json").json())
    ]


def _routes(service: str, described: Mapping[str, Any]) -> Iterator[Route]:
    access = {**import_module(f"{service}.access").ACCESS, **operations.ACCESS}
    for template, methods in described["paths"].items():
        for method, told in methods.items():
            content = told.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema")
            yield Route(
                service=service,
                method=method.upper(),
                template=template,
                row=access[f"{method.upper()} {template}"],
                body=None if schema is None else _resolved(schema, described),
                parameters=tuple(
                    Field((each["name"],), _format(each["schema"]))
                    for each in told.get("parameters", ())
                    if each["in"] == "query"
                ),
            )


def _resolved(schema: Any, described: Mapping[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_resolved(each, described) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        found: Any = described
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return _resolved(found, described)
    return {name: _resolved(each, described) for name, each in schema.items()}


def _fields(schema: Mapping[str, Any], place: Place) -> Iterator[Field]:
    one = _not_null(schema)
    if "properties" in one:
        for name, each in one["properties"].items():
            yield from _fields(each, (*place, name))
    elif one.get("type") == "array" and "properties" in _not_null(one["items"]):
        yield from _fields(one["items"], (*place, 0))
    elif place:
        yield Field(place, _format(one))


def _not_null(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    kinds = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    found: Mapping[str, Any] = kinds[0] if kinds else schema
    return found


def _format(schema: Mapping[str, Any]) -> str | None:
    return _not_null(schema).get("format")


def _put(body: Any, place: Place, value: Any) -> None:
    """Set a value deep in a body, making the objects and lists on the way."""
    here = body
    for step, following in pairwise(place):
        empty: Any = [{}] if following == 0 else {}
        here = here.setdefault(step, empty) if isinstance(step, str) else here[step]
    here[place[-1]] = value
