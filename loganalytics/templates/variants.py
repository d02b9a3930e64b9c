"""Join texts that say the same with more or fewer variables: a unit, brackets, a longer list."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from loganalytics.templates.masking import MASK

_UNIT = r"(?:bytes?|[KMGT]?i?B|[KMGT]?bit/?s?|ns|us|µs|m?s|m?secs?|seconds?|mins?|minutes?|hours?|days?|%)"


@dataclass(frozen=True, kw_only=True)
class _Variant:
    pattern: str
    canonical: str
    min_texts: int = 2
    """How many different texts must become one."""
    needs_canonical: bool = False
    """Whether the canonical text itself must be among them."""


# A text is rewritten only where the frame shows the variation, so "after 5 seconds" keeps its unit if it always
# has the same one.
_VARIANTS = [
    _Variant(  # 4042 bytes (3.94 KB)
        pattern=rf"{MASK}(?: {_UNIT}\b)? \({MASK}(?: {_UNIT})?\)|{MASK} {_UNIT}\b", canonical=MASK
    ),
    _Variant(pattern=r"\[\]", canonical=f"[{MASK}]", needs_canonical=True),
    _Variant(pattern=rf"{MASK} \(\)", canonical=f"{MASK} ({MASK})"),
    _Variant(  # 1, 2, 3
        pattern=rf"([^\w\s]?){MASK}(?:[ ,;|/:]+[^\w\s]?{MASK})+", canonical=f"${{1}}{MASK}"
    ),
    _Variant(  # host:port where others have host.org:port
        pattern=rf"(^| )[\w.\-]+:{MASK}", canonical=f"${{1}}{MASK}", needs_canonical=True
    ),
    _Variant(pattern=r"""(^|[\s=:,(\[])(?:"[^"]*"|'[^']*')""", canonical=f'${{1}}"{MASK}"', min_texts=5),
]

# The keys of JSON are not values, though in quotes; these become a character that no masked text holds.
_KEY = (r"([{,]\s*)\"([\w.\-]+)\"(\s*:)", "${1}\x1e${2}\x1e${3}")


def merge_variants(texts: pl.DataFrame) -> pl.DataFrame:
    """Return `text` and `new` for those that change; `texts` has `text` (distinct)."""
    table = texts.filter(pl.col("text").str.contains(f"[{MASK}\"']")).select(
        "text", new=pl.col("text").str.replace_all(*_KEY)
    )
    for variant in _VARIANTS:
        table = table.with_columns(key=pl.col("new").str.replace_all(variant.pattern, variant.canonical))
        keys = _merged_keys(table, variant)
        table = table.join(keys, left_on="key", right_on="merged", how="left", maintain_order="left", coalesce=False)
        table = table.select("text", new=pl.coalesce("merged", "new"))
    table = table.with_columns(pl.col("new").str.replace_all("\x1e", '"', literal=True))
    return table.filter(pl.col("new") != pl.col("text"))


def _merged_keys(table: pl.DataFrame, variant: _Variant) -> pl.DataFrame:
    """Return the keys under which enough texts come together."""
    changed = table.filter(pl.col("key") != pl.col("new")).select("key").unique()
    groups = (
        table.join(changed, on="key", how="semi")
        .group_by("key")
        .agg(pl.col("new").n_unique().alias("texts"), (pl.col("new") == pl.col("key")).any().alias("has_canonical"))
    )
    enough = pl.col("texts") >= variant.min_texts
    return groups.filter(enough & (pl.col("has_canonical") | (not variant.needs_canonical))).select(merged="key")
