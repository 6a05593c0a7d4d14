"""Which limits and lists hold on this day? Dated files, named by their content."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml
from pydantic import ValidationError

from contracts.base import Day, Value, Word

P = TypeVar("P", bound=Value)

_HASH_DIGITS = 12
_NOT_APPROVED = " not approved"


class RulesetMissing(Exception):
    """No ruleset that may be used is in force on this day."""


class RulesetWrong(Exception):
    """A file of rulesets cannot be read as one, or does not fit what the rules ask of it."""


class _File(Value):
    id: Word
    effective_from: Day
    signed_by: str | None
    sources: tuple[str, ...]
    policy: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Dated:
    file: _File
    path: Path
    name: str


@dataclass(frozen=True, slots=True)
class Ruleset(Generic[P]):
    """One policy with the name that every decision by it states."""

    policy: P
    name: str
    """`id@date#hash`, with ` not approved` behind where nobody has approved exactly this text."""


class Rulesets:
    """All rulesets of a deployment, read once at the start."""

    def __init__(self, folder: Path, *, demo: bool, approved: Collection[str] = ()) -> None:
        """Read `<folder>/<id>/<day>.yaml`; outside of a demonstration only approved ones count.

        Raises:
            RulesetWrong: a file cannot be read as a ruleset.
        """
        self._demo = demo
        self._approved = frozenset(approved)
        self._policies: dict[tuple[str, type[Value]], Value] = {}
        self._by_id: dict[str, list[_Dated]] = {}
        for dated in _read(folder):
            self._by_id.setdefault(dated.file.id, []).append(dated)
        for series in self._by_id.values():
            series.sort(key=lambda dated: dated.file.effective_from, reverse=True)

    def newest(self, policy: type[P], id: str, *, on: date) -> Ruleset[P]:
        """Give the newest ruleset of this id that is in force on a day.

        Raises:
            RulesetMissing: there is none.
            RulesetWrong: it does not say what this policy needs.
        """
        for dated in self._by_id.get(id, ()):
            if dated.file.effective_from <= on and (self._demo or dated.name in self._approved):
                approved = dated.name in self._approved
                shown = dated.name if approved else dated.name + _NOT_APPROVED
                return Ruleset(self._policy_of(dated, policy), shown)
        raise RulesetMissing(f"no usable ruleset {id} on {on.isoformat()}")

    def _policy_of(self, dated: _Dated, policy: type[P]) -> P:
        read = self._policies.get((dated.name, policy))
        if not isinstance(read, policy):
            try:
                read = policy.model_validate(dated.file.policy)
            except ValidationError as wrong:
                raise RulesetWrong(_problems(dated.path, wrong)) from None
            self._policies[dated.name, policy] = read
        return read


def _read(folder: Path) -> Iterable[_Dated]:
    for path in sorted(folder.glob("*/*.yaml")):
        content = path.read_bytes()
        try:
            file = _File.model_validate(yaml.safe_load(content))
        except yaml.YAMLError:
            raise RulesetWrong(f"{path}: not YAML") from None
        except ValidationError as wrong:
            raise RulesetWrong(_problems(path, wrong)) from None
        if (path.parent.name, path.stem) != (file.id, file.effective_from.isoformat()):
            raise RulesetWrong(f"{path}: id and day differ from the names of folder and file")
        digest = hashlib.sha256(content).hexdigest()[:_HASH_DIGITS]
        yield _Dated(file, path, f"{file.id}@{file.effective_from.isoformat()}#{digest}")


def _problems(path: Path, wrong: ValidationError) -> str:
    places = (".".join(map(str, problem["loc"])) for problem in wrong.errors(include_url=False))
    return f"{path}: {', '.join(places)}"
