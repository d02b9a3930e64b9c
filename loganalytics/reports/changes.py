"""Where the number of events changes, and that of errors."""

from __future__ import annotations

import polars as pl

from loganalytics.analyses.change_points.detect import change_points


def sum_levels(by_level: pl.DataFrame) -> pl.DataFrame:
    """Return a trend by level as one of all events."""
    return by_level.group_by("window").agg(pl.col("events", "errors").sum()).drop_nulls("window").sort("window")


def with_errors(events: pl.DataFrame, errors: pl.DataFrame) -> pl.DataFrame:
    """Return a trend of events with the errors that another one counts, also those without a level."""
    counted = errors.select("window", errors="events")
    joined = events.drop("errors").join(counted, on="window", how="left", maintain_order="left")
    return joined.with_columns(pl.col("errors").fill_null(0))


def find_changes(trend: pl.DataFrame) -> pl.DataFrame:
    """Return the change points of events and errors, `of` telling which."""
    tables = [
        change_points(trend.select("window", name), column=name).select(pl.lit(name).alias("of"), pl.all())
        for name in ("events", "errors")
    ]
    return pl.concat(tables).sort("window", "of")
