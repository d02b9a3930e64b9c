"""Join texts that say the same with more or fewer variables: a unit, brackets, a longer list."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from loganalytics.templates.masking import HOLE

_UNIT = r"(?:bytes?|[KMGT]?i?B|[KMGT]?bit/?s?|ns|us|µs|m?s|m?secs?|seconds?|mins?|minutes?|hours?|days?|%)"


class _Variant(NamedTuple):
    pattern: str
    plain: str
    least: int = 2  # how many different texts must become one
    plain_seen: bool = False  # whether the plain text itself must be among them


# A text is rewritten only where the frame shows the variation, so "after 5 seconds" keeps its unit if it always
# has the same one.
_VARIANTS = [
    _Variant(rf"{HOLE}(?: {_UNIT}\b)? \({HOLE}(?: {_UNIT})?\)|{HOLE} {_UNIT}\b", HOLE),  # 4042 bytes (3.94 KB)
    _Variant(r"\[\]", f"[{HOLE}]", plain_seen=True),
    _Variant(rf"{HOLE} \(\)", f"{HOLE} ({HOLE})"),
    _Variant(rf"([^\w\s]?){HOLE}(?:[ ,;|/:]+[^\w\s]?{HOLE})+", f"${{1}}{HOLE}"),  # 1, 2, 3
    _Variant(rf"(^| )[\w.\-]+:{HOLE}", f"${{1}}{HOLE}", plain_seen=True),  # host:port where others have host.org:port
    _Variant(r"""(^|[\s=:,(\[])(?:"[^"]*"|'[^']*')""", f'${{1}}"{HOLE}"', least=5),
]

# The keys of JSON are no values, though in quotes. No masked text holds the character that stands for theirs.
_KEY = (r"([{,]\s*)\"([\w.\-]+)\"(\s*:)", "${1}\x1e${2}\x1e${3}")


def merge_variants(texts: pl.DataFrame) -> pl.DataFrame:
    """Return `text` and `new` for those that change; `texts` has `text` (distinct)."""
    table = texts.filter(pl.col("text").str.contains(f"[{HOLE}\"']")).select(
        "text", new=pl.col("text").str.replace_all(*_KEY)
    )
    for variant in _VARIANTS:
        table = table.with_columns(key=pl.col("new").str.replace_all(variant.pattern, variant.plain))
        keys = _joined(table, variant)
        table = table.join(keys, left_on="key", right_on="joined", how="left", maintain_order="left", coalesce=False)
        table = table.select("text", new=pl.coalesce("joined", "new"))
    table = table.with_columns(pl.col("new").str.replace_all("\x1e", '"', literal=True))
    return table.filter(pl.col("new") != pl.col("text"))


def _joined(table: pl.DataFrame, variant: _Variant) -> pl.DataFrame:
    """Return the keys under which enough texts come together."""
    changed = table.filter(pl.col("key") != pl.col("new")).select("key").unique()
    groups = (
        table.join(changed, on="key", how="semi")
        .group_by("key")
        .agg(pl.col("new").n_unique().alias("texts"), (pl.col("new") == pl.col("key")).any().alias("plain"))
    )
    enough = pl.col("texts") >= variant.least
    return groups.filter(enough & (pl.col("plain") | (not variant.plain_seen))).select(joined="key")
