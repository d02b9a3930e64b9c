"""Which kinds of event there are, and which problems the errors come down to."""

from __future__ import annotations

import hashlib

import polars as pl

from loganalytics.analyses.stack_traces import read_traces
from loganalytics.schema import Frame, conform, is_error, lazy
from loganalytics.templates import with_templates

NEEDED = ("timestamp", "severity_number", "service", "message")

# Where structured logs put the type of an exception, besides the text of the trace.
_TYPE_COLUMNS = ("exception.type", "error.type", "exception_type", "error_type", "exc_type")

# A type as it is named in passing: "failed with redis.TimeoutError: ...", "raised ValueError('x')".
_TYPE_IN_MESSAGE = r"\b((?:[A-Za-z_$][\w$]*\.)*[A-Z][\w$]*(?:Error|Exception))\b"


def patterns(logs: Frame) -> pl.DataFrame:
    """List the kinds of event: one row a message template, the most frequent first.

    Needs timestamp, severity_number, service and message; uses template and template_id where present.

    Returns template_id, template, events (Int64), errors (Int64), share (Float64, of all events),
    services (List[String], sorted), first_seen, last_seen (null when no event bears a time) and
    example (the earliest message); sorted by events, then by template.

    Example:
        >>> logs = conform(pl.DataFrame({"message": ["user 17 logged in", "disk full", "user 4 logged in"]}))
        >>> patterns(logs).select("template", "events", "example").rows()
        [('user <*> logged in', 2, 'user 17 logged in'), ('disk full', 1, 'disk full')]
    """
    frame = _with_templates(lazy(logs, *NEEDED))
    examples = _earliest(frame, "template").select("template", example="message")
    return (
        frame.group_by("template")
        .agg(
            pl.col("template_id").min(),
            events=pl.len().cast(pl.Int64),
            errors=is_error().sum().cast(pl.Int64),
            services=_services(),
            first_seen=pl.col("timestamp").min(),
            last_seen=pl.col("timestamp").max(),
        )
        .join(examples, on="template", nulls_equal=True)
        .with_columns(share=pl.col("events") / pl.col("events").sum())
        .select(
            *("template_id", "template", "events", "errors", "share"),
            *("services", "first_seen", "last_seen", "example"),
        )
        .sort("events", "template", descending=[True, False])
    )


def cluster_errors(logs: Frame) -> pl.DataFrame:
    """List the problems that the errors come down to: one row a problem, the most frequent first.

    Errors are events with severity_number >= 17. Those that carry a stack trace are one problem when the
    types of the root cause and of the outermost exception are the same, and so are the root cause's frames:
    file and function, without line numbers, the application's own where there are any. The rest are one
    problem when their message template is the same.

    Needs timestamp, severity_number, service and message; uses exception, trace_id, source and offset, the
    columns of template and of exception type (error.type, ...) where the frame has them.

    Returns cluster_id (stable: from the fingerprint alone), label, events (Int64), templates (Int64, how
    many), services (List[String]), exception_type (the root cause's; null when unknown), first_seen,
    last_seen, example (the earliest message), trace_ids (List[String], the earliest five) and
    exception (the example's stack trace); sorted by events, then by label.

    Example:
        >>> messages = ["job 1 failed: ValueError: no", "job 7 failed: ValueError: no", "disk full"]
        >>> logs = conform(pl.DataFrame({"message": messages, "severity_number": 17}))
        >>> cluster_errors(logs).select("events", "label", "exception_type").rows()
        [(2, 'job <*> failed: ValueError: no', 'ValueError'), (1, 'disk full', None)]
    """
    frame = _with_templates(lazy(logs, *NEEDED).filter(is_error()))
    return _summary(_with_problem(frame))


def _with_problem(frame: pl.DataFrame) -> pl.DataFrame:
    """Add fingerprint, label and exception_type to errors."""
    traces = _labelled(read_traces(frame.select("message", "exception").unique()))
    named = [pl.col(name).cast(pl.String) for name in _TYPE_COLUMNS if name in frame.columns]
    in_message = pl.col("message").str.extract(_TYPE_IN_MESSAGE)
    return frame.join(traces, on=["message", "exception"], how="left", nulls_equal=True).with_columns(
        fingerprint=pl.coalesce("fingerprint", pl.concat_str(pl.lit("template\n"), "template")),
        label=pl.coalesce("label", "template"),
        exception_type=pl.coalesce("exception_type", *named, in_message),
    )


def _labelled(traces: pl.DataFrame) -> pl.DataFrame:
    """Return the traces with a label: the type, and the template of what the exception says."""
    said = conform(traces.select(message="reason").unique().drop_nulls())
    templates = with_templates(said).select(reason="message", said="template")
    label = pl.concat_str("exception_type", pl.col("said").str.head(200), separator=": ", ignore_nulls=True)
    return traces.join(templates, on="reason", how="left").select(
        *("message", "exception", "fingerprint", "exception_type"),
        label=pl.when(pl.col("fingerprint").is_not_null()).then(label),
    )


def _summary(frame: pl.DataFrame) -> pl.DataFrame:
    examples = _earliest(frame, "fingerprint").select("fingerprint", "exception", example="message")
    table = frame.group_by("fingerprint").agg(
        label=_commonest("label"),
        events=pl.len().cast(pl.Int64),
        templates=pl.col("template").n_unique().cast(pl.Int64),
        services=_services(),
        exception_type=_commonest("exception_type"),
        first_seen=pl.col("timestamp").min(),
        last_seen=pl.col("timestamp").max(),
    )
    ids = pl.col("fingerprint").map_elements(_digest, return_dtype=pl.String)  # distinct problems, not lines
    return (
        table.join(examples, on="fingerprint")
        .join(_trace_ids(frame), on="fingerprint", how="left")
        .select(
            ids.alias("cluster_id"),
            *("label", "events", "templates", "services", "exception_type"),
            *("first_seen", "last_seen", "example"),
            pl.col("trace_ids").fill_null(pl.lit([], dtype=pl.List(pl.String))),
            "exception",
        )
        .sort("events", "label", "cluster_id", descending=[True, False, False])
    )


def _trace_ids(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the five earliest trace ids of each problem."""
    return (
        frame.filter(pl.col("trace_id").is_not_null())
        .group_by("fingerprint", "trace_id")
        .agg(pl.col("timestamp").min())
        .sort("timestamp", "trace_id", nulls_last=True)
        .group_by("fingerprint", maintain_order=True)
        .agg(trace_ids=pl.col("trace_id").head(5))
    )


def _with_templates(frame: pl.LazyFrame) -> pl.DataFrame:
    """Return what the summaries read of the frame, with its template columns or new ones."""
    have = frame.collect_schema().names()
    more = ("exception", "trace_id", "source", "offset", "template", "template_id", *_TYPE_COLUMNS)
    wanted = frame.select(*NEEDED, *[name for name in more if name in have])
    if not {"template", "template_id"} <= set(have):
        return with_templates(conform(wanted.collect()))
    return conform(wanted.collect())


def _earliest(frame: pl.DataFrame, key: str) -> pl.DataFrame:
    """Return the earliest event of each key; ties go by place, then by text, so input order never matters."""
    # Only the rows that share their key's first time are sorted: a few, instead of all.
    time = pl.col("timestamp")
    first = frame.filter(time.eq_missing(time.min().over(key)))
    order = ("source", pl.col("offset").str.len_bytes(), "offset", "message", "exception")  # line 9, then 10
    return first.sort(*order, nulls_last=True).unique(key, keep="first", maintain_order=True)


def _services() -> pl.Expr:
    return pl.col("service").cast(pl.String).drop_nulls().unique().sort()


def _commonest(name: str) -> pl.Expr:
    return pl.col(name).drop_nulls().mode().min()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:12]
