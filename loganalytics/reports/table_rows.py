"""Rows of tables in words, the same in a page and in Markdown: safe to show, escaped by neither."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from loganalytics.analyses.requests.endpoints import METHOD, ROUTE
from loganalytics.findings.quoting import without_name
from loganalytics.humanize import count, moment, span
from loganalytics.sanitize import printable

if TYPE_CHECKING:
    from loganalytics.reports.model import Incident

_STATUS_FIELDS = ("http.response.status_code", "http.status_code", "status", "status_code")
_MAX_CHANGES, _MAX_FAILED_TRACES = 20, 25
_MAX_CHARACTERS, _MAX_ID_CHARACTERS, _MAX_LINE = 240, 80, 400


def change_rows(changes: pl.DataFrame, *, tz: str = "UTC") -> dict[str, Any]:
    """Return the surest changes in order of time, and how many more there are."""
    surest = changes.sort("p_value", "window", "of").head(_MAX_CHANGES).sort("window", "of")
    rows = [
        {
            "when": moment(row["window"], zone=False, tz=tz),
            "what": f"{row['kind']} of {row['of']}",
            "before": _rounded(row["before"]),
            "after": _rounded(row["after"]),
        }
        for row in surest.to_dicts()
    ]
    return {"rows": rows, "more": changes.height - surest.height}


def anomaly_rows(windows: list[dict[str, Any]], *, tz: str = "UTC") -> list[dict[str, str]]:
    """Return anomalous windows with what is unusual about them."""
    return [
        {
            "when": moment(row["window"], zone=False, tz=tz),
            "service": printable(row.get("service"), _MAX_ID_CHARACTERS),
            "score": f"{row['score']:.2f}",
            "reasons": printable(" · ".join(reason["text"] for reason in row["reasons"] or []), _MAX_LINE),
        }
        for row in windows
    ]


def slow_trace_rows(traces: pl.DataFrame, *, tz: str = "UTC") -> list[dict[str, str]]:
    """Return the slow requests."""
    return [
        {
            "id": printable(row["trace_id"], _MAX_ID_CHARACTERS),
            "when": moment(row["first_seen"], zone=False, tz=tz),
            "took": span(timedelta(milliseconds=row["duration_ms"])),
            "events": count(row["events"]),
            "services": printable(", ".join(row["services"]), _MAX_CHARACTERS),
            "error": printable(row["first_error"], _MAX_CHARACTERS) if row["first_error"] is not None else "–",
        }
        for row in traces.to_dicts()
    ]


def event_lines(incident: Incident, finding: dict[str, Any], limit: int) -> list[str]:
    """Return the first events behind a finding of an incident as lines; of a silence, the last before it."""
    events = incident.rows(finding["rank"])
    shown_values = events.tail(limit) if finding["kind"] == "silence" else events.head(limit)
    return [event_line(event, tz=incident.facts["timezone"]) for event in shown_values.to_dicts()]


def event_line(event: dict[str, Any], *, tz: str = "UTC") -> str:
    """Return an event on one line: its time in a zone, level, service and message.

    The line of its exception that says what failed follows, and the request with its status, unless the message has it.
    """
    values = [moment(event["timestamp"], zone=False, tz=tz), event["level"], event["service"]]
    values.append(without_name(event["message"] or "", [event["service"]]))
    shown_values = [printable(value, _MAX_LINE) for value in (*values, _request(event), _reason(event)) if value]
    return " ".join(shown_values)


def _request(event: dict[str, Any]) -> str | None:
    """Return endpoint, status and duration of a request, as fields have them."""
    if not event.get(ROUTE) or "/" in (event["message"] or ""):
        return None
    status = next((event[name] for name in _STATUS_FIELDS if event.get(name) is not None), None)
    took = f"{event['duration_ms']:,.0f} ms" if event.get("duration_ms") is not None else None
    return f"[{' '.join(str(value) for value in (event.get(METHOD), event[ROUTE], status, took) if value is not None)}]"


def _reason(event: dict[str, Any]) -> str | None:
    lines = [line.strip() for line in (event.get("exception") or "").strip().splitlines()]
    if not lines:
        return None
    reason = lines[-1] if lines[0].startswith("Traceback") else lines[0]
    is_news = reason and not reason.startswith(("goroutine ", "at ")) and reason not in (event["message"] or "")
    return f"⏎ {reason}" if is_news else None


def failed_trace_rows(traces: pl.DataFrame, *, tz: str = "UTC") -> dict[str, Any]:
    """Return the failed requests, with their times in a zone, and how many more there are."""
    rows = [
        {
            "id": printable(row["trace_id"], _MAX_ID_CHARACTERS),
            "start": moment(row["first_seen"], zone=False, tz=tz),
            "took": span(timedelta(milliseconds=row["duration_ms"] or 0)),
            "services": printable(" → ".join(row["services"] or []), _MAX_CHARACTERS),
            "error": printable(row["first_error"], _MAX_CHARACTERS),
        }
        for row in traces.head(_MAX_FAILED_TRACES).to_dicts()
    ]
    return {"rows": rows, "more": max(0, traces.height - _MAX_FAILED_TRACES)}


def _rounded(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2g}"
