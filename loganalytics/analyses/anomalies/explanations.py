"""Why a window is unusual: the features with the highest surprisal, with numbers and in words."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl

from loganalytics.analyses.anomalies.runs import RUN_LENGTHS
from loganalytics.analyses.anomalies.scores import Scores
from loganalytics.humanize import span

MAX_REASONS = 5  # a window
LEVEL_WEIGHT = 0.7  # of a level as a reason: the template behind it is the better one
MIN_SURPRISAL = 1.0  # of a reason: what one window in ten has explains nothing
MAX_LABEL_CHARACTERS = 120

REASONS = pl.List(
    pl.Struct(
        {
            "feature": pl.String,
            "observed": pl.Float64,
            "expected": pl.Float64,
            "low": pl.Float64,
            "high": pl.Float64,
            "contribution": pl.Float64,
            "text": pl.String,
        }
    )
)
NO_REASONS = pl.lit([], REASONS)

_LABELS = {
    "errors": "errors",
    "trace_ids": "distinct trace ids",
    "error_share": "share of errors",
    "unseen_templates": "kinds of event never seen before",
    "new_events": "events of kinds never seen before",
    "duration_p50": "median duration",
    "duration_p95": "95th percentile of duration",
}


def find_explanations(scores: Scores) -> pl.DataFrame:
    """Return what may be a reason: window (its number) and feature, with what was observed and is expected.

    The contribution is the feature's share of the surprisal of all features in that window.
    """
    window, feature = np.nonzero(scores.surprisal >= MIN_SURPRISAL)
    weights = np.array([LEVEL_WEIGHT if name.startswith("level:") else 1.0 for name in scores.names])
    weighted = scores.surprisal * weights
    numbers = {name: getattr(scores, name)[window, feature] for name in ("observed", "expected", "low", "high", "run")}
    return pl.DataFrame(
        {
            "window": window.astype(np.int64),
            "feature": pl.Series(scores.names, dtype=pl.String).gather(feature),
            **{name: values.astype(float) for name, values in numbers.items()},
            "contribution": weighted[window, feature] / weighted.sum(axis=1)[window],
        }
    )


def top_reasons(explanations: list[pl.DataFrame], every: timedelta) -> pl.DataFrame:
    """Return value (which of the tables), window and reasons, for the windows (so long each) that have any."""
    sizes = pl.Series([table.height for table in explanations], dtype=pl.UInt32)
    value = pl.int_range(len(explanations), dtype=pl.Int64, eager=True).repeat_by(sizes).explode(empty_as_null=False)
    rows = pl.concat(explanations).with_columns(value.alias("value"))
    ranked = rows.sort("value", "window", "contribution", "feature", descending=[False, False, True, False])
    top = ranked.filter(pl.int_range(pl.len()).over("value", "window") < MAX_REASONS)
    reason = pl.struct("feature", "observed", "expected", "low", "high", "contribution", "text")
    reasons = top.with_columns(text=_describe(every)).group_by("value", "window", maintain_order=True)
    return reasons.agg(reasons=reason).cast({"reasons": REASONS})


def _describe(every: timedelta) -> pl.Expr:
    """Return a reason in words, such as "ERROR events: 412, usually 3 to 9", or "events in 15 min: 0, usually 21"."""
    name = pl.col("feature")
    is_share, is_duration = name == "error_share", name.str.starts_with("duration")
    unit = pl.when(is_share).then(pl.lit(" %")).when(is_duration).then(pl.lit(" ms")).otherwise(pl.lit(""))
    run_spans = {1.0: "", **{float(length): f" in {span(length * every)}" for length in RUN_LENGTHS}}
    label = _label() + pl.col("run").cast(pl.Float64).replace_strict(run_spans, return_dtype=pl.String)
    low, high = _number("low"), _number("high")
    usual = pl.when(low == high).then(high).otherwise(pl.format("{} to {}", low, high))
    return pl.format("{}: {}{}, usually {}{}", label, _number("observed"), unit, usual, unit)


def _label() -> pl.Expr:
    """Return what a feature counts or measures, in words."""
    name = pl.col("feature")
    return (
        pl.when(name.str.starts_with("level:"))
        .then(pl.format("{} events", name.str.slice(len("level:"))))
        .when(name.str.starts_with("template:"))
        .then(pl.format('events "{}"', name.str.slice(len("template:"), MAX_LABEL_CHARACTERS)))
        .when(name.str.starts_with("duration:"))
        .then(pl.format('median duration of "{}"', name.str.slice(len("duration:"), MAX_LABEL_CHARACTERS)))
        .when(name.str.starts_with("errors:"))
        .then(pl.format("errors of {}", name.str.slice(len("errors:")).str.replace(":", " ")))
        .when(name.str.contains("^(service|host):"))
        .then(pl.format("events of {}", name.str.replace(":", " ")))
        .otherwise(name.replace(_LABELS))
    )


def _number(column: str) -> pl.Expr:
    """Return a number as it is read: counts are whole, so that a range of them begins and ends with one that is in."""
    name, value = pl.col("feature"), pl.col(column)
    rounded = pl.when(name == "error_share").then(value * 100).otherwise(value).round_sig_figs(3)
    integer = rounded.round().cast(pl.Int64).cast(pl.String)
    measure = pl.when(rounded < 10).then(rounded.cast(pl.String)).otherwise(integer).str.strip_suffix(".0")
    events = {"low": value.ceil(), "high": value.floor()}.get(column, value.round())
    is_count = ~(name.str.starts_with("duration") | (name == "error_share"))
    return pl.when(is_count).then(events.cast(pl.Int64).cast(pl.String)).otherwise(measure)
