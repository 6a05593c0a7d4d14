import ast
import re
from pathlib import Path

RULES = Path(__file__).parents[3] / "services/intake/src/intake/rules"
ROW = re.compile(r"^\| `(?P<code>[A-Z0-9_]+)` \|(?P<rest>.*)\|$", re.MULTILINE)


def codes_in_code():
    """Every code that some rule gives to a reason."""
    trees = (ast.parse(path.read_text()) for path in RULES.glob("*.py"))
    keywords = (
        keyword
        for tree in trees
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        for keyword in call.keywords
    )
    return {
        keyword.value.value
        for keyword in keywords
        if keyword.arg == "code" and isinstance(keyword.value, ast.Constant)
    }


class TestSources:
    def test_every_code_has_its_row_and_every_row_its_code(self):
        """A rule without a source is an opinion; a source without a rule is a promise."""
        rows = [row["code"] for row in ROW.finditer((RULES / "SOURCES.md").read_text())]
        assert sorted(rows) == sorted(codes_in_code())

    def test_every_row_says_who_signed_it(self):
        """Nobody has, and nothing may look as if somebody had."""
        rows = ROW.finditer((RULES / "SOURCES.md").read_text())
        assert all(row["rest"].split("|")[3].strip() == "not approved" for row in rows)

    def test_no_rule_names_a_medicine_or_a_clinical_number(self):
        """They are data with a date, so that changing one needs no programmer."""
        code = "\n".join(path.read_text() for path in RULES.glob("*.py")).lower()
        assert "ketamine" not in code
