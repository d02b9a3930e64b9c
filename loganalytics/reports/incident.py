"""An incident: what happened between two times and why, with the way to the events behind each sentence."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import polars as pl

from loganalytics.analyses.compare.compare import COMPARISON_SCHEMA
from loganalytics.analyses.compare.ranges import TimeInput, TimeRange, TimeRangeInput, parse_time_range
from loganalytics.analyses.compare.term_counts import PROBLEM, is_incident
from loganalytics.findings.baseline import Baseline, baseline_note, choose_baseline
from loganalytics.findings.cause_sentences import Cause, describe_error_count, describe_silence, render_detail
from loganalytics.findings.causes import MAX_CAUSES, MAX_CONSEQUENCES, in_order_of_time, rank_causes
from loganalytics.findings.common_values import dominant_values
from loganalytics.findings.evidence import Evidence, gather_evidence
from loganalytics.findings.same_facts import Mask, drop_named_culprits, fold_same_facts
from loganalytics.reports.finding_filter import finding_filter
from loganalytics.reports.incident_verdict import verdict_of
from loganalytics.reports.model import Incident
from loganalytics.schema import TIMESTAMP, Frame, is_error
from loganalytics.times import parse_zone

MAX_EXAMINED_CAUSES = 8  # causes whose events are searched for what they have in common
MAX_CANDIDATES = 40  # causes, and as many consequences, among which repeated facts are looked for

FINDINGS_SCHEMA = {
    "rank": pl.Int64(), "role": pl.String(), "kind": pl.String(), "service": pl.String(), "title": pl.String(),
    "detail": pl.String(), "start": TIMESTAMP, "end": TIMESTAMP, "events": pl.Int64(),
    "baseline_rate": pl.Float64(), "incident_rate": pl.Float64(), "ratio": pl.Float64(), "p_value": pl.Float64(),
    "template_id": pl.String(), "field": pl.String(), "value": pl.String(), "values": pl.List(pl.String()),
    "scope": pl.String(), "example": pl.String(),
}  # fmt: skip


def incident(
    logs: Frame,
    start: TimeInput,
    end: TimeInput,
    *,
    baseline: str | TimeRangeInput = "previous",
    tz: str = "UTC",
    display_tz: str | None = None,
) -> Incident:
    """Find what happened between two times, and what the cause may be: everything that differs from a baseline, ranked.

    Causes come first: new errors, as `cluster_errors` labels them, services that fell silent, requests that failed,
    operations that got slower, a host, user or address that stands out, attempts that became many; the likeliest first,
    then the others in the order of time. What else changed follows as consequences; what only repeats another finding
    is left out. A restart, a new version or a deployment in the half hour before is told beside them.

    Needs the core columns of a log frame. `baseline` is "previous" (the time just before, as long as the incident and
    at least an hour; where what is wrong in the incident was so already in that time, the time before it began),
    "previous_day", "previous_week", or a pair of times; times are ISO text, datetimes or "2h", in
    `tz` where they have no zone; sentences and pages show them in `display_tz`, by default the same. Where the baseline
    holds no event, or hardly any of the log lies in it, what is new or silent cannot be told: the verdict says so, and
    the errors are listed by their number. Where the incident holds none, the verdict says where the log lies.

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
    zone = parse_zone(display_tz or tz).key
    incident_range = parse_time_range((start, end), "incident", tz=tz)
    return explain(logs, incident_range, choose_baseline(logs, incident_range, baseline, tz=tz), tz=zone)


def explain(logs: Frame, incident_range: TimeRange, baseline: Baseline, *, tz: str = "UTC") -> Incident:
    """Return what `incident` does, against a baseline that was chosen before; sentences show times in the zone `tz`."""
    evidence = gather_evidence(logs, incident_range, baseline.time_range)
    findings = _findings(_causes(evidence, tz), evidence)
    facts = _facts(evidence, tz) | _baseline_facts(baseline, tz)
    verdict, notes = verdict_of(findings, evidence, facts)
    return Incident(
        verdict=verdict,
        notes=notes,
        findings=findings,
        compare=evidence.comparison.select(list(COMPARISON_SCHEMA)),
        change_points=evidence.change_points,
        trend=evidence.trend,
        silent=evidence.silent_services,
        restarts=evidence.restarts,
        first_error=evidence.first_error,
        traces=evidence.traces,
        facts=facts,
        events=evidence.events,
    )


def _causes(evidence: Evidence, zone: str) -> list[Cause]:
    """Return causes and consequences, each fact once; where there is no baseline, the errors and no cause."""
    candidates = rank_causes(
        evidence.comparison.to_dicts() if evidence.is_comparable else [],
        [] if evidence.is_baseline_thin else evidence.silent_services.to_dicts(),
        evidence.incident.start,
        evidence.incident.end,
        max_causes=MAX_CANDIDATES,
        max_consequences=MAX_CANDIDATES,
        tz=zone,
    )
    folded = fold_same_facts(candidates, _events_behind(candidates, evidence.events), evidence.incident.length)
    causes = in_order_of_time([cause for cause in folded if cause.role == "cause"][:MAX_CAUSES])
    common = [_common_values(cause, evidence) for cause in causes[:MAX_EXAMINED_CAUSES]]
    common += [[] for _ in causes[MAX_EXAMINED_CAUSES:]]
    causes = drop_named_culprits(causes, _events_behind(causes, evidence.events), common)
    consequences = [cause for cause in folded if cause.role != "cause"][:MAX_CONSEQUENCES]
    return [*causes, *(_uncompared(evidence, causes, zone) if evidence.is_baseline_thin else []), *consequences]


def _uncompared(evidence: Evidence, causes: list[Cause], zone: str) -> list[Cause]:
    """Return the errors of the incident by their number, and who fell silent: whether that is new is unknown."""
    listed = {value for cause in causes for value in (cause.values or (cause.value,))}
    problem = pl.col(PROBLEM)
    errors = evidence.events.filter(is_incident() & problem.is_not_null() & ~problem.is_in(list(listed - {None})))
    counted = errors.group_by(value=PROBLEM).agg(
        incident_count=pl.len(),
        services=pl.col("service").drop_nulls().unique().sort(),
        first_seen=pl.col("timestamp").min(),
        last_seen=pl.col("timestamp").max(),
        template_id=pl.when(pl.col("template_id").n_unique() == 1).then(pl.col("template_id").first()),
        example=pl.col("message").sort_by("timestamp").first(),
    )
    rows = counted.sort("incident_count", "value", descending=[True, False]).head(MAX_CONSEQUENCES).to_dicts()
    silences = [describe_silence(row, tz=zone) for row in evidence.silent_services.to_dicts()]
    described = [describe_error_count(row, evidence.incident.length) for row in rows]
    return [*described, *[replace(silence, role="consequence") for silence in silences]]


def _common_values(cause: Cause, evidence: Evidence) -> list[tuple[str, str, float]]:
    """Return what the events of a cause have in common beside what its title says."""
    if cause.role != "cause" or cause.kind in ("silence", "slower"):
        return []
    common = dominant_values(evidence.events, finding_filter(asdict(cause), evidence.events.schema))
    return [fact for fact in common if fact[:2] != (cause.field, cause.value) and fact[1] not in cause.title]


def _events_behind(causes: list[Cause], events: pl.DataFrame) -> list[Mask]:
    """Return for each cause which events are behind it: of the incident, or of the baseline for what fell."""
    if not causes:
        return []
    schema = events.schema
    sides = [~is_incident() if cause.is_over else is_incident() for cause in causes]
    masks = events.select(
        (side & finding_filter(asdict(cause), schema)).fill_null(value=False).alias(str(number))
        for number, (side, cause) in enumerate(zip(sides, causes, strict=True))
    )
    return [np.asarray(mask.to_numpy(), dtype=bool) for mask in masks.iter_columns()]


def _findings(causes: list[Cause], evidence: Evidence) -> pl.DataFrame:
    names = [name for name in FINDINGS_SCHEMA if name not in ("rank", "detail")]
    rows = []
    for rank, cause in enumerate(causes, 1):
        row = {name: getattr(cause, name) for name in names} | {"values": list(cause.values)}
        common_values = _common_values(cause, evidence) if rank <= MAX_EXAMINED_CAUSES else []
        rows.append({"rank": rank, "detail": render_detail(cause, common_values), **row})
    return pl.DataFrame(rows, schema=FINDINGS_SCHEMA)


def _facts(evidence: Evidence, zone: str) -> dict[str, Any]:
    inside = evidence.events.filter(is_incident())
    before = evidence.events.filter(~is_incident())
    is_counted = is_error() | pl.col(PROBLEM).is_not_null()  # as a report counts: also failures without a level
    errors = [int(side.select(is_counted.sum()).item()) for side in (inside, before)]
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
        "log_start": evidence.log[0],
        "log_end": evidence.log[1],
        "is_baseline_thin": evidence.is_baseline_thin,
        "timezone": zone,
    }


def _baseline_facts(baseline: Baseline, zone: str) -> dict[str, Any]:
    better = baseline.better
    return {
        "baseline_note": baseline_note(baseline, zone),
        "is_baseline_moved": baseline.is_moved,
        "better_baseline_start": better.start if better else None,
        "better_baseline_end": better.end if better else None,
    }
