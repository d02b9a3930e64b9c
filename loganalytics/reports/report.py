"""One page that says what is wrong in the logs, since when, and how that is known."""

from __future__ import annotations

from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.analyses.anomalies.sequences import detect_anomalous_sequences
from loganalytics.analyses.anomalies.windows import detect_anomalies
from loganalytics.analyses.coverage.coverage import coverage
from loganalytics.analyses.errors.clusters import EVENT_NUMBER, summarize_clusters, with_clusters
from loganalytics.analyses.patterns import patterns
from loganalytics.analyses.requests.durations import duration_ms
from loganalytics.analyses.requests.endpoints import ensure_routes, operation
from loganalytics.analyses.requests.latency import latency
from loganalytics.analyses.requests.traces import traces
from loganalytics.analyses.scans.scan import scan_intervals
from loganalytics.analyses.summaries import first_and_last_time
from loganalytics.analyses.trends import trend
from loganalytics.analyses.windowing import choose_window, group_small_services, without_misdated
from loganalytics.findings.clocks import clock_findings, clock_shifts, set_right, without_artefacts
from loganalytics.findings.find import find_symptoms
from loganalytics.findings.log_lines import LogLines
from loganalytics.findings.ranking import rank_findings
from loganalytics.findings.undated import undated_findings
from loganalytics.findings.verdict import status, verdict
from loganalytics.reports.changes import find_changes, sum_levels, with_errors
from loganalytics.reports.model import Report
from loganalytics.sources.load_report import load_report
from loganalytics.sources.status import FAILURES
from loganalytics.templates.annotate import with_templates
from loganalytics.times import parse_every, parse_zone

_MIN_TRACES, _MAX_TRACED_EVENTS, _MAX_SLOW_TRACES = 50, 200_000, 10


def report(
    logs: schema.Frame, *, title: str = "Log report", every: str | None = None, display_tz: str = "UTC"
) -> Report:
    """Run every analysis on the logs, join what they find, and return a report to look at or to save.

    Needs the core columns of a log frame. `every` is the length of a window; by
    default it is chosen so that there are about 200 to 600 windows. Same logs, same report, byte for byte.

    Sentences and pages show times in the zone `display_tz`; the report's data stay in UTC.

    Raises MissingColumnError and InvalidArgumentError.

    Example: report(load("logs/*.log"), title="Friday night").save("report.html")
    """
    frame = ensure_routes(with_templates(schema.lazy(logs, *schema.CORE).collect()))
    frame = frame.with_columns(operation(frame.schema), duration_ms(frame.columns))
    dated = without_misdated(frame).with_row_index(EVENT_NUMBER)
    window = choose_window(dated["timestamp"])
    every = every or window
    by = "service" if dated["service"].n_unique() > 1 else None
    errors = with_clusters(dated)
    by_level = trend(dated, every=every, by="level")
    symptom_tables = _symptom_tables(dated, errors, every=every, window=window, by=by)
    tables = {
        "trend": by_level,
        "changes": find_changes(with_errors(sum_levels(by_level), trend(errors, every=every))),
        **symptom_tables,
        "sequences": detect_anomalous_sequences(_enough_traces(dated), by="trace_id"),
        "slow_traces": _slow_traces(dated),
        "latency": latency(dated, by="operation"),
        "patterns": patterns(dated),
        "inputs": load_report(logs),
    }
    facts = _facts(frame, dated, tables)
    length, zone = parse_every(every), parse_zone(display_tz).key
    symptoms = find_symptoms(symptom_tables, dated, errors, facts, window=length)
    shifts = clock_shifts(dated)
    if shifts:
        right, right_errors = set_right(dated, shifts), set_right(errors, shifts)
        right_tables = _symptom_tables(right, right_errors, every=every, window=window, by=by)
        right_symptoms = find_symptoms(right_tables, right, right_errors, facts, window=length)
        symptoms = without_artefacts(symptoms, right_symptoms, dated, shifts)
    log_lines = LogLines(events=dated, errors=errors, tz=zone)
    findings = rank_findings(symptoms, window=length, log_lines=log_lines, tz=zone)
    findings += [*clock_findings(shifts, tz=zone), *undated_findings(facts, symptom_tables["errors"])]
    parameters = {"every": every, "anomalies_by": by, "timezone": zone, "exact": True}
    return Report(
        title=title,
        verdict=verdict(findings, facts),
        status=status(findings, facts),
        findings=findings,
        facts=facts,
        parameters=parameters,
        tables=tables,
    )


def _symptom_tables(
    dated: pl.DataFrame, errors: pl.DataFrame, *, every: str, window: str, by: str | None
) -> dict[str, pl.DataFrame]:
    """Return the tables in which symptoms are looked for."""
    return {
        "anomalies": detect_anomalies(group_small_services(dated), every=every, by=by),
        "intervals": scan_intervals(dated, errors, every=parse_every(window)),
        "errors": summarize_clusters(errors, first_and_last_time(dated.lazy())),
        "coverage": coverage(dated),
    }


def _slow_traces(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the longest of the last traces; those that took no time are left out."""
    table = traces(_last_traces(frame)).filter(pl.col("duration_ms") > 0)
    return table.sort("duration_ms", "trace_id", descending=[True, False]).head(_MAX_SLOW_TRACES)


def _enough_traces(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the events of the last traces, of which there must be enough to say what is usual."""
    traced = _last_traces(frame)
    return traced if traced["trace_id"].n_unique() >= _MIN_TRACES else traced.clear()


def _last_traces(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the events of the last traces, as many as can be looked into while one waits."""
    traced = frame.filter(pl.col("trace_id").is_not_null())
    if traced.height <= _MAX_TRACED_EVENTS:
        return traced
    ends = traced.group_by("trace_id").agg(pl.len(), first=pl.col("timestamp").min())
    last = ends.sort("first", "trace_id", descending=True).filter(pl.col("len").cum_sum() <= _MAX_TRACED_EVENTS)
    return traced.join(last, on="trace_id", how="semi")


def _facts(frame: pl.DataFrame, dated: pl.DataFrame, tables: dict[str, pl.DataFrame]) -> dict[str, Any]:
    errors = int(frame.select(schema.is_error().sum()).item())
    problems, inputs = tables["errors"], tables["inputs"]
    failures = [status.value for status in FAILURES]
    return {
        "events": frame.height,
        "errors": errors,
        "unleveled_failures": int(problems["events"].sum()) - int(dated.select(schema.is_error().sum()).item()),
        "error_rate": errors / frame.height if frame.height else None,
        "top_problem": problems["label"][0] if problems.height else None,
        "top_problem_events": problems["events"][0] if problems.height else 0,
        "services": frame["service"].drop_nulls().n_unique(),
        "first_seen": dated["timestamp"].min(),
        "last_seen": dated["timestamp"].max(),
        "undated": frame["timestamp"].null_count(),
        "misdated": frame.height - dated.height,
        "unread": inputs.filter(pl.col("status").is_in(failures))["source"].to_list(),
    }
