"""Pairs of key and value at the end of a line: rt=0.123 upstream="10.0.0.1:80"."""

from __future__ import annotations

import polars as pl

from loganalytics.formats.internal_columns import column_name
from loganalytics.formats.regex.ascii import ascii_only

_PAIR = r"([A-Za-z_][\w.-]*)=(\"(?:[^\"\\]|\\.)*\"|'[^']*'|[\[{(][^\]})]*[\]})]|[^\s\",;]*)"
_ONLY_PAIRS = ascii_only(rf"^[\s|,;]*(?:{_PAIR}(?:[\s|,;]+|$))+$")
_BRACKETED = ascii_only(r"\[([A-Za-z_][\w.-]*=(?:\"(?:[^\"\\]|\\.)*\"|[^\]\"]*))\]")
_MAX_KEYS = 40
# As nginx's request time is called in the logs of many: seconds.
_SECONDS = ("rt", "request_time")


def with_pairs(events: pl.DataFrame, column: str) -> pl.DataFrame:
    """Turn text that is nothing but pairs into columns of text; any other text stays."""
    text = events[column]
    if not text.str.contains("=", literal=True).any():
        return events
    if text.str.contains(r"^\s*\[").any():
        text = text.str.replace_all(_BRACKETED, "$1")
    rows = events.select("n", text).filter(text.str.contains(_ONLY_PAIRS))
    pair = pl.col(column).str.extract_all(ascii_only(_PAIR)).alias("pair")
    split = pl.col("pair").str.splitn("=", 2).struct
    pairs = rows.select("n", pair).explode("pair").select(
        "n", split.field("field_0").alias("key"), _bare(split.field("field_1")).alias("text")
    )  # fmt: skip
    # A line that has a key twice, or one that a column is called by, keeps its text.
    taken = [key for key in pairs["key"].unique() if column_name((key,)) in events.columns]
    is_kept = pairs.select("n", "key").is_duplicated() | pairs["key"].is_in(taken)
    kept = pairs["n"].filter(is_kept).implode()
    rows, pairs = rows.filter(~pl.col("n").is_in(kept)), pairs.filter(~pl.col("n").is_in(kept))
    keys = pairs["key"].unique(maintain_order=True).to_list()
    if not 0 < len(keys) <= _MAX_KEYS:
        return events
    columns = pairs.group_by("n", maintain_order=True).agg(
        pl.col("text").filter(pl.col("key") == key).first().alias(column_name((key,))) for key in keys
    )
    joined = events.join(columns, on="n", how="left", maintain_order="left")
    is_read = pl.col("n").is_in(rows["n"].implode())
    return joined.with_columns(pl.when(~is_read).then(column).otherwise(pl.lit("")).alias(column), *_duration(joined))


def _bare(value: pl.Expr) -> pl.Expr:
    """Return the expression for values without quotation marks and the escapes of those within."""
    inner = value.str.extract(r"(?s)^[\"'](.*)[\"']$")
    unescaped = inner.str.replace_all(r"\"", '"', literal=True).str.replace_all(r"\\", "\\", literal=True)
    return pl.coalesce(unescaped, value)


def _duration(events: pl.DataFrame) -> list[pl.Expr]:
    names = [name for name in _SECONDS if name in events.columns]
    if not names or "duration_s" not in events.columns:
        return []
    return [pl.coalesce("duration_s", *names).alias("duration_s")]
