"""What the charts draw, as small frames: windows put together, names shortened, spans with a visible width.

Kept apart from the drawing, so that it is plain Polars. Columns get names of our own (start, end, group):
no field name or text of a log can mean something to Vega.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.humanize import moment, span, sparkline, time_range
from loganalytics.sanitize import distinct_names, printable

BARS = 120  # at 720 pixels a bar is 6 wide
NAME = 28  # characters that fit beside a chart
LABEL = 110  # and above a bar
TEXT = 300  # and in a tooltip

_MEASURES = {"window", "events", "errors", "error_rate", "score", "is_anomaly", "detector", "baseline_score", "reasons"}


def collect(frame: schema.Frame, *needed: str) -> pl.DataFrame:
    """Return the frame in memory, having checked that it holds the columns needed."""
    return schema.lazy(frame, *needed).collect()


def zone(frame: pl.DataFrame) -> str:
    """Return the time zone of the frame's times, in which a chart shows them."""
    zones = (kind.time_zone for kind in frame.schema.values() if isinstance(kind, pl.Datetime))
    return next(filter(None, zones), "UTC")


def by_column(frame: pl.DataFrame) -> str | None:
    """Return the column that splits a trend or an anomaly frame (level, service, ...), if there is one."""
    return next((name for name in frame.columns if name not in _MEASURES), None)


def named(values: pl.Series, limit: int) -> pl.Series:
    """Return names short enough to show and still distinct: equal beginnings get a number."""
    return pl.Series(distinct_names(values.to_list(), limit), dtype=pl.String)


def top(frame: pl.DataFrame, by: str, weight: pl.Expr, limit: int, *, with_other: bool = False) -> pl.DataFrame:
    """Return the frame with `by` as text "group": the heaviest values, the others as "other" or left out."""
    frame = frame.with_columns(pl.col(by).cast(pl.String).alias("group"))
    order = frame.group_by("group").agg(weight.alias("weight")).sort("weight", "group", descending=[True, False])
    top_values = order["group"].head(limit)
    is_kept = pl.col("group").is_in(top_values.to_list(), nulls_equal=True)
    if with_other and order.height > limit:
        frame = frame.with_columns(pl.when(is_kept).then("group").otherwise(pl.lit("other")).alias("group"))
    elif not with_other:
        frame = frame.filter(is_kept)
    return frame.with_columns(named(frame["group"], NAME).alias("group"))


def coarse(frame: pl.DataFrame, *measures: pl.Expr) -> pl.DataFrame:
    """Return at most 120 windows a group: group, start, end, when (as text) and the measures."""
    windows = frame["window"].drop_nulls().unique().sort()
    ends = pl.concat([windows.slice(1), _last_end(windows)])
    min_step = max(1, -(-len(windows) // BARS))
    steps = (step for step in range(min_step, 2 * min_step) if len(windows) % step == 0)
    step = next(steps, min_step)  # no narrow last bar
    bins = pl.DataFrame({"window": windows, "bin_end": ends}).with_row_index("bin")
    bins = bins.with_columns(pl.col("bin") // step)
    table = (
        frame.join(bins, on="window", how="inner")
        .group_by("group", "bin")
        .agg(pl.col("window").min().alias("start"), pl.col("bin_end").max().alias("end"), *measures)
        .join(bins.group_by("bin").agg(pl.col("window").min(), pl.col("bin_end").max()), on="bin")
        .with_columns(pl.col("window").alias("start"), pl.col("bin_end").alias("end"))
        .drop("bin", "window", "bin_end")
        .sort("start", "group")
    )
    tz = zone(frame)
    when = [time_range(start, end, tz=tz) for start, end in zip(table["start"], table["end"], strict=True)]
    return table.with_columns(pl.Series("when", when, dtype=pl.String))


def extent(windows: pl.Series) -> tuple[datetime | None, datetime | None]:
    """Return when the first window begins and the last one ends."""
    starts = windows.drop_nulls().unique().sort()
    return (starts[0], _last_end(starts)[0]) if len(starts) else (None, None)


def _last_end(windows: pl.Series) -> pl.Series:
    """Return where the last window ends: as long after its start as the shortest step, a minute if alone."""
    steps = windows.diff().drop_nulls()
    return windows.tail(1) + (steps.min() if len(steps) else timedelta(minutes=1))


def with_kind(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a trend without a third column as one by "kind": errors and everything else."""
    if "errors" not in frame.columns:
        return frame.select("window", pl.lit("events").alias("kind"), "events")
    errors = frame.select("window", pl.lit("errors").alias("kind"), pl.col("errors").alias("events"))
    calm = frame.select(
        "window", pl.lit("other events").alias("kind"), pl.col("events") - pl.col("errors").cast(pl.Int64)
    )
    return pl.concat([errors, calm], how="vertical_relaxed")


def reasons(frame: pl.DataFrame) -> pl.Expr:
    """Return the expression for the two strongest reasons, in words, of the window with the highest score."""
    if "reasons" not in frame.columns:
        return pl.lit("").alias("reasons")
    texts = pl.col("reasons").list.eval(pl.element().struct.field("text")).list.head(2).list.join(" · ")
    return texts.sort_by("score", descending=True, nulls_last=True).first().fill_null("").alias("reasons")


def ranked(frame: pl.DataFrame, name: str, limit: int, show: Callable[[dict[str, Any]], str]) -> pl.DataFrame:
    """Return the rows with most events: rank, name (short), text, events, shown, spark and the tooltip's."""
    tz = zone(frame)
    frame = frame.sort("events", name, descending=[True, False], nulls_last=True).head(limit)
    rows = [
        {
            "rank": rank,
            "name": printable(row[name], LABEL) or "(no text)",
            "text": printable(row[name], TEXT) or "(no text)",
            "events": row["events"],
            "shown": show(row),
            "spark": sparkline(row.get("trend") or []),
            "services": printable(", ".join(map(str, row.get("services") or [])), TEXT),
            "first": moment(row.get("first_seen"), tz=tz),
            "last": moment(row.get("last_seen"), tz=tz),
        }
        for rank, row in enumerate(frame.to_dicts())
    ]
    dtypes = dict.fromkeys(("name", "text", "shown", "spark", "services", "first", "last"), pl.String)
    return pl.DataFrame(rows, schema={"rank": pl.Int64, "events": pl.Int64, **dtypes})


def spans(frame: pl.DataFrame, limit: int = 200) -> pl.DataFrame:
    """Return what coverage shows as spans: group, kind (heard gap silent), start, end, when, lasting.

    A span is drawn at least 1/250 of the whole wide, so that the eye can find it; its words tell the truth.
    """
    tz = zone(frame)
    rows: list[dict[str, Any]] = []
    gaps: list[dict[str, Any]] = []
    for name, row in zip(named(frame["service"], NAME), frame.to_dicts(), strict=True):
        first, last, silent = row["first_seen"], row["last_seen"], row.get("silent_for")
        rows.append({"group": name, "kind": "heard", "start": first, "end": last})
        gaps += [{"group": name, "kind": "gap", **gap} for gap in row.get("gaps") or []]
        if row.get("is_silent") and silent:
            rows.append({"group": name, "kind": "silent", "start": last, "end": last + silent})
    rows += sorted(gaps, key=lambda gap: (gap["start"] - gap["end"], gap["group"], gap["start"]))[:limit]
    length = max(row["end"] for row in rows) - min(row["start"] for row in rows) if rows else timedelta(0)
    min_length = length / 250 or timedelta(seconds=1)
    cells = [
        {
            **row, "end": max(row["end"], row["start"] + min_length),
            "when": time_range(row["start"], row["end"], tz=tz), "lasting": span(row["end"] - row["start"]),
        }
        for row in rows
    ]  # fmt: skip
    times = {"start": schema.TIMESTAMP, "end": schema.TIMESTAMP}
    return pl.DataFrame(
        cells,
        schema={"group": pl.String, "kind": pl.String, **times, "when": pl.String, "lasting": pl.String},
    )


def quantiles(frame: pl.DataFrame, limit: int) -> pl.DataFrame:
    """Return the slowest groups: group (the first column), events, p50, p95, p99 and these as text."""
    by = frame.columns[0]
    names = ("p50", "p95", "p99")
    frame = frame.filter(pl.col("p99").is_not_null()).sort("p95", by, descending=[True, False]).head(limit)
    # A logarithmic scale has no zero: a microsecond stands for it.
    return frame.select(
        named(frame[by].cast(pl.String), NAME).alias("group"),
        (pl.col("count") if "count" in frame.columns else pl.lit(None, pl.UInt32)).alias("events"),
        *[pl.col(name).cast(pl.Float64).clip(lower_bound=0.001) for name in names],
        *[pl.col(name).round_sig_figs(4).cast(pl.String).add(" ms").alias(f"{name}_text") for name in names],
    )
