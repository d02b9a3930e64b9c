"""One page that says what is wrong in the logs, since when, and how that is known."""

from __future__ import annotations

from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.analyses.anomalies.sequences import detect_anomalous_sequences
from loganalytics.analyses.anomalies.windows import detect_anomalies
from loganalytics.analyses.coverage.coverage import coverage
from loganalytics.analyses.errors.clusters import cluster_errors
from loganalytics.analyses.patterns import patterns
from loganalytics.analyses.requests.durations import duration_ms
from loganalytics.analyses.requests.latency import latency
from loganalytics.analyses.requests.traces import traces
from loganalytics.analyses.trends import trend
from loganalytics.analyses.windowing import choose_window, few_services, without_misdated
from loganalytics.findings.ranking import Finding, rank_findings
from loganalytics.humanize import count, listing, percent, time_range
from loganalytics.reports.changes import find_changes, in_all
from loganalytics.reports.model import Report
from loganalytics.sources.load_report import load_report
from loganalytics.templates.annotate import with_templates
from loganalytics.times import parse_every

_FEWEST_TRACES, _TRACED = 50, 200_000  # traces; events in them


_SLOW_TRACES = 10


def report(logs: schema.Frame, *, title: str = "Log report", every: str | None = None) -> Report:
    """Run every analysis on the logs, join what they find, and return a report to look at or to save.

    Needs the core columns of a log frame. `every` is the length of a window; by
    default it is chosen so that there are about 200 to 600 windows. Same logs, same report, byte for byte.

    Raises MissingColumnError and InvalidArgumentError.

    Example: report(load("logs/*.log"), title="Friday night").save("report.html")
    """
    frame = with_templates(schema.lazy(logs, *schema.CORE).collect())
    near = without_misdated(frame)
    every = every or choose_window(near["timestamp"])
    by = "service" if near["service"].n_unique() > 1 else None
    by_level = trend(near, every=every, by="level")
    tables = {
        "trend": by_level,
        "changes": find_changes(in_all(by_level)),
        "anomalies": detect_anomalies(few_services(near), every=every, by=by),
        "sequences": detect_anomalous_sequences(_traced(near), by="trace_id"),
        "slow_traces": _slow_traces(near),
        "errors": cluster_errors(near),
        "coverage": coverage(near),
        "latency": _latency(near),
        "patterns": patterns(near),
        "inputs": load_report(logs),
    }
    slow = _slow_stretches(tables["latency"], near)
    found = rank_findings(tables["anomalies"], tables["coverage"], tables["errors"], slow, window=parse_every(every))
    facts = _facts(frame, near, tables["errors"])
    parameters = {"every": every, "anomalies_by": by, "timezone": "UTC", "exact": True}
    return Report(title, _verdict(found, facts), found, facts, parameters, tables)


def _slow_traces(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the longest of the last traces; of single events and of equal times nothing is told."""
    table = traces(_last_traces(frame)).filter(pl.col("duration_ms") > 0)
    return table.sort("duration_ms", "trace_id", descending=[True, False]).head(_SLOW_TRACES)


def _traced(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the events of the last traces, of which there must be enough to say what is usual."""
    traced = _last_traces(frame)
    return traced if traced["trace_id"].n_unique() >= _FEWEST_TRACES else traced.clear()


def _last_traces(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the events of the last traces, as many as can be looked into while one waits."""
    traced = frame.filter(pl.col("trace_id").is_not_null())
    if traced.height <= _TRACED:
        return traced
    ends = traced.group_by("trace_id").agg(pl.len(), first=pl.col("timestamp").min())
    last = ends.sort("first", "trace_id", descending=True).filter(pl.col("len").cum_sum() <= _TRACED)
    return traced.join(last, on="trace_id", how="semi")


def _latency(frame: pl.DataFrame) -> pl.DataFrame:
    """Return latency by logger, by service where loggers are not named."""
    return latency(frame, by="logger" if frame["logger"].drop_nulls().len() else "service")


def _slow_stretches(latency: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
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
    told = inside.group_by("slow_what", maintain_order=True).agg(
        services=pl.col("service").drop_nulls().unique().sort(),
        slowest=pl.struct("duration_ms", "timestamp", "message").head(5),
    )
    return slow.join(told, on="slow_what", nulls_equal=True)


def _facts(frame: pl.DataFrame, near: pl.DataFrame, problems: pl.DataFrame) -> dict[str, Any]:
    errors = int(frame.select(schema.is_error().sum()).item())
    return {
        "events": frame.height,
        "errors": errors,
        "told_failures": int(problems["events"].sum()) - int(near.select(schema.is_error().sum()).item()),
        "error_rate": errors / frame.height if frame.height else None,
        "services": frame["service"].drop_nulls().n_unique(),
        "first_seen": near["timestamp"].min(),
        "last_seen": near["timestamp"].max(),
        "undated": frame["timestamp"].null_count(),
        "misdated": frame.height - near.height,
    }


def _verdict(found: list[Finding], facts: dict[str, Any]) -> str:
    """Return the report in one sentence."""
    if not facts["events"]:
        return "There are no events to report on."
    scope = f"{count(facts['events'], 'event')}, {percent(facts['error_rate'])} of them errors"
    if not found:
        return f"Nothing out of the ordinary in {scope}."
    worst = found[0]
    grave = sum(finding.severity == "critical" for finding in found)
    lead = count(grave, "critical finding") if grave else count(len(found), "finding") + ", none critical"
    what = {"incident": "an incident", "anomaly": "an anomaly", "silence": "silence", "new_error": "a new error",
            "slowdown": "a slowdown"}  # fmt: skip
    where = f" in {listing(worst.service.split(', '))}" if worst.service else ""
    return f"{lead}. The gravest: {what[worst.kind]}{where}, {time_range(worst.start, worst.end)}."
