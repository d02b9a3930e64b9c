"""The text behind a template's wildcards."""

from __future__ import annotations

import polars as pl

from loganalytics.templates.masking import WILDCARD, plain


def parameters(message: pl.Expr, template: pl.Expr) -> pl.Expr:
    """Return for each message the text behind the wildcards of its template (List[String])."""
    pair = pl.struct(plain(message).alias("rest"), template.alias("template"))
    return pair.map_batches(_behind_wildcards, return_dtype=pl.List(pl.String), is_elementwise=True)


def _behind_wildcards(pairs: pl.Series) -> pl.Series:
    """Cut each text at the fixed pieces of its template, one wildcard after the other, all texts at once."""
    left = pairs.struct.unnest().with_row_index("row").with_columns(fixed=pl.col("template").str.split(WILDCARD))
    piece, last = pl.col("fixed").list.get, pl.col("fixed").list.len() - 1
    left = left.select("row", "fixed", rest=pl.col("rest").str.strip_prefix(piece(0)), last=last)
    rows = left.select("row")
    found = []
    wildcard = 0
    while (left := left.filter(pl.col("last") > wildcard)).height:
        wildcard += 1
        cut = pl.col("rest").str.splitn(piece(wildcard, null_on_oob=True), 2)
        ends = pl.col("last") == wildcard
        value = pl.when(ends).then(pl.col("rest").str.strip_suffix(piece(wildcard))).otherwise(cut.struct[0])
        left = left.with_columns(value=value, rest=cut.struct[1])
        found.append(left.select("row", "value"))
    if not found:
        return pl.Series(pairs.name, [[]], dtype=pl.List(pl.String)).new_from_index(0, len(pairs))
    lists = pl.concat(found).group_by("row", maintain_order=True).agg("value")
    joined = rows.join(lists, on="row", how="left", maintain_order="left")
    return joined["value"].fill_null(pl.Series([[]], dtype=pl.List(pl.String))).alias(pairs.name)
