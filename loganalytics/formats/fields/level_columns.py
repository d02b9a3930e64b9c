"""The columns `level` and `severity_number` of records: what they write, and what the status of an answer says."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from loganalytics.formats.fields.aliases import FieldPath, fold_name
from loganalytics.formats.fields.record_schema import RecordSchema
from loganalytics.formats.fields.requests import status_number
from loganalytics.formats.fields.status_levels import CLIENT_ERROR, SERVER_ERROR, status_levels
from loganalytics.formats.internal_columns import column_name
from loganalytics.schema import severities

_WARNING = 13
_LEVEL_TAG = r'"(fatal|error|warning|info|debug|trace)"'
_FIRST_STATUS, _LAST_STATUS = 100, 599


def with_levels(
    events: pl.DataFrame, records: pl.DataFrame, record_schema: RecordSchema, value_of: Callable[[FieldPath], pl.Expr]
) -> pl.DataFrame:
    """Add `level` and `severity_number` to events, where the records (n, record) have something that tells them."""
    paths = record_schema.core.get("level", ())
    semantics = record_schema.semantics
    statuses, failures = semantics.requests.statuses, semantics.requests.failures
    if not (
        paths or statuses or failures or semantics.default_level or semantics.level_markers or semantics.level_tags
    ):
        return events
    levels = _written(records, record_schema, value_of)
    numbers = [
        records.select(_severity_number(value_of(path))).to_series()
        for path in paths
        if fold_name(path[-1]) == "severitynumber"
    ]
    if numbers:
        levels = levels.with_columns(severity_number=pl.coalesce(*numbers, "severity_number"))
    if not statuses and not failures:
        return events.with_columns(levels)
    raised = _raised(levels, _statuses(records, statuses, failures, value_of))
    events = events.with_columns(raised.select("level", "severity_number"))
    changed = raised["is_changed"].arg_true()
    if changed.is_empty() or not paths:
        return events
    values = records.select(
        value_of(path).gather(changed).cast(pl.String).alias(str(n)) for n, path in enumerate(paths)
    )
    written = values.select(pl.coalesce(pl.all())).to_series()
    original = pl.repeat(None, records.height, dtype=pl.String, eager=True).scatter(changed, written)
    return events.with_columns(original.alias(column_name(paths[0])))


def _statuses(
    records: pl.DataFrame,
    statuses: Sequence[FieldPath],
    failures: Sequence[FieldPath],
    value_of: Callable[[FieldPath], pl.Expr],
) -> pl.Series:
    """Return the status of each record's answer; of those among the fields of requests only failures count."""
    read = [
        status_number(records.select(value_of(path).alias(str(number)) for number, path in enumerate(paths)))
        for paths in (statuses, failures)
        if paths
    ]
    if not failures:
        return read[0]
    failed = read[-1].set(read[-1] < SERVER_ERROR, None)
    return read[0].fill_null(failed) if statuses else failed


def _written(
    records: pl.DataFrame, record_schema: RecordSchema, value_of: Callable[[FieldPath], pl.Expr]
) -> pl.DataFrame:
    """Return the levels that the records write, and their severity numbers."""
    semantics = record_schema.semantics
    level_words, default = semantics.level_words, semantics.default_level
    words = [
        value_of(path).cast(pl.String).replace(level_words[path]) if path in level_words else value_of(path)
        for path in record_schema.core.get("level", ())
    ]
    words += [
        pl.when(value_of(path).is_not_null()).then(pl.lit(word)) for path, word in semantics.level_markers.items()
    ]
    words += [value_of(semantics.level_tags).str.extract(_LEVEL_TAG)] if semantics.level_tags else []
    words += [pl.repeat(default, records.height, dtype=pl.String)] if default or not words else []
    level = pl.coalesce(words) if words[1:] else words[0]
    return records.select(level.alias("level")).select(severities(pl.col("level")))


def _severity_number(number: pl.Expr) -> pl.Expr:
    """Return OpenTelemetry's severity number where the records write it, which says more than a level does."""
    number = number.cast(pl.UInt8, strict=False)
    return pl.when(number.is_between(1, 24)).then(number)


def _raised(levels: pl.DataFrame, statuses: pl.Series) -> pl.DataFrame:
    """Return levels, those at most INFO, or missing, raised to that of the answer's status, and which were changed."""
    level, number, status = pl.col("level"), pl.col("severity_number"), pl.lit(statuses)
    is_failed = status.is_between(CLIENT_ERROR, _LAST_STATUS) & (number.fill_null(0) < _WARNING)
    is_answered = level.is_null() & (status >= _FIRST_STATUS)
    frame = levels.with_columns(is_raised=(is_failed | is_answered).fill_null(value=False))
    if not frame["is_raised"].any():
        return frame.rename({"is_raised": "is_changed"})
    by_status = status_levels(statuses)
    return frame.select(
        *(pl.when("is_raised").then(by_status[name]).otherwise(name).alias(name) for name in levels.columns),
        is_changed=pl.col("is_raised") & level.is_not_null(),
    )
