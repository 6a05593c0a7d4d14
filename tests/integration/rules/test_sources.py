import re
from pathlib import Path

import integration.rules

RULES = Path(integration.rules.__file__).parent
SOURCES = (RULES / "SOURCES.md").read_text()
CODE = re.compile(r'"([A-Z]+_[A-Z_]+)"')


class TestSources:
    """Whoever meets a code finds what it means and where it comes from."""

    def test_has_a_row_for_every_code_a_rule_gives(self):
        """A code without a source is an opinion."""
        given = {code for module in RULES.glob("*.py") for code in CODE.findall(module.read_text())}

        assert given == set(re.findall(r"`([A-Z]+_[A-Z_]+)`", SOURCES))

    def test_has_a_row_for_every_rule_that_is_named(self):
        """The docstring of a rule ends in the rows it stands on."""
        named = {
            rule
            for module in RULES.glob("*.py")
            for line in re.findall(r"Rules?: ([^\n\"]+)\.", module.read_text())
            for rule in line.split(", ")
        }

        assert named == set(re.findall(r"^\| ([A-Z][A-Z0-9-]*\d*) \|", SOURCES, re.MULTILINE))
