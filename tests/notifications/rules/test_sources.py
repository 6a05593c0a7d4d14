import re
from pathlib import Path

import notifications.rules

RULES = Path(notifications.rules.__file__).parent
SOURCES = (RULES / "SOURCES.md").read_text()
MODULES = [module.read_text() for module in (*RULES.glob("*.py"), RULES.parent / "gateways.py")]


class TestSources:
    """Whoever meets a code finds what it means and where it comes from."""

    def test_has_a_row_for_every_why(self):
        """An operator reads codes, not code."""
        given = {code for text in MODULES for code in re.findall(r'"([A-Z]+_[A-Z_]+)"', text)}

        assert given == set(re.findall(r"`([A-Z]+_[A-Z_]+)`", SOURCES))

    def test_has_a_row_for_every_rule_that_is_named(self):
        """The docstring of a rule ends in the rows it stands on."""
        named = {
            rule
            for text in MODULES
            for line in re.findall(r"Rules?: ([^\n\"]+)\.", text)
            for rule in line.split(", ")
        }

        assert named == set(re.findall(r"^\| (K-[A-Z]+) \|", SOURCES, re.MULTILINE))
