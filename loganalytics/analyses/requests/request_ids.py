"""Which request an event belongs to: its trace_id, else another id of the request, in a field or in the text."""

from __future__ import annotations

import re

import polars as pl

ID = "\0id"  # no field of a log can be named so

# After trace_id, in this order; the first that an event bears counts. Dots, hyphens and capitals do not matter.
FIELDS = ("traceid", "requestid", "httprequestid", "reqid", "xrequestid", "correlationid", "xcorrelationid")
# An id that only the text bears: /*trace_id='req_17'*/ in a statement, 'request_id': 'req_17' in a task's result,
# [req_17a4] before a message.
_NAMED = r"(?i)\b(?:trace|request|req|correlation)[_-]?id[\"']?[=:] ?[\"']?([\w-]{6,64})"
_BRACKETED = r"\[(req[_-][\w-]{2,64})\]"
_HINT = r"(?i)(?:trace|request|req|correlation)[_-]?id|\[req[_-]"


def with_request_ids(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Add the column ID: the trace_id, else the first of FIELDS, else an id that the message names, else null.

    Services may name one request differently. Where events bear a trace_id and another id, events with only that
    other id belong to the same trace, unless several traces share it.
    """
    others = other_fields(frame)
    ids = [_clean(name) for name in ("trace_id", *others)]
    text = pl.when(pl.coalesce(ids).is_null()).then("message")
    text = pl.when(text.str.contains(_HINT)).then(text)  # extracting costs ten times as much as looking
    found = pl.coalesce(*ids, text.str.extract(_NAMED), text.str.extract(_BRACKETED))
    frame = frame.with_columns(found.alias(ID))
    return _joined(frame, others) if others else frame


def other_fields(frame: pl.LazyFrame) -> list[str]:
    """Return the columns beside trace_id that hold ids of requests, in the order of FIELDS."""
    schema = frame.collect_schema()
    fits = (pl.String, pl.Categorical, pl.Enum)
    found = [name for name, kind in schema.items() if name != "trace_id" and (kind in fits or kind.is_integer())]
    found = [name for name in found if _folded(name) in FIELDS]
    return sorted(found, key=lambda name: (FIELDS.index(_folded(name)), name))


def _folded(name: str) -> str:
    return re.sub(r"[._-]", "", name).lower()


def _clean(name: str) -> pl.Expr:
    """Return the ids of a field; formatters write a dash, or nothing, where there is no request."""
    value = pl.col(name).cast(pl.String)
    return pl.when(~value.is_in(["", "-", "None", "null"])).then(value)


def _joined(frame: pl.LazyFrame, others: list[str]) -> pl.LazyFrame:
    """Put the trace's id in place of another id that stands beside it elsewhere."""
    trace, other = _clean("trace_id").alias("\0trace"), pl.concat_list(_clean(name) for name in others)
    pairs = frame.select(trace, other.alias("\0other")).drop_nulls("\0trace").explode("\0other").drop_nulls().unique()
    known = pairs.group_by("\0other").agg(pl.col("\0trace").first(), n=pl.len()).filter(pl.col("n") == 1).drop("n")
    joined = frame.join(known, left_on=ID, right_on="\0other", how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("\0trace", ID).alias(ID)).drop("\0trace")
