"""The column `message` of records: written, made of a template, or that of a web request."""

from __future__ import annotations

import json
from collections.abc import Callable

import polars as pl

from loganalytics.formats.fields.aliases import FieldPath, fields_by_name
from loganalytics.formats.fields.record_schema import RecordSchema
from loganalytics.formats.fields.rendering import render


def messages(records: pl.DataFrame, record_schema: RecordSchema, value_of: Callable[[FieldPath], pl.Expr]) -> pl.Series:
    """Return each record's message; null where it has none."""
    templates = record_schema.semantics.templates
    paths = [path for path in record_schema.core.get("message", ()) if not templates or path != templates.template]
    values = [value_of(path) for path in paths] or [pl.repeat(None, records.height, dtype=pl.String)]
    text = records.select((pl.coalesce(values) if values[1:] else values[0]).alias("message")).to_series()
    if templates and text.null_count():
        rows = text.is_null()
        text = text.scatter(rows.arg_true(), render(records.filter(rows), templates, value_of))
    if record_schema.semantics.requests.message_paths:
        text = text.replace("", None)
    if text.null_count() and (request := record_schema.semantics.requests.message_paths):
        text = text.fill_null(records.select(_request_message(request, value_of)).to_series())
    if record_schema.nested.isdisjoint(paths) and not _is_journal(record_schema):
        return text
    return _decoded(text)


def _request_message(paths: tuple[FieldPath, ...], value_of: Callable[[FieldPath], pl.Expr]) -> pl.Expr:
    """Return the message of a web request: its method, address and status."""
    words = [value_of(path).cast(pl.String) for path in paths]
    message = pl.concat_str(words, separator=" ", ignore_nulls=True)
    return pl.when(words[0].is_not_null()).then(message)


def _is_journal(record_schema: RecordSchema) -> bool:
    return "realtimetimestamp" in fields_by_name(record_schema.fields)


def _decoded(text: pl.Series) -> pl.Series:
    """Return messages that are lists as text: of bytes, as the journal writes what holds colours, or of words."""
    listed = text.str.starts_with("[").fill_null(value=False).arg_true()
    return text.scatter(listed, [_list_text(entries) for entries in text.gather(listed)]) if listed.len() else text


def _list_text(text: str) -> str:
    try:
        entries = json.loads(text)
        if all(isinstance(entry, str) for entry in entries):
            return " ".join(entries)
        return bytes(entries).decode(errors="replace")
    except (ValueError, TypeError):
        return text
