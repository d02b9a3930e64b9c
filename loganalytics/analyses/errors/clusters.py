"""Which problems the errors come down to."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import polars as pl

from loganalytics.analyses.errors.near_duplicates import near_duplicates
from loganalytics.analyses.errors.stack_traces import read_traces
from loganalytics.analyses.summaries import (
    NEEDED,
    Ends,
    earliest,
    services,
    sparklines,
    time_range,
    window_of,
    with_columns_told,
)
from loganalytics.schema import Frame, conform, is_error, lazy
from loganalytics.templates import TemplateCatalogue
from loganalytics.templates.annotate import with_templates

# Where structured logs put the type of an exception, besides the text of the trace.
_TYPE_COLUMNS = ("exception.type", "error.type", "exception_type", "error_type", "exc_type")
_STATUS = "http.response.status_code"

# A type as it is named in passing: "failed with redis.TimeoutError: ...", "raised ValueError('x')".
_TYPE_IN_MESSAGE = r"\b((?:[A-Za-z_$][\w$]*\.)*[A-Z][\w$]*(?:Error|Exception))\b"

# How an event tells of a failure that has no severity, and what only looks so: "0 errors", "failed=0", "error.log".
_FAILURE = (
    r"(?i)\b(?:errors?|fail(?:s|ed|ures?)?|fatal|panic(?:ked)?|traceback|critical|segfault|core dumped|out of memory"
    r"|(?:unhandled|uncaught|threw(?: an)?|raised(?: an)?) exception)\b|\bexception:|(?-i:[a-z](?:Error|Exception)\b)"
)
_NO_FAILURE = (
    r"(?i)\b(?:no|0|zero|without(?: any)?) (?:\w+ )?(?:errors?|failures?|exceptions?)\b"
    r"|\b(?:errors?|failed|failures?|exceptions?|fatal)[\"']?\s*[:=]\s*[\"']?(?:0\b|no\b|none\b|false\b|null\b|-)"
    r"|\berrors?[./\-]\w|[./\-]errors?\b"
)

ROW = "__row"
"""The column that numbers the events of a frame, so that its errors are found in it again."""

_SURE = 0.01  # how improbable a late first event must be before a problem counts as new


def cluster_errors(logs: Frame, *, known: TemplateCatalogue | None = None) -> pl.DataFrame:
    """List the problems that the errors come down to: one row a problem, the most frequent first.

    Errors are events with severity_number >= 17, and events without any severity whose text tells of a failure
    ("failed", "error", "panic") or that carry a stack trace. Those with a stack trace are one problem when the types
    of the root cause and of the outermost exception are the same, and so are the frames nearest to the failure, the
    application's own where there are any. The rest are one problem when their message template is the same (and the
    type of the exception and the HTTP status, where the frame has such columns). Then groups that are nearly the same
    become one: texts with an addition, traces that fail at the same place by slightly other ways (TF-IDF and
    agglomerative clustering with complete linkage, among the 2,000 greatest groups); and errors without a trace join
    the problem that errors of the same template with a trace have, if it is one.

    Needs timestamp, severity_number, service and message; uses exception, trace_id, source and offset, the
    columns of template and of exception type (error.type, ...) where the frame has them.

    Returns cluster_id (stable: from the fingerprint of its greatest group alone), label, events (Int64), templates
    (Int64, how many), services (List[String]), exception_type (the root cause's; null when unknown), first_seen,
    last_seen, is_new (Boolean), trend (List[UInt32]: its events in each of 24 equal windows from the first event of the
    whole log to the last), example (the earliest message), trace_ids (List[String], the earliest five) and exception
    (the example's stack trace); sorted by events, then by label.

    A problem is new when the catalogue `known` has none of its templates. Without a catalogue, when it has two events
    or more, and so late a first one is less than 1 % probable (divided by the number of problems) were its events
    spread evenly over the log: (1 - f) ** events, f the part of the log before the first.

    Example:
        >>> messages = ["job 1 failed: ValueError: no", "job 7 failed: ValueError: no", "disk full"]
        >>> logs = conform(pl.DataFrame({"message": messages, "severity_number": 17}))
        >>> cluster_errors(logs).select("events", "label", "exception_type").rows()
        [(2, 'job <*> failed: ValueError: no', 'ValueError'), (1, 'disk full', None)]
    """
    return summed(with_clusters(logs, known=known), time_range(lazy(logs, *NEEDED)))


def summed(errors: pl.DataFrame, ends: Ends) -> pl.DataFrame:
    """Return the table of `cluster_errors` for errors that `with_clusters` gave, or some of them, and a log's ends."""
    table = _summary(errors)
    dated = errors.filter(pl.col("timestamp").is_not_null())
    windows = dated.group_by("cluster_id", window_of(ends)).agg(events=pl.len())
    table = table.join(sparklines(windows, table["cluster_id"]), on="cluster_id", maintain_order="left")
    return table.with_columns(is_new=~pl.col("is_known") if "is_known" in table.columns else _is_late(ends)).select(
        *("cluster_id", "label", "events", "templates", "services", "exception_type"),
        *("first_seen", "last_seen", "is_new", "trend", "example", "trace_ids", "exception"),
    )


def with_clusters(logs: Frame, *, known: TemplateCatalogue | None = None) -> pl.DataFrame:
    """Return the errors among the events, with the cluster_id and label of their problem; see `cluster_errors`.

    Keeps the column ROW, where the frame has it: which event of the frame each one is.
    """
    frame = lazy(logs, *NEEDED)
    frame = frame.filter(_may_be_error(frame.collect_schema().names()))
    errors = with_columns_told(frame, *_TYPE_COLUMNS, _STATUS, "level", ROW, known=known)
    found = _with_fingerprints(errors)
    tells = pl.col("level").is_null() & _tells_failure()  # without one: what has an exception that is no trace
    found = found.filter(is_error() | pl.col("frames").is_not_null() | tells)
    text = pl.coalesce("frames", "template").first()
    groups = found.group_by("fingerprint").agg(
        pl.col("kind").first(), text=text, is_trace=pl.col("frames").is_not_null().any(), events=pl.len()
    )
    into = near_duplicates(groups)
    found = found.join(into, on="fingerprint", how="left").with_columns(fingerprint=pl.coalesce("into", "fingerprint"))
    found = _with_traceless(found)
    ids = found.select("fingerprint").unique()
    ids = ids.with_columns(cluster_id=pl.col("fingerprint").map_elements(_digest, return_dtype=pl.String))
    return found.join(ids, on="fingerprint", how="left", maintain_order="left")


def with_cluster_ids(logs: pl.DataFrame) -> pl.DataFrame:
    """Return the events with the cluster_id of their problem, null for those that are no errors."""
    numbered = logs.with_row_index(ROW)
    ids = with_clusters(numbered).select(ROW, "cluster_id")
    plain = numbered.drop("cluster_id", strict=False)
    return plain.join(ids, on=ROW, how="left", maintain_order="left").drop(ROW)


def _may_be_error(have: list[str]) -> pl.Expr:
    """Return whether an event is an error, or has no severity and yet something of one."""
    has_trace = pl.col("exception").is_not_null() if "exception" in have else pl.lit(value=False)
    unnamed = pl.col("level").is_null() if "level" in have else pl.lit(value=True)
    return is_error() | (pl.col("severity_number").is_null() & (has_trace | (unnamed & _tells_failure())))


def _tells_failure() -> pl.Expr:
    return pl.col("message").str.replace_all(_NO_FAILURE, "").str.contains(_FAILURE)


def _with_fingerprints(errors: pl.DataFrame) -> pl.DataFrame:
    """Add fingerprint, kind, frames, label and exception_type to errors."""
    traces = _labelled(read_traces(errors.select("message", "exception").unique()))
    found = errors.join(traces, on=["message", "exception"], how="left", nulls_equal=True, maintain_order="left")
    named = [pl.col(name).cast(pl.String) for name in _TYPE_COLUMNS if name in errors.columns]
    known = pl.coalesce("exception_type", *named)
    status = pl.col(_STATUS).cast(pl.String) if _STATUS in errors.columns else pl.lit(None, dtype=pl.String)
    sort = pl.concat_str(pl.lit("template"), known, status, separator="\n", ignore_nulls=True)
    # A stack logged without an error tells where it was logged, not what.
    nameless = pl.when(pl.col("exception_type").is_null() & pl.col("reason").is_null()).then("template")
    trace = pl.concat_str("fingerprint", nameless, separator="\n", ignore_nulls=True)
    kind = pl.concat_str("kind", nameless, separator="\n", ignore_nulls=True)
    has_trace = pl.col("fingerprint").is_not_null()
    plain = pl.concat_str("template", pl.concat_str(pl.lit(" (HTTP "), status, pl.lit(")")), ignore_nulls=True)
    return found.with_columns(
        fingerprint=pl.when(has_trace).then(trace).otherwise(pl.concat_str(sort, "template", separator="\n")),
        kind=pl.when(has_trace).then(kind).otherwise(sort),
        label=pl.coalesce("label", plain),
        exception_type=pl.coalesce(known, pl.col("message").str.extract(_TYPE_IN_MESSAGE)),
    )


def _labelled(traces: pl.DataFrame) -> pl.DataFrame:
    """Return the traces with a label: the type, and the template of what the exception says."""
    said = conform(traces.select(message="reason").unique().drop_nulls())
    templates = with_templates(said).select(reason="message", said="template")
    label = pl.concat_str("exception_type", pl.col("said").str.head(200), separator=": ", ignore_nulls=True)
    has_label = pl.col("fingerprint").is_not_null() & (label != "")
    return traces.join(templates, on="reason", how="left").select(
        *("message", "exception", "fingerprint", "kind", "frames", "exception_type", "reason"),
        label=pl.when(has_label).then(label),
    )


def _with_traceless(errors: pl.DataFrame) -> pl.DataFrame:
    """Give errors without a trace the problem of those of the same template that have one, if it is one problem.

    A JVM stops writing the trace of an exception that comes often; one place logs with it what another logs without.
    """
    traced = errors.filter(pl.col("frames").is_not_null())
    problem = traced.group_by("template").agg(same=pl.col("fingerprint").unique())
    problem = problem.filter(pl.col("same").list.len() == 1).select("template", same=pl.col("same").list.first())
    found = errors.join(problem, on="template", how="left", maintain_order="left")
    joins = pl.col("frames").is_null() & pl.col("same").is_not_null()
    return found.with_columns(fingerprint=pl.when(joins).then("same").otherwise("fingerprint"),
                              label=pl.when(~joins).then("label"))  # fmt: skip


def _summary(errors: pl.DataFrame) -> pl.DataFrame:
    examples = earliest(errors, "cluster_id").select("cluster_id", "exception", example="message")
    table = errors.group_by("cluster_id").agg(
        label=_commonest("label"),
        events=pl.len().cast(pl.Int64),
        templates=pl.col("template").n_unique().cast(pl.Int64),
        services=services(),
        exception_type=_commonest("exception_type"),
        first_seen=pl.col("timestamp").min(),
        last_seen=pl.col("timestamp").max(),
        **({"is_known": pl.col("is_known").any()} if "is_known" in errors.columns else {}),
    )
    trace_ids = pl.col("trace_ids").fill_null(pl.lit([], dtype=pl.List(pl.String)))
    return (
        table.join(examples, on="cluster_id")
        .join(_trace_ids(errors), on="cluster_id", how="left")
        .with_columns(trace_ids)
        .sort("events", "label", "cluster_id", descending=[True, False, False])
    )


def _trace_ids(errors: pl.DataFrame) -> pl.DataFrame:
    """Return the five earliest trace ids of each problem."""
    return (
        errors.filter(pl.col("trace_id").is_not_null())
        .group_by("cluster_id", "trace_id")
        .agg(pl.col("timestamp").min())
        .sort("timestamp", "trace_id", nulls_last=True)
        .group_by("cluster_id", maintain_order=True)
        .agg(trace_ids=pl.col("trace_id").head(5))
    )


def _is_late(ends: Ends) -> pl.Expr:
    """Return whether a problem's first event came too late in the log for chance."""
    first, last = ends
    if first is None or last is None or first == last:
        return pl.lit(value=False)
    part = (pl.col("first_seen") - first).dt.total_microseconds() / ((last - first) / timedelta(microseconds=1))
    chance = (1 - part.clip(0, 1)).pow(pl.col("events"))
    return ((chance < _SURE / pl.len()) & (pl.col("events") > 1)).fill_null(value=False)


def _commonest(name: str) -> pl.Expr:
    return pl.col(name).drop_nulls().mode().min()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:12]
