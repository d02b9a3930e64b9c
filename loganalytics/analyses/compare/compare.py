"""What changed between two time ranges: templates, field values and measures, each with how sure it is."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from loganalytics.analyses.compare.distributions import compare_distributions
from loganalytics.analyses.compare.ranges import TimeRange, TimeRangeInput, clip_ranges, parse_time_range
from loganalytics.analyses.compare.significance import benjamini_hochberg
from loganalytics.analyses.compare.term_counts import (
    BASELINE_SLICES,
    INCIDENT_SLICE,
    PROBLEM,
    SLICE_COLUMN,
    Exposure,
    count_terms,
    is_incident,
    scale_to_traffic,
    score_terms,
)
from loganalytics.analyses.requests.endpoints import ROUTE, ensure_routes
from loganalytics.schema import Frame, conform, lazy
from loganalytics.templates.annotate import with_templates

MAX_FALSE_SHARE = 0.05  # of the rows returned
MIN_RATE_RATIO = 1.5  # the least by which a rate must have changed, up or down
MAX_TOP_TERMS = 30  # most frequent terms, when there is nothing to compare with
MAX_ROWS = 1_000

COMPARISON_SCHEMA = {
    "kind": pl.String(), "subject": pl.String(), "scope": pl.String(), "field": pl.String(), "value": pl.String(),
    "template_id": pl.String(),
    "baseline_rate": pl.Float64(), "incident_rate": pl.Float64(),
    "baseline_count": pl.Int64(), "incident_count": pl.Int64(),
    "baseline_p50": pl.Float64(), "incident_p50": pl.Float64(),
    "baseline_p95": pl.Float64(), "incident_p95": pl.Float64(),
    "ratio": pl.Float64(), "effect": pl.Float64(), "score": pl.Float64(), "p_value": pl.Float64(),
    "example": pl.String(), "note": pl.String(),
}  # fmt: skip


def compare(logs: Frame, *, baseline: TimeRangeInput, incident: TimeRangeInput, tz: str = "UTC") -> pl.DataFrame:
    """Return what differs between an incident and its baseline: one row a difference, the surest first.

    Templates and field values are compared by their rates (events a minute), so the ranges need not be equally long:
    a G-test, made milder for what comes in bursts, against the change in traffic that the templates have in common.
    Fields are all columns of words and codes, each with its 500 most frequent values; they are also compared among
    the errors alone. One field is the route of requests (`http.route`, see `with_routes`). Measures are compared by the
    Kolmogorov-Smirnov distance and their quantiles: durations (see `latency`) of requests by endpoint, others by
    logger, else by service, and every other column of numbers. Of fields that say the same, one is returned. Where the
    ranges overlap, the time counts for the incident; where the log begins or ends well within a range, that range is
    cut to the log.

    Needs timestamp, message and severity_number; uses template and template_id where present. `baseline` and
    `incident` are pairs (start, end), the end excluded: ISO text, datetimes, "2h"; in `tz` where they have no zone.

    Returns kind (new, gone, more, fewer; slower, faster for durations; shifted for other measures), subject (the
    template, field = value, or measure), scope (events, errors), field ("template", a column, "duration_ms"; null
    for all events), value, template_id, baseline_rate and incident_rate (Float64, events a minute), baseline_count,
    incident_count (Int64), baseline_p50, incident_p50, baseline_p95, incident_p95 (Float64, measures only), ratio
    (Float64: of the rates; of medians or p95, whichever changed more; null for new), effect (Float64, -1..1: the
    difference of the rates over their sum, or the signed Kolmogorov-Smirnov distance), score (Float64: G, higher is
    surer), p_value (Float64, Benjamini-Hochberg), example (the earliest message), note (null); by score, descending.
    The events of a row are those with its template_id, or with its value in its field (only errors if scope says so).
    Only rows with p_value < 0.05 and a ratio of 1.5 (measures 1.25) or more, up or down, are returned.

    When one range holds no event there is nothing to compare: the most frequent terms of the other are returned,
    with kind "top", p_value null, and a note that says so.

    Raises MissingColumnError, and InvalidArgumentError for a range that cannot be read or ends before it starts.

    Example:
        >>> from datetime import datetime
        >>> times = pl.datetime_range(datetime(2025, 1, 31, 12), datetime(2025, 1, 31, 14), "30s", eager=True)
        >>> odd = times.dt.hour().eq(13) & times.dt.minute().gt(49)
        >>> logs = pl.DataFrame({"timestamp": times, "message": "ok"}).with_columns(
        ...     message=pl.when(odd).then(pl.lit("disk full")).otherwise("message"))
        >>> table = compare(conform(logs), baseline=("2025-01-31 12:00", "2025-01-31 13:50"),
        ...     incident=("2025-01-31 13:50", "2025-01-31 14:00"))
        >>> table.select("kind", "subject", "baseline_count", "incident_count").rows()
        [('new', 'disk full', 0, 20), ('gone', 'ok', 220, 0)]
    """
    old, new = parse_time_range(baseline, "baseline", tz=tz), parse_time_range(incident, "incident", tz=tz)
    old, new = clip_to_log(logs, old, new)
    return compare_events(select_events(logs, old, new), measure_exposure(old, new))


def select_events(logs: Frame, baseline: TimeRange, incident: TimeRange) -> pl.DataFrame:
    """Return the events of both ranges with their templates and routes, and SLICE_COLUMN.

    That is the incident, or one of the slices of the baseline; what both ranges share belongs to the incident.
    """
    frame = lazy(logs, "timestamp", "message", "severity_number")
    since_start = (pl.col("timestamp") - baseline.start).dt.total_microseconds()
    baseline_slice = since_start * BASELINE_SLICES // (baseline.length // timedelta(microseconds=1))
    frame = frame.filter(baseline.contains() | incident.contains())
    numbers = pl.when(incident.contains()).then(INCIDENT_SLICE).otherwise(baseline_slice).cast(pl.Int8)
    events = ensure_routes(conform(frame.with_columns(numbers.alias(SLICE_COLUMN)).collect()))
    return events if {"template", "template_id"} <= set(events.columns) else with_templates(events)


def clip_to_log(logs: Frame, baseline: TimeRange, incident: TimeRange) -> list[TimeRange]:
    """Return the ranges cut to the time from the first to the last event of the log; see `clip_ranges`."""
    time = pl.col("timestamp")
    first, last = lazy(logs, "timestamp").select(first=time.min(), last=time.max()).collect().row(0)
    if first is None or last is None:
        return [baseline, incident]
    return clip_ranges(TimeRange(first, last), baseline, incident)


def measure_exposure(baseline: TimeRange, incident: TimeRange) -> Exposure:
    """Return how many minutes either range lasts, what they share counted for the incident."""
    shared = max(min(baseline.end, incident.end) - max(baseline.start, incident.start), timedelta(0))
    minute = timedelta(minutes=1)
    return Exposure(
        baseline_minutes=max(baseline.length - shared, timedelta(microseconds=1)) / minute,
        incident_minutes=incident.length / minute,
    )


def compare_events(events: pl.DataFrame, exposure: Exposure) -> pl.DataFrame:
    """Return what `compare` does, of events that `select_events` returned."""
    in_incident = events.select(is_incident()).to_series()
    terms = count_terms(events)
    if in_incident.all() or not in_incident.any():
        return _top_terms(terms, events, exposure)
    changed_terms = _describe_terms(score_terms(terms, scale_to_traffic(terms, exposure)), exposure)
    changed_measures = _describe_measures(compare_distributions(events), exposure)
    table = pl.concat([changed_terms, changed_measures], how="diagonal")
    p_values = benjamini_hochberg(table["p_value"].to_numpy())
    table = table.with_columns(p_value=pl.Series(p_values, dtype=pl.Float64))
    ratio = pl.col("ratio")
    is_large = pl.col("kind").is_in(["new", "gone", "slower", "faster", "shifted"]) | (
        (ratio >= MIN_RATE_RATIO) | (ratio <= 1 / MIN_RATE_RATIO)
    )
    significant = table.filter((pl.col("p_value") < MAX_FALSE_SHARE) & is_large)
    return _with_examples(_without_echoes(significant).head(MAX_ROWS), events)


def _with_rates(table: pl.DataFrame, exposure: Exposure) -> pl.DataFrame:
    return table.with_columns(
        baseline_rate=pl.col("baseline_count") / exposure.baseline_minutes,
        incident_rate=pl.col("incident_count") / exposure.incident_minutes,
    )


def _describe_terms(terms: pl.DataFrame, exposure: Exposure) -> pl.DataFrame:
    """Add rates, ratio, effect, kind and subject to scored terms."""
    old, new = pl.col("baseline_rate"), pl.col("incident_rate")
    kind = (
        pl.when(pl.col("baseline_count") == 0).then(pl.lit("new"))
        .when(pl.col("incident_count") == 0).then(pl.lit("gone"))
        .when(new > old).then(pl.lit("more")).otherwise(pl.lit("fewer"))
    )  # fmt: skip
    return (
        _with_rates(terms, exposure)
        .with_columns(
            kind=kind, subject=_term_subject(), ratio=pl.when(old > 0).then(new / old), effect=(new - old) / (new + old)
        )
        .drop("dispersion")
    )


def _term_subject() -> pl.Expr:
    condition = pl.concat_str("field", pl.lit(" = "), "value")
    return (
        pl.when(pl.col("field").is_null()).then(pl.lit("all events"))
        .when(pl.col("field").is_in(["template", PROBLEM])).then("value")
        .when(pl.col("scope") == "errors").then(pl.concat_str(pl.lit("errors with "), condition))
        .otherwise(condition)
    )  # fmt: skip


def _describe_measures(measures: pl.DataFrame, exposure: Exposure) -> pl.DataFrame:
    """Add rates, kind, subject and scope to compared measures."""
    is_duration = pl.col("field") == "duration_ms"
    is_up = pl.col("effect") > 0
    kind = pl.when(~is_duration).then(pl.lit("shifted")).when(is_up).then(pl.lit("slower")).otherwise(pl.lit("faster"))
    of_value = pl.concat_str("field", pl.lit(" of "), "value")
    subject = pl.when(pl.col("value").is_null()).then("field").otherwise(of_value)
    return _with_rates(measures, exposure).with_columns(kind=kind, subject=subject, scope=pl.lit("events"))


def _without_echoes(table: pl.DataFrame) -> pl.DataFrame:
    """Return the rows by score, without field values that only repeat another row: the same events, counted again."""
    rank = pl.col("field").replace_strict(
        {PROBLEM: -1, "template": 0, "service": 1, "level": 2, "logger": 3, ROUTE: 4}, default=5
    )
    ordered = table.sort(
        pl.col("score").round(6), rank.fill_null(-2), "field", "value", descending=[True, False, False, False]
    )
    is_measure = pl.col("incident_p50").is_not_null()
    counts = ["scope", "baseline_count", "incident_count"]
    is_first = pl.struct(counts).is_first_distinct() | is_measure | pl.col("field").is_in(["template", PROBLEM, ROUTE])
    return ordered.filter(is_first.fill_null(value=True))


def _with_examples(table: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Add the earliest message of the incident for each row, of the baseline for what is gone."""
    ordered = events.sort(~is_incident(), "timestamp", "source", "offset", "message", maintain_order=True)
    examples = []
    for (field,), rows in table.group_by("field", maintain_order=True):
        if field is None or field == "duration_ms" or (rows["kind"] == "shifted").any():
            continue
        value = pl.col(str(field)).cast(pl.String).alias("value")
        matching = ordered.select(value, "message").filter(pl.col("value").is_in(rows["value"].to_list()))
        earliest = matching.unique("value", keep="first", maintain_order=True).select("value", example="message")
        examples.append(earliest.with_columns(field=pl.lit(field, pl.String)))
    if examples:
        table = table.join(pl.concat(examples), on=["field", "value"], how="left", maintain_order="left")
    return _conform_comparison(table)


def _conform_comparison(table: pl.DataFrame) -> pl.DataFrame:
    return table.select(
        (pl.col(name) if name in table.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in COMPARISON_SCHEMA.items()
    )


def _top_terms(terms: pl.DataFrame, events: pl.DataFrame, exposure: Exposure) -> pl.DataFrame:
    """Return the most frequent terms of the one range that holds events, with a note that nothing was compared."""
    if events.is_empty():
        return pl.DataFrame(schema=COMPARISON_SCHEMA)
    only_incident = bool(events.select(is_incident().any()).item())
    count, empty = ("incident_count", "baseline") if only_incident else ("baseline_count", "incident")
    top = _describe_terms(terms, exposure).filter((pl.col("scope") == "events") & pl.col("field").is_not_null())
    top = top.sort(count, "field", "value", descending=[True, False, False]).head(MAX_TOP_TERMS)
    note = f"The {empty} holds no event, so nothing was compared: these are the most frequent terms of the other range."
    nulls = {name: pl.lit(None, pl.Float64) for name in ("ratio", "effect", "p_value", "score")}
    return _with_examples(top.with_columns(kind=pl.lit("top"), note=pl.lit(note), **nulls), events)
