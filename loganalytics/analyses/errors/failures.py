"""Which events are errors: by their level or, where they have none, by what they report."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from loganalytics.analyses.errors.failure_words import reports_failure
from loganalytics.analyses.errors.stack_frames import FRAME_PATTERN
from loganalytics.schema import Frame, is_error

_TRACE = rf"{FRAME_PATTERN}|Traceback \(most recent call last\)"


def failure_of(logs: Frame) -> pl.Expr:
    """Return the expression for the errors of these events; where all have a severity, nothing else is read."""
    if isinstance(logs, pl.DataFrame) and not logs["severity_number"].null_count():
        return is_error()
    return is_failure(logs.collect_schema().names())


def is_failure(columns: Collection[str]) -> pl.Expr:
    """Return the expression that is true for the errors of a frame with these columns, and never null.

    These are events with severity_number >= 17 (to which failed requests, HTTP 5xx, are raised when they are read),
    and events without any severity whose message reports a failure ("failed", "panic", "失败") or with a stack trace.
    The words of an event that has a level, if one that is not known, do not count.
    """
    has_no_number = pl.col("severity_number").is_null()
    reports = []
    if "message" in columns:
        has_no_level = has_no_number & (pl.col("level").is_null() if "level" in columns else pl.lit(value=True))
        reports.append(reports_failure(pl.when(has_no_level).then(pl.col("message").cast(pl.String))))
    if "exception" in columns:
        reports.append(pl.when(has_no_number).then(pl.col("exception").cast(pl.String)).str.contains(_TRACE))
    return is_error() | pl.any_horizontal(*reports).fill_null(value=False) if reports else is_error()
