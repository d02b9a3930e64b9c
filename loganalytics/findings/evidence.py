"""The evidence about an incident: what changed, which services fell silent, what failed first, failed requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl

from loganalytics.analyses.change_points.detect import change_points
from loganalytics.analyses.compare.compare import clip_to_log, compare_events, measure_exposure, select_events
from loganalytics.analyses.compare.ranges import TimeRange
from loganalytics.analyses.compare.term_counts import PROBLEM, is_incident
from loganalytics.analyses.coverage.coverage import coverage
from loganalytics.analyses.requests.traces import traces
from loganalytics.analyses.restarts import restarts
from loganalytics.analyses.summaries import TimeRange as Ends
from loganalytics.analyses.summaries import first_and_last_time
from loganalytics.analyses.trends import trend
from loganalytics.findings.change_facts import with_facts, with_failures, with_problems
from loganalytics.findings.queues import queue_growth, queue_symptoms, quiet_times
from loganalytics.schema import CORE, Frame, lazy

HABIT_PERIOD = timedelta(days=7)  # before the incident, from which the usual gaps of services are read
MAX_TRACES = 100
MIN_BASELINE_SHARE = 0.05  # of the incident's length, that a baseline must have for its silence to say anything
MAX_TREND_WINDOWS = 120
GAP_ROUNDING = timedelta(seconds=1)  # to which a gap begins at the end of a baseline that was taken before it
MIN_CONTEXT = timedelta(hours=1)  # before the incident, in its trend
RESTART_PERIOD = timedelta(minutes=30)  # before the incident, in which a restart may have to do with it
_WINDOW_SECONDS = (60, 300, 600, 1800, 3600, 21_600, 86_400)  # a context is an hour and a half or longer

_TIME = pl.Datetime("us", "UTC")
_SILENT_SERVICES = {
    "service": pl.String(), "start": _TIME, "end": _TIME, "lasts": pl.Boolean(),
    "expected_gap": pl.Duration("us"), "baseline_count": pl.Int64(),
    "last_message": pl.String(), "queue": pl.String(),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What `gather_evidence` returns.

    Attributes:
        incident: the time range of the incident.
        baseline: the one that it is compared with.
        compared: baseline and incident as they were compared: cut to the log.
        log: the first and the last time of the log.
        events: of both, with template, template_id, the columns of routes, PROBLEM and SLICE_COLUMN (-1 in the
            incident).
        comparison: as `compare` returns it, with the problems that the errors come down to in place of their
            templates, and the columns of FACTS.
        silent_services: services that fell silent within the incident, with the last message before, and what became
            of the queue behind them (null where nothing speaks of one).
        restarts: of services, from half an hour before the incident to its end.
        change_points: of the events and errors around it; `of` is the column of the trend.
        trend: events and errors around it.
        first_error: the earliest error whose problem is not in the baseline, else the earliest; None without one.
        traces: the requests that failed in it, as `traces` returns them.
    """

    incident: TimeRange
    baseline: TimeRange
    compared: tuple[TimeRange, TimeRange]
    log: Ends
    events: pl.DataFrame
    comparison: pl.DataFrame
    silent_services: pl.DataFrame
    restarts: pl.DataFrame
    change_points: pl.DataFrame
    trend: pl.DataFrame
    first_error: dict[str, Any] | None
    traces: pl.DataFrame

    @property
    def is_comparable(self) -> bool:
        """Whether both ranges hold events."""
        inside = self.events.select(is_incident()).to_series()
        return bool(inside.any()) and not inside.all()

    @property
    def is_baseline_thin(self) -> bool:
        """Whether there are events of the incident, and no baseline of any length to compare them with."""
        old, new = self.compared
        inside = self.events.select(is_incident()).to_series()
        return bool(inside.any()) and (bool(inside.all()) or old.length < new.length * MIN_BASELINE_SHARE)


def gather_evidence(logs: Frame, incident: TimeRange, baseline: TimeRange) -> Evidence:
    """Run the analyses that may explain an incident, and return their results."""
    frame = lazy(logs, *CORE).with_columns(pl.col("service").cast(pl.String))
    old, new = clip_to_log(frame, baseline, incident)
    events = with_problems(select_events(frame, old, new))
    comparison = compare_events(events, measure_exposure(old, new))
    context = _context_range(incident, baseline)
    trend_around = trend(with_failures(frame.filter(context.contains())), every=_window_length(context.length))
    return Evidence(
        incident=incident,
        baseline=baseline,
        compared=(old, new),
        log=first_and_last_time(frame),
        events=events,
        comparison=with_facts(comparison, events),
        silent_services=_silent_services(frame, events, incident, baseline),
        restarts=restarts(frame, incident.start - RESTART_PERIOD, incident.end),
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


def _silent_services(
    frame: pl.LazyFrame, events: pl.DataFrame, incident: TimeRange, baseline: TimeRange
) -> pl.DataFrame:
    """Return the services with an unusual gap of which most lies within the incident, or that lasts through most of it.

    The latter only where it began after the baseline: who was silent already in that has not fallen silent.
    """
    habits = coverage(frame.filter(TimeRange(incident.start - HABIT_PERIOD, incident.end).contains()))
    if habits.is_empty():
        return pl.DataFrame(schema=_SILENT_SERVICES)
    gaps = pl.concat([_ended_gaps(habits), _lasting_gaps(habits, incident)], how="diagonal")
    start, end = pl.col("start"), pl.col("end")
    overlap = pl.min_horizontal(end, pl.lit(incident.end)) - pl.max_horizontal(start, pl.lit(incident.start))
    is_through = (start >= baseline.end - GAP_ROUNDING) & (overlap > incident.length / 2)
    gaps = gaps.filter(((overlap > (end - start) / 2) | is_through) & (start < incident.end))
    counted = events.group_by("service").agg(
        baseline_count=(~is_incident()).sum().cast(pl.Int64), logs_only_errors=pl.col(PROBLEM).is_not_null().all()
    )
    silent = gaps.join(counted, on="service", how="left", nulls_equal=True)
    # Who logs only when something fails has fallen silent because nothing does.
    silent = silent.filter(~pl.col("logs_only_errors").fill_null(value=False))
    silent = silent.with_columns(pl.col("baseline_count").fill_null(0), last_message=pl.lit(None, pl.String))
    if silent.height:
        silent = silent.with_columns(last_message=_last_messages(frame, silent))
    silent = silent.sort("start", "service", nulls_last=True)
    silent = silent.with_columns(queue=_queues(events, silent))
    return silent.select(pl.col(name).cast(dtype) for name, dtype in _SILENT_SERVICES.items())


def _queues(events: pl.DataFrame, silent: pl.DataFrame) -> pl.Series:
    """Return for each silence what became of the queue behind it, in words."""
    growths = [queue_growth(queue_symptoms(events, quiet_times([row]))) or None for row in silent.to_dicts()]
    return pl.Series(growths, dtype=pl.String)


def _last_messages(frame: pl.LazyFrame, silent: pl.DataFrame) -> pl.Series:
    """Return the last message of each service before it fell silent."""
    times = silent.select("service", timestamp="start").lazy()
    names = ("service", "timestamp", "message", "source", "offset")
    last = frame.select(names).join(times, on=["service", "timestamp"], how="semi", nulls_equal=True)
    in_order = pl.col("message").sort_by("source", pl.col("offset").str.len_bytes(), "offset", "message")
    messages = last.group_by("service", "timestamp").agg(in_order.last()).collect()
    joined = silent.select("service", timestamp="start").join(
        messages, on=["service", "timestamp"], how="left", nulls_equal=True, maintain_order="left"
    )
    return joined["message"]


def _ended_gaps(habits: pl.DataFrame) -> pl.DataFrame:
    gaps = habits.select("service", "expected_gap", pl.col("gaps").alias("gap"), lasts=pl.lit(value=False))
    return gaps.explode("gap").drop_nulls("gap").unnest("gap")


def _lasting_gaps(habits: pl.DataFrame, incident: TimeRange) -> pl.DataFrame:
    return habits.filter("is_silent").select(
        "service", "expected_gap", start="last_seen", end=pl.lit(incident.end, _TIME), lasts=pl.lit(value=True)
    )


def _first_error(events: pl.DataFrame) -> dict[str, Any] | None:
    """Return the earliest error of a problem that the baseline does not have, else the earliest error."""
    problem = pl.col(PROBLEM)
    errors = events.filter(is_incident() & problem.is_not_null())
    if errors.is_empty():
        return None
    baseline_problems = events.filter(~is_incident())[PROBLEM].drop_nulls().unique()
    new_errors = errors.filter(~problem.is_in(baseline_problems.to_list()))
    is_new = bool(new_errors.height)
    ordered = (new_errors if is_new else errors).sort("timestamp", "source", "offset", nulls_last=True)
    added = (problem.alias("problem"), pl.lit(value=is_new).alias("is_new"))
    return ordered.select(*CORE, "template", "template_id", *added).row(0, named=True)


def _failed_traces(events: pl.DataFrame) -> pl.DataFrame:
    table = traces(events.filter(is_incident()))
    return table.filter(pl.col("errors") > 0).head(MAX_TRACES)
