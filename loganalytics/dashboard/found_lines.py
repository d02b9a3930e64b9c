"""The findings of a view as the pages list them: in a range, those of the whole log lead, which know what is usual."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from loganalytics.charts.bands import Band
from loganalytics.dashboard import cached_analyses, cached_events, zone
from loganalytics.findings.ranking import Finding
from loganalytics.reports.model import Report
from loganalytics.view import View

AUTOMATIC_EVENTS = 50_000
"""Up to how many events the findings are computed without a click."""
MAX_BANDS = 20

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
    if whole == view or not are_ready(whole):
        return own
    report_of_whole = report_of(whole)
    leading = [
        FoundLine(finding=finding, report=report_of_whole, view=whole)
        for finding in report_of_whole.findings if _overlaps(finding, report)
    ]  # fmt: skip
    return leading + [line for line in own if not any(_is_same(line, other) for other in leading)]


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
