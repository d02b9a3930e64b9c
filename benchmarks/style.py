"""How code is built and named: `python benchmarks/style.py [NAME=FOLDER ...]`, this package by default.

One column a package: lengths of files and functions (bodies without their docstrings), documented functions, and the
share of bindings (variables and parameters) whose name says nothing of what they hold. A thermometer, no target: a
name is right when the next reader understands it.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "loganalytics"

# fmt: off
VAGUE_NAMES = {
    "told", "found", "known", "mine", "kept", "one", "each", "whole", "made", "shown", "given", "wanted",
    "asked", "left", "rest", "more", "most", "less", "least", "few", "both", "some", "others", "other", "way",
    "place", "places", "piece", "pieces", "part", "parts", "what", "here", "there", "then", "now", "still",
    "own", "text", "said", "want", "chosen", "named", "marked", "plain", "thing", "things", "stuff", "it",
    "they", "them",
}
# fmt: on

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield each Python file of a package with its source."""
    for path in sorted(folder.rglob("*.py")):
        yield path, path.read_text(encoding="utf-8")


def bindings(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield the names that a module binds, with their lines: assigned variables and parameters."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno


def is_vague(name: str) -> bool:
    """Whether a name says nothing of what it holds."""
    return name.strip("_") in VAGUE_NAMES


def body_length(function: Function) -> int:
    """Return the lines of a function's body, the docstring left out."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return function.end_lineno - body[0].lineno + 1 if body and function.end_lineno else 0


def percentile(values: list[int], percent: int) -> int:
    """Return the value below which so many percent of the values are."""
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


def measure(folder: Path) -> dict[str, float]:
    """Return the figures of one package."""
    file_lengths: list[int] = []
    functions: list[Function] = []
    names: Counter[bool] = Counter()
    for _, source in modules(folder):
        tree = ast.parse(source)
        file_lengths.append(source.count("\n") + 1)
        functions += [node for node in ast.walk(tree) if isinstance(node, Function)]
        names.update(is_vague(name) for name, _ in bindings(tree))
    lengths = [body_length(function) for function in functions]
    public = [function for function in functions if not function.name.startswith("_")]
    return {
        "files": len(file_lengths),
        "lines": sum(file_lengths),
        "file p50": percentile(file_lengths, 50),
        "file p90": percentile(file_lengths, 90),
        "file max": max(file_lengths),
        "functions": len(functions),
        "function p50": percentile(lengths, 50),
        "function p90": percentile(lengths, 90),
        "function max": max(lengths),
        "documented %": round(100 * sum(bool(ast.get_docstring(function)) for function in public) / len(public)),
        "vague bindings %": round(100 * names[True] / names.total(), 1),
    }


def main(arguments: list[str]) -> None:
    """Print one column a package, and where the vague names of this package stand."""
    packages = dict(argument.split("=", 1) for argument in arguments) or {"loganalytics": str(PACKAGE)}
    figures = {name: measure(Path(folder)) for name, folder in packages.items()}
    print("| |" + "|".join(figures) + "|", "|---|" + "---|" * len(figures), sep="\n")
    for row in next(iter(figures.values())):
        print(f"|{row}|" + "|".join(f"{column[row]:,}" for column in figures.values()) + "|")
    if not arguments:
        for path, source in modules(PACKAGE):
            for name, line in bindings(ast.parse(source)):
                if is_vague(name):
                    print(f"{path.relative_to(PACKAGE.parent)}:{line}: {name}")


if __name__ == "__main__":
    main(sys.argv[1:])
