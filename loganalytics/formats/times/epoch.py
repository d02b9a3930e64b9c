"""Counts since 1970 to times."""

from __future__ import annotations

import polars as pl

from loganalytics.schema import TIMESTAMP

_DOTNET = r"^(?:/Date\()?([0-9]{12,13})(?:[+-][0-9]{4})?(?:\)/)?$"
_HEX = "^([0-9a-f]{8})(?:[.]([0-9a-f]{1,8}))?$"


def from_epoch(texts: pl.Series) -> pl.Series:
    """Return the times of counts whose unit, from seconds to nanoseconds, follows from their size; null for others."""
    if texts.str.contains(_DOTNET).any():
        texts = texts.str.replace(_DOTNET, "${1}")
    shape = r"^-?\d{1,19}(?:\.\d+)?$"
    floats = texts.alias("t").to_frame().select(
        pl.when(pl.col("t").str.contains(shape)).then(pl.col("t").cast(pl.Float64, strict=False))
    ).to_series()  # fmt: skip
    integers = texts.cast(pl.Int64, strict=False)  # a Float64 does not hold nanoseconds since 1970
    frame = pl.DataFrame({"float": floats, "integer": integers})
    micros = (
        pl.when(pl.col("float") < 1e11).then((pl.col("float") * 1e6).round())
        .when(pl.col("float") < 1e14).then((pl.col("float") * 1e3).round())
        .when(pl.col("float") < 1e17).then(pl.col("integer").cast(pl.Float64))
        .otherwise((pl.col("integer") // 1000).cast(pl.Float64))
    )  # fmt: skip
    # Before 1990 or after 2100 it is some other number.
    plausible = pl.when((micros >= 6.3e14) & (micros < 4.2e15)).then(micros)
    return frame.select(plausible.cast(pl.Int64).cast(TIMESTAMP)).to_series()


def from_hex_epoch(texts: pl.Series) -> pl.Series:
    """Return the times of seconds in hexadecimal numbers and, behind a dot, nanoseconds, as OpenLDAP writes them."""
    parts = texts.alias("t").to_frame().select(pl.col("t").str.extract_groups(_HEX)).to_series().struct.unnest()
    seconds, nanoseconds = (pl.col(n).str.to_integer(base=16, strict=False).cast(pl.Int64) for n in ("1", "2"))
    micros = seconds * 1_000_000 + (nanoseconds // 1000).fill_null(0)
    return parts.select(micros.cast(TIMESTAMP).alias(texts.name)).to_series()
