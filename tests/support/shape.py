"""Checks that no linter we use has: each takes a text and gives what is wrong with it."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator

LINES_OF_A_MODULE, LINES_OF_A_FUNCTION = 300, 40

_LANGUAGE_NEEDS = sys.stdlib_module_names | {"contracts", "pydantic", "typing_extensions"}
_SILENCED = re.compile(r"#\s*(?:noqa\b|type:\s*ignore\b)")
_SILENCED_WITH_REASON = re.compile(
    r"#\s*(?:noqa: [A-Z]+\d+(?:, ?[A-Z]+\d+)*|type: ignore\[[a-z, -]+\])(?:\s+# |\s+- )\w.* \w+"
)
_IGNORE_WITH_REASON = re.compile(r'^\s*"([A-Z]+\d*)",?\s+# \w+', re.MULTILINE)

# The brackets keep this file from finding itself.
_ELSEWHERE = re.compile(
    r"/wor[k]/|/tm[p]/cairn|/roo[t]/"
    r"|pythonhoste[d]|pypi[.]or[g]|registry[.]npmj[s]|repo1?[.]mave[n]"
)


def long_module(source: str) -> list[str]:
    """Find a module that nobody reads in one go."""
    lines = len(source.splitlines())
    return [f"{lines} lines"] if lines > LINES_OF_A_MODULE else []


def long_functions(source: str) -> list[str]:
    """Find functions that do not fit on a screen."""
    sizes = {
        node.name: (node.end_lineno or node.lineno) - node.lineno + 1
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    return [
        f"{name}: {lines} lines" for name, lines in sizes.items() if lines > LINES_OF_A_FUNCTION
    ]


def silenced_without_reason(source: str) -> list[str]:
    """Find lines on which a check is silenced and nobody says why."""
    return [
        line.strip()
        for line in source.splitlines()
        if _SILENCED.search(line) and not _SILENCED_WITH_REASON.search(line)
    ]


def more_than_a_docstring(source: str) -> list[str]:
    """Find what an `__init__.py` holds besides its one docstring."""
    tree = ast.parse(source)
    beside = tree.body[1:] if ast.get_docstring(tree) else tree.body
    return [ast.unparse(statement) for statement in beside] or ([] if tree.body else ["empty"])


def foreign_imports(source: str) -> list[str]:
    """Find packages beyond the few that the language of facts stands on."""
    return sorted(set(_imported(ast.parse(source))) - _LANGUAGE_NEEDS)


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def places_elsewhere(text: str) -> list[str]:
    """Find the paths of some machine, and the hosts of package registries."""
    return [line.strip() for line in text.splitlines() if _ELSEWHERE.search(line)]


def ignores_without_reason(settings: str) -> list[str]:
    """Find lints that are off, here or for some files, with no reason beside them."""
    lint = tomllib.loads(settings)["tool"]["ruff"]["lint"]
    lists = (lint["ignore"], *lint["per-file-ignores"].values())
    listed = [code for codes in lists for code in codes]
    reasoned = _IGNORE_WITH_REASON.findall(settings)
    return [code for code in listed if listed.count(code) > reasoned.count(code)]
