"""Why a window is unusual: the features that surprise most, with numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from loganalytics.analyses.anomalies.runs import RUNS
from loganalytics.humanize import span

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

MOST = 5  # reasons a window
VAGUE = 0.7  # weight, as a reason, of what a level says: the template behind it says it better
LEAST = 1.0  # surprise: what one window in ten shows explains nothing

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


@dataclass(frozen=True)
class Judged:
    """Features with what is usual for them; all arrays are windows by names."""

    names: list[str]
    observed: Array
    expected: Array
    low: Array
    high: Array
    surprise: Array
    run: Array  # how many windows are told together; 1 is the window alone


def join(parts: list[Judged]) -> Judged:
    """Return the features of all parts side by side."""
    import numpy as np

    return Judged(
        [name for part in parts for name in part.names],
        np.hstack([part.observed for part in parts]),
        np.hstack([part.expected for part in parts]),
        np.hstack([part.low for part in parts]),
        np.hstack([part.high for part in parts]),
        np.hstack([part.surprise for part in parts]),
        np.hstack([part.run for part in parts]),
    )


def read_cells(judged: Judged) -> pl.DataFrame:
    """Return what may be a reason: window (its number) and feature, with what was observed and is usual.

    The contribution is the feature's share of the surprise of all features in that window.
    """
    import numpy as np

    window, feature = np.nonzero(judged.surprise >= LEAST)
    weight = np.array([VAGUE if name.startswith("level:") else 1.0 for name in judged.names])
    weighted = judged.surprise * weight
    numbers = {name: getattr(judged, name)[window, feature] for name in ("observed", "expected", "low", "high", "run")}
    return pl.DataFrame(
        {
            "window": window.astype(np.int64),
            "feature": pl.Series(judged.names, dtype=pl.String).gather(feature),
            **{name: values.astype(float) for name, values in numbers.items()},
            "contribution": weighted[window, feature] / weighted.sum(axis=1)[window],
        }
    )


def read_reasons(cells: list[pl.DataFrame], every: timedelta) -> pl.DataFrame:
    """Return value (which frame of cells), window and reasons, for the windows (so long each) that have any."""
    sizes = pl.Series([part.height for part in cells], dtype=pl.UInt32)
    value = pl.int_range(len(cells), dtype=pl.Int64, eager=True).repeat_by(sizes).explode(empty_as_null=False)
    rows = pl.concat(cells).with_columns(value.alias("value"))
    most = rows.sort("value", "window", "contribution", "feature", descending=[False, False, True, False])
    shown = most.filter(pl.int_range(pl.len()).over("value", "window") < MOST).with_columns(text=_text(every))
    fields = pl.struct("feature", "observed", "expected", "low", "high", "contribution", "text")
    return shown.group_by("value", "window", maintain_order=True).agg(reasons=fields).cast({"reasons": REASONS})


def _text(every: timedelta) -> pl.Expr:
    """Return what a reason says, such as "ERROR events: 412, usually 3 to 9", or "events in 15 min: 0, usually 21"."""
    name = pl.col("feature")
    known = {
        "errors": "errors",
        "trace_ids": "distinct trace ids",
        "error_share": "share of errors",
        "unseen_templates": "kinds of event never seen before",
        "new_events": "events of kinds never seen before",
        "duration_p50": "median duration",
        "duration_p95": "95th percentile of duration",
    }
    label = (
        pl.when(name.str.starts_with("level:"))
        .then(pl.format("{} events", name.str.slice(6)))
        .when(name.str.starts_with("template:"))
        .then(pl.format('events "{}"', name.str.slice(9, 120)))
        .when(name.str.starts_with("duration:"))
        .then(pl.format('median duration of "{}"', name.str.slice(9, 120)))
        .when(name.str.starts_with("errors:"))
        .then(pl.format("errors of {}", name.str.slice(7).str.replace(":", " ")))
        .when(name.str.contains("^(service|host):"))
        .then(pl.format("events of {}", name.str.replace(":", " ")))
        .otherwise(name.replace(known))
    )
    share, duration = name == "error_share", name.str.starts_with("duration")
    unit = pl.when(share).then(pl.lit(" %")).when(duration).then(pl.lit(" ms")).otherwise(pl.lit(""))
    together = {1.0: "", **{float(length): f" in {span(length * every)}" for length in RUNS}}
    label = label + pl.col("run").cast(pl.Float64).replace_strict(together, return_dtype=pl.String)
    low, high = _number("low"), _number("high")
    usual = pl.when(low == high).then(high).otherwise(pl.format("{} to {}", low, high))
    return pl.format("{}: {}{}, usually {}{}", label, _number("observed"), unit, usual, unit)


def _number(column: str) -> pl.Expr:
    """Return a number as it is read: counts are whole, so that a range of them begins and ends with one that is in."""
    name, value = pl.col("feature"), pl.col(column)
    rough = pl.when(name == "error_share").then(value * 100).otherwise(value).round_sig_figs(3)
    plain = pl.when(rough < 10).then(rough.cast(pl.String)).otherwise(rough.round().cast(pl.Int64).cast(pl.String))
    whole = {"low": value.ceil(), "high": value.floor()}.get(column, value.round())
    is_count = ~(name.str.starts_with("duration") | (name == "error_share"))
    return pl.when(is_count).then(whole.cast(pl.Int64).cast(pl.String)).otherwise(plain.str.strip_suffix(".0"))
