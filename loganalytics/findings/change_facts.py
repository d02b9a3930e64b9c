"""What is known of the events behind a row of a comparison: whose they are, when they came, which requests failed."""

from __future__ import annotations

import polars as pl

from loganalytics.analyses.compare.term_counts import PROBLEM, is_incident
from loganalytics.analyses.errors.clusters import EVENT_NUMBER, with_clusters
from loganalytics.analyses.requests.durations import duration_ms
from loganalytics.analyses.requests.endpoints import ROUTE, answered_endpoint, endpoint, operation, request_status
from loganalytics.schema import ERROR, is_error

MIN_PROBLEM_SHARE = 0.5  # of a template's events that are errors: from then on its problems stand for it
MIN_REQUEST_SHARE = 0.9  # of a problem's events that answer a request of one endpoint: it is of failed requests
MAX_PLAIN_SHARE = 0.95  # of the events of a problem's templates that are errors: more, and the text says what failed

FACTS = {
    "errors": pl.Int64(), "severity_number": pl.UInt8(), "services": pl.List(pl.String()),
    "first_seen": pl.Datetime("us", "UTC"), "last_seen": pl.Datetime("us", "UTC"),
    "endpoint": pl.String(), "status": pl.Int32(), "requests": pl.Int64(), "is_request": pl.Boolean(),
    "frequent_template": pl.String(),
}  # fmt: skip
"""The columns that are added to a comparison."""

_ENDPOINT, _STATUS = "\0endpoint", "\0status"  # no field of a log can have such a name
_ERROR_SHARE, _OF_TEMPLATE = "\0error_share", "\0of_template"


def with_problems(events: pl.DataFrame) -> pl.DataFrame:
    """Add the column PROBLEM: the label that `cluster_errors` gives to the problem of an error; null without one."""
    numbered = events.drop(PROBLEM, strict=False).with_row_index(EVENT_NUMBER)
    errors = with_clusters(numbered).select(EVENT_NUMBER, "cluster_id", label=pl.coalesce("label", "template"))
    labels = errors.group_by("cluster_id").agg(pl.col("label").drop_nulls().mode().min().alias(PROBLEM))
    labelled = errors.join(labels, on="cluster_id").select(EVENT_NUMBER, PROBLEM)
    return numbered.join(labelled, on=EVENT_NUMBER, how="left", maintain_order="left").drop(EVENT_NUMBER)


def with_failures(frame: pl.LazyFrame) -> pl.DataFrame:
    """Return the events with the severity of an error for those that report a failure without having one."""
    numbered = frame.collect().with_row_index(EVENT_NUMBER)
    failed = with_clusters(numbered)[EVENT_NUMBER].to_list()
    is_failure = pl.col("severity_number").is_null() & pl.col(EVENT_NUMBER).is_in(failed)
    severity = pl.when(is_failure).then(pl.lit(ERROR)).otherwise("severity_number").cast(pl.UInt8)
    return numbered.with_columns(severity_number=severity).drop(EVENT_NUMBER)


def with_facts(comparison: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Add the columns of FACTS to a comparison; leave out the templates of errors, for which their problems stand.

    Takes events with the column PROBLEM, templates and routes. Errors, severity, times and requests are those of the
    incident; services too, or those of the baseline where it has none. Of failed requests there is the most frequent
    endpoint and status, and how many requests of the endpoint were answered; is_request is true for a problem whose
    text says no more than that. A problem gets its template_id, where it is all there is of one template, and a
    level its most frequent template.
    """
    described = events.with_columns(
        answered_endpoint(events.schema).alias(_ENDPOINT),
        request_status(events.schema).alias(_STATUS),
        pl.col(PROBLEM).is_not_null().mean().over("template_id").alias(_ERROR_SHARE),
        pl.len().over("template_id").alias(_OF_TEMPLATE),
    )
    errors = described.filter(pl.col(PROBLEM).is_not_null())
    summaries = [_summarize(described, "template_id", "template"), _summarize(errors, PROBLEM, PROBLEM)]
    summaries += [_summarize(described, name, name) for name in _compared_fields(comparison)]
    facts = pl.concat([*summaries, _of_failed_routes(described), _of_durations(described)], how="diagonal_relaxed")
    keyed = comparison.filter(~_is_told_by_problems(described)).with_columns(
        key=pl.when(pl.col("field") == "template").then("template_id").otherwise("value")
    )
    for table, on in ((facts, ["field", "scope", "key"]), (_of_problems(errors, described), ["field", "key"])):
        keyed = keyed.join(table.drop_nulls("key"), on=on, how="left", maintain_order="left", suffix="_of_problem")
    filled = [
        pl.coalesce(name, f"{name}_of_problem").alias(name)
        for name in ("template_id", "endpoint", "status")
        if f"{name}_of_problem" in keyed.columns
    ]
    keyed = keyed.with_columns(filled)
    return keyed.select(*comparison.columns, *[pl.col(name).cast(dtype) for name, dtype in FACTS.items()])


def _compared_fields(comparison: pl.DataFrame) -> list[str]:
    """Return the columns of whose values there are rows among all events."""
    is_value = pl.col("value").is_not_null() & (pl.col("scope") == "events")
    is_other = pl.col("field").is_in(["template", PROBLEM, "duration_ms"])
    return comparison.filter(is_value & ~is_other)["field"].unique(maintain_order=True).to_list()


def _is_told_by_problems(events: pl.DataFrame) -> pl.Expr:
    """Return the expression that is true for templates of which half of the events are errors, or more."""
    of_errors = events.filter(pl.col(_ERROR_SHARE) >= MIN_PROBLEM_SHARE)["template_id"].unique().to_list()
    return ((pl.col("field") == "template") & pl.col("template_id").is_in(of_errors)).fill_null(value=False)


def _summarize(events: pl.DataFrame, column: str, field: str) -> pl.DataFrame:
    """Return errors, severity, services and times of each value of a column."""
    inside, service, time = is_incident(), pl.col("service").cast(pl.String), pl.col("timestamp")
    table = events.group_by(key=pl.col(column).cast(pl.String)).agg(
        errors=(inside & (is_error() | pl.col(PROBLEM).is_not_null())).sum().cast(pl.Int64),
        severity_number=pl.col("severity_number").filter(inside).max(),
        inside=service.filter(inside).drop_nulls().unique().sort(),
        ever=service.drop_nulls().unique().sort(),
        first_seen=time.filter(inside).min(),
        last_seen=time.filter(inside).max(),
        # Of a level, what it is about; of other fields the value says it.
        frequent_template=pl.col("template").filter(inside).drop_nulls().mode().min() if column == "level" else None,
    )
    services = pl.when(pl.col("inside").list.len() > 0).then("inside").otherwise("ever")
    return table.with_columns(services=services, field=pl.lit(field), scope=pl.lit("events")).drop("inside", "ever")


def _of_problems(errors: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Return template_id, endpoint, status, is_request and requests of each problem."""
    endpoint_name, status = pl.col(_ENDPOINT), pl.col(_STATUS)
    is_all = (pl.col("template_id").n_unique() == 1) & (pl.col(_OF_TEMPLATE).first() == pl.len())
    table = errors.group_by(key=PROBLEM).agg(
        template_id=pl.when(is_all).then(pl.col("template_id").first()),
        endpoint=endpoint_name.drop_nulls().mode().min(),
        status=status.drop_nulls().mode().min(),
        endpoint_share=(endpoint_name == endpoint_name.drop_nulls().mode().min()).sum() / pl.len(),
        error_share=pl.col(_ERROR_SHARE).mean(),
    )
    # Of the services that report the failures: others may log the same requests.
    reporting = errors.select(key=PROBLEM, service="service", endpoint=_ENDPOINT).drop_nulls("endpoint").unique()
    answered = events.filter(is_incident() & endpoint_name.is_not_null()).group_by("service", endpoint=_ENDPOINT)
    requests = reporting.join(answered.agg(requests=pl.len()), on=["service", "endpoint"], nulls_equal=True)
    requests = requests.group_by("key", "endpoint").agg(pl.col("requests").sum().cast(pl.Int64))
    table = table.join(requests, on=["key", "endpoint"], how="left")
    bare = pl.concat_str("endpoint", pl.concat_str(pl.lit(" (HTTP "), "status", pl.lit(")")), ignore_nulls=True)
    says_no_more = (pl.col("error_share") <= MAX_PLAIN_SHARE) | pl.col("key").eq(bare)
    return table.select(
        "key", "endpoint", "status", "requests",
        template_id="template_id",
        is_request=(pl.col("endpoint_share") >= MIN_REQUEST_SHARE).fill_null(value=False) & says_no_more,
        field=pl.lit(PROBLEM),
    )  # fmt: skip


def _of_failed_routes(events: pl.DataFrame) -> pl.DataFrame:
    """Return services, times, and the most frequent endpoint and status, of the errors of each route."""
    failed = events.filter(is_incident() & is_error()).with_columns(endpoint(), pl.col(_STATUS).alias("status"))
    return failed.group_by(key=ROUTE).agg(
        services=pl.col("service").cast(pl.String).drop_nulls().unique().sort(),
        first_seen=pl.col("timestamp").min(),
        last_seen=pl.col("timestamp").max(),
        endpoint=pl.col("endpoint").drop_nulls().mode().min(),
        status=pl.col("status").drop_nulls().mode().min(),
        field=pl.lit(ROUTE),
        scope=pl.lit("errors"),
    )


def _of_durations(events: pl.DataFrame) -> pl.DataFrame:
    """Return the services behind each operation of the incident, and which operations are endpoints."""
    inside = events.filter(is_incident() & duration_ms(events.columns).is_not_null())
    endpoint_name = pl.col(_ENDPOINT)
    return inside.group_by(key=operation(events.schema)).agg(
        services=pl.col("service").cast(pl.String).drop_nulls().unique().sort(),
        endpoint=endpoint_name.drop_nulls().first(),
        field=pl.lit("duration_ms"),
        scope=pl.lit("events"),
    )
