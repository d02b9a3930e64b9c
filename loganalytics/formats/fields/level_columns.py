"""The columns `level` and `severity_number` of records: what they write, and what the status of an answer says."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from loganalytics.formats.fields.aliases import FieldPath, fold_name
from loganalytics.formats.fields.record_schema import RecordSchema, column_name
from loganalytics.formats.fields.requests import status_number
from loganalytics.schema import LEVELS, severities

_WARNING = 13
_LEVEL_TAG = r'"(fatal|error|warning|info|debug|trace)"'
_FIRST_STATUS, _CLIENT_ERROR, _SERVER_ERROR, _LAST_STATUS = 100, 400, 500, 599
_STATUS_LEVELS = pl.DataFrame(
    [dict(zip(("level", "severity_number"), LEVELS[word], strict=True)) for word in ("info", "warning", "error")],
    schema={"level": pl.String(), "severity_number": pl.UInt8()},
)


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
    levels = levels.with_columns(severity_number=pl.coalesce(*numbers, "severity_number"))
    if not statuses and not failures:
        return events.with_columns(levels)
    raised = _raised(levels, _statuses(records, statuses, failures, value_of))
    if raised is levels or not paths:
        return events.with_columns(raised)
    is_changed = levels["severity_number"].ne_missing(raised["severity_number"]) & levels["level"].is_not_null()
    written = pl.coalesce([value_of(path).cast(pl.String) for path in paths])
    original = records.select(pl.when(is_changed).then(written).alias(column_name(paths[0]))).to_series()
    return events.with_columns(raised).with_columns(original if is_changed.any() else [])


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
    failed = read[-1].set(read[-1] < _SERVER_ERROR, None)
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


def _raised(levels: pl.DataFrame, status: pl.Series) -> pl.DataFrame:
    """Raise levels of at most INFO to that of the answer's status."""
    is_failed = (status >= _CLIENT_ERROR) & (status <= _LAST_STATUS)
    if not is_failed.any() and not levels["level"].null_count():
        return levels
    is_raised = (levels["severity_number"].fill_null(0) < _WARNING) & is_failed
    is_raised |= levels["level"].is_null() & (status >= _FIRST_STATUS)
    is_raised = is_raised.fill_null(value=False)
    by_status = _STATUS_LEVELS[((status >= _CLIENT_ERROR).cast(pl.UInt32) + (status >= _SERVER_ERROR).cast(pl.UInt32))]
    return levels.select(
        pl.when(is_raised).then(by_status[name]).otherwise(pl.col(name)).alias(name) for name in levels.columns
    )
