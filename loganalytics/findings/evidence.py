"""The evidence about an incident: what changed, which services fell silent, what failed first, failed requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl

from loganalytics.analyses.change_points.detect import change_points
from loganalytics.analyses.compare.compare import clip_to_log, compare_events, measure_exposure, select_events
from loganalytics.analyses.compare.ranges import TimeRange
from loganalytics.analyses.compare.term_counts import categorical_fields, is_incident
from loganalytics.analyses.coverage.coverage import coverage
from loganalytics.analyses.requests.durations import duration_ms
from loganalytics.analyses.requests.endpoints import ROUTE, answered_endpoint, endpoint, request_status
from loganalytics.analyses.requests.traces import traces
from loganalytics.analyses.trends import trend
from loganalytics.schema import CORE, Frame, is_error, lazy
from loganalytics.templates.parameters import extract_parameters

HABIT_PERIOD = timedelta(days=7)  # before the incident, from which the usual gaps of services are read
MAX_TRACES = 100
MAX_TREND_WINDOWS = 120
MIN_CONTEXT = timedelta(hours=1)  # before the incident, in its trend
_WINDOW_SECONDS = (60, 300, 600, 1800, 3600, 21_600, 86_400)  # a context is an hour and a half or longer

MIN_DOMINANT_SHARE = 0.7  # of the rows that have the field
MIN_LIFT = 3.0  # times the share that the value has elsewhere
MIN_PARAMETER_ROWS = 5
PARAMETER_LENGTH = (6, 60)  # characters of a value in a message that says something: an address, not a port
MAX_PARAMETERS = 8  # wildcards of a template that are looked at, from the first

_TIME = pl.Datetime("us", "UTC")
_SILENT_SERVICES = {
    "service": pl.String(), "start": _TIME, "end": _TIME, "lasts": pl.Boolean(),
    "expected_gap": pl.Duration("us"), "baseline_count": pl.Int64(),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What `gather_evidence` returns.

    Attributes:
        incident: the time range of the incident.
        baseline: the one that it is compared with.
        events: of both, with template, template_id, the columns of routes and SLICE_COLUMN (-1 in the incident).
        comparison: as `compare` returns it, with more about templates, routes and durations: errors, level, services,
            first_seen, last_seen; of routes with errors the most frequent endpoint and status.
        silent_services: services that fell silent within the incident.
        change_points: of the events and errors around it; `of` is the column of the trend.
        trend: events and errors around it.
        first_error: the earliest error whose template is not in the baseline, else the earliest; None without one.
        traces: the requests that failed in it, as `traces` returns them.
    """

    incident: TimeRange
    baseline: TimeRange
    events: pl.DataFrame
    comparison: pl.DataFrame
    silent_services: pl.DataFrame
    change_points: pl.DataFrame
    trend: pl.DataFrame
    first_error: dict[str, Any] | None
    traces: pl.DataFrame


def gather_evidence(logs: Frame, incident: TimeRange, baseline: TimeRange) -> Evidence:
    """Run the analyses that may explain an incident, and return their results."""
    frame = lazy(logs, *CORE).with_columns(pl.col("service").cast(pl.String))
    old, new = clip_to_log(frame, baseline, incident)
    events = select_events(frame, old, new)
    comparison = compare_events(events, measure_exposure(old, new))
    context = _context_range(incident, baseline)
    trend_around = trend(frame.filter(context.contains()), every=_window_length(context.length))
    return Evidence(
        incident=incident,
        baseline=baseline,
        events=events,
        comparison=_with_request_facts(_with_template_facts(comparison, events), events),
        silent_services=_silent_services(frame, events, incident),
        change_points=_change_points(trend_around),
        trend=trend_around,
        first_error=_first_error(events),
        traces=_failed_traces(events),
    )


def _context_range(incident: TimeRange, baseline: TimeRange) -> TimeRange:
    """Return the incident with twice its length before it, as a chart needs, or the baseline when that is adjacent."""
    before = max(2 * incident.length, MIN_CONTEXT)
    start = incident.start - before
    if baseline.end == incident.start:
        start = min(start, baseline.start)
    return TimeRange(start, incident.end + before / 2)


def _window_length(length: timedelta) -> timedelta:
    fitting = (step for step in _WINDOW_SECONDS if length.total_seconds() / step <= MAX_TREND_WINDOWS)
    return timedelta(seconds=next(fitting, _WINDOW_SECONDS[-1]))


def _change_points(trend_around: pl.DataFrame) -> pl.DataFrame:
    columns = ("events", "errors")
    tables = [change_points(trend_around, column=column).with_columns(of=pl.lit(column)) for column in columns]
    return pl.concat(tables).sort("window", "of")


def _with_template_facts(comparison: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Add to rows of templates how many of the incident's events are errors, their level, services and first time."""
    facts = (
        events.filter(is_incident())
        .group_by("template_id")
        .agg(
            errors=is_error().sum().cast(pl.Int64),
            severity_number=pl.col("severity_number").max(),
            services=pl.col("service").cast(pl.String).drop_nulls().unique().sort(),
            first_seen=pl.col("timestamp").min(),
            last_seen=pl.col("timestamp").max(),
        )
    )
    return comparison.join(facts, on="template_id", how="left", maintain_order="left")


def _with_request_facts(comparison: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Add to rows of routes with errors, and of durations of requests, the services and the endpoint.

    Rows of routes also get the most frequent status, and the first and last time.
    """
    inside = events.filter(is_incident())
    services = pl.col("service").cast(pl.String).drop_nulls().unique().sort().alias("services")
    times = (pl.col("timestamp").min().alias("first_seen"), pl.col("timestamp").max().alias("last_seen"))
    failed = inside.filter(is_error()).with_columns(endpoint(), request_status(inside.schema))
    most_frequent = [pl.col(name).drop_nulls().mode().min() for name in ("endpoint", "status")]
    routes = failed.group_by(value=ROUTE).agg(services, *times, *most_frequent)
    timed = inside.filter(duration_ms(inside.columns).is_not_null())
    endpoints = timed.group_by(value=answered_endpoint(inside.schema)).agg(services).with_columns(endpoint="value")
    tables = ((routes, ROUTE, "errors"), (endpoints, "duration_ms", "events"))
    keyed = [table.with_columns(field=pl.lit(field), scope=pl.lit(scope)) for table, field, scope in tables]
    facts = pl.concat(keyed, how="diagonal").drop_nulls("value")
    joined = comparison.join(facts, on=["field", "scope", "value"], how="left", maintain_order="left", suffix="_more")
    filled = [pl.coalesce(name, f"{name}_more").alias(name) for name in ("services", "first_seen", "last_seen")]
    return joined.with_columns(filled).select(*comparison.columns, "endpoint", "status")


def _silent_services(frame: pl.LazyFrame, events: pl.DataFrame, incident: TimeRange) -> pl.DataFrame:
    """Return the services with an unusual gap of which most lies within the incident."""
    habits = coverage(frame.filter(TimeRange(incident.start - HABIT_PERIOD, incident.end).contains()))
    if habits.is_empty():
        return pl.DataFrame(schema=_SILENT_SERVICES)
    gaps = pl.concat([_ended_gaps(habits), _lasting_gaps(habits, incident)], how="diagonal")
    start, end = pl.col("start"), pl.col("end")
    overlap = pl.min_horizontal(end, pl.lit(incident.end)) - pl.max_horizontal(start, pl.lit(incident.start))
    gaps = gaps.filter((overlap > (end - start) / 2) & (start < incident.end))
    in_baseline = events.filter(~is_incident()).group_by("service").agg(baseline_count=pl.len().cast(pl.Int64))
    silent = gaps.join(in_baseline, on="service", how="left", nulls_equal=True)
    silent = silent.with_columns(pl.col("baseline_count").fill_null(0)).sort("start", "service")
    return silent.select(pl.col(name).cast(dtype) for name, dtype in _SILENT_SERVICES.items())


def _ended_gaps(habits: pl.DataFrame) -> pl.DataFrame:
    gaps = habits.select("service", "expected_gap", pl.col("gaps").alias("gap"), lasts=pl.lit(value=False))
    return gaps.explode("gap").drop_nulls("gap").unnest("gap")


def _lasting_gaps(habits: pl.DataFrame, incident: TimeRange) -> pl.DataFrame:
    return habits.filter("is_silent").select(
        "service", "expected_gap", start="last_seen", end=pl.lit(incident.end, _TIME), lasts=pl.lit(value=True)
    )


def _first_error(events: pl.DataFrame) -> dict[str, Any] | None:
    """Return the earliest error of a template that the baseline does not have, else the earliest error."""
    errors = events.filter(is_incident() & is_error())
    if errors.is_empty():
        return None
    baseline_templates = events.filter(~is_incident())["template_id"].unique()
    new_errors = errors.filter(~pl.col("template_id").is_in(baseline_templates.to_list()))
    is_new = bool(new_errors.height)
    ordered = (new_errors if is_new else errors).sort("timestamp", "source", "offset", nulls_last=True)
    return ordered.select(*CORE, "template", "template_id", is_new=pl.lit(value=is_new)).row(0, named=True)


def _failed_traces(events: pl.DataFrame) -> pl.DataFrame:
    table = traces(events.filter(is_incident()))
    return table.filter(pl.col("errors") > 0).head(MAX_TRACES)


def dominant_values(events: pl.DataFrame, rows: pl.Expr) -> list[tuple[str, str, float]]:
    """Return what the incident's rows have in common and other events do not: (field, value, share) each.

    Fields are those that `compare` knows, and the wildcards of a template ("message" is their field). A value is
    dominant when it is in 70 % of the rows that have the field, and three times as frequent there as elsewhere.
    """
    in_incident = events.filter(is_incident())
    selected, others = in_incident.filter(rows), in_incident.filter(~rows)
    if selected.is_empty():
        return []
    dominant = []
    for name in categorical_fields(in_incident):
        if name in ("level", "logger", "service"):
            continue
        share, value = _most_frequent(selected[name])
        is_frequent = share >= MIN_DOMINANT_SHARE and share >= MIN_LIFT * _share_of(value, others[name])
        if value and is_frequent and selected[name].count() >= selected.height / 2:
            dominant.append((name, value, share))
    if selected["template"].n_unique() == 1:
        dominant += _dominant_parameters(selected, {value for _, value, _ in dominant})
    return dominant


def _most_frequent(values: pl.Series) -> tuple[float, str]:
    """Return the most frequent value and its share of those that are not null."""
    counts = values.drop_nulls().cast(pl.String).alias("value").value_counts(name="n")
    counts = counts.sort("n", "value", descending=[True, False])
    if counts.is_empty():
        return 0.0, ""
    return counts["n"][0] / int(counts["n"].sum()), str(counts["value"][0])


def _share_of(value: str, values: pl.Series) -> float:
    texts = values.drop_nulls().cast(pl.String)
    return int((texts == value).sum()) / max(len(texts), 1)


def _dominant_parameters(selected: pl.DataFrame, dominant_elsewhere: set[str]) -> list[tuple[str, str, float]]:
    if selected.height < MIN_PARAMETER_ROWS:
        return []
    values = selected.select(extract_parameters(pl.col("message"), pl.col("template"))).to_series()
    shortest, longest = PARAMETER_LENGTH
    dominant = []
    for position in range(min(max(values.list.len().to_list(), default=0), MAX_PARAMETERS)):
        share, value = _most_frequent(values.list.get(position, null_on_oob=True))
        is_telling = shortest <= len(value) <= longest and value not in dominant_elsewhere
        if share >= MIN_DOMINANT_SHARE and is_telling:
            dominant.append(("message", value, share))
    return dominant
