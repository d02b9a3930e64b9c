"""JSON objects at the end of messages, as zap, winston, Monolog and others write fields behind the text.

The fields become columns; the text of the message stays as it is. A message that is such an object as a whole is a
record: its own message is the event's.
"""

from __future__ import annotations

import json

import polars as pl

from loganalytics.formats.inner_messages import with_inner

_PAYLOAD = r'(?P<fields>\{ ?"[^"]*" ?:.*?\})(?:\s+(?:\[\]|(?P<extra>\{ ?".*\})))?\s*$'
"""Monolog writes two objects, or an empty list for the second."""
_SAMPLE_LINES = 200
_MIN_SHARE = 0.02
_LEVEL = ("level", "severity_number")


def sample_payloads(lines: pl.Series) -> list[str]:
    """Return the objects at the end of a sample's lines; none where few lines end with one."""
    texts = lines.alias("line").head(_SAMPLE_LINES).to_frame().select(_payload(pl.col("line"))).to_series()
    found = texts.drop_nulls().to_list()
    payloads = [text for text in found if _is_object(text)]
    is_common = len(payloads) >= max(1, _MIN_SHARE * texts.len(), len(found) / 2)
    return payloads if is_common else []


def payloads_of(events: pl.DataFrame) -> pl.DataFrame:
    """Return the objects at the end of events' messages as lines (n, line)."""
    return events.select("n", _payload(pl.col("message")).alias("line")).drop_nulls("line")


def _payload(text: pl.Expr) -> pl.Expr:
    """Return the expression for the object at the end of a text; two are one."""
    groups = text.str.extract_groups(_PAYLOAD).struct
    fields, extra = groups.field("fields"), groups.field("extra")
    both = pl.concat_str(fields.str.strip_suffix("}"), pl.lit(", "), extra.str.strip_prefix("{"))
    return pl.coalesce(both, fields)


def with_payloads(events: pl.DataFrame, inner: pl.DataFrame) -> pl.DataFrame:
    """Add the fields of objects (n, parsed, ...) to the events whose messages end with them.

    The event's own level counts, but a record that is the whole message may have a worse one.
    """
    records = events.select("n", pl.col("message").str.starts_with("{").alias("\0is_whole"))
    inner = inner.filter("parsed").join(records, on="n", how="left", maintain_order="left")
    own_message = pl.when("\0is_whole").then("message").alias("message")
    read = with_inner(events, inner.with_columns(own_message).drop("\0is_whole"))
    return _with_worse_levels(read, inner.filter("\0is_whole"))


def _with_worse_levels(events: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    if not {*_LEVEL} <= set(records.columns) or not {*_LEVEL} <= set(events.columns):
        return events
    levels = records.select("n", *(pl.col(name).alias(f"\0{name}") for name in _LEVEL))
    joined = events.join(levels, on="n", how="left", maintain_order="left")
    is_worse = (pl.col("\0severity_number") > pl.col("severity_number")).fill_null(value=False)
    outer = joined.select(pl.when(is_worse).then("level").alias("wrapper.level"))
    worse = joined.with_columns(pl.when(is_worse).then(f"\0{name}").otherwise(name).alias(name) for name in _LEVEL)
    kept = outer.drop_nulls().height > 0 and "wrapper.level" not in events.columns
    return (worse.hstack(outer) if kept else worse).drop(f"\0{name}" for name in _LEVEL)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
