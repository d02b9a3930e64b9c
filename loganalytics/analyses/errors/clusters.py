"""Which problems the errors come down to."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import polars as pl

from loganalytics.analyses.errors.error_fields import ERROR_COLUMNS, ERROR_TEXT, with_error_fields
from loganalytics.analyses.errors.error_texts import with_error_texts
from loganalytics.analyses.errors.exception_messages import message_problems, message_summaries
from loganalytics.analyses.errors.failed_requests import (
    ENDPOINT,
    REQUEST_COLUMNS,
    STATUS,
    failure,
    request_label,
    with_requests,
)
from loganalytics.analyses.errors.failures import failure_of, is_failure
from loganalytics.analyses.errors.labels import with_telling_labels
from loganalytics.analyses.errors.near_duplicates import near_duplicates
from loganalytics.analyses.summaries import (
    REQUIRED_COLUMNS,
    TimeRange,
    earliest_events,
    first_and_last_time,
    is_late,
    read_summary_columns,
    service_names,
    sparkline_window,
    sparklines,
)
from loganalytics.schema import TIMESTAMP, Frame, lazy
from loganalytics.templates import TemplateCatalogue

# A type as it is named in passing: "failed with redis.TimeoutError: ...", "raised ValueError('x')".
_TYPE_IN_MESSAGE = r"\b((?:[A-Za-z_$][\w$]*\.)*[A-Z][\w$]*(?:Error|Exception))\b"

EVENT_NUMBER = "__row"
"""The column that numbers the events of a frame, so that its errors are found in it again."""

_MAX_TRACE_IDS = 5
_MAX_REASON_CHARACTERS = 200
_CLUSTER_ID_DIGITS = 12  # hexadecimal


def cluster_errors(logs: Frame, *, known: TemplateCatalogue | None = None) -> pl.DataFrame:
    """Return the problems that the errors come down to: one row a problem, the most frequent first.

    Errors are events with severity_number >= 17, and events without any severity whose message reports a failure
    ("failed", "panic", "失败") or that have a stack trace. Those with a stack trace are one problem when the types
    of the root cause and of the outermost exception are the same, and so are the frames nearest to the failure, the
    application's own where there are any, and the words of the root cause's message (but not its values). In Python
    an exception that was handled when the next one was raised is no cause of it. The others are one problem when their
    message template is the same, the type of the exception, what a field for it (error, err, error.message, ...) says
    was wrong, and the endpoint of the request that failed (see `with_routes`) and its HTTP status, where the event says
    no more than that. Then groups that are nearly the same are
    merged: messages with an addition, traces that fail at the same frame with slightly different callers (TF-IDF and
    agglomerative clustering with complete linkage, among the 2,000 greatest groups); and errors without a trace join
    the problem of the errors with a trace and the same template, if these are one problem.

    Needs timestamp, severity_number, service and message; uses exception, trace_id, source and offset, the
    columns of template, of exception type and of what was wrong (error.type, error.message, ...) where the frame has
    them, and logger, which leads a label that says little by itself.

    Returns cluster_id (stable: from the fingerprint of its greatest group alone), label, events (Int64), templates
    (Int64, how many), services (List[String]), exception_type (the root cause's; null when unknown), first_seen,
    last_seen, is_new (Boolean), trend (List[UInt32]: its events in each of 24 equal windows from the first event of the
    whole log to the last), example (the earliest message), trace_ids (List[String], the earliest five) and exception
    (the example's stack trace); sorted by events, then by label.

    The label is the type of the exception and its message, else the endpoint of the request that failed, the template
    of the message, what a field says was wrong, and the status. Values that differ within the problem are wildcards.
    Where that would leave no word that names the trouble, the label is the earliest message, led by endpoint or logger.

    A problem is new when the catalogue `known` has none of its templates. Without a catalogue, when it has two events
    or more, and so late a first one is less than 1 % probable (divided by the number of problems) were its events
    spread evenly over the log: (1 - f) ** events, f the share of the log before the first. What paused for as long
    again since then, as nights and weekends are, is not new.

    Example:
        >>> from loganalytics.schema import conform
        >>> messages = ["job 1 failed: ValueError: no", "job 7 failed: ValueError: no", "disk full"]
        >>> logs = conform(pl.DataFrame({"message": messages, "severity_number": 17}))
        >>> cluster_errors(logs).select("events", "label", "exception_type").rows()
        [(2, 'job <*> failed: ValueError: no', 'ValueError'), (1, 'disk full', None)]
    """
    return summarize_clusters(with_clusters(logs, known=known), first_and_last_time(lazy(logs, *REQUIRED_COLUMNS)))


def summarize_clusters(errors: pl.DataFrame, ends: TimeRange) -> pl.DataFrame:
    """Return the table of `cluster_errors`, of errors from `with_clusters` and the first and last time of the log."""
    table = _summarize(errors)
    dated = errors.filter(pl.col("timestamp").is_not_null())
    windows = dated.group_by("cluster_id", sparkline_window(ends)).agg(events=pl.len())
    table = table.join(sparklines(windows, table["cluster_id"]), on="cluster_id", maintain_order="left")
    is_new = ~pl.col("is_known") if "is_known" in table.columns else is_late(ends) & _is_longer_away(ends)
    return table.with_columns(is_new=is_new).select(
        *("cluster_id", "label", "events", "templates", "services", "exception_type"),
        *("first_seen", "last_seen", "is_new", "trend", "example", "trace_ids", "exception"),
    )


def _is_longer_away(ends: TimeRange) -> pl.Expr:
    """Return whether a problem was away at the start of the log for longer than it ever paused since.

    What comes in working hours, every night or on Sundays is away for as long again and again.
    """
    first, _ = ends
    return (pl.col("first_seen") - pl.lit(first, TIMESTAMP) > pl.col("longest_pause")).fill_null(value=False)


def with_clusters(logs: Frame, *, known: TemplateCatalogue | None = None) -> pl.DataFrame:
    """Return the errors among the events, with the cluster_id and label of their problem; see `cluster_errors`.

    Keeps the column EVENT_NUMBER, where the frame has it.
    """
    frame = lazy(logs, *REQUIRED_COLUMNS)
    frame = with_requests(frame).filter(is_failure(frame.collect_schema().names()))
    names = (*ERROR_COLUMNS, *REQUEST_COLUMNS, "level", "logger", EVENT_NUMBER)
    errors = read_summary_columns(with_error_fields(frame), *names, known=known)
    errors = _with_fingerprints(errors)
    errors = with_telling_labels(_with_traceless(_merge_near_duplicates(errors)))
    ids = errors.select("fingerprint").unique()
    ids = ids.with_columns(cluster_id=pl.col("fingerprint").map_elements(_digest, return_dtype=pl.String))
    return errors.join(ids, on="fingerprint", how="left", maintain_order="left")


def with_cluster_ids(logs: pl.DataFrame) -> pl.DataFrame:
    """Return the events with the cluster_id of their problem, null for those that are not errors."""
    numbered = logs.with_row_index(EVENT_NUMBER)
    ids = with_clusters(numbered).select(EVENT_NUMBER, "cluster_id")
    unclustered = numbered.drop("cluster_id", strict=False)
    return unclustered.join(ids, on=EVENT_NUMBER, how="left", maintain_order="left").drop(EVENT_NUMBER)


def count_errors(logs: pl.DataFrame) -> int:
    """Return how many of the events are errors, as `with_clusters` finds them; fast where all have levels."""
    return int(logs.select(failure_of(logs).sum()).item())


def _with_fingerprints(errors: pl.DataFrame) -> pl.DataFrame:
    """Add fingerprint, kind, frames, label and exception_type to errors.

    The fingerprint is the same for errors of one problem; only groups of one kind may be merged afterwards.
    """
    texts = with_error_texts(errors.select("message", "exception", *ERROR_COLUMNS).unique())
    errors = errors.join(
        texts, on=["message", "exception", *ERROR_COLUMNS], how="left", nulls_equal=True, maintain_order="left"
    )
    exception_type = pl.col("exception_type")
    named_type = pl.coalesce(exception_type, pl.col("message").str.extract(_TYPE_IN_MESSAGE))
    # What says why requests failed is one problem, whatever the endpoints.
    is_told = named_type.is_not_null() | pl.col("error_text").is_not_null()
    errors = errors.with_columns(pl.when(~is_told).then(ENDPOINT).alias(ENDPOINT))
    template_kind = pl.concat_str(
        pl.lit("template"), exception_type, pl.col(STATUS).cast(pl.String), ENDPOINT, separator="\n", ignore_nulls=True
    )
    # A stack that was logged without an exception shows where it was logged, not what failed.
    nameless = pl.when(~pl.col("is_named")).then("template")
    trace_fingerprint = pl.concat_str("fingerprint", nameless, separator="\n", ignore_nulls=True)
    trace_kind = pl.concat_str("kind", nameless, separator="\n", ignore_nulls=True)
    template_fingerprint = pl.concat_str(
        pl.lit("template"), exception_type, failure(), separator="\n", ignore_nulls=True
    )
    has_trace = pl.col("fingerprint").is_not_null()
    errors = errors.with_columns(
        fingerprint=pl.when(has_trace).then(trace_fingerprint).otherwise(template_fingerprint),
        kind=pl.when(has_trace).then(trace_kind).otherwise(template_kind),
        has_trace=has_trace,
    )
    return _by_error_text(errors).with_columns(exception_type=named_type)


def _by_error_text(errors: pl.DataFrame) -> pl.DataFrame:
    """Tell errors apart that say something else was wrong, in fingerprint and kind, and give them a label.

    The label of a trace is the type and the template of the exception's message; where that says nothing, the place.
    """
    keys = ["fingerprint", "words"]
    messages = errors.group_by(keys).agg(
        events=pl.len(),
        template=pl.col("error_template").drop_nulls().mode().min(),
        text=pl.col("error_text").min(),
        templates=pl.col("error_template").n_unique(),
        texts=pl.col("error_text").n_unique(),
    )
    summaries = message_summaries(messages.join(message_problems(messages), on=keys))
    errors = errors.join(summaries, on=keys, how="left", maintain_order="left")
    is_told, summary = pl.col("problem_words") != "", pl.col("summary").str.head(_MAX_REASON_CHARACTERS)
    location = pl.when(~summary.fill_null("").str.contains(r"\p{L}")).then("in " + pl.col("place"))
    typed = pl.concat_str("exception_type", summary, separator=": ", ignore_nulls=True)
    of_trace = pl.when(typed != "").then(pl.concat_str(typed, location, separator=" ", ignore_nulls=True))
    extended = {
        name: pl.when(is_told).then(pl.concat_str(name, "problem_words", separator="\n")).otherwise(name)
        for name in ("fingerprint", "kind")
    }
    is_named_trace = pl.col("has_trace") & pl.col("is_named")
    return errors.with_columns(
        **extended, label=pl.when(is_named_trace).then(of_trace).otherwise(request_label(error_text=summary))
    )


def _merge_near_duplicates(errors: pl.DataFrame) -> pl.DataFrame:
    """Give groups that are nearly the same the fingerprint of the greatest of them."""
    groups = errors.group_by("fingerprint").agg(
        pl.col("kind").first(),
        text=pl.coalesce("frames", "template").min(),
        is_trace=pl.col("frames").is_not_null().any(),
        events=pl.len(),
    )
    errors = errors.join(near_duplicates(groups), on="fingerprint", how="left")
    return errors.with_columns(fingerprint=pl.coalesce("into", "fingerprint"))


def _with_traceless(errors: pl.DataFrame) -> pl.DataFrame:
    """Move errors without a trace to the problem of those of the same template that have one, if it is one problem.

    A JVM stops writing the trace of an exception that comes often; one logger writes it and another does not.
    """
    with_trace = errors.filter(pl.col("frames").is_not_null())
    problems = with_trace.group_by("template").agg(only_problem=pl.col("fingerprint").unique())
    problems = problems.filter(pl.col("only_problem").list.len() == 1)
    problems = problems.select("template", only_problem=pl.col("only_problem").list.first())
    errors = errors.join(problems, on="template", how="left", maintain_order="left")
    # What a field tells may be another cause.
    moves = pl.col("frames").is_null() & pl.col("only_problem").is_not_null() & pl.col(ERROR_TEXT).is_null()
    return errors.with_columns(
        fingerprint=pl.when(moves).then("only_problem").otherwise("fingerprint"), label=pl.when(~moves).then("label")
    ).drop("only_problem")


def _summarize(errors: pl.DataFrame) -> pl.DataFrame:
    examples = earliest_events(errors, "cluster_id").select("cluster_id", "exception", example="message")
    table = errors.group_by("cluster_id").agg(
        label=_most_common("label"),
        events=pl.len().cast(pl.Int64),
        templates=pl.col("template").n_unique().cast(pl.Int64),
        services=service_names(),
        exception_type=_most_common("exception_type"),
        first_seen=pl.col("timestamp").min(),
        last_seen=pl.col("timestamp").max(),
        longest_pause=pl.col("timestamp").sort().diff().max().fill_null(timedelta(0)),
        **({"is_known": pl.col("is_known").any()} if "is_known" in errors.columns else {}),
    )
    trace_ids = pl.col("trace_ids").fill_null(pl.lit([], dtype=pl.List(pl.String)))
    return (
        table.join(examples, on="cluster_id")
        .join(_earliest_trace_ids(errors), on="cluster_id", how="left")
        .with_columns(trace_ids)
        .sort("events", "label", "cluster_id", descending=[True, False, False])
    )


def _earliest_trace_ids(errors: pl.DataFrame) -> pl.DataFrame:
    """Return the five earliest trace ids of each problem."""
    return (
        errors.filter(pl.col("trace_id").is_not_null())
        .group_by("cluster_id", "trace_id")
        .agg(pl.col("timestamp").min())
        .sort("timestamp", "trace_id", nulls_last=True)
        .group_by("cluster_id", maintain_order=True)
        .agg(trace_ids=pl.col("trace_id").head(_MAX_TRACE_IDS))
    )


def _most_common(name: str) -> pl.Expr:
    return pl.col(name).drop_nulls().mode().min()


def _digest(fingerprint: str) -> str:
    return hashlib.sha256(fingerprint.encode(errors="surrogatepass")).hexdigest()[:_CLUSTER_ID_DIGITS]
