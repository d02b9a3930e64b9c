"""One page that says what is wrong in the logs, since when, and how that is known: HTML, Markdown or JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from loganalytics import __version__, schema
from loganalytics.analyses.anomalies import detect_anomalies
from loganalytics.analyses.clusters import cluster_errors
from loganalytics.analyses.coverage import coverage
from loganalytics.analyses.durations import duration_ms
from loganalytics.analyses.latency import latency
from loganalytics.analyses.patterns import patterns
from loganalytics.analyses.sequences import detect_anomalous_sequences
from loganalytics.analyses.traces import traces
from loganalytics.analyses.trends import trend
from loganalytics.findings import Finding, findings
from loganalytics.reports.changes import find_changes, in_all
from loganalytics.reports.saving import save
from loganalytics.sources import load_report
from loganalytics.templates import with_templates
from loganalytics.times import parse_every, usual_times
from loganalytics.wording import between, count, listing, percent

SCHEMA_VERSION = 1
"""Of the JSON; it rises when a field changes its meaning or goes away."""

# From one to the next about two or three times longer, so that a log has some 200 to 600 windows.
_LADDER = ("1s", "2s", "5s", "15s", "30s", "1m", "2m", "5m", "15m", "30m", "1h", "2h", "6h", "12h", "1d", "7d", "28d")
_WINDOWS = 600
_SERVICES = 50
_FEWEST_TRACES, _TRACED = 50, 200_000  # traces; events in them
_SLOW_TRACES = 10
_JSON_ROWS, _JSON_TEXT = 1_000, 2_000


@dataclass(frozen=True, repr=False)
class Report:
    """What `report` returns: findings first, then what they rest on.

    Attributes:
        title: of the page.
        verdict: one sentence.
        findings: the gravest first.
        facts: events, errors (severity_number >= 17), told_failures (events without a severity that the table of
            errors counts besides), error_rate, services, first_seen, last_seen, undated (events without a time),
            misdated (events dated years away from the rest, left out of the analyses).
        parameters: what the analyses were called with.
        tables: trend, changes (of events and errors, `of` tells which), anomalies, sequences (by trace_id),
            slow_traces (the ten longest), errors, coverage, latency, patterns and inputs, as the analyses return them.
    """

    title: str
    verdict: str
    findings: list[Finding]
    facts: dict[str, Any]
    parameters: dict[str, Any]
    tables: dict[str, pl.DataFrame] = field(compare=False)

    def save(self, path: str | Path) -> Path:
        """Write the report as HTML, Markdown or JSON, by the suffix of the path, and return the path.

        Raises InvalidArgumentError for another suffix.

        Example: report(logs).save("report.html")
        """
        return save(self, path, "A report")

    def to_html(self) -> str:
        """Return the report as one HTML page that needs no network."""
        from loganalytics.reports.html import page

        return page(self)

    def to_markdown(self) -> str:
        """Return the report as Markdown."""
        from loganalytics.reports.markdown import markdown

        return markdown(self)

    def to_json(self) -> str:
        """Return the report as JSON: findings, facts, parameters and tables; times in ISO 8601, spans in seconds."""
        told = {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "loganalytics", "version": __version__},
            "title": self.title,
            "verdict": self.verdict,
            "facts": self.facts,
            "parameters": self.parameters,
            "findings": [asdict(finding) for finding in self.findings],
            "tables": {name: _table(name, table) for name, table in self.tables.items()},
        }
        return json.dumps(plain(told), ensure_ascii=True, indent=1) + "\n"

    def __repr__(self) -> str:
        """Return the title and the verdict."""
        return f"Report({self.title!r}: {self.verdict})"

    def _repr_html_(self) -> str:
        """Return verdict and findings for a notebook; the whole page is what `save` writes."""
        rows = "".join(
            f"<tr><td>{escape(finding.severity)}</td><td>{escape(between(finding.start, finding.end))}</td>"
            f"<td style='text-align:left'>{escape(finding.title)}</td></tr>"
            for finding in self.findings[:20]
        )
        head = "<tr><th>severity</th><th>when</th><th style='text-align:left'>what</th></tr>"
        table = f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>" if rows else ""
        return f"<div><strong>{escape(self.title)}</strong><p>{escape(self.verdict)}</p>{table}</div>"


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
    found = findings(tables["anomalies"], tables["coverage"], tables["errors"], slow, window=parse_every(every))
    facts = _facts(frame, near, tables["errors"])
    parameters = {"every": every, "anomalies_by": by, "timezone": "UTC", "exact": True}
    return Report(title, _verdict(found, facts), found, facts, parameters, tables)


def choose_window(times: pl.Series) -> str:
    """Return the length of a window that cuts the time between first and last into at most 600 windows."""
    first, last = times.min(), times.max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return "1m"
    return next((every for every in _LADDER if (last - first) / parse_every(every) <= _WINDOWS), _LADDER[-1])


def without_misdated(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame without events dated years away from the rest.

    They would stretch the windows until all else fell into one.
    """
    usual = usual_times(frame["timestamp"])
    if usual is None:
        return frame
    return frame.filter(pl.col("timestamp").is_between(*usual) | pl.col("timestamp").is_null())


def few_services(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with all but the 50 greatest services put together as one."""
    sizes = frame.group_by("service").len().sort("len", "service", descending=[True, False])
    if sizes.height <= _SERVICES:
        return frame
    kept = pl.col("service").is_in(sizes["service"].head(_SERVICES - 1).to_list(), nulls_equal=True)
    return frame.with_columns(pl.when(kept).then("service").otherwise(pl.lit("other services")).alias("service"))


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
    return f"{lead}. The gravest: {what[worst.kind]}{where}, {between(worst.start, worst.end)}."


def _table(name: str, table: pl.DataFrame) -> dict[str, Any]:
    """Return a table for the JSON: at most 1,000 rows, of the anomalies those that are; "total" tells how many."""
    shown = table.filter(pl.col("is_anomaly")) if name in ("anomalies", "sequences") else table
    return {"total": shown.height, "rows": shown.head(_JSON_ROWS).to_dicts()}


def plain(value: Any) -> Any:
    """Return a value as JSON knows it; text of a log is cut at 2,000 characters."""
    if isinstance(value, str):
        return value if len(value) <= _JSON_TEXT else f"{value[:_JSON_TEXT]}…"
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | pl.Series):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return None
    return value if isinstance(value, int | float | bool | None) else str(value)
