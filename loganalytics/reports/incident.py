"""An incident: what happened between two times and why, with the way to the events behind each sentence."""

from __future__ import annotations

from typing import Any

import polars as pl

from loganalytics.analyses.compare.compare import COMPARISON_SCHEMA
from loganalytics.analyses.compare.ranges import TimeInput, TimeRangeInput, baseline_range, parse_time_range
from loganalytics.analyses.compare.term_counts import is_incident
from loganalytics.findings.causes import Cause, rank_causes, render_detail
from loganalytics.findings.evidence import Evidence, dominant_values, gather_evidence
from loganalytics.humanize import count, listing, moment
from loganalytics.reports.finding_filter import finding_filter
from loganalytics.reports.model import Incident
from loganalytics.sanitize import printable
from loganalytics.schema import TIMESTAMP, Frame, is_error

MAX_EXAMINED_CAUSES = 8  # causes whose events are searched for what they have in common
MAX_SENTENCES = 5

FINDINGS_SCHEMA = {
    "rank": pl.Int64(), "role": pl.String(), "kind": pl.String(), "service": pl.String(), "title": pl.String(),
    "detail": pl.String(), "start": TIMESTAMP, "end": TIMESTAMP, "events": pl.Int64(),
    "baseline_rate": pl.Float64(), "incident_rate": pl.Float64(), "ratio": pl.Float64(), "p_value": pl.Float64(),
    "template_id": pl.String(), "field": pl.String(), "value": pl.String(), "scope": pl.String(),
    "example": pl.String(),
}  # fmt: skip


def incident(
    logs: Frame, start: TimeInput, end: TimeInput, *, baseline: str | TimeRangeInput = "previous", tz: str = "UTC"
) -> Incident:
    """Find what happened between two times, and what the cause may be: everything that differs from a baseline, ranked.

    Causes come first: new errors, services that fell silent, operations that got slower, a host, user or address that
    stands out, attempts that became many; those that begin with the incident, and those that are surest, before others.
    What else changed follows as consequences.

    Needs the core columns of a log frame. `baseline` is "previous" (the time just before, as long as the incident and
    at least an hour), "previous_day", "previous_week", or a pair of times; times are ISO text, datetimes or "2h", in
    `tz` where they have no zone. Where the baseline or the incident holds no event, nothing can be compared, and the
    verdict says so.

    Raises MissingColumnError, and InvalidArgumentError for a time that cannot be read or an end before its start.

    Example:
        >>> from datetime import datetime
        >>> from loganalytics.schema import conform
        >>> times = pl.datetime_range(datetime(2025, 1, 31, 12), datetime(2025, 1, 31, 14), "30s", eager=True)
        >>> logs = pl.DataFrame({"timestamp": times, "service": "db"}).with_columns(
        ...     message=pl.when(times.dt.hour() == 13).then(pl.lit("disk full")).otherwise(pl.lit("ok")),
        ...     severity_number=pl.when(times.dt.hour() == 13).then(17).otherwise(9))
        >>> disk_full = incident(conform(logs), "2025-01-31 13:00", "2025-01-31 14:00")
        >>> disk_full.findings["title"][0]
        'db: new error “disk full”'
        >>> disk_full.rows(1).height
        120
    """
    incident_range = parse_time_range((start, end), "incident", tz=tz)
    evidence = gather_evidence(logs, incident_range, baseline_range(baseline, incident_range, tz=tz))
    inside = evidence.events.select(is_incident()).to_series()
    is_comparable = bool(inside.any()) and not inside.all()
    causes = rank_causes(
        evidence.comparison.to_dicts() if is_comparable else [],
        evidence.silent_services.to_dicts(),
        incident_range.start,
        incident_range.end,
    )
    findings, facts = _findings(causes, evidence), _facts(evidence)
    return Incident(
        verdict=_verdict(findings, evidence, facts),
        findings=findings,
        compare=evidence.comparison.select(list(COMPARISON_SCHEMA)),
        change_points=evidence.change_points,
        trend=evidence.trend,
        silent=evidence.silent_services,
        first_error=evidence.first_error,
        traces=evidence.traces,
        facts=facts,
        events=evidence.events,
    )


def _findings(causes: list[Cause], evidence: Evidence) -> pl.DataFrame:
    names = [name for name in FINDINGS_SCHEMA if name not in ("rank", "detail")]
    rows = []
    for rank, cause in enumerate(causes, 1):
        row = {name: getattr(cause, name) for name in names}
        has_events = cause.role == "cause" and cause.kind not in ("silence", "slower")
        is_examined = has_events and rank <= MAX_EXAMINED_CAUSES
        behind = finding_filter(row, evidence.events.schema)
        common_values = dominant_values(evidence.events, behind) if is_examined else []
        common_values = [fact for fact in common_values if fact[:2] != (cause.field, cause.value)]
        rows.append({"rank": rank, "detail": render_detail(cause, common_values), **row})
    return pl.DataFrame(rows, schema=FINDINGS_SCHEMA)


def _facts(evidence: Evidence) -> dict[str, Any]:
    inside = evidence.events.filter(is_incident())
    before = evidence.events.filter(~is_incident())
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
        sentences.append(
            "No cause stands out: no new error, no silence, nothing slower, and no value that became frequent"
            + (f"; {count(findings.height, 'other change')} were found." if findings.height else ".")
        )
    sentences += _first_sentences(evidence, {row["template_id"] for row in causes})
    return tuple(sentences[:MAX_SENTENCES])


def _sentence(lead: str, row: dict[str, Any]) -> str:
    since = f", from {moment(row['start'])}" if row["start"] and row["kind"] != "silence" else ""
    return f"{lead}: {printable(row['title'], 160)}{since}. {printable(row['detail'], 300)}"


def _first_sentences(evidence: Evidence, causes: set[str | None]) -> list[str]:
    sentences = []
    first = evidence.first_error
    # Rare errors are new in every hour: the first is mentioned when it is a cause, or when nothing else is.
    if first is not None and first["is_new"] and (first["template_id"] in causes or not causes):
        where = f" in {printable(first['service'], 60)}" if first["service"] else ""
        sentences.append(
            f"The first new error{where} came at {moment(first['timestamp'])}: “{printable(first['message'], 160)}”."
        )
    if evidence.traces.height:
        names = evidence.traces["services"].explode().drop_nulls().unique(maintain_order=True).to_list()
        across = f" across {listing([printable(name, 60) for name in names])}" if names else ""
        sentences.append(f"{count(evidence.traces.height, 'request')} failed{across}.")
    return sentences
