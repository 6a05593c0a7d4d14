import ast
import re
from pathlib import Path

import sessions.rules

_RULES = Path(sessions.rules.__path__[0])
_CODE = re.compile(r"[A-Z]+(_[A-Z]+)+")
_ROW = re.compile(r"^\| ([A-Z_]+) \|", re.MULTILINE)


def _codes():
    for module in _RULES.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Constant) and _CODE.fullmatch(str(node.value)):
                yield node.value


class TestSources:
    def test_has_one_row_for_every_code_and_no_other(self):
        """A refusal whose source nobody can find cannot be judged by a medical director."""
        rows = _ROW.findall((_RULES / "SOURCES.md").read_text())

        assert sorted(rows) == sorted(set(_codes()))
