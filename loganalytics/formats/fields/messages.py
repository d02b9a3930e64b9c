"""The column `message` of records: written, made of a template, or that of a web request."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from loganalytics.formats.fields.aliases import FieldPath, fields_by_name
from loganalytics.formats.fields.record_schema import RecordSchema
from loganalytics.formats.fields.rendering import render

_BYTES = r"^\[\s*\d{1,3}(?:\s*,\s*\d{1,3})*\s*\]$"


def messages(records: pl.DataFrame, record_schema: RecordSchema, value_of: Callable[[FieldPath], pl.Expr]) -> pl.Series:
    """Return each record's message; null where it has none."""
    templates = record_schema.semantics.templates
    paths = [path for path in record_schema.core.get("message", ()) if not templates or path != templates.template]
    values = [value_of(path) for path in paths] or [pl.repeat(None, records.height, dtype=pl.String)]
    text = records.select((pl.coalesce(values) if values[1:] else values[0]).alias("message")).to_series()
    if templates and text.null_count():
        rows = text.is_null()
        text = text.scatter(rows.arg_true(), render(records.filter(rows), templates, value_of))
    if text.null_count() and (request := record_schema.semantics.requests.message_paths):
        text = text.fill_null(records.select(_request_message(request, value_of)).to_series())
    return _decoded(text) if _is_journal(record_schema) else text


def _request_message(paths: tuple[FieldPath, ...], value_of: Callable[[FieldPath], pl.Expr]) -> pl.Expr:
    """Return the message of a web request: its method, address and status."""
    words = [value_of(path).cast(pl.String) for path in paths]
    message = pl.concat_str(words, separator=" ", ignore_nulls=True)
    return pl.when(pl.any_horizontal(word.is_not_null() for word in words[:-1])).then(message)


def _is_journal(record_schema: RecordSchema) -> bool:
    return "realtimetimestamp" in fields_by_name(record_schema.fields)


def _decoded(text: pl.Series) -> pl.Series:
    """Return the messages that the journal writes as lists of bytes, since they hold controls or colours, as text."""
    listed = text.str.contains(_BYTES).fill_null(value=False).arg_true()
    if not listed.len():
        return text
    decoded = [_bytes_text(numbers) for numbers in text.gather(listed)]
    return text.scatter(listed, decoded)


def _bytes_text(numbers: str) -> str:
    values = [int(number) for number in numbers.strip("[]").split(",")]
    return bytes(values).decode(errors="replace") if max(values) < 256 else numbers
