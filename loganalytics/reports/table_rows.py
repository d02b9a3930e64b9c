"""Rows of tables in words, the same in a page and in Markdown: safe to show, escaped by neither."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl

from loganalytics.humanize import count, moment, span
from loganalytics.sanitize import printable

_MAX_CHANGES, _MAX_FAILED_TRACES = 20, 25
_MAX_CHARACTERS, _MAX_ID_CHARACTERS = 240, 80


def change_rows(changes: pl.DataFrame) -> dict[str, Any]:
    """Return the surest changes in order of time, and how many more there are."""
    surest = changes.sort("p_value", "window", "of").head(_MAX_CHANGES).sort("window", "of")
    rows = [
        {
            "when": moment(row["window"], zone=False),
            "what": f"{row['kind']} of {row['of']}",
            "before": _rounded(row["before"]),
            "after": _rounded(row["after"]),
        }
        for row in surest.to_dicts()
    ]
    return {"rows": rows, "more": changes.height - surest.height}


def slow_trace_rows(traces: pl.DataFrame) -> list[dict[str, str]]:
    """Return the slow requests."""
    return [
        {
            "id": printable(row["trace_id"], _MAX_ID_CHARACTERS),
            "when": moment(row["first_seen"], zone=False),
            "took": span(timedelta(milliseconds=row["duration_ms"])),
            "events": count(row["events"]),
            "services": printable(", ".join(row["services"]), _MAX_CHARACTERS),
            "error": printable(row["first_error"], _MAX_CHARACTERS) if row["first_error"] is not None else "–",
        }
        for row in traces.to_dicts()
    ]


def failed_trace_rows(traces: pl.DataFrame) -> dict[str, Any]:
    """Return the failed requests, and how many more there are."""
    rows = [
        {
            "id": printable(row["trace_id"], _MAX_ID_CHARACTERS),
            "start": moment(row["first_seen"], zone=False),
            "took": span(timedelta(milliseconds=row["duration_ms"] or 0)),
            "services": printable(" → ".join(row["services"] or []), _MAX_CHARACTERS),
            "error": printable(row["first_error"], _MAX_CHARACTERS),
        }
        for row in traces.head(_MAX_FAILED_TRACES).to_dicts()
    ]
    return {"rows": rows, "more": max(0, traces.height - _MAX_FAILED_TRACES)}


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2g}"
