"""Sizes, reasons and places, over the whole repository."""

from pathlib import Path

import pytest

import shape

ROOT = Path(__file__).parents[2]
FOLDERS = ("shared", "services", "deploy", "tests")
SOURCES = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
INITS = [path for path in SOURCES if path.name == "__init__.py"]
LANGUAGE = sorted((ROOT / "shared" / "contracts" / "src").rglob("*.py"))
MODULES = [path for path in SOURCES if not path.name.startswith("test_")]
"""A test file mirrors one module; its list of cases may be longer than the module."""

TEXTS = SOURCES + [
    path
    for folder, pattern in (
        (".", "*.md"),
        (".", "*.toml"),
        (".", ".pre-commit-config.yaml"),
        (".", "Makefile"),
        (".ci", "run"),
        *((top, f"**/*.{kind}") for top in FOLDERS for kind in ("md", "toml", "yaml", "json")),
    )
    for path in sorted((ROOT / folder).glob(pattern))
]
REGISTRY = "files.{}hosted.org".format("python")
EMPTY_NAMES = {"utils", "helpers", "common", "manager", "misc", "base_service"}
SETTINGS = (ROOT / "pyproject.toml").read_text()

# Said loudly, so that the checks do not find themselves.
NOQA, IGNORE = "x = 1  # NOQA".lower(), "x = 1  # TYPE: IGNORE[misc]".lower()
LONG_FUNCTION = "def f():\n" + "    pass\n" * 40
RUFF_OFF = "[tool.ruff.lint]\nignore = [\n  {}\n]\nper-file-ignores = {{}}\n"


def wrong(check, paths):
    found = {str(path.relative_to(ROOT)): check(path.read_text()) for path in paths}
    return {path: problems for path, problems in found.items() if problems}


class TestSizes:
    def test_of_modules_stay_readable(self):
        """Past 300 lines a module has two subjects, and the second one is never found."""
        assert wrong(shape.long_module, MODULES) == {}

    def test_of_functions_stay_on_a_screen(self):
        """What does not fit on a screen is changed without being read to its end."""
        assert wrong(shape.long_functions, SOURCES) == {}


class TestReasons:
    def test_stand_beside_every_silenced_check(self):
        """A check silenced without a reason can never be switched on again with confidence."""
        assert wrong(shape.silenced_without_reason, SOURCES) == {}

    def test_stand_beside_every_lint_that_is_off(self):
        """The same, for the whole repository at once."""
        assert shape.ignores_without_reason(SETTINGS) == []


class TestPlaces:
    def test_of_packages_hold_one_docstring(self):
        """An import there makes every import of a part an import of the whole."""
        assert wrong(shape.more_than_a_docstring, INITS) == {}

    def test_of_tests_are_no_packages(self):
        """A tests/sessions/__init__.py would shadow the service of that name."""
        assert [path for path in INITS if (ROOT / "tests") in path.parents] == []

    def test_are_named_after_what_is_there(self):
        """Whatever fits nowhere goes to utils, and so does everything after it."""
        assert [path for path in SOURCES if path.stem in EMPTY_NAMES] == []

    def test_of_the_language_need_two_packages(self):
        """Whoever reads our facts should not have to install our web server."""
        assert wrong(shape.foreign_imports, LANGUAGE) == {}

    def test_of_packages_are_typed(self):
        """Without the marker mypy takes everything in the package for Any."""
        tops = [path.parent for path in INITS if path.parents[1].name == "src"]
        assert [top.name for top in tops if not (top / "py.typed").exists()] == []

    def test_of_other_machines_are_not_named(self):
        """A path or a host of whoever wrote a line works for nobody else."""
        assert wrong(shape.places_elsewhere, TEXTS) == {}


class TestChecks:
    @pytest.mark.parametrize(
        ("check", "text"),
        [
            pytest.param(shape.long_module, "\n" * 301, id="a long module"),
            pytest.param(shape.long_functions, LONG_FUNCTION, id="a long function"),
            pytest.param(shape.long_functions, "async " + LONG_FUNCTION, id="a long coroutine"),
            pytest.param(shape.silenced_without_reason, NOQA, id="all checks silenced"),
            pytest.param(shape.silenced_without_reason, f"{NOQA}: E501", id="one, for no reason"),
            pytest.param(shape.silenced_without_reason, IGNORE, id="a type, for no reason"),
            pytest.param(shape.more_than_a_docstring, '"""Says."""\nimport os\n', id="an import"),
            pytest.param(shape.more_than_a_docstring, "", id="no docstring"),
            pytest.param(shape.foreign_imports, "from pymongo.errors import X", id="a driver"),
            pytest.param(shape.foreign_imports, "import httpx", id="a library"),
            pytest.param(shape.places_elsewhere, "see /{}/notes".format("work"), id="a path"),
            pytest.param(shape.places_elsewhere, REGISTRY, id="a host"),
            pytest.param(shape.ignores_without_reason, RUFF_OFF.format('"ANN",'), id="a lint off"),
        ],
    )
    def test_find_what_they_look_for(self, check, text):
        """A check that finds nothing anywhere looks the same as a clean repository."""
        assert check(text) != []

    @pytest.mark.parametrize(
        ("check", "text"),
        [
            pytest.param(shape.long_functions, LONG_FUNCTION[:-9], id="forty lines"),
            pytest.param(
                shape.silenced_without_reason, f"{NOQA}: S105 - no secret at all", id="why"
            ),
            pytest.param(
                shape.silenced_without_reason, f"{IGNORE}  # it has no types", id="untyped"
            ),
            pytest.param(shape.ignores_without_reason, RUFF_OFF.format('"D",  # so'), id="a lint"),
            pytest.param(shape.more_than_a_docstring, '"""Says."""', id="one docstring"),
        ],
    )
    def test_let_pass_what_is_right(self, check, text):
        """A check that cries at everything is silenced, with a reason."""
        assert check(text) == []
