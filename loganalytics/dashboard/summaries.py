"""Small frames and figures that the pages show, from events that are in memory: plain Polars, no Streamlit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from loganalytics.charts.step_states import SLOW_RATIO
from loganalytics.sanitize import printable, printable_column
from loganalytics.schema import CORE
from loganalytics.times import window_start

MEASURE_POINTS = 120
MIN_REGULAR_SHARE = 0.75
"""How many of the runs must have as many events of a step, for fewer to say that it broke off."""
MAX_MISSING_SHARE = 0.1
"""How much of a window the log may not cover, for what is counted in it to be drawn."""


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """The figures on the cards of the overview, for one range of time."""

    events: int
    services: int
    p95: float | None


@dataclass(frozen=True, kw_only=True)
class ErrorCount:
    """How many events are errors, as the report counts them: also those without a level that report a failure."""

    events: int
    errors: int

    @property
    def rate(self) -> float:
        """Errors as a share of the events, 0 without events."""
        return self.errors / self.events if self.events else 0.0


def metrics(logs: pl.DataFrame, duration: str | None = None) -> Metrics:
    """Count events and services; `duration` names the column for p95."""
    figures = logs.lazy().select(
        events=pl.len(),
        services=pl.col("service").drop_nulls().n_unique(),
        p95=pl.lit(None, pl.Float64) if duration is None else pl.col(duration).quantile(0.95),
    )
    return Metrics(**figures.collect().row(0, named=True))


def measures(
    trend: pl.DataFrame, errors: pl.DataFrame, every: timedelta, ends: tuple[datetime, datetime]
) -> pl.DataFrame:
    """Return events, error_rate and per_second over time, of the windows of a trend that the log covers to their end.

    `errors` is the trend of the errors alone, of which its `events` are taken.
    More than 120 windows are put together: a rate of windows that hold a few events each says nothing.
    """
    counted = errors.group_by("window").agg(errors=pl.col("events").sum())
    totals = trend.group_by("window").agg(pl.col("events").sum()).join(counted, on="window", how="left")
    totals = totals.with_columns(pl.col("errors").fill_null(0)).sort("window")
    whole = whole_windows(totals, every, ends)
    step = max(1, -(-whole.height // MEASURE_POINTS))
    parts = whole.group_by(pl.int_range(pl.len()) // step, maintain_order=True).agg(
        pl.col("window").first(), pl.col("events", "errors").sum(), seconds=pl.len() * every.total_seconds()
    )
    return parts.select(
        "window", "events",
        error_rate=pl.col("errors") / pl.max_horizontal("events", 1),
        per_second=pl.col("events") / pl.col("seconds"),
    )  # fmt: skip


def whole_windows(frame: pl.DataFrame, every: timedelta, ends: tuple[datetime, datetime]) -> pl.DataFrame:
    """Return the rows without the first and the last window where the log begins or ends in the midst of them.

    What is counted there would fall for no other reason. A frame of fewer than four windows stays as it is.
    """
    first, last = ends
    slack = every * MAX_MISSING_SHARE
    start = pl.col("window").dt.convert_time_zone("UTC")
    is_whole = (start >= first - slack) & (start + every <= last + slack)
    whole = frame.filter(is_whole)
    return whole if frame["window"].n_unique() >= 4 and whole.height else frame


def quantiles_by_window(logs: pl.DataFrame, duration: str, every: str, tz: str) -> pl.DataFrame:
    """Return p50 and p95 of the durations of each window: window, p50, p95; null where it has none."""
    measured = logs.lazy().filter(pl.col(duration).is_not_null() & pl.col("timestamp").is_not_null())
    quantiles = [pl.col(duration).quantile(share / 100).alias(f"p{share}") for share in (50, 95)]
    return measured.group_by(window_start(every, tz=tz)).agg(quantiles).sort("window").collect()


def runs(steps: pl.DataFrame) -> pl.DataFrame:
    """Return the runs of jobs, the last first, from their steps: run, when, how long, how it ended, its steps' lengths.

    Takes what with_ends() returns. `ratio` is the duration over the median of the runs with an end; a slow step took
    twice as long as is usual for it, and more; `missing` names the steps that most other runs have.
    """
    run = pl.col(steps.columns[0]).cast(pl.String).alias("run")
    table = (
        steps.group_by(run, maintain_order=True)
        .agg(
            pl.col("first_seen").min(),
            pl.col("last_seen").max(),
            steps=pl.len(),
            slow_steps=(pl.col("ratio") >= SLOW_RATIO).sum(),
            errors=pl.col("errors").sum(),
            status=pl.col("status").drop_nulls().last(),
            steps_ms=pl.col("duration_ms"),
            has_end=pl.col("has_end").all(),
        )
        .join(_lacking(steps.with_columns(run)), on="run", how="left")
    )
    duration = (pl.col("last_seen") - pl.col("first_seen")).dt.total_microseconds() / 1000
    usual = pl.col("duration_ms").filter("has_end").median()
    return (
        table.with_columns(pl.col("missing").fill_null(""), duration_ms=duration)
        .with_columns(ratio=pl.when((usual > 0) & pl.col("has_end")).then(pl.col("duration_ms") / usual))
        .sort("first_seen", "run", descending=[True, False])
    )  # fmt: skip


def with_ends(steps: pl.DataFrame) -> pl.DataFrame:
    """Add has_end to the steps of runs: false for the last of a run that stopped in its midst; it has no ratio then.

    It has fewer events than nearly all runs have of it, no error, and no status, or one that others went on from. Steps
    that log a different number of lines each time do not tell.
    """
    passing = steps.select(pl.col("statuses").list.head(pl.col("statuses").list.len().cast(pl.Int64) - 1).explode())
    passed = passing.to_series().drop_nulls().unique().to_list()
    is_last = pl.col("number") == pl.col("number").max().over(steps.columns[0])
    is_passing = pl.col("status").is_null() | pl.col("status").is_in(passed)
    usual_events = pl.col("events").median().over("step")
    is_regular = (pl.col("events") == usual_events).mean().over("step") >= MIN_REGULAR_SHARE
    is_short = is_regular & (pl.col("events") < usual_events)
    has_end = ~(is_last & is_passing & is_short & (pl.col("errors") == 0))
    return steps.with_columns(has_end=has_end).with_columns(ratio=pl.when("has_end").then("ratio"))


def _lacking(steps: pl.DataFrame) -> pl.DataFrame:
    """Return the names of the steps that most other runs have, of the runs that lack some: run, missing."""
    min_runs = (steps["run"].n_unique() - 1) / 2
    common = steps.group_by("step", maintain_order=True).agg(pl.col("run").n_unique(), pl.col("number").median())
    common = common.filter(pl.col("run") > min_runs).sort("number", "step").select("step")
    pairs = steps.select("run").unique().join(common, how="cross", maintain_order="left_right")
    lacking = pairs.join(steps, on=["run", "step"], how="anti", nulls_equal=True, maintain_order="left")
    return lacking.group_by("run").agg(missing=pl.col("step").str.join(", "))


def missing_steps(steps: pl.DataFrame, run: str) -> pl.DataFrame:
    """Return the steps that most other runs have and this one lacks: step, runs (how many have it), others."""
    name = pl.col(steps.columns[0]).cast(pl.String)
    others = steps.filter(name != run)
    count = others[steps.columns[0]].n_unique()
    own = steps.filter(name == run)["step"].to_list()
    lacking = others.filter(~pl.col("step").is_in(own)).group_by("step", maintain_order=True)
    table = lacking.agg(runs=pl.len(), number=pl.col("number").median()).filter(pl.col("runs") > count / 2)
    return table.sort("number", "step").select("step", "runs", others=pl.lit(count))


def filled(counts: dict[int, int], length: int) -> list[int]:
    """Return counts by number as a list, with zeros where there is none."""
    return [counts.get(number, 0) for number in range(length)]


def facet(logs: pl.DataFrame, field: str, limit: int = 50) -> pl.DataFrame:
    """Return the most frequent values of a field as text, and how many events have each: value, events."""
    value = pl.col(field).cast(pl.String).fill_null("").alias("value")
    return (
        logs.lazy().select(value).group_by("value").len("events")
        .sort("events", "value", descending=[True, False]).head(limit).collect()
    )  # fmt: skip


def facet_fields(logs: pl.DataFrame) -> list[str]:
    """Return the fields worth a facet: those with values, the core first; no texts, times and positions."""
    unsuitable = ("timestamp", "severity_number", "message", "exception", "offset", "attributes")
    return [
        name for name, kind in logs.schema.items()
        if name not in unsuitable and not name.startswith("__") and not kind.is_nested()
        and logs[name].null_count() < logs.height
    ]  # fmt: skip


def time_order(logs: pl.DataFrame, *, newest_first: bool) -> pl.Series:
    """Return the row numbers in the order of time; events without a time come last."""
    by_time = pl.arg_sort_by("timestamp", descending=newest_first, nulls_last=True, maintain_order=True)
    return logs.select(by_time).to_series()


def safe_table(events: pl.DataFrame, limit: int = 400) -> pl.DataFrame:
    """Return events whose text is safe in a table: one line, no escapes or controls, at most `limit` characters."""
    names = [name for name, kind in events.schema.items() if kind == pl.String]
    return events.with_columns(printable_column(pl.col(name), limit).alias(name) for name in names)


def field_table(event: dict[str, object]) -> pl.DataFrame:
    """Return the fields of one event as safe text, without the empty ones: field, value."""
    names = [name for name in CORE if name not in ("message", "exception")]
    names += [name for name in event if name not in CORE and name != "row" and not name.startswith("__")]
    rows = [
        {"field": name, "value": printable(event[name], 2000)} for name in names if event.get(name) not in (None, "")
    ]
    return pl.DataFrame(rows, schema={"field": pl.String, "value": pl.String})


def surrounding_lines(logs: pl.DataFrame, source: str, offset: str, count: int = 10) -> pl.DataFrame:
    """Return an event between the `count` events before and after it in its own source, in the source's order."""
    lines = logs.filter(pl.col("source") == source)
    rows = lines.select((pl.col("offset") == offset).arg_true()).to_series()
    if rows.is_empty():
        return lines.head(0)
    return lines.slice(max(0, rows[0] - count), 2 * count + 1 + min(0, rows[0] - count))


def time_extent(logs: pl.DataFrame) -> tuple[datetime, datetime] | None:
    """Return the times of the first and the last event; None where no event has a time."""
    first, last = logs["timestamp"].min(), logs["timestamp"].max()
    return (first, last) if isinstance(first, datetime) and isinstance(last, datetime) else None


def zoomed_out(since: datetime, until: datetime) -> tuple[datetime, datetime]:
    """Return a range twice as long around the same middle."""
    half = (until - since) / 2
    return since - half, until + half


def sorted_patterns(patterns: pl.DataFrame, order: str) -> pl.DataFrame:
    """Return templates sorted: most frequent, rarest, newest or most errors first."""
    by, descending = {
        "frequent": ("events", True), "rare": ("events", False),
        "newest": ("first_seen", True), "errors": ("errors", True),
    }[order]  # fmt: skip
    return patterns.sort(by, "template", descending=[descending, False], nulls_last=True)


def top_values(top: list[dict[str, object]]) -> pl.DataFrame:
    """Return the values of a wildcard, as pattern_values() lists them, as a table: value, events."""
    rows = [{"value": entry["value"], "events": entry["count"]} for entry in top]
    return pl.DataFrame(rows, schema={"value": pl.String, "events": pl.Int64})
