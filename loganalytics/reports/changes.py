"""Where the number of events changes, and which requests took the longest: what a report tells of both."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl

from loganalytics.analyses.change_points.detect import change_points
from loganalytics.humanize import count, moment, span
from loganalytics.sanitize import printable

_SHOWN, _TEXT = 20, 240


def in_all(by_level: pl.DataFrame) -> pl.DataFrame:
    """Return a trend by level as one of all events."""
    return by_level.group_by("window").agg(pl.col("events", "errors").sum()).drop_nulls("window").sort("window")


def find_changes(whole: pl.DataFrame) -> pl.DataFrame:
    """Return where the number of events, and that of errors, changes."""
    found = [
        change_points(whole.select("window", name), column=name).select(pl.lit(name).alias("of"), pl.all())
        for name in ("events", "errors")
    ]
    return pl.concat(found).sort("window", "of")


def changes(table: pl.DataFrame) -> dict[str, Any]:
    """Return the surest changes in words, in order of time."""
    shown = table.sort("p_value", "window", "of").head(_SHOWN).sort("window", "of")
    rows = [
        {
            "when": moment(row["window"], zone=False),
            "what": f"{row['kind']} of {row['of']}",
            "before": _number(row["before"]),
            "after": _number(row["after"]),
        }
        for row in shown.to_dicts()
    ]
    return {"rows": rows, "more": table.height - shown.height}


def slow_traces(table: pl.DataFrame) -> list[dict[str, str]]:
    """Return the slow requests in words."""
    return [
        {
            "id": printable(row["trace_id"], 80),
            "when": moment(row["first_seen"], zone=False),
            "took": span(timedelta(milliseconds=row["duration_ms"])),
            "events": count(row["events"]),
            "services": printable(", ".join(row["services"]), _TEXT),
            "error": printable(row["first_error"], _TEXT) if row["first_error"] is not None else "–",
        }
        for row in table.to_dicts()
    ]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2g}"
