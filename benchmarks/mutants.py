"""Change the code in small ways and see whether a test fails: `make mutants`.

Each mutant (a number one higher or lower, a comparison turned, `and` for `or`, a `not` more) is tried against the tests
of its module only. Prints one row a module and each mutant that survived. Works on a copy of the checkout; the sample
is seeded, so two runs try the same mutants.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkResult

ROOT = Path(__file__).resolve().parents[1]
TARGETS = {
    "schema": (["loganalytics/schema.py"], ["tests/test_schema.py"]),
    "filters": (["loganalytics/filters"], ["tests/filters", "tests/test_view.py"]),
    "findings": (["loganalytics/findings"], ["tests/findings", "tests/reports/test_incident.py"]),
    "compare": (
        ["loganalytics/analyses/compare"],
        [
            f"tests/analyses/test_{name}.py"
            for name in ("compare", "distributions", "ranges", "significance", "term_counts")
        ],
    ),
    "latency": (["loganalytics/analyses/requests/latency.py"], ["tests/analyses/test_latency.py"]),
}
# Bitwise operators join Polars' conditions; the other binary replacements give code that fails at once.
OPERATORS = (
    "core/NumberReplacer", "core/AddNot", "core/ReplaceAndWithOr", "core/ReplaceOrWithAnd", "core/ReplaceTrueWithFalse",
    "core/ReplaceFalseWithTrue", "core/ReplaceBreakWithContinue", "core/ReplaceContinueWithBreak",
    "core/ReplaceUnaryOperator_Delete_Not", "core/ReplaceUnaryOperator_Delete_Invert",
    "core/ReplaceUnaryOperator_Delete_USub", "core/ReplaceBinaryOperator_BitAnd_BitOr",
    "core/ReplaceBinaryOperator_BitOr_BitAnd", "core/ReplaceBinaryOperator_Add_Sub",
    "core/ReplaceBinaryOperator_Sub_Add", "core/ReplaceBinaryOperator_Mul_Div", "core/ReplaceBinaryOperator_Div_Mul",
    "core/ReplaceComparisonOperator_Lt_LtE", "core/ReplaceComparisonOperator_LtE_Lt",
    "core/ReplaceComparisonOperator_Gt_GtE", "core/ReplaceComparisonOperator_GtE_Gt",
    "core/ReplaceComparisonOperator_Eq_NotEq", "core/ReplaceComparisonOperator_NotEq_Eq",
    "core/ReplaceComparisonOperator_Is_IsNot", "core/ReplaceComparisonOperator_IsNot_Is",
)  # fmt: skip
CONFIG = """
[cosmic-ray]
module-path = {modules}
timeout = 120.0
excluded-modules = []
test-command = "{python} -m pytest -x -q -p no:cacheprovider -p no:xdist {tests}"

[cosmic-ray.distributor]
name = "local"
"""


def try_module(checkout: Path, name: str, sample: int) -> tuple[int, list[str]]:
    """Return how many mutants of a module were tried, and those that survived."""
    modules, tests = TARGETS[name]
    config, session = checkout / f"{name}.toml", checkout / f"{name}.sqlite"
    config.write_text(CONFIG.format(modules=modules, python=sys.executable, tests=" ".join(tests)), encoding="utf-8")
    cosmic_ray = [str(Path(sys.executable).with_name("cosmic-ray"))]
    subprocess.run([*cosmic_ray, "init", config.name, session.name], cwd=checkout, check=True)
    keep_sample(session, sample)
    subprocess.run([*cosmic_ray, "exec", config.name, session.name], cwd=checkout, check=True)
    with use_db(session, WorkDB.Mode.open) as database:
        results = dict(database.results)
        mutants = [(item.mutations[0], results[item.job_id]) for item in database.work_items]
    mutants.sort(key=lambda mutant: place_of(mutant[0]))
    survivors = [describe(*mutant) for mutant in mutants if mutant[1].test_outcome is TestOutcome.SURVIVED]
    return len(mutants), survivors


def keep_sample(session: Path, sample: int) -> None:
    """Leave a seeded sample of the mutants that the operators make."""
    with use_db(session, WorkDB.Mode.open) as database:
        useful = [item for item in database.work_items if item.mutations[0].operator_name in OPERATORS]
        useful.sort(key=lambda item: place_of(item.mutations[0]))
        chosen = random.Random(0).sample(useful, min(sample, len(useful)))
        database.clear()
        database.add_work_items(chosen)


def place_of(mutation: MutationSpec) -> tuple[str, tuple[int, int], str, int]:
    """Return where a mutant is, to put them in order."""
    return str(mutation.module_path), mutation.start_pos, mutation.operator_name, mutation.occurrence


def describe(mutation: MutationSpec, result: WorkResult) -> str:
    """Return a mutant's place and the lines that it changes."""
    lines = [line for line in result.diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    operator = mutation.operator_name.removeprefix("core/")
    return "\n".join([f"{mutation.module_path}:{mutation.start_pos[0]} {operator}", *lines])


def main() -> None:
    """Try a sample of each module's mutants."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=100, help="mutants a module (default: 100)")
    parser.add_argument("modules", nargs="*", default=list(TARGETS), help=f"of {', '.join(TARGETS)} (default: all)")
    arguments = parser.parse_args()
    print("|module|mutants|killed|killed %|", "|---|---|---|---|", sep="\n", flush=True)
    listing: list[str] = []
    for name in arguments.modules:
        with tempfile.TemporaryDirectory() as folder:
            checkout = Path(folder) / "checkout"
            ignore = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache")
            shutil.copytree(ROOT, checkout, ignore=ignore, symlinks=True)
            tried, survivors = try_module(checkout, name, arguments.sample)
        killed = tried - len(survivors)
        print(f"|{name}|{tried}|{killed}|{killed / tried:.0%}|", flush=True)
        listing += survivors
    print("", "Survivors:", *listing, sep="\n")


if __name__ == "__main__":
    main()
