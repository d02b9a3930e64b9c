"""Small frames and numbers that the pages show, from events that are in memory: plain Polars, no Streamlit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from loganalytics.sanitize import printable
from loganalytics.schema import CORE, is_error
from loganalytics.times import window_start

SPARKS = 40
"""How many points a sparkline has."""


@dataclass(frozen=True)
class Numbers:
    """What the cards of the overview say of a range of time."""

    events: int
    errors: int
    services: int
    p95: float | None
    first: datetime | None
    last: datetime | None

    @property
    def error_rate(self) -> float:
        """Errors as a share of the events, 0 without events."""
        return self.errors / self.events if self.events else 0.0


def numbers(logs: pl.DataFrame, duration: str | None = None) -> Numbers:
    """Count events, errors and services; `duration` is the column that p95 is taken of."""
    row = logs.lazy().select(
        pl.len(), is_error().sum(), pl.col("service").drop_nulls().n_unique(),
        pl.lit(None, pl.Float64) if duration is None else pl.col(duration).quantile(0.95),
        pl.col("timestamp").min().alias("first"), pl.col("timestamp").max().alias("last"),
    ).collect().row(0)  # fmt: skip
    return Numbers(*row)


def sparks(trend: pl.DataFrame) -> pl.DataFrame:
    """Return a trend as at most 40 points: events, errors and error_rate."""
    totals = trend.group_by("window").agg(pl.col("events", "errors").sum()).sort("window")
    step = max(1, -(-totals.height // SPARKS))
    return (
        totals.group_by(pl.int_range(pl.len()) // step, maintain_order=True)
        .agg(pl.col("events", "errors").sum())
        .select("events", "errors", error_rate=pl.col("errors") / pl.max_horizontal("events", 1))
    )


def durations(logs: pl.DataFrame, duration: str, every: str) -> pl.DataFrame:
    """Return p95 of the durations by window, of windows that tell one."""
    measured = logs.lazy().filter(pl.col(duration).is_not_null() & pl.col("timestamp").is_not_null())
    return measured.group_by(window_start(every)).agg(p95=pl.col(duration).quantile(0.95)).sort("window").collect()


def facet(logs: pl.DataFrame, field: str, most: int = 50) -> pl.DataFrame:
    """Return the commonest values of a field as text, and how many events bear each: value, events."""
    text = pl.col(field).cast(pl.String).fill_null("").alias("value")
    return (
        logs.lazy().select(text).group_by("value").len("events")
        .sort("events", "value", descending=[True, False]).head(most).collect()
    )  # fmt: skip


def fields(logs: pl.DataFrame) -> list[str]:
    """Return the fields worth a facet: what some events bear, the core first; no text, times or places."""
    left_out = ("timestamp", "severity_number", "message", "exception", "offset", "attributes")
    return [
        name for name, kind in logs.schema.items()
        if name not in left_out and not name.startswith("__") and not kind.is_nested()
        and logs[name].null_count() < logs.height
    ]  # fmt: skip


def order(logs: pl.DataFrame, *, newest_first: bool) -> pl.Series:
    """Return the rows' numbers in the order of time; those without a time come last."""
    by_time = pl.arg_sort_by("timestamp", descending=newest_first, nulls_last=True, maintain_order=True)
    return logs.select(by_time).to_series()


def shown(events: pl.DataFrame, limit: int = 400) -> pl.DataFrame:
    """Return events whose text is safe in a table: one line, no escapes or controls, cut after `limit` characters."""
    texts = [name for name, kind in events.schema.items() if kind == pl.String]
    return events.with_columns(clean(pl.col(name), limit).alias(name) for name in texts)


def clean(text: pl.Expr, limit: int) -> pl.Expr:
    """Return the expression for text without escapes, controls and marks that turn writing round, cut short."""
    head = text.str.head(2 * limit)
    plain = head.str.replace_all(_ESCAPES, "").str.replace_all(r"\s+", " ").str.replace_all(_CONTROLS, "")
    cut = (plain.str.len_chars() > limit) | (text.str.len_bytes() > head.str.len_bytes())
    return pl.when(cut).then(plain.str.head(limit) + "…").otherwise(plain)


_ESCAPES = "\x1b\\[[0-9;:?<=>]*[ -/]*[@-~]|\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|\x1b[@-Z\\\\^_-]?"
_CONTROLS = r"[\x00-\x08\x0b-\x1f\x7f-\x{9f}\x{200b}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2069}\x{feff}]"


def fields_of(event: dict[str, object]) -> list[tuple[str, str]]:
    """Return what one event bears, field by field, as safe text; what is empty is left out."""
    order = [name for name in CORE if name not in ("message", "exception")]
    order += [name for name in event if name not in CORE and name != "row" and not name.startswith("__")]
    return [(name, printable(event[name], 2000)) for name in order if event.get(name) not in (None, "")]


def neighbours(logs: pl.DataFrame, source: str, offset: str, around: int = 10) -> pl.DataFrame:
    """Return the events just before and after one in its own source, in the order they stand there."""
    same = logs.filter(pl.col("source") == source)
    found = same.select((pl.col("offset") == offset).arg_true()).to_series()
    if found.is_empty():
        return same.head(0)
    return same.slice(max(0, found[0] - around), 2 * around + 1 + min(0, found[0] - around))


def extent(logs: pl.DataFrame) -> tuple[datetime, datetime] | None:
    """Return the times of the first and the last event; None where none bears a time."""
    first, last = logs["timestamp"].min(), logs["timestamp"].max()
    return (first, last) if isinstance(first, datetime) and isinstance(last, datetime) else None


def widened(since: datetime, until: datetime) -> tuple[datetime, datetime]:
    """Return a range twice as long around the same middle."""
    half = (until - since) / 2
    return since - half, until + half


def sorted_patterns(patterns: pl.DataFrame, way: str) -> pl.DataFrame:
    """Return templates sorted: commonest, rarest, newest or errors first."""
    by, descending = {
        "commonest": ("events", True), "rarest": ("events", False),
        "newest": ("first_seen", True), "errors": ("errors", True),
    }[way]  # fmt: skip
    return patterns.sort(by, "template", descending=[descending, False], nulls_last=True)


def with_new(patterns: pl.DataFrame, ends: tuple[datetime, datetime] | None) -> pl.DataFrame:
    """Add is_new: whether the first event came too late for chance.

    Were its n events spread evenly, none would fall into the first part f of the log with probability (1 - f)^n; that
    must be under 1 %, divided by the number of patterns, for there are many to try (Bonferroni).
    """
    if ends is None or ends[0] == ends[1]:
        return patterns.with_columns(is_new=pl.lit(value=False))
    part = (pl.col("first_seen") - ends[0]).dt.total_microseconds() / ((ends[1] - ends[0]) / timedelta(microseconds=1))
    late = (1 - part.clip(0, 1)).pow(pl.col("events")) < 0.01 / patterns.height
    return patterns.with_columns(is_new=(late & (pl.col("events") > 1)).fill_null(value=False))


def top_values(top: list[dict[str, object]]) -> pl.DataFrame:
    """Return the values behind a wildcard as pattern_values() tells them: value, events."""
    return pl.DataFrame(
        [(value["value"], value["count"]) for value in top],
        schema={"value": pl.String, "events": pl.Int64}, orient="row",
    )  # fmt: skip
