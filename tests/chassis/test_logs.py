"""Logs name things, not people."""

import ast
import io
import json
import logging
from pathlib import Path
from uuid import uuid4

import pytest
import structlog

from chassis.logs import ALLOWED, LibraryHandler, processors

SOURCES = Path(__file__).parents[2]
LOGGED = ("debug", "info", "warning", "error", "exception", "critical")


@pytest.fixture
def lines():
    """The lines that are logged, read as JSON."""
    written = io.StringIO()
    before = structlog.get_config()
    structlog.configure(
        processors=processors("sessions", "api"),
        logger_factory=structlog.PrintLoggerFactory(written),
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        cache_logger_on_first_use=False,
    )
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    structlog.configure(**before)


class TestProcessors:
    """What happens to an event on its way out."""

    def test_keep_ids_codes_and_numbers(self, lines):
        """They are what leads to the cause."""
        subject = uuid4()
        structlog.get_logger().warning("vitals_held", subject=subject, codes=["A_B"], count=2)

        (line,) = lines()
        assert line["event"] == "vitals_held"
        assert (line["subject"], line["codes"], line["count"]) == (str(subject), ["A_B"], 2)
        assert (line["service"], line["role"], line["level"]) == ("sessions", "api", "warning")

    def test_drop_keys_that_are_not_on_the_list(self, lines):
        """A name under a key of its own cannot be logged by accident."""
        structlog.get_logger().info("registered", legal_name="Robin Ellisworth", body={"a": 1})

        assert "Ellisworth" not in str(lines())

    @pytest.mark.parametrize(
        "words",
        ["Robin Ellisworth", "robin@example.org", "+16155550123", "x" * 201, {"a": "b"}, "Renée"],
        ids=["name", "e-mail", "phone", "long", "object", "accent"],
    )
    def test_withhold_values_that_are_no_codes(self, lines, words):
        """A name under a permitted key is still a name."""
        structlog.get_logger().info("moved", code=words, codes=[words])

        (line,) = lines()
        assert (line["code"], line["codes"]) == ("withheld", ["withheld"])

    def test_say_which_error_and_where_but_not_its_words(self, lines):
        """A validation error quotes what somebody typed."""
        try:
            int("Robin Ellisworth")
        except ValueError:
            structlog.get_logger().exception("import_failed")

        (line,) = lines()
        assert line["error"] == "ValueError"
        assert line["where"].startswith("test_logs.py:")
        assert "Ellisworth" not in str(line)


class TestLibraryHandler:
    """What libraries log."""

    @pytest.fixture
    def library(self):
        """A library's logger under our handler."""
        logger = logging.getLogger(f"library.{uuid4().hex}")
        logger.handlers, logger.propagate = [LibraryHandler()], False
        return logger

    def test_is_shown_by_its_template_alone(self, library, lines):
        """What a library puts into the gaps may be a document."""
        library.error("Failed to send %s to %s", "Robin Ellisworth", "somewhere")

        (line,) = lines()
        assert line["says"] == "Failed to send %s to %s"
        assert "Ellisworth" not in str(line)

    def test_is_withheld_where_the_words_are_already_in(self, library, lines):
        """An f-string has no template."""
        library.error(f"Failed for {'Robin Ellisworth'}")

        assert "Ellisworth" not in str(lines())

    def test_is_shown_once_in_a_while(self, library, lines):
        """A stopped broker writes 60 to 75 lines a second for every consumer."""
        for node in range(500):
            library.error("Unable to connect to node %s", node)
        library.error("Something else")

        assert len(lines()) == 2


def logged_keys():
    """Find the keys of every call of a logger in our code."""
    for path in [*SOURCES.glob("shared/*/src/**/*.py"), *SOURCES.glob("services/*/src/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in LOGGED
                and ast.unparse(node.func.value) in {"log", "structlog.get_logger()"}
            ):
                yield from ((path.name, key.arg) for key in node.keywords)


class TestAllowed:
    """The list of keys."""

    def test_has_every_key_that_our_code_logs(self):
        """A key that is dropped is missed on the one night somebody needs it."""
        logged = set(logged_keys())

        assert {each for each in logged if each[1] not in ALLOWED | {"exc_info"}} == set()
        assert len(logged) > 10
