"""Findings as lines: when, who, what, its course in time, and the ways to the incident and to the events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import streamlit as st

from loganalytics.charts.bands import BAND_COLOURS
from loganalytics.dashboard import cached_analyses, cached_events, found_lines, state, zone
from loganalytics.dashboard.components import sparkline
from loganalytics.dashboard.found_lines import FoundLine
from loganalytics.filters.expressions import Where
from loganalytics.findings.ranking import Finding
from loganalytics.humanize import listing, localize, time_range
from loganalytics.sanitize import printable
from loganalytics.view import View

MAX_LINES = 6
"""How many findings are listed before the rest is folded."""

_WIDTHS = [1.75, 1.5, 4.9, 1.2, 2.1]
_ICONS = {"critical": ":material/error:", "warning": ":material/warning:", "info": ":material/info:"}
_COLOURS: dict[str, Any] = {"critical": "red", "warning": "orange", "info": "blue"}
_MIN_LENGTH = timedelta(minutes=1)  # of an incident that is opened


def draw(lines: list[FoundLine]) -> None:
    """Draw the findings, the gravest first; all but some are folded."""
    with st.container(key="findings", gap="small"):
        for number, line in enumerate(lines[:MAX_LINES]):
            _draw_line(line, number)
        if len(lines) > MAX_LINES:
            with st.expander(f"{len(lines) - MAX_LINES} more"):
                for number, line in enumerate(lines[MAX_LINES:], MAX_LINES):
                    _draw_line(line, number)


def _draw_line(line: FoundLine, number: int) -> None:
    """Draw one finding. Log text goes through st.text and st.code only, which show it as text."""
    finding = line.finding
    when, who, what, course, ways = st.columns(_WIDTHS, vertical_alignment="center", gap="small")
    time = short_range(finding.start, finding.end, zone.current()) or finding.severity
    when.badge(time, icon=_ICONS[finding.severity], color=_COLOURS[finding.severity])
    who.text(printable(listing(finding.service.split(", "), 2), 80) if finding.service else "–")
    what.text(printable(_what(finding), 600))
    with course:
        sparkline.draw(_course(line), _marked(line), BAND_COLOURS[finding.severity])
    with ways, st.container(horizontal=True, gap="small", vertical_alignment="center"):
        key = f"finding-{number}"
        has_time = finding.start is not None and finding.end is not None
        if has_time and st.button("Incident", key=f"{key}-incident", type="tertiary"):
            _open_incident(finding.start, finding.end)  # type: ignore[arg-type]
        if st.button("Events", key=f"{key}-events", type="tertiary"):
            _open_events(line)
        with st.popover("Why", type="tertiary", key=f"finding-why-{number}"):
            st.text(printable(finding.title, 2_000))
            evidence = "\n".join((finding.detail, *finding.evidence))
            st.code(printable(evidence, 20_000, lines=True), language=None, wrap_lines=True)


def short_range(start: datetime | None, end: datetime | None, tz: str) -> str:
    """Return a range of time to the minute and without the year, which the charts tell; "" without one."""
    if start is None or end is None:
        return ""
    first, last = localize(start, tz), localize(end, tz)
    if first.date() == last.date():
        clock = f"{first:%H:%M}" if f"{first:%H:%M}" == f"{last:%H:%M}" else f"{first:%H:%M}–{last:%H:%M}"
        return f"{first:%m-%d} {clock}"
    return f"{first:%m-%d %H:%M} – {last:%m-%d %H:%M}"


def _what(finding: Finding) -> str:
    """Return what was found, without the time and the service where these only repeat the other columns."""
    when = time_range(finding.start, finding.end, tz=zone.current())
    title = finding.title.replace(f", {when}", "", 1) if when else finding.title
    services = finding.service.split(", ")
    leads = [f"{listing(services[:number])}: " for number in range(len(services), 0, -1)]
    lead = next((lead for lead in leads if title.startswith(lead)), "")
    return title.removeprefix(lead)


def _course(line: FoundLine) -> list[int]:
    """Return the events that the finding names, in equal parts of time: of its problems, messages or services."""
    finding, tables = line.finding, line.report.tables
    named = [
        (tables["errors"], "cluster_id", finding.cluster_ids), (tables["patterns"], "template_id", finding.template_ids)
    ]  # fmt: skip
    courses = [
        course for table, key, keys in named for course in table.filter(table[key].is_in(keys))["trend"].to_list()
    ]
    if not courses:
        by_service = cached_analyses.service_lines(line.view)
        courses = [by_service[name] for name in finding.service.split(", ") if name in by_service]
    return [sum(parts) for parts in zip(*courses, strict=True)]


def _marked(line: FoundLine) -> tuple[float, float]:
    """Return where in the log's time the finding begins and ends, as shares."""
    first, last = line.report.facts["first_seen"], line.report.facts["last_seen"]
    finding = line.finding
    if finding.start is None or finding.end is None or first is None or first >= last:
        return 0.0, 0.0
    start, end = ((when - first) / (last - first) for when in (finding.start, finding.end))
    return min(max(start, 0.0), 1.0), min(max(end, 0.0), 1.0)


def opened_range(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """Return the time of a finding in whole seconds, its last event within; at least a minute."""
    first = start.replace(microsecond=0)
    return first, max(end.replace(microsecond=0) + timedelta(seconds=1), first + _MIN_LENGTH)


def _open_incident(start: datetime, end: datetime) -> None:
    """Open the incident page on the finding's time, against the time before."""
    first, last = opened_range(start, end)
    state.open_item("against", None)
    state.change(baseline=None)
    state.open_item("incident", f"{state.iso(first)}/{state.iso(last)}")
    state.switch_page("incident")


def _open_events(line: FoundLine) -> None:
    """Open Explore on what the title of a finding names, at its time; of a silence, on the last events before, too."""
    finding, view = line.finding, state.view()
    named = _named(line, view)
    if finding.start is None or finding.end is None:
        state.change(since=None, until=None, **named)
    else:
        first, last = opened_range(finding.start, finding.end)
        if finding.kind == "silence":
            services = named.get("services", ())
            first, last = found_lines.around_the_end(view, services, finding.template_ids, finding.start, finding.end)
        state.change(since=state.iso(first), until=state.iso(last), **named)
    state.switch_page("explore")


def _named(line: FoundLine, view: View) -> Mapping[str, Any]:
    """Return the filters for a finding's events: the one problem or message, else its services, and the endpoint."""
    conditions = [where for where in map(Where.parse, line.finding.conditions) if _is_known(where, view)]
    kept = tuple(where for where in view.where if where not in conditions)
    filters: dict[str, Any] = {"where": (*kept, *conditions)} if conditions else {}
    is_of_one = any(where.field in ("cluster_id", "template_id") and where.value for where in conditions)
    services = set(cached_events.services(view))
    named = tuple(name for name in line.finding.service.split(", ") if name in services)
    return filters | {"services": named} if named and not is_of_one else filters


def _is_known(where: Where, view: View) -> bool:
    """Return whether the source has such a value: a filtered log may have other problems, a method other letters."""
    if where.field == "cluster_id":
        return not where.value or where.value in cached_analyses.clusters(view)["cluster_id"]
    return where.value in cached_events.annotated_events(view)[where.field].cast(pl.String).unique()
