"""The text behind a template's wildcards."""

from __future__ import annotations

import polars as pl

from loganalytics.templates.masking import WILDCARD, normalize_spaces


def extract_parameters(message: pl.Expr, template: pl.Expr) -> pl.Expr:
    """Return for each message the text behind the wildcards of its template (List[String]).

    A message that a catalogue takes for a variant of the template may have other text between them: another unit
    belongs to the value; a value that cannot be told from the rest is null.
    """
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
        table = table.with_columns(literal=literal(wildcard, null_on_oob=True), is_last=pl.col("last") == wildcard)
        if not table.select(_stands().all()).item():
            table = table.with_columns(literal=pl.when(_stands()).then("literal").otherwise(_without_unit()))
            table = table.with_columns(literal=pl.when(_stands()).then("literal"))
        cut = pl.col("remainder").str.splitn(pl.col("literal"), 2)
        to_end = pl.col("remainder").str.strip_suffix(pl.col("literal"))
        value = pl.when("is_last").then(to_end).otherwise(cut.struct[0])
        table = table.with_columns(value=value, remainder=cut.struct[1])
        values.append(table.select("row", "value"))
    if not values:
        return pl.Series(pairs.name, [[]], dtype=pl.List(pl.String)).new_from_index(0, len(pairs))
    lists = pl.concat(values).group_by("row", maintain_order=True).agg("value")
    joined = rows.join(lists, on="row", how="left", maintain_order="left")
    return joined["value"].fill_null(pl.Series([[]], dtype=pl.List(pl.String))).alias(pairs.name)


def _stands() -> pl.Expr:
    """Return whether the literal stands in the remainder, at its end if it is the last."""
    remainder, literal = pl.col("remainder"), pl.col("literal")
    inside = (literal != "") & remainder.str.contains(literal, literal=True)
    return pl.when("is_last").then(remainder.str.ends_with(literal)).otherwise(inside)


def _without_unit() -> pl.Expr:
    return pl.col("literal").str.replace(r"^ [\p{L}/%]+", "")
