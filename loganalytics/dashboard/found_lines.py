"""The findings of a view as the pages list them: in a range, those of the whole log lead, which know what is usual."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl
import streamlit as st

from loganalytics.charts.bands import Band
from loganalytics.dashboard import cached_analyses, cached_events, zone
from loganalytics.findings.ranking import Finding
from loganalytics.findings.silences import Silence, merge_silences
from loganalytics.findings.symptoms import of_services
from loganalytics.reports.model import Incident, Report
from loganalytics.view import View

AUTOMATIC_EVENTS = 50_000
"""Up to how many events the findings are computed without a click."""
MAX_BANDS = 20
LAST_EVENTS = 20
"""How many events before a silence are shown with it."""
MAX_STRAY_EVENTS = 2
"""Up to how many events a service may log and still be shown as silent."""
EDGE_SHARE = 0.02
"""Of a range: what ends so near to its end may have been cut off by it."""

_ANALYSED = "analysed-views"


@dataclass(frozen=True, kw_only=True)
class FoundLine:
    """A finding, with the report and the view that it is of."""

    finding: Finding
    report: Report
    view: View


def are_ready(view: View) -> bool:
    """Whether the findings of a view can be shown at once: it is small, or the reader asked for them before."""
    return cached_events.events(view).height <= AUTOMATIC_EVENTS or view in st.session_state.get(_ANALYSED, ())


def ask_for(view: View) -> None:
    """Remember that the reader asked for the findings of a view."""
    st.session_state.setdefault(_ANALYSED, set()).add(view)


def report_of(view: View) -> Report:
    """Return the report on a view, with times in the reader's zone."""
    return cached_analyses.full_report(view, view.every, zone.current())


def lines_of(view: View) -> list[FoundLine]:
    """Return the findings of a view, the gravest first; before them those of the whole log that overlap its range."""
    report = report_of(view)
    own = [FoundLine(finding=finding, report=report, view=view) for finding in report.findings]
    whole = replace(view, since=None, until=None)
    if whole == view:
        return own
    own = [line for line in own if not _is_cut_off(line, whole)]
    if not are_ready(whole):
        return own
    report_of_whole = report_of(whole)
    leading = [
        FoundLine(finding=finding, report=report_of_whole, view=whole)
        for finding in report_of_whole.findings if _overlaps(finding, report)
    ]  # fmt: skip
    return leading + [line for line in own if not any(_is_same(line, other) for other in leading)]


def _is_cut_off(line: FoundLine, whole: View) -> bool:
    """Whether the whole log knows of no silence in a service that a range shows as silent, or that ends with the range.

    A range cuts off what came before and after: whether a pause is longer than usual only the whole log says.
    """
    finding, facts = line.finding, line.report.facts
    if finding.kind != "silence" or finding.start is None or finding.end is None:
        return False
    slack = (facts["last_seen"] - facts["first_seen"]) * EDGE_SHARE
    is_within = finding.start > facts["first_seen"] + slack and finding.end < facts["last_seen"] - slack
    services = tuple(finding.service.split(", ")) if finding.service else ()
    time = pl.col("timestamp")
    spoken = cached_events.events(line.view).filter(of_services(services), time > finding.start, time < finding.end)
    if is_within and spoken.height > MAX_STRAY_EVENTS:
        return False
    silences = merge_silences(cached_analyses.coverage(whole))
    return not any(_is_covered(finding, silence) for silence in silences)


def _is_covered(finding: Finding, silence: Silence) -> bool:
    if finding.start is None or finding.end is None:
        return False
    shared = min(finding.end, silence.end) - max(finding.start, silence.start)
    is_of_service = not finding.service or bool(set(finding.service.split(", ")) & set(silence.services))
    return is_of_service and shared >= (finding.end - finding.start) / 2


def around_the_end(
    view: View, services: tuple[str, ...], template_ids: tuple[str, ...], start: datetime, end: datetime
) -> tuple[datetime, datetime]:
    """Return the time of a silence in whole seconds, with the last events before it, of services or of messages."""
    whole = replace(view, since=None, until=None)
    logs = cached_events.annotated_events(whole) if template_ids else cached_events.events(whole)
    own = logs.filter(
        pl.col("timestamp") <= start,
        of_services(services),
        pl.col("template_id").is_in(list(template_ids)) if template_ids else pl.lit(value=True),
    )
    first = own["timestamp"].sort().tail(LAST_EVENTS).min()
    since = first if isinstance(first, datetime) else start
    return since.replace(microsecond=0), end.replace(microsecond=0) + timedelta(seconds=1)


def unlisted(view: View, incident: Incident) -> list[FoundLine]:
    """Return the findings of the whole log at the time of an incident that none of its own findings is about."""
    whole = replace(view, since=None, until=None)
    if not are_ready(whole):
        return []
    start, end = incident.facts["start"], incident.facts["end"]
    return [
        line for line in lines_of(whole)
        if line.finding.start is not None and line.finding.end is not None
        and line.finding.start < end and line.finding.end >= start and not _is_listed(line, incident)
    ]  # fmt: skip


def _is_listed(line: FoundLine, incident: Incident) -> bool:
    """Whether an incident lists a finding: its problem or message, or else a cause in one of its services."""
    finding, rows = line.finding, incident.findings.to_dicts()
    errors = line.report.tables["errors"]
    labels = set(errors.filter(pl.col("cluster_id").is_in(list(finding.cluster_ids)))["label"])
    named = labels | set(finding.template_ids)
    listed = {value for row in rows for value in (row["value"], row["template_id"], *(row["values"] or []))}
    if named & listed:
        return True
    services = set(finding.service.split(", ")) - {""}
    of_causes = {row["service"] for row in rows if row["role"] == "cause" or incident.facts["is_baseline_thin"]}
    return not named and bool(services & of_causes)


def bands(lines: list[FoundLine]) -> list[Band]:
    """Return the times of findings as ranges to shade on charts."""
    return [
        Band(start=finding.start, end=finding.end, kind=finding.severity, text=finding.title)
        for finding in (line.finding for line in lines[:MAX_BANDS]) if finding.start and finding.end
    ]  # fmt: skip


def _overlaps(finding: Finding, report: Report) -> bool:
    first, last = report.facts["first_seen"], report.facts["last_seen"]
    if first is None or finding.start is None or finding.end is None:
        return False
    return bool(finding.start <= last and finding.end >= first)


def _is_same(line: FoundLine, other: FoundLine) -> bool:
    """Return whether two findings are about the same problem or message, or the same kind of thing in a service."""
    first, second = line.finding, other.finding
    if set(first.cluster_ids) & set(second.cluster_ids) or set(first.template_ids) & set(second.template_ids):
        return True
    return (first.kind, first.service) == (second.kind, second.service)
