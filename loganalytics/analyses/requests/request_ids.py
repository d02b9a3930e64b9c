"""Which request an event belongs to: its trace_id, else another id of the request, in a field or in the message."""

from __future__ import annotations

import re

import polars as pl

REQUEST_ID_COLUMN = "\0id"  # no field of a log can have such a name

# After trace_id, in this order; the first that an event has counts. Dots, hyphens and capitals do not matter.
ID_FIELDS = ("traceid", "requestid", "httprequestid", "reqid", "xrequestid", "correlationid", "xcorrelationid")
# Ids of work that is done for a request: they name none themselves, but lead to the request that they occur with.
TASK_FIELDS = ("taskid", "celerytaskid", "roottaskid", "rootid", "parenttaskid", "parentid")

# Matched as ASCII, for the letters of all alphabets in either case take ten times as long.
# An id that only the message has: /*trace_id='req_17'*/ in a statement, 'request_id': 'req_17' in a task's result,
# "X-Request-ID: 3f2b8c1e", {\"requestId\":\"3f2b8c1e\"} in JSON within JSON.
_LABELLED = r"(?i-u)(?:\b|_){}[ _-]?id\\?[\"']?\s?[=:]\s?\\?[\"']?([\w-]{{6,64}})"
_REQUEST_LABEL, _CORRELATION_LABEL = (_LABELLED.format(names) for names in ("(?:trace|request|req|r)", "correlation"))
# Before the labels, which may stand within them: W3C's traceparent, Amazon's header, and what Spring Sleuth writes.
_TRACE_HEADERS = (
    r"(?i-u)\btraceparent\\?[\"']?\s?[=:]\s?\\?[\"']?[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-",
    r"(?i-u)\bx-amzn-trace-id\\?[\"']?\s?[=:]\s?\\?[\"']?Root=([\w-]{35})",
    r"(?i-u)\bb3\\?[\"']?\s?[=:]\s?\\?[\"']?([0-9a-f]{16,32})-[0-9a-f]{16}",
)
_SLEUTH = r"(?-u)\[[\w.-]*,([0-9a-f]{16,32}),[0-9a-f]{16}(?:,\w+)?\]"
_BRACKETED_ID = r"(?-u)\[(req[_-][\w-]{2,64})[\] ]"  # [req_17a4], and OpenStack's [req-… user project]
# The id of a task behind its name, mail.send[a42718cd-…], or of a request at the begin of a line.
_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_BRACKETED_UUID = rf"\[({_UUID})\]"
# One of these is in every message that names an id; they are found ten times as fast as an id is extracted.
_JOINTS = ("", "_", "-", " ")
_REQUEST_HINTS = [
    *(f"{name}{joint}id" for name in ("trace", "request", "req") for joint in _JOINTS), "rid=", "rid:"
]  # fmt: skip
_CORRELATION_HINTS = [f"correlation{joint}id" for joint in _JOINTS]
_HEADER_HINTS = ["traceparent", "x-amzn-trace-id", "b3=", "b3:", 'b3"', "b3'"]
_NO_ID = ["", "-", "None", "null"]  # formatters write these where there is no request

_NAMED, _TEXT, _CHILD, _PARENT = "\0named", "\0text", "\0child", "\0parent"
_TEXT_ID, _TASK = "\0of text", "\0task "


def with_request_ids(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Add REQUEST_ID_COLUMN: the trace_id, else the first of ID_FIELDS, else an id that the message names, else null.

    Services may name one request differently. An event that has two ids says that they mean the same: events with only
    the other id belong to the trace of the first, unless several traces share it. Ids of tasks (TASK_FIELDS, or
    name[uuid] in the message) name no request, but lead to one in the same way. The id of a task, or another UUID, that
    stands where a trace_id is expected belongs to the only request_id or trace_id that occurs with it in the text,
    where that is the id of other events.
    """
    ids = _ids_of(frame)
    roots, other_ids = _roots(frame), list(ids)[2:]
    frame = frame.with_columns(ids[_NAMED].alias(REQUEST_ID_COLUMN))
    if roots.is_empty():
        return frame
    is_unnamed = ids[_NAMED].is_null()
    keys = [ids[_NAMED], *(pl.when(is_unnamed).then(ids[name]) for name in other_ids)]
    parents = []
    for number, key in enumerate(keys):
        child, parent = f"{_CHILD}{number}", f"{_PARENT}{number}"
        table = roots.rename({_CHILD: child, _PARENT: parent}).lazy()
        frame = (
            frame.with_columns(key.alias(child)).join(table, on=child, how="left", maintain_order="left").drop(child)
        )
        parents.append(parent)
    return frame.with_columns(pl.coalesce(*parents, REQUEST_ID_COLUMN).alias(REQUEST_ID_COLUMN)).drop(parents)


def trace_of(frame: pl.LazyFrame, id: str) -> str:  # noqa: A002
    """Return the id of the trace that an id leads to: that of a request or a task; itself where it leads to none."""
    trace_ids = _roots(frame).filter(pl.col(_CHILD) == id)[_PARENT]
    return str(trace_ids.item()) if len(trace_ids) == 1 else id


def other_id_columns(frame: pl.LazyFrame) -> list[str]:
    """Return the columns beside trace_id that hold ids of requests, in the order of ID_FIELDS."""
    return _columns(frame, ID_FIELDS)


def _columns(frame: pl.LazyFrame, folded: tuple[str, ...]) -> list[str]:
    dtypes = (pl.String, pl.Categorical, pl.Enum)
    ranks = {
        name: folded.index(_normalized(name))
        for name, dtype in frame.collect_schema().items()
        if name != "trace_id" and (dtype in dtypes or dtype.is_integer()) and _normalized(name) in folded
    }
    return sorted(ranks, key=lambda name: (ranks[name], name))


def _normalized(name: str) -> str:
    return re.sub(r"[._-]", "", name).lower()


def _field_id(name: str) -> pl.Expr:
    """Return the ids of a field, null where it stands for no request."""
    value = pl.col(name).cast(pl.String)
    return pl.when(~value.is_in(_NO_ID)).then(value)


def _ids_of(frame: pl.LazyFrame) -> dict[str, pl.Expr]:
    """Return the expressions for the id that names the request of an event, that of a request in its text, and others.

    The others, by the names of their columns, are those of further fields, of the text, and of tasks; these come last.
    """
    named_fields = other_id_columns(frame)
    fields = [_field_id(name) for name in ("trace_id", *named_fields)]
    message = pl.col("message").cast(pl.String)
    # Extracting costs ten times as much as looking for the words.
    of_header, of_request, of_correlation = (
        pl.when(message.str.contains_any(hints, ascii_case_insensitive=True)).then(message)
        for hints in (_HEADER_HINTS, _REQUEST_HINTS, _CORRELATION_HINTS)
    )
    bracketed = pl.when(message.str.contains("[", literal=True)).then(message)
    unnamed = pl.when(pl.coalesce(fields).is_null()).then(bracketed)
    headers = [of_header.str.extract(pattern) for pattern in _TRACE_HEADERS]
    request_in_text = pl.coalesce(*headers, of_request.str.extract(_REQUEST_LABEL))
    correlation = of_correlation.str.extract(_CORRELATION_LABEL)
    in_brackets = [unnamed.str.extract(pattern) for pattern in (_BRACKETED_ID, _SLEUTH)]
    other_ids = {f"\0{name}": _field_id(name) for name in named_fields}
    other_ids |= {_TEXT_ID: request_in_text, "\0correlation": correlation}
    other_ids |= {f"{_TASK}{name}": _field_id(name) for name in _columns(frame, TASK_FIELDS)}
    other_ids |= {_TASK: bracketed.str.extract(_BRACKETED_UUID)}
    return {
        _NAMED: pl.coalesce(*fields, request_in_text, correlation, *in_brackets),
        _TEXT: request_in_text,
        **other_ids,
    }


def _roots(frame: pl.LazyFrame) -> pl.DataFrame:
    """Return the trace that an id leads to, for ids that lead to another, and for those of tasks without one."""
    expressions = _ids_of(frame)
    ids = frame.select(expression.alias(name) for name, expression in expressions.items()).collect()
    ids = ids.select(_NAMED, _TEXT, *(name for name in ids.columns[2:] if ids[name].null_count() < ids.height))
    other_ids, tasks = ids.columns[2:], [name for name in ids.columns[2:] if name.startswith(_TASK)]
    if not any((ids[name] != ids[_NAMED]).any() for name in other_ids) and not tasks:
        return pl.DataFrame(schema={_CHILD: pl.String, _PARENT: pl.String})
    pairs = _distinct(ids, other_ids, _CHILD, _PARENT)
    of_tasks = pl.concat([ids.select(pl.col(name).alias(_CHILD)) for name in tasks] or [pairs.select(_CHILD).clear()])
    upward = _upward(ids, of_tasks.drop_nulls().unique())
    downward = pairs.join(upward, left_on=[_PARENT, _CHILD], right_on=[_CHILD, _PARENT], how="anti")
    downward = _only_parents(downward).join(upward, on=_CHILD, how="anti")
    parents = pl.concat([upward, downward])
    for _ in range(2):  # from the id of a task over that of the request to that of the trace
        above = parents.rename({_CHILD: _PARENT, _PARENT: "\0above"})
        parents = parents.join(above, on=_PARENT, how="left").select(
            _CHILD, pl.coalesce("\0above", _PARENT).alias(_PARENT)
        )
    # Lines of a task without an id of their own belong together, where one of them has its id as that of a trace.
    named_ids = ids.select(pl.col(_NAMED).alias(_CHILD)).drop_nulls().unique().join(of_tasks, on=_CHILD, how="semi")
    named_ids = named_ids.join(parents, on=_CHILD, how="anti").with_columns(pl.col(_CHILD).alias(_PARENT))
    return pl.concat([parents, named_ids])


def _distinct(ids: pl.DataFrame, other_ids: list[str], child: str, parent: str) -> pl.DataFrame:
    """Return the distinct pairs of another id and the id that names the request."""
    named = pl.col(_NAMED)
    pairs = [
        ids.filter(pl.col(name) != named).select(pl.col(name).alias(child), named.alias(parent)).unique()
        for name in other_ids
    ]
    return pl.concat(pairs).unique()


def _upward(ids: pl.DataFrame, of_tasks: pl.DataFrame) -> pl.DataFrame:
    """Return the ids of tasks that name events, with the only request that the text of these events names."""
    pairs = _distinct(ids, [_TEXT], _PARENT, _CHILD)
    in_text = pairs.select(_CHILD, _PARENT)
    is_uuid = pl.col(_CHILD).str.contains(f"^{_UUID}$")
    is_task = pl.concat([in_text.filter(is_uuid), in_text.filter(~is_uuid).join(of_tasks, on=_CHILD, how="semi")])
    is_other = pl.col(_TEXT).ne_missing(pl.col(_NAMED)) & pl.col(_TEXT).is_not_null()
    named_ids = ids.filter(~is_other).select(pl.col(_NAMED).alias(_PARENT)).drop_nulls().unique()
    return _only_parents(is_task.join(named_ids, on=_PARENT, how="semi"))


def _only_parents(pairs: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs of the ids that have one parent only."""
    counted = pairs.group_by(_CHILD).agg(pl.col(_PARENT).first(), n=pl.len())
    return counted.filter(pl.col("n") == 1).select(_CHILD, _PARENT)
