"""What each rule of template mining earns, and how the rules do on systems that had no part in choosing them.

    python benchmarks/mining_rules.py --data DIR [--more DIR]

DIR holds labelled logs (see mining.py); --more further ones, which are listed beside but choose nothing.

Each rule is left out in turn. Leave one system out: for each system of DIR, the rules that earn nothing on the mean GA
and FGA of the *other* systems are left out, and that system is mined with the others.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from mining import labelled, measures

from loganalytics.templates import masking, merging, mining, phrases, slots, variants
from loganalytics.templates.annotate import with_templates

STEPS = ["merge_slots", "merge_affixed", "merge_words", "absorb_rare_texts"]
TABLES = {"shape": masking.SHAPES, "phrase": phrases.PHRASES, "variant": variants.VARIANTS, "slot": slots.SLOTS}
DECISIONS = ["_off_skeleton", "_competing", "_varied"]
Rule = tuple[Any, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--more", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    systems = read(options.data)
    more = {name: lines for folder in options.more for name, lines in read(folder).items()}
    base, base_more = scores(systems), scores(more)
    print(f"{'all rules':34} {figures(base)} | {figures(base_more)}")
    earned = {}
    for name, rule in rules().items():
        with without([rule]):
            left, left_more = scores(systems), scores(more)
        earned[name] = base - left
        print(f"{name:34} {figures(base - left)} | {figures(base_more - left_more)}", flush=True)
    leave_one_out(systems, earned)


def read(folder: Path) -> dict[str, pl.DataFrame]:
    return {path.stem: labelled(path) for path in sorted([*folder.glob("*.csv"), *folder.glob("*.tsv")])}


def rules() -> dict[str, Rule]:
    """Return the rules by name: the table or module that holds each, and its key there."""
    found: dict[str, Rule] = {f"{kind}: {key}": (table, key) for kind, table in TABLES.items() for key in table}
    found |= {f"step: {name}": (mining.STEPS, name) for name in STEPS}
    return found | {f"decision: {name}": (merging, name) for name in DECISIONS}


@contextmanager
def without(left_out: list[Rule]) -> Iterator[None]:
    """Leave rules out."""
    old_tables = {id(table): (table, table.copy()) for table in [*TABLES.values(), mining.STEPS]}
    old_decisions = {name: getattr(merging, name) for name in DECISIONS}
    for place, name in left_out:
        if place is merging:
            setattr(merging, name, lambda tokens, *_, **__: np.zeros(len(tokens.row), bool))
        elif place is mining.STEPS:
            place[:] = [step for step in place if step.__name__ != name]
        else:
            del place[name]
    try:
        yield
    finally:
        for table, old in old_tables.values():
            table.clear()
            table.extend(old) if isinstance(table, list) else table.update(old)
        for name, decision in old_decisions.items():
            setattr(merging, name, decision)


def scores(systems: dict[str, pl.DataFrame]) -> np.ndarray:
    """Return GA, FGA, PA, FTA, PA and FTA with spelling normalised: one row a system."""
    rows = [measures(lines["truth"], with_templates(lines.select("message"))["template"]) for lines in systems.values()]
    return np.array(rows).reshape(-1, 6)


def figures(rows: np.ndarray) -> str:
    return " ".join(f"{figure:+.3f}" for figure in rows.mean(axis=0)) if len(rows) else ""


def leave_one_out(systems: dict[str, pl.DataFrame], earned: dict[str, np.ndarray]) -> None:
    print("\nleave one system out: GA, FGA, PA, FTA (both normalised) with the rules that earn something on the others")
    results = []
    for number, (name, lines) in enumerate(systems.items()):
        idle = [rule for rule, gain in earned.items() if np.delete(gain, number, axis=0)[:, :2].mean() <= 0]
        with without([rules()[rule] for rule in idle]):
            results.append(scores({name: lines}))
        print(f"{name:34} {figures(results[-1])}   without {len(idle)} rules", flush=True)
    print(f"{'mean':34} {figures(np.concatenate(results))}")


if __name__ == "__main__":
    main()
