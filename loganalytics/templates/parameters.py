"""The text behind a template's wildcards."""

from __future__ import annotations

import polars as pl

from loganalytics.templates.masking import WILDCARD, normalize_spaces


def extract_parameters(message: pl.Expr, template: pl.Expr) -> pl.Expr:
    """Return for each message the text behind the wildcards of its template (List[String])."""
    pair = pl.struct(normalize_spaces(message).alias("remainder"), template.alias("template"))
    return pair.map_batches(_behind_wildcards, return_dtype=pl.List(pl.String), is_elementwise=True)


def _behind_wildcards(pairs: pl.Series) -> pl.Series:
    """Cut each text at the literals of its template, one wildcard after the other, all texts at once."""
    table = pairs.struct.unnest().with_row_index("row").with_columns(literals=pl.col("template").str.split(WILDCARD))
    literal, last = pl.col("literals").list.get, pl.col("literals").list.len() - 1
    table = table.select("row", "literals", remainder=pl.col("remainder").str.strip_prefix(literal(0)), last=last)
    rows = table.select("row")
    values = []
    wildcard = 0
    while (table := table.filter(pl.col("last") > wildcard)).height:
        wildcard += 1
        cut = pl.col("remainder").str.splitn(literal(wildcard, null_on_oob=True), 2)
        to_end = pl.col("remainder").str.strip_suffix(literal(wildcard))
        value = pl.when(pl.col("last") == wildcard).then(to_end).otherwise(cut.struct[0])
        table = table.with_columns(value=value, remainder=cut.struct[1])
        values.append(table.select("row", "value"))
    if not values:
        return pl.Series(pairs.name, [[]], dtype=pl.List(pl.String)).new_from_index(0, len(pairs))
    lists = pl.concat(values).group_by("row", maintain_order=True).agg("value")
    joined = rows.join(lists, on="row", how="left", maintain_order="left")
    return joined["value"].fill_null(pl.Series([[]], dtype=pl.List(pl.String))).alias(pairs.name)
