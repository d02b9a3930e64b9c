"""Who may import whom: arrows go down only."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "loganalytics"

# Floors from the ground up; a part imports only from floors below its own, or from itself.
FLOORS = [
    {"exceptions", "version", "atomic_write"},
    {"file_lock"},
    {"schema"},
    {"times", "progress", "humanize", "sanitize"},
    {"output"},
    {"filters", "formats", "templates"},
    {"analyses", "sources"},
    {"findings", "charts"},
    {"exports", "view", "pushdown"},
    {"reports"},
    {"dashboard"},
    {"cli"},
]
HEAVY = {"sklearn", "altair", "duckdb", "streamlit", "rich", "pyarrow", "vl_convert", "scipy", "redis"}


def part_of(path: Path) -> str:
    """Name the part of the package that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def module_of(path: Path) -> str:
    """Return the dotted name of a file's module."""
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def imported_names(path: Path) -> set[str]:
    """Return the dotted names that a file imports, wherever in it and also for type checking only."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def imports_of(path: Path) -> set[str]:
    """Return the parts of the package that a file imports."""
    parts = {name.split(".")[1] for name in imported_names(path) if name.startswith("loganalytics.")}
    return parts & {part_of(file) for file in PACKAGE.rglob("*.py")}


def file_imports() -> dict[str, set[str]]:
    """Return the modules of the package, each with those that it imports."""
    modules = {module_of(path): path for path in PACKAGE.rglob("*.py")}
    return {
        module: {name if name in modules else name.rpartition(".")[0] for name in imported_names(path)} & set(modules)
        for module, path in modules.items()
    }


FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if path.name != "__init__.py" or path.parent != PACKAGE]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path):
    """A file imports only from the floors below its own part's, or from its own part."""
    own = part_of(path)
    floor = next(number for number, parts in enumerate(FLOORS) if own in parts)
    allowed = set().union(*FLOORS[:floor]) | {own}
    assert imports_of(path) <= allowed


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_heavy_libraries_are_imported_where_they_are_used(path):
    """No module but the dashboard's imports a heavy library at its top: a verb pays for what it uses."""
    if part_of(path) == "dashboard" or path.name == "lazy_altair.py":
        return
    tops = ast.parse(path.read_text(encoding="utf-8")).body
    names = {alias.name.split(".")[0] for node in tops if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module.split(".")[0] for node in tops if isinstance(node, ast.ImportFrom) and node.module}
    assert not names & HEAVY


def test_no_files_import_one_another():
    """There is no circle, not even a lazy one: leaving out what imports nothing leaves nothing in the end."""
    graph = file_imports()
    while leaves := {module for module, imports in graph.items() if not imports - {module}}:
        graph = {module: imports - leaves for module, imports in graph.items() if module not in leaves}
    assert not graph


def test_importing_the_package_loads_nothing_heavy():
    """`import loganalytics` costs next to nothing; not even Polars is loaded."""
    code = f"import sys, loganalytics; print(sorted(set(sys.modules) & {HEAVY | {'polars'}!r}))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("line", "foreign"),
    [
        ('{"time": "2026-03-10T12:00:00Z", "msg": "a"}', {"numpy", "loganalytics.formats.delimited.reader"}),
        ("2026-03-10 12:00:00 INFO a", {"numpy", "loganalytics.formats.fields.events"}),
    ],
    ids=["JSON lines", "text"],
)
def test_a_log_loads_the_readers_of_its_kind_only(line, foreign, tmp_path):
    """What reads tables, documents or other records takes longer to import than most files take to read."""
    path = tmp_path / "a.log"
    path.write_text(f"{line}\n" * 20)
    code = f"import sys, loganalytics; loganalytics.load({str(path)!r}); print(sorted(set(sys.modules) & {foreign!r}))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
