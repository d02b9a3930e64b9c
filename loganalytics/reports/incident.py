"""An incident: what happened between two times and why, with the way to the events behind each sentence."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from loganalytics import __version__
from loganalytics.analyses.compare.ranges import TimeInput, TimeRangeInput, baseline_range, parse_time_range
from loganalytics.analyses.compare.term_counts import SLICE_COLUMN
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.findings.causes import Cause, rank_causes, render_detail
from loganalytics.findings.evidence import Evidence, dominant_values, gather_evidence
from loganalytics.humanize import count, listing, moment, time_range
from loganalytics.reports.json import SCHEMA_VERSION, plain
from loganalytics.reports.save import save
from loganalytics.sanitize import printable
from loganalytics.schema import TIMESTAMP, Frame, is_error

LOOKED_INTO = 8  # causes of whose events it is told what they have in common
SENTENCES = 5

FINDINGS = {
    "rank": pl.Int64(), "role": pl.String(), "kind": pl.String(), "service": pl.String(), "title": pl.String(),
    "detail": pl.String(), "start": TIMESTAMP, "end": TIMESTAMP, "events": pl.Int64(),
    "baseline_rate": pl.Float64(), "incident_rate": pl.Float64(), "ratio": pl.Float64(), "p_value": pl.Float64(),
    "template_id": pl.String(), "field": pl.String(), "value": pl.String(), "scope": pl.String(),
    "example": pl.String(),
}  # fmt: skip


@dataclass(frozen=True, repr=False)
class Incident:
    """What `incident` returns.

    Attributes:
        verdict: sentences, the likeliest cause first.
        findings: one row a finding, ranked from 1: causes, then consequences (role); kind, service, title, detail,
            start, end, events, rates (events a minute), ratio, p_value, and what leads to its events.
        compare: all that changed, as `compare` returns it.
        change_points: as `change_points` returns them, of the events and errors around the incident (`of`).
        trend: the events and errors that these are of.
        silent: the services that fell silent: service, start, end, lasts, expected_gap, baseline_count.
        first_error: the earliest error unknown to the baseline, else the earliest, as a dict; None without one.
        traces: the requests that failed, as `traces` returns them.
        facts: start, end, baseline_start, baseline_end, events, errors, baseline_events, baseline_errors, services.
    """

    verdict: tuple[str, ...]
    findings: pl.DataFrame = field(compare=False)
    compare: pl.DataFrame = field(compare=False)
    change_points: pl.DataFrame = field(compare=False)
    trend: pl.DataFrame = field(compare=False)
    silent: pl.DataFrame = field(compare=False)
    first_error: dict[str, Any] | None
    traces: pl.DataFrame = field(compare=False)
    facts: dict[str, Any]
    events: pl.DataFrame = field(compare=False)

    def filter(self, rank: int) -> pl.Expr:
        """Return the expression that is true for the events behind a finding, on a frame with template_id.

        Raises InvalidArgumentError when there is no finding of that rank.
        """
        found = self.findings.filter(pl.col("rank") == rank)
        if found.is_empty():
            raise InvalidArgumentError(f"There is no finding {rank}. Hint: they are 1 to {self.findings.height}.")
        return rows_of(found.row(0, named=True))

    def rows(self, rank: int, *, baseline: bool = False) -> pl.DataFrame:
        """Return the events behind a finding, in order of time; those of slow operations, the slowest first.

        Of something silent, gone or fewer they are those of the baseline; of all else those of the incident, or with
        `baseline=True` of both.
        """
        keep = self.filter(rank)
        row = self.findings.filter(pl.col("rank") == rank).row(0, named=True)
        before = row["kind"] in ("silence", "gone", "fewer")
        side = pl.lit(value=True) if baseline or before else pl.col(SLICE_COLUMN) < 0
        events = self.events.filter(side & keep).drop(SLICE_COLUMN)
        if row["field"] == "duration_ms":
            from loganalytics.analyses.requests.durations import duration_ms

            events = events.with_columns(duration_ms(events.columns)).drop_nulls("duration_ms")
            return events.sort("duration_ms", "timestamp", descending=[True, False])
        return events.sort("timestamp", "source", maintain_order=True)

    def save(self, path: str | Path) -> Path:
        """Write the incident as HTML, Markdown or JSON, by the suffix of the path, and return the path.

        Raises InvalidArgumentError for another suffix.
        """
        return save(self, path, "An incident")

    def to_html(self) -> str:
        """Return the incident as one HTML page that needs no network."""
        from loganalytics.reports.html.incident_page import page

        return page(self)

    def to_markdown(self) -> str:
        """Return the incident as Markdown."""
        from loganalytics.reports.html.incident_page import markdown

        return markdown(self)

    def to_json(self) -> str:
        """Return the incident as JSON; times in ISO 8601, spans in seconds."""
        tables = {name: getattr(self, name) for name in ("compare", "change_points", "silent", "traces", "trend")}
        told = {
            "schema_version": SCHEMA_VERSION,
            "tool": {"name": "loganalytics", "version": __version__},
            "verdict": list(self.verdict),
            "facts": self.facts,
            "findings": self.findings.to_dicts(),
            "first_error": self.first_error,
            "tables": {
                name: {"total": table.height, "rows": table.head(1000).to_dicts()} for name, table in tables.items()
            },
        }
        return json.dumps(plain(told), ensure_ascii=True, indent=1) + "\n"

    def __repr__(self) -> str:
        """Return the time and the first sentence."""
        return f"Incident({time_range(self.facts['start'], self.facts['end'])}: {self.verdict[0]})"

    def _repr_html_(self) -> str:
        """Return verdict and findings for a notebook; the whole page is what `save` writes."""
        told = "".join(f"<li>{escape(printable(sentence, 500))}</li>" for sentence in self.verdict)
        rows = "".join(
            f"<tr><td>{row['rank']}</td><td>{escape(row['role'])}</td>"
            f"<td style='text-align:left'>{escape(printable(row['title'], 300))}</td></tr>"
            for row in self.findings.head(20).to_dicts()
        )
        when = escape(time_range(self.facts["start"], self.facts["end"]))
        head = "<tr><th></th><th>role</th><th style='text-align:left'>what</th></tr>"
        table = f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>" if rows else ""
        return f"<div><strong>{when}</strong><ul>{told}</ul>{table}</div>"


def incident(
    logs: Frame, start: TimeInput, end: TimeInput, *, baseline: str | TimeRangeInput = "previous", tz: str = "UTC"
) -> Incident:
    """Tell what happened between two times, and what the cause may be: everything that differs from a baseline, ranked.

    Causes come first: new errors, services that fell silent, operations that got slower, a host, user or address that
    stands out, attempts that became many; those that begin with the incident, and those that are surest, before others.
    What else changed follows as consequences.

    Needs the core columns of a log frame. `baseline` is "previous" (the time just before, as long as the incident and
    at least an hour), "previous_day", "previous_week", or a pair of times; times are ISO text, datetimes or "2h", in
    `tz` where they bear no zone. Where the baseline or the incident holds no event, nothing can be compared, and the
    verdict says so.

    Raises MissingColumnError, and InvalidArgumentError for a time that cannot be read or an end before its start.

    Example:
        >>> from datetime import datetime
        >>> from loganalytics.schema import conform
        >>> times = pl.datetime_range(datetime(2025, 1, 31, 12), datetime(2025, 1, 31, 14), "30s", eager=True)
        >>> logs = pl.DataFrame({"timestamp": times, "service": "db"}).with_columns(
        ...     message=pl.when(times.dt.hour() == 13).then(pl.lit("disk full")).otherwise(pl.lit("ok")),
        ...     severity_number=pl.when(times.dt.hour() == 13).then(17).otherwise(9))
        >>> found = incident(conform(logs), "2025-01-31 13:00", "2025-01-31 14:00")
        >>> found.findings["title"][0]
        'db: new error “disk full”'
        >>> found.rows(1).height
        120
    """
    new = parse_time_range((start, end), "incident", tz=tz)
    old = baseline_range(baseline, new, tz=tz)
    evidence = gather_evidence(logs, new, old)
    compared = bool((evidence.events[SLICE_COLUMN] < 0).any()) and bool((evidence.events[SLICE_COLUMN] >= 0).any())
    rows = evidence.comparison.to_dicts() if compared else []
    told = rank_causes(rows, evidence.silent_services.to_dicts(), new.start, new.end)
    findings = _frame(told, evidence)
    facts = _facts(evidence)
    compare = evidence.comparison.drop("errors", "severity_number", "services", "first_seen", "last_seen")
    return Incident(
        _verdict(findings, evidence, facts), findings, compare, evidence.change_points, evidence.trend,
        evidence.silent_services, evidence.first_error, evidence.traces, facts, evidence.events,
    )  # fmt: skip


def rows_of(row: dict[str, Any]) -> pl.Expr:
    """Return the expression for the events behind a row of the findings, or of `compare`."""
    among = is_error() if row["scope"] == "errors" else pl.lit(value=True)
    if row["template_id"] is not None:
        return pl.col("template_id").eq(row["template_id"])
    if row["field"] is None:
        return among
    if row["field"] == "duration_ms":
        who = pl.coalesce(pl.col("logger").cast(pl.String), pl.col("service").cast(pl.String))
        return who.eq_missing(row["value"])
    if row["value"] is None:
        return pl.col(row["field"]).is_not_null()
    return among & pl.col(row["field"]).cast(pl.String).eq_missing(pl.lit(row["value"]))


def _frame(told: list[Cause], evidence: Evidence) -> pl.DataFrame:
    names = [name for name in FINDINGS if name not in ("rank", "detail")]
    rows = []
    for rank, one in enumerate(told, 1):
        row = {name: getattr(one, name) for name in names}
        look = one.role == "cause" and rank <= LOOKED_INTO and one.kind not in ("silence", "slower")
        common = dominant_values(evidence.events, rows_of(row)) if look else []
        common = [fact for fact in common if fact[:2] != (one.field, one.value)]
        rows.append({"rank": rank, "detail": render_detail(one, common), **row})
    return pl.DataFrame(rows, schema=FINDINGS)


def _facts(evidence: Evidence) -> dict[str, Any]:
    inside = evidence.events.filter(pl.col(SLICE_COLUMN) < 0)
    before = evidence.events.filter(pl.col(SLICE_COLUMN) >= 0)
    errors = [int(side.select(is_error().sum()).item()) for side in (inside, before)]
    return {
        "start": evidence.incident.start,
        "end": evidence.incident.end,
        "baseline_start": evidence.baseline.start,
        "baseline_end": evidence.baseline.end,
        "events": inside.height,
        "errors": errors[0],
        "baseline_events": before.height,
        "baseline_errors": errors[1],
        "services": inside["service"].drop_nulls().n_unique(),
    }


def _verdict(findings: pl.DataFrame, evidence: Evidence, facts: dict[str, Any]) -> tuple[str, ...]:
    """Return the sentences, the likeliest cause first."""
    sentences = []
    for side, total in (("incident", facts["events"]), ("baseline", facts["baseline_events"])):
        if not total:
            sentences.append(f"The {side} holds no event, so there is nothing to compare.")
    causes = findings.filter(pl.col("role") == "cause").head(3).to_dicts()
    leads = ("Likely cause", "Also", "Also")
    sentences += [_sentence(lead, row) for lead, row in zip(leads, causes, strict=False)]
    if not causes and facts["events"] and facts["baseline_events"]:
        more = findings.height
        sentences.append(
            "No cause stands out: no new error, no silence, nothing slower, and no value that became frequent"
            + (f"; {count(more, 'other change')} were found." if more else ".")
        )
    sentences += _first_sentences(evidence, {row["template_id"] for row in causes})
    return tuple(sentences[:SENTENCES])


def _sentence(lead: str, row: dict[str, Any]) -> str:
    since = f", from {moment(row['start'])}" if row["start"] and row["kind"] != "silence" else ""
    return f"{lead}: {printable(row['title'], 160)}{since}. {printable(row['detail'], 300)}"


def _first_sentences(evidence: Evidence, causes: set[str | None]) -> list[str]:
    told = []
    first = evidence.first_error
    # Rare errors are new in every hour: one is told of when it is a cause, or when nothing else is.
    if first is not None and first["is_new"] and (first["template_id"] in causes or not causes):
        where = f" in {printable(first['service'], 60)}" if first["service"] else ""
        told.append(
            f"The first new error{where} came at {moment(first['timestamp'])}: “{printable(first['message'], 160)}”."
        )
    if evidence.traces.height:
        names = evidence.traces["services"].explode().drop_nulls().unique(maintain_order=True).to_list()
        across = f" across {listing([printable(name, 60) for name in names])}" if names else ""
        told.append(f"{count(evidence.traces.height, 'request')} failed{across}.")
    return told
