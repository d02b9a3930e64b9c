"""One request across services: its events in order with the gaps, and all requests in a table."""

from __future__ import annotations

import re

import polars as pl

from loganalytics.analyses.requests.durations import duration_ms
from loganalytics.analyses.requests.request_ids import ID, other_fields, with_request_ids
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.schema import Frame, conform, is_error, lazy

SHORT = 6  # characters; a shorter id is not looked for in messages, where it may be any number
_AT, _BEGIN = "\0at", "\0begin"  # no field of a log can be named so
PATH = 30  # stretches of a critical path that are told

_PATH = pl.List(pl.Struct({"service": pl.String, "ms": pl.Float64}))
_NEEDED = ("timestamp", "severity_number", "service", "message", "trace_id", "source", "offset")


def trace(logs: Frame, id: str) -> pl.DataFrame:  # noqa: A002
    """Return the events of one request across all services, in order, with the gaps between them.

    An event belongs when `traces` counts it to `id`, when one of its other ids is `id` (request_id, correlation_id and
    the like, see `traces`), or when it has no trace_id and its message names the id as a word (ids of six characters
    and more), as a database's log of statements does.

    Needs timestamp, message and trace_id. Returns the columns of the frame, and before them offset_ms (Float64, from
    the begin of the trace), gap_ms (Float64, since the event before; null for the first), duration_ms (Float64, what
    the event tells it took, see `latency`), start_ms (Float64: offset_ms less duration_ms, when what it tells of
    began) and depth (Int64: how many other events of the trace span the time from start_ms to offset_ms, 0 is
    outermost); sorted by timestamp, source and place. An unknown id gives an empty frame.

    Raises MissingColumnError, and InvalidArgumentError for an empty id.

    Example:
        >>> from datetime import datetime
        >>> logs = pl.DataFrame({
        ...     "timestamp": [datetime(2025, 1, 31, 12, 0, second) for second in (1, 0, 5)],
        ...     "service": ["api", "web", "web"], "message": ["query in 900ms", "GET /", "done in 5s"],
        ...     "trace_id": "req-17"})
        >>> trace(conform(logs), "req-17").select("service", "offset_ms", "gap_ms", "depth").rows()
        [('web', 0.0, None, 1), ('api', 1000.0, 1000.0, 1), ('web', 5000.0, 4000.0, 0)]
    """
    if not str(id).strip():
        raise InvalidArgumentError("The trace id is empty. Hint: take one from the column trace_id.")
    frame = with_request_ids(lazy(logs, "timestamp", "message", "trace_id"))
    mine = pl.any_horizontal(pl.col(ID, *other_fields(frame)).cast(pl.String).eq_missing(str(id)))
    if len(str(id)) >= SHORT:
        mine |= pl.col("trace_id").is_null() & pl.col("message").str.contains(
            rf"(?:^|[^\w-]){re.escape(str(id))}(?:$|[^\w-])"
        )
    events = conform(frame.filter(mine).drop(ID).collect())
    events = events.sort(
        "timestamp", "source", pl.col("offset").str.len_bytes(), "offset", nulls_last=True, maintain_order=True
    )
    return _timed(events)


def _timed(events: pl.DataFrame) -> pl.DataFrame:
    """Add offset_ms, gap_ms, duration_ms, start_ms and depth to the events of one trace."""
    time = pl.col("timestamp")
    taken = pl.col("duration_ms")
    timed = events.with_columns(duration_ms(events.columns)).with_columns(_ms(time - time.min()).alias(_AT))
    timed = timed.with_columns((pl.col(_AT) - taken.fill_null(0)).alias(_BEGIN))
    # What is told at its end began before: the trace begins with the earliest begin.
    first = pl.min_horizontal(pl.col(_BEGIN).min(), 0.0)
    timed = timed.with_columns(
        offset_ms=pl.col(_AT) - first, start_ms=pl.col(_BEGIN) - first, gap_ms=pl.col(_AT).diff()
    )
    depth = _depths(timed["start_ms"].to_list(), timed["offset_ms"].to_list())
    added = ["offset_ms", "gap_ms", "duration_ms", "start_ms", "depth"]
    timed = timed.with_columns(depth=pl.Series(depth, dtype=pl.Int64))
    core = [name for name in timed.columns if name not in (*added, _AT, _BEGIN)]
    return timed.select(*added, *core)


def _depths(starts: list[float | None], ends: list[float | None]) -> list[int]:
    """Return how many other spans enclose each; of equal ones the later event encloses: it tells of the end."""
    depths = [0] * len(starts)
    known = [i for i, start in enumerate(starts) if start is not None]
    open_ends: list[float] = []
    for i in sorted(known, key=lambda i: (starts[i], -(ends[i] or 0.0), -i)):
        end = ends[i] or 0.0
        while open_ends and open_ends[-1] < end:
            open_ends.pop()
        depths[i] = len(open_ends)
        if end > (starts[i] or 0.0):
            open_ends.append(end)
    return depths


def traces(logs: Frame, *, by: str = "trace_id") -> pl.DataFrame:
    """Sum up every request: one row a trace id, the ones with errors first, then the longest.

    Needs timestamp, severity_number, service, message, trace_id, source, offset and the column `by` (a job's run or a
    session's id will do as well). Events without an id are not counted. An event without a trace_id belongs to the
    first that it bears of request_id, http.request.id, req_id, x_request_id, correlation_id, x_correlation_id
    (however spelt: requestId, x-request-id), then of what its message says: "trace_id=...", "request_id: ...",
    "correlation_id=...", "[req_...]". An id of these that stands beside one trace_id in other events means that trace.

    Returns `by`, events (Int64), errors (Int64), services (List[String], in the order in which they came in),
    first_seen, last_seen (Datetime us UTC), duration_ms (Float64: from the begin of the first event, its own duration
    taken off, to the last event), longest_gap_ms (Float64: between two events, null for one), gap_from and gap_to
    (String: the services before and after that gap), first_error (String: message), first_error_service,
    first_error_at, and critical_path (List[Struct{service, ms}]: at most 30 stretches of events of one service, in
    order, with the time up to the last event of each since the stretch before, or since the begin).

    Example:
        >>> from datetime import datetime
        >>> logs = pl.DataFrame({
        ...     "timestamp": [datetime(2025, 1, 31, 12, 0, second) for second in (0, 1, 5)],
        ...     "service": ["web", "api", "web"], "message": "x", "trace_id": "a"})
        >>> table = traces(conform(logs))
        >>> table.select("events", "services", "duration_ms", "longest_gap_ms", "gap_from", "gap_to").rows()
        [(3, ['web', 'api'], 5000.0, 4000.0, 'api', 'web')]
    """
    frame = lazy(logs, *_NEEDED, by)
    have = frame.collect_schema().names()
    spent = duration_ms(have)
    key, time = pl.col(by), pl.col("timestamp")
    order = [by, "timestamp", "source", "place", "offset"]
    columns = list(dict.fromkeys([by, *_NEEDED]))
    same = key == key.shift()  # in this order the event before is of the same request: cheaper than a window
    events = (
        (with_request_ids(frame).with_columns(pl.col(ID).alias(by)) if by == "trace_id" else frame)
        .filter(key.is_not_null())
        .select(
            *columns,
            spent.alias("taken"),
            place=pl.col("offset").str.len_bytes(),
            service_=pl.col("service").cast(pl.String),
        )
        .sort(order, nulls_last=True)
        .with_columns(
            is_error().alias("failed"),
            gap=pl.when(same).then(_ms(time.diff())),
            from_=pl.when(same).then(pl.col("service_").shift()),
            begin=time - pl.duration(microseconds=pl.col("taken").fill_null(0).clip(0, 1e12) * 1000),
        )
        .collect()
    )
    longest = pl.col("gap").arg_max()
    table = events.group_by(by, maintain_order=True).agg(
        events=pl.len().cast(pl.Int64),
        errors=pl.col("failed").sum().cast(pl.Int64),
        first_seen=time.min(),
        last_seen=time.max(),
        duration_ms=_ms(time.max() - pl.col("begin").min()),
        longest_gap_ms=pl.col("gap").max(),
        gap_from=pl.col("from_").get(longest, null_on_oob=True),
        gap_to=pl.col("service_").get(longest, null_on_oob=True),
    )
    for more in (_services(events, by), _first_errors(events, by), _paths(events, by)):
        table = table.join(more, on=by, how="left", maintain_order="left")
    none = pl.lit([], dtype=pl.List(pl.String))
    table = table.with_columns(pl.col("services").fill_null(none)).select(
        *(by, "events", "errors", "services", "first_seen", "last_seen", "duration_ms", "longest_gap_ms", "gap_from"),
        *("gap_to", "first_error", "first_error_service", "first_error_at", "critical_path"),
    )
    return table.sort(pl.col("errors") > 0, "duration_ms", by, descending=[True, True, False], nulls_last=True)


def _services(events: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return the services of each trace, in the order in which they came in."""
    heard = events.select(by, services="service_").drop_nulls().unique(maintain_order=True)
    return heard.group_by(by).agg("services")


def _first_errors(events: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return the first error of each trace that has one."""
    first = events.filter("failed").unique(by, keep="first")
    return first.select(by, first_error="message", first_error_service="service_", first_error_at="timestamp")


def _paths(events: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return the critical path of each trace."""
    key = pl.col(by)
    lead = _ms(pl.col("timestamp") - pl.col("begin").min().over(by))
    starts = (pl.col("service_").ne_missing(pl.col("service_").shift()) | key.ne_missing(key.shift())).fill_null(
        value=True
    )
    events = events.with_columns(pl.col("gap").fill_null(lead))
    stretches = (
        events.select(by, "service_", "gap", stretch=starts.cum_sum())
        .group_by("stretch", maintain_order=True)
        .agg(pl.col(by).first(), pl.col("service_").first(), ms=pl.col("gap").sum())
    )
    path = pl.struct(service="service_", ms="ms").head(PATH).cast(_PATH.inner)
    return stretches.group_by(by, maintain_order=True).agg(critical_path=path)


def _ms(length: pl.Expr) -> pl.Expr:
    return length.dt.total_microseconds() / 1000
