"""One event in full, as the panel in the browser draws it: its text, its fields, the lines before and after it."""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from loganalytics.dashboard import summaries
from loganalytics.filters.expressions import value_text
from loganalytics.humanize import moment
from loganalytics.sanitize import printable, printable_column

_MAX_CHARACTERS = 100_000
_LINE_CHARACTERS = 300
_CLOCK = "%H:%M:%S%.3f"


def event_id(event: dict[str, Any]) -> str:
    """Return the id of an event in a link: where it stands in its source."""
    return f"{event['source']}|{event['offset']}"


def find(source_events: pl.DataFrame, link: str) -> dict[str, Any] | None:
    """Return the event that a link names, among the events of its source; None where there is none."""
    source, _, offset = link.rpartition("|")
    matches = source_events.filter((pl.col("source") == source) & (pl.col("offset") == offset))
    return matches.row(0, named=True) if matches.height else None


def condition_value(source_events: pl.DataFrame, event: dict[str, Any], field: str) -> str | None:
    """Return the value of a field of an event as a condition writes it; None for a list, which none can name."""
    if source_events.schema[field].is_nested():
        return None
    is_event = (pl.col("source") == event["source"]) & (pl.col("offset") == event["offset"])
    values = source_events.filter(is_event).select(value_text(field).alias("value"))["value"]
    return values[0] if values.len() else None


def panel(event: dict[str, Any], source_events: pl.DataFrame, tz: str) -> dict[str, Any]:
    """Return what the panel shows of an event, safe to show; its neighbours are among the events of its source."""
    origin = filter(None, (moment(event["timestamp"], tz=tz), event["level"], event["service"], event["logger"]))
    rows = summaries.field_table(event).rows()
    return {
        "id": event_id(event),
        "title": printable(" · ".join(origin), 300),
        "message": printable(event["message"], _MAX_CHARACTERS, lines=True),
        "exception": printable(event["exception"], _MAX_CHARACTERS, lines=True) if event["exception"] else "",
        "fields": [(name, content, _can_filter(source_events, name)) for name, content in rows],
        "place": f"Lines before and after, in {printable(event['source'], 200)}",
        "lines": _lines(event, source_events, tz),
        "actions": [("trace", "Follow the trace")] if event["trace_id"] else [],
        "json": as_json(event),
    }


def _can_filter(source_events: pl.DataFrame, name: str) -> bool:
    return name not in ("timestamp", "offset") and not source_events.schema.get(name, pl.List(pl.Null)).is_nested()


def as_json(event: dict[str, Any]) -> str:
    """Return the fields of an event that have a value as JSON."""
    fields = {
        name: value for name, value in event.items()
        if value not in (None, "") and name != "row" and not name.startswith("__")
    }  # fmt: skip
    return json.dumps(fields, ensure_ascii=False, indent=2, default=str)


def _lines(event: dict[str, Any], source_events: pl.DataFrame, tz: str) -> list[tuple[str, str, str, str]]:
    lines = summaries.surrounding_lines(source_events, event["source"], event["offset"])
    return lines.select(
        pl.concat_str("source", pl.lit("|"), "offset"),
        pl.col("timestamp").dt.convert_time_zone(tz).dt.strftime(_CLOCK).fill_null(""),
        printable_column(pl.col("level").cast(pl.String).fill_null(""), 20),
        printable_column(pl.col("message"), _LINE_CHARACTERS),
    ).rows()
