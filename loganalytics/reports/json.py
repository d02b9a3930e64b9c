"""A report as JSON: plain values, bounded tables."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl

_JSON_ROWS, _JSON_TEXT = 1_000, 2_000


def plain(value: Any) -> Any:
    """Return a value as JSON knows it; text of a log is cut at 2,000 characters."""
    if isinstance(value, str):
        return value if len(value) <= _JSON_TEXT else f"{value[:_JSON_TEXT]}…"
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | pl.Series):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return None
    return value if isinstance(value, int | float | bool | None) else str(value)


SCHEMA_VERSION = 1
"""Of the JSON; it rises when a field changes its meaning or goes away."""


def bounded_table(name: str, table: pl.DataFrame) -> dict[str, Any]:
    """Return a table for the JSON: at most 1,000 rows, of the anomalies those that are; "total" tells how many."""
    shown = table.filter(pl.col("is_anomaly")) if name in ("anomalies", "sequences") else table
    return {"total": shown.height, "rows": shown.head(_JSON_ROWS).to_dicts()}
