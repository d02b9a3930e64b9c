"""Join texts that say the same with more or fewer variables: a unit, brackets, a longer list."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from loganalytics.templates.masking import MASK
from loganalytics.templates.repeats import without_repeats

_UNIT = r"(?:bytes?|[KMGT]?i?B|[KMGT]?bit/?s?|ns|us|µs|m?s|m?secs?|seconds?|mins?|minutes?|hours?|days?|%)"

_ITEM = rf"[A-Za-z_\-]*(?:\d|{MASK})(?:[\w.\-]|{MASK})*"


def _replaced(pattern: str, canonical: str) -> Callable[[pl.Series], pl.Series]:
    return lambda texts: texts.str.replace_all(pattern, canonical)


# Each returns texts without one kind of variation. A text is rewritten only where the frame shows the variation, so
# "after 5 seconds" keeps its unit if it always has the same one.
VARIANTS = {
    "repeats": without_repeats,
    # On one line: at a.b(C.java:1) at c (d.js:2:3)
    "stack frames": _replaced(r"(?: at (?:async |new )?[^\s()]+ ?\([^()]*\))+", f" at {MASK}({MASK})"),
    # Up to the name of the exception.
    "Python frames": _replaced(
        rf'File "[^"]*", line {MASK}, in .*( [\w.]*[A-Z]\w*(?:Error|Exception|Warning|Interrupt|Exit|Iteration)\b)',
        f'File "{MASK}", line {MASK}, in {MASK}${{1}}',
    ),
    # 4042 bytes (3.94 KB)
    "units": _replaced(rf"{MASK}(?: {_UNIT}\b)? \({MASK}(?: {_UNIT})?\)|{MASK} {_UNIT}\b", MASK),
    # [], ["a"], ["a", "b"]
    "lists in brackets": _replaced(rf"\[(?:[\"']?{MASK}[\"']?(?:, ?| )?)*\]", f"[{MASK}]"),
    "empty brackets": _replaced(rf"{MASK} \(\)", f"{MASK} ({MASK})"),
    "lists": _replaced(rf"([^\w\s]?){MASK}(?:[ ,;|/:]+[^\w\s]?{MASK})+", f"${{1}}{MASK}"),  # 1, 2, 3
    "lists of names": _replaced(rf"(^| ){_ITEM}(?:,? {_ITEM})+($|[ ,;:.])", f"${{1}}{MASK}${{2}}"),  # web1 web2
}


def merge_variants(texts: pl.DataFrame) -> pl.DataFrame:
    """Return `text` and `new` for those that change; `texts` has `text` (distinct)."""
    table = texts.filter(pl.col("text").str.contains(f"[0-9{MASK}]")).select("text", new="text")
    for variant in VARIANTS.values():
        table = table.with_columns(_merged(table["new"], variant(table["new"])))
    return table.filter(pl.col("new") != pl.col("text"))


def _merged(texts: pl.Series, canonical: pl.Series) -> pl.Series:
    """Return the canonical text where two different texts come together under it."""
    table = pl.DataFrame({"new": texts, "key": canonical})
    changed = table.filter(pl.col("key") != pl.col("new"))["key"].unique()
    if not len(changed):
        return texts
    candidates = table.unique().filter(pl.col("key").is_in(changed.implode()))
    shared = candidates.filter(pl.col("key").is_duplicated())["key"].unique()
    return table.select(pl.when(pl.col("key").is_in(shared.implode())).then("key").otherwise("new").alias("new"))["new"]
