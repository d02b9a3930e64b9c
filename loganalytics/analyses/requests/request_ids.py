"""Which request an event belongs to: its trace_id, else another id of the request, in a field or in the message."""

from __future__ import annotations

import re

import polars as pl

REQUEST_ID_COLUMN = "\0id"  # no field of a log can have such a name

# After trace_id, in this order; the first that an event has counts. Dots, hyphens and capitals do not matter.
ID_FIELDS = ("traceid", "requestid", "httprequestid", "reqid", "xrequestid", "correlationid", "xcorrelationid")
# An id that only the message has: /*trace_id='req_17'*/ in a statement, 'request_id': 'req_17' in a task's result,
# [req_17a4] at the beginning.
_LABELLED_ID = r"(?i)\b(?:trace|request|req|correlation)[_-]?id[\"']?[=:] ?[\"']?([\w-]{6,64})"
_BRACKETED_ID = r"\[(req[_-][\w-]{2,64})\]"
_ID_HINT = r"(?i)(?:trace|request|req|correlation)[_-]?id|\[req[_-]"
_NO_ID = ["", "-", "None", "null"]  # formatters write these where there is no request

_TRACE, _ALIAS = "\0trace", "\0other"  # columns of the table of ids that mean a trace


def with_request_ids(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Add REQUEST_ID_COLUMN: the trace_id, else the first of ID_FIELDS, else an id that the message names, else null.

    Services may name one request differently. Where events have a trace_id and another id, events with only that
    other id belong to the same trace, unless several traces share it.
    """
    id_columns = other_id_columns(frame)
    ids = [_field_id(name) for name in ("trace_id", *id_columns)]
    message = pl.when(pl.coalesce(ids).is_null()).then("message")
    message = pl.when(message.str.contains(_ID_HINT)).then(message)  # extracting costs ten times as much as looking
    request_id = pl.coalesce(*ids, message.str.extract(_LABELLED_ID), message.str.extract(_BRACKETED_ID))
    frame = frame.with_columns(request_id.alias(REQUEST_ID_COLUMN))
    return _resolve_aliases(frame, id_columns) if id_columns else frame


def other_id_columns(frame: pl.LazyFrame) -> list[str]:
    """Return the columns beside trace_id that hold ids of requests, in the order of ID_FIELDS."""
    dtypes = (pl.String, pl.Categorical, pl.Enum)
    ranks = {
        name: ID_FIELDS.index(_normalized(name))
        for name, dtype in frame.collect_schema().items()
        if name != "trace_id" and (dtype in dtypes or dtype.is_integer()) and _normalized(name) in ID_FIELDS
    }
    return sorted(ranks, key=lambda name: (ranks[name], name))


def _normalized(name: str) -> str:
    return re.sub(r"[._-]", "", name).lower()


def _field_id(name: str) -> pl.Expr:
    """Return the ids of a field, null where it stands for no request."""
    value = pl.col(name).cast(pl.String)
    return pl.when(~value.is_in(_NO_ID)).then(value)


def _resolve_aliases(frame: pl.LazyFrame, id_columns: list[str]) -> pl.LazyFrame:
    """Replace an id by the trace_id that it occurs with in other events, if that is only one."""
    trace, alias = _field_id("trace_id").alias(_TRACE), pl.concat_list(_field_id(name) for name in id_columns)
    pairs = frame.select(trace, alias.alias(_ALIAS)).drop_nulls(_TRACE).explode(_ALIAS).drop_nulls().unique()
    aliases = pairs.group_by(_ALIAS).agg(pl.col(_TRACE).first(), n=pl.len()).filter(pl.col("n") == 1).drop("n")
    joined = frame.join(aliases, left_on=REQUEST_ID_COLUMN, right_on=_ALIAS, how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce(_TRACE, REQUEST_ID_COLUMN).alias(REQUEST_ID_COLUMN)).drop(_TRACE)
