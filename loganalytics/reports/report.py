"""One page that says what is wrong in the logs, since when, and how that is known."""

from __future__ import annotations

from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.analyses.anomalies.sequences import detect_anomalous_sequences
from loganalytics.analyses.anomalies.windows import detect_anomalies
from loganalytics.analyses.coverage.coverage import coverage
from loganalytics.analyses.errors.clusters import summarize_clusters, with_clusters
from loganalytics.analyses.patterns import patterns
from loganalytics.analyses.requests.durations import duration_ms
from loganalytics.analyses.requests.endpoints import ensure_routes, operation
from loganalytics.analyses.requests.latency import latency
from loganalytics.analyses.requests.traces import traces
from loganalytics.analyses.summaries import first_and_last_time
from loganalytics.analyses.trends import trend
from loganalytics.analyses.windowing import choose_window, group_small_services, without_misdated
from loganalytics.findings.ranking import Finding, rank_findings
from loganalytics.humanize import count, listing, percent, time_range, undated
from loganalytics.reports.changes import find_changes, sum_levels
from loganalytics.reports.model import Report
from loganalytics.sources.load_report import load_report
from loganalytics.templates.annotate import with_templates
from loganalytics.times import parse_every, window_start

_MIN_TRACES, _MAX_TRACED_EVENTS, _MAX_SLOW_TRACES = 50, 200_000, 10


def report(logs: schema.Frame, *, title: str = "Log report", every: str | None = None) -> Report:
    """Run every analysis on the logs, join what they find, and return a report to look at or to save.

    Needs the core columns of a log frame. `every` is the length of a window; by
    default it is chosen so that there are about 200 to 600 windows. Same logs, same report, byte for byte.

    Raises MissingColumnError and InvalidArgumentError.

    Example: report(load("logs/*.log"), title="Friday night").save("report.html")
    """
    frame = ensure_routes(with_templates(schema.lazy(logs, *schema.CORE).collect()))
    frame = frame.with_columns(operation(frame.schema))
    dated = without_misdated(frame)
    every = every or choose_window(dated["timestamp"])
    by = "service" if dated["service"].n_unique() > 1 else None
    errors = with_clusters(dated)
    by_level = trend(dated, every=every, by="level")
    tables = {
        "trend": by_level,
        "changes": find_changes(sum_levels(by_level)),
        "anomalies": detect_anomalies(group_small_services(dated), every=every, by=by),
        "sequences": detect_anomalous_sequences(_enough_traces(dated), by="trace_id"),
        "slow_traces": _slow_traces(dated),
        "errors": summarize_clusters(errors, first_and_last_time(dated.lazy())),
        "coverage": coverage(dated),
        "latency": latency(dated, by="operation"),
        "patterns": patterns(dated),
        "inputs": load_report(logs),
    }
    slow_groups = _slow_groups(tables["latency"], dated)
    ranked_findings = rank_findings(
        tables["anomalies"], tables["coverage"], tables["errors"], slow_groups,
        window=parse_every(every), problems=_problems(errors, tables["errors"], every),
    )  # fmt: skip
    facts = _facts(frame, dated, tables["errors"])
    parameters = {"every": every, "anomalies_by": by, "timezone": "UTC", "exact": True}
    return Report(
        title=title,
        verdict=_verdict(ranked_findings, facts),
        findings=ranked_findings,
        facts=facts,
        parameters=parameters,
        tables=tables,
    )


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


def _problems(errors: pl.DataFrame, clusters: pl.DataFrame, every: str) -> pl.DataFrame:
    """Return how many errors of each problem each service has in each window."""
    counted = errors.group_by(window_start(every).alias("window"), "service", "cluster_id").agg(errors=pl.len())
    return counted.join(clusters.select("cluster_id", "label"), on="cluster_id").drop("cluster_id")


def _slow_groups(latency: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of latency that were slow for a time, with the services behind them and examples of that time."""
    by = latency.columns[0]
    columns = [pl.col(by).alias("slow_what"), "p50", "slow_from", "slow_until", "slow_ratio"]
    slow = latency.filter(pl.col("slow_from").is_not_null()).select(columns)
    events = frame.select(
        pl.col(by).alias("slow_what"), "timestamp", "service", "message", duration_ms=duration_ms(frame.columns)
    )  # fmt: skip
    within = pl.col("timestamp").is_between("slow_from", "slow_until", closed="left")
    inside = events.join(slow, on="slow_what", nulls_equal=True).filter(within & pl.col("duration_ms").is_not_null())
    inside = inside.sort("duration_ms", "timestamp", "message", descending=[True, False, False])
    examples = inside.group_by("slow_what", maintain_order=True).agg(
        services=pl.col("service").drop_nulls().unique().sort(),
        slowest=pl.struct("duration_ms", "timestamp", "message").head(5),
    )
    return slow.join(examples, on="slow_what", nulls_equal=True)


def _facts(frame: pl.DataFrame, dated: pl.DataFrame, problems: pl.DataFrame) -> dict[str, Any]:
    errors = int(frame.select(schema.is_error().sum()).item())
    return {
        "events": frame.height,
        "errors": errors,
        "unleveled_failures": int(problems["events"].sum()) - int(dated.select(schema.is_error().sum()).item()),
        "error_rate": errors / frame.height if frame.height else None,
        "services": frame["service"].drop_nulls().n_unique(),
        "first_seen": dated["timestamp"].min(),
        "last_seen": dated["timestamp"].max(),
        "undated": frame["timestamp"].null_count(),
        "misdated": frame.height - dated.height,
    }


def _verdict(ranked_findings: list[Finding], facts: dict[str, Any]) -> str:
    """Return the report in one sentence."""
    if not facts["events"]:
        return "There are no events to report on."
    scope = f"{count(facts['events'], 'event')}, {percent(facts['error_rate'])} of them errors"
    warning = undated(facts["undated"], facts["events"])
    if warning and not ranked_findings:
        has_dated = facts["undated"] < facts["events"]
        return f"{warning} Of the others: nothing out of the ordinary." if has_dated else warning
    if not ranked_findings:
        return f"Nothing out of the ordinary in {scope}."
    worst = ranked_findings[0]
    grave = sum(finding.severity == "critical" for finding in ranked_findings)
    lead = count(grave, "critical finding") if grave else count(len(ranked_findings), "finding") + ", none critical"
    names = {"incident": "an incident", "anomaly": "an anomaly", "silence": "silence", "new_error": "a new error",
            "slowdown": "a slowdown"}  # fmt: skip
    where = f" in {listing(worst.service.split(', '))}" if worst.service else ""
    gravest = f"{lead}. The gravest: {names[worst.kind]}{where}, {time_range(worst.start, worst.end)}."
    return f"{warning} {gravest}" if warning else gravest
