"""How the package is built and named: limits that hold the figures of benchmarks/style.py."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
import style  # noqa: E402

LONGEST_FILE = 400
LONGEST_FUNCTION_P90 = 20
VAGUE_BINDINGS_PERCENT = 3


@pytest.fixture(scope="module")
def figures():
    """The figures of the package as it is."""
    return style.measure(style.PACKAGE)


def test_files_are_short(figures):
    """A file holds one idea."""
    assert figures["file max"] <= LONGEST_FILE


def test_functions_are_short(figures):
    """Nine of ten functions are read at a glance."""
    assert figures["function p90"] <= LONGEST_FUNCTION_P90


def test_names_say_what_they_hold(figures):
    """Few variables and parameters are called "found" or "rest"."""
    assert figures["vague bindings %"] < VAGUE_BINDINGS_PERCENT


def test_packages_hold_no_logic_in_their_init():
    """An __init__.py says what the package is and hands names on; logic has a file with a name."""
    for path in style.PACKAGE.rglob("__init__.py"):
        if path.parent == style.PACKAGE:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert ast.get_docstring(tree), path
        assert not [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)], path


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def f(found): pass", 1),
        ("for each in rows: pass", 1),
        ("rows = [told for told in rows]", 1),
        ("x.found = 1", 0),
    ],
)
def test_vague_names_are_counted(code, expected):
    """Parameters, variables and those of comprehensions; attributes are not bindings."""
    assert sum(style.is_vague(name) for name, _ in style.bindings(ast.parse(code))) == expected
