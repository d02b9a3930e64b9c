"""One request across services: its events in order with the gaps, and all requests in a table."""

from __future__ import annotations

import re

import polars as pl

from loganalytics.analyses.errors.failures import is_failure
from loganalytics.analyses.requests.durations import duration_ms, to_milliseconds
from loganalytics.analyses.requests.request_ids import REQUEST_ID_COLUMN, other_id_columns, trace_of, with_request_ids
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.schema import Frame, conform, lazy

MIN_ID_LENGTH = 6  # characters; a shorter id is not looked for in messages, where it may be any number
MAX_PATH_SEGMENTS = 30  # of a critical path that are returned

_AT, _BEGIN = "\0at", "\0begin"  # no field of a log can have such a name
_PATH = pl.List(pl.Struct({"service": pl.String, "ms": pl.Float64}))
_NEEDED = ("timestamp", "severity_number", "service", "message", "trace_id", "source", "offset")


def trace(logs: Frame, id: str) -> pl.DataFrame:  # noqa: A002
    """Return the events of one request across all services, in order, with the gaps between them.

    An event belongs to it when `traces` counts it to `id`, when one of its other ids is `id` (request_id,
    correlation_id and the like, see `traces`), or when it has no trace_id and its message names the id as a word (ids
    of six characters and more), as a database's log of statements does.

    Needs timestamp, message and trace_id. Returns the columns of the frame, and before them offset_ms (Float64, from
    the begin of the trace), gap_ms (Float64, since the event before; null for the first), duration_ms (Float64, as the
    event reports it, see `latency`), start_ms (Float64: offset_ms less duration_ms, when the reported operation
    began) and depth (Int64: how many other events of the trace span the time from start_ms to offset_ms, 0 is
    outermost); sorted by timestamp, source and offset. An unknown id gives an empty frame.

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
    logs = lazy(logs, "timestamp", "message", "trace_id")
    frame, root = with_request_ids(logs), trace_of(logs, str(id))
    id_columns = pl.col(REQUEST_ID_COLUMN, *other_id_columns(frame))
    belongs = pl.any_horizontal(id_columns.cast(pl.String).eq_missing(str(id)))
    belongs |= pl.col(REQUEST_ID_COLUMN).eq_missing(root)
    if len(str(id)) >= MIN_ID_LENGTH:
        in_message = pl.col("message").str.contains(rf"(?:^|[^\w-]){re.escape(str(id))}(?:$|[^\w-])")
        belongs |= pl.col("trace_id").is_null() & in_message
    events = conform(frame.filter(belongs).drop(REQUEST_ID_COLUMN).collect())
    offset_length = pl.col("offset").str.len_bytes()  # line 9 comes before line 10
    events = events.sort("timestamp", "source", offset_length, "offset", nulls_last=True, maintain_order=True)
    return _with_timing(events)


def _with_timing(events: pl.DataFrame) -> pl.DataFrame:
    """Add offset_ms, gap_ms, duration_ms, start_ms and depth to the events of one trace."""
    time = pl.col("timestamp")
    timed = events.with_columns(duration_ms(events.columns))
    timed = timed.with_columns(to_milliseconds(time - time.min()).alias(_AT))
    timed = timed.with_columns((pl.col(_AT) - pl.col("duration_ms").fill_null(0)).alias(_BEGIN))
    # An operation that is reported at its end began before: the trace begins with the earliest begin.
    first = pl.min_horizontal(pl.col(_BEGIN).min(), 0.0)
    timed = timed.with_columns(
        offset_ms=pl.col(_AT) - first, start_ms=pl.col(_BEGIN) - first, gap_ms=pl.col(_AT).diff()
    )
    depths = _depths(timed["start_ms"].to_list(), timed["offset_ms"].to_list())
    timed = timed.with_columns(depth=pl.Series(depths, dtype=pl.Int64))
    added = ["offset_ms", "gap_ms", "duration_ms", "start_ms", "depth"]
    return timed.select(*added, *[name for name in timed.columns if name not in (*added, _AT, _BEGIN)])


def _depths(starts: list[float | None], ends: list[float | None]) -> list[int]:
    """Return how many other spans enclose each; of equal spans the later event encloses: it reports the end."""
    depths = [0] * len(starts)
    timed = [i for i, start in enumerate(starts) if start is not None]
    open_ends: list[float] = []
    for i in sorted(timed, key=lambda i: (starts[i], -(ends[i] or 0.0), -i)):
        end = ends[i] or 0.0
        while open_ends and open_ends[-1] < end:
            open_ends.pop()
        depths[i] = len(open_ends)
        if end > (starts[i] or 0.0):
            open_ends.append(end)
    return depths


def traces(logs: Frame, *, by: str = "trace_id") -> pl.DataFrame:
    """Summarize every request: one row a trace id, the ones with errors first, then the longest.

    Needs timestamp, severity_number, service, message, trace_id, source, offset and the column `by` (a job's run or a
    session's id will do as well). Events without an id are not counted. An event without a trace_id belongs to the
    first that it has of request_id, http.request.id, req_id, x_request_id, correlation_id, x_correlation_id
    (however spelt: requestId, x-request-id), then to the id in its message: "trace_id=...", "X-Request-ID: ...",
    "correlation_id=...", "[req-...]", traceparent. An id of these that occurs with one trace_id in other events means
    that trace; so does the id of a task (task_id, root_id, "mail.send[...]"), which belongs to the request that it
    occurs with.

    Returns `by`, events (Int64), errors (Int64, see `trend`), services (List[String], as they came in), first_seen,
    last_seen (Datetime us UTC), duration_ms (Float64: from the begin of the first event, its own duration
    taken off, to the last event), longest_gap_ms (Float64: between two events, null for one), gap_from and gap_to
    (String: the services before and after that gap), first_error (String: message), first_error_service,
    first_error_at, and critical_path (List[Struct{service, ms}]: at most 30 segments of events of one service, in
    order, with the time up to the last event of each since the segment before, or since the begin).

    Example:
        >>> from datetime import datetime
        >>> logs = pl.DataFrame({
        ...     "timestamp": [datetime(2025, 1, 31, 12, 0, second) for second in (0, 1, 5)],
        ...     "service": ["web", "api", "web"], "message": "x", "trace_id": "a"})
        >>> table = traces(conform(logs))
        >>> table.select("events", "services", "duration_ms", "longest_gap_ms", "gap_from", "gap_to").rows()
        [(3, ['web', 'api'], 5000.0, 4000.0, 'api', 'web')]
    """
    events = _ordered_events(lazy(logs, *_NEEDED, by), by)
    table = _summarize_traces(events, by)
    for columns in (_services(events, by), _first_errors(events, by), _critical_paths(events, by)):
        table = table.join(columns, on=by, how="left", maintain_order="left")
    empty = pl.lit([], dtype=pl.List(pl.String))
    table = table.with_columns(pl.col("services").fill_null(empty)).select(
        *(by, "events", "errors", "services", "first_seen", "last_seen", "duration_ms", "longest_gap_ms", "gap_from"),
        *("gap_to", "first_error", "first_error_service", "first_error_at", "critical_path"),
    )
    return table.sort(pl.col("errors") > 0, "duration_ms", by, descending=[True, True, False], nulls_last=True)


def _ordered_events(frame: pl.LazyFrame, by: str) -> pl.DataFrame:
    """Return the events that have an id, ordered by request and time, with the gap to the event before."""
    key, time = pl.col(by), pl.col("timestamp")
    duration = duration_ms(frame.collect_schema().names())
    columns = list(dict.fromkeys([by, *_NEEDED]))
    is_same = key == key.shift()  # in this order the event before is of the same request: cheaper than a window
    if by == "trace_id":
        frame = with_request_ids(frame).with_columns(pl.col(REQUEST_ID_COLUMN).alias(by))
    return (
        frame.filter(key.is_not_null())
        .select(
            *columns,
            duration.alias("event_ms"),
            failed=is_failure(frame.collect_schema().names()),
            offset_length=pl.col("offset").str.len_bytes(),
            service_text=pl.col("service").cast(pl.String),
        )
        .sort(by, "timestamp", "source", "offset_length", "offset", nulls_last=True)
        .with_columns(
            gap_ms=pl.when(is_same).then(to_milliseconds(time.diff())),
            previous_service=pl.when(is_same).then(pl.col("service_text").shift()),
            begin=time - pl.duration(microseconds=pl.col("event_ms").fill_null(0).clip(0, 1e12) * 1000),
        )
        .collect()
    )


def _summarize_traces(events: pl.DataFrame, by: str) -> pl.DataFrame:
    time, gap = pl.col("timestamp"), pl.col("gap_ms")
    longest = gap.arg_max()
    return events.group_by(by, maintain_order=True).agg(
        events=pl.len().cast(pl.Int64),
        errors=pl.col("failed").sum().cast(pl.Int64),
        first_seen=time.min(),
        last_seen=time.max(),
        duration_ms=to_milliseconds(time.max() - pl.col("begin").min()),
        longest_gap_ms=gap.max(),
        gap_from=pl.col("previous_service").get(longest, null_on_oob=True),
        gap_to=pl.col("service_text").get(longest, null_on_oob=True),
    )


def _services(events: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return the services of each trace, in the order in which they came in."""
    pairs = events.select(by, services="service_text").drop_nulls().unique(maintain_order=True)
    return pairs.group_by(by).agg("services")


def _first_errors(events: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return the first error of each trace that has one."""
    first = events.filter("failed").unique(by, keep="first")
    return first.select(by, first_error="message", first_error_service="service_text", first_error_at="timestamp")


def _critical_paths(events: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return the critical path of each trace."""
    key, service = pl.col(by), pl.col("service_text")
    until_first_event = to_milliseconds(pl.col("timestamp") - pl.col("begin").min().over(by))
    is_start = service.ne_missing(service.shift()) | key.ne_missing(key.shift())
    segments = (
        events.with_columns(pl.col("gap_ms").fill_null(until_first_event))
        .select(by, "service_text", "gap_ms", segment=is_start.fill_null(value=True).cum_sum())
        .group_by("segment", maintain_order=True)
        .agg(key.first(), service.first(), ms=pl.col("gap_ms").sum())
    )
    path = pl.struct(service="service_text", ms="ms").head(MAX_PATH_SEGMENTS).cast(_PATH.inner)
    return segments.group_by(by, maintain_order=True).agg(critical_path=path)
