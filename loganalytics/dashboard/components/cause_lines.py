"""What an incident comes to: one cause, a few symptoms, in the order of time; each leads to its events."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import streamlit as st

from loganalytics.dashboard import cached_events, found_lines, state, zone
from loganalytics.humanize import localize, span
from loganalytics.reports.model import Incident
from loganalytics.sanitize import printable

MAX_LINES = 5
"""How many findings are lines: the likeliest cause and what came with it; the rest is in the table."""

_WIDTHS = [1.2, 1.1, 1.5, 5.2, 1.7]
_UNCOMPARED = ("errors", "silence")  # what an incident without a baseline lists


def draw(incident: Incident) -> None:
    """Draw the likely cause and its symptoms by time, each with how long after the cause it began.

    Where there is no baseline to find a cause by, these are the most frequent errors, and who fell silent.
    """
    causes = incident.findings.filter(pl.col("role") == "cause").head(MAX_LINES).to_dicts()
    begin: datetime | None = causes[0]["start"] if causes else None
    lines = sorted(causes, key=lambda row: (row["start"] is None, row["start"]))
    if incident.facts["is_baseline_thin"]:
        lines += incident.findings.filter(pl.col("kind").is_in(_UNCOMPARED)).head(MAX_LINES).to_dicts()
    if not lines:
        return
    with st.container(key="causes", gap="small"):
        for row in lines:
            _draw_line(incident, row, begin)


def _draw_line(incident: Incident, row: dict[str, Any], begin: datetime | None) -> None:
    """Draw one finding. Log text goes through st.text and st.code only, which show it as text."""
    when, role, who, what, ways = st.columns(_WIDTHS, vertical_alignment="center", gap="small")
    when.text(_clock(incident, row["start"]) if row["start"] else "–")
    if row["role"] == "cause" and row["rank"] == 1:
        role.badge("likely cause", color="red")
    else:
        role.text(_after(row["start"], begin))
    who.text(printable(row["service"], 80) or "–")
    title = str(row["title"]).removeprefix(f"{row['service']}: ")
    what.text(printable(title, 600))
    with ways, st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if st.button("Events", key=f"cause-{row['rank']}-events", type="tertiary"):
            _open_events(incident, row)
        with st.popover("Why", type="tertiary", key=f"cause-{row['rank']}-why"):
            st.text(printable(row["title"], 2_000))
            st.text(printable(row["detail"], 2_000))
            if row["example"]:
                st.code(printable(row["example"], 20_000, lines=True), language=None, wrap_lines=True)


def _clock(incident: Incident, start: datetime) -> str:
    """Return when something began, with its day where the incident has several."""
    ends = [localize(incident.facts[name], zone.current()).date() for name in ("start", "end")]
    return f"{localize(start, zone.current()):{'%H:%M:%S' if ends[0] == ends[1] else '%m-%d %H:%M'}}"


def _after(start: datetime | None, begin: datetime | None) -> str:
    """Return how long after the likely cause something began: "+5 s", "-2 min"."""
    if start is None or begin is None:
        return ""
    apart = start - begin
    return f"+{span(apart)}" if apart >= timedelta(0) else f"-{span(-apart)}"


def _open_events(incident: Incident, row: dict[str, Any]) -> None:
    """Open Explore on the incident's time and on what the finding names; of a silence, on the last events before."""
    facts, view = incident.facts, state.view()
    services = (row["service"],) if row["service"] in set(cached_events.services(view)) else ()
    if row["kind"] == "silence":
        since, until = found_lines.around_the_end(view, services, (), row["start"], row["end"])
        state.change(since=state.iso(since), until=state.iso(until), services=services)
    else:
        state.change(since=state.iso(facts["start"]), until=state.iso(facts["end"]))
        if row["template_id"]:
            state.add_condition("template_id", row["template_id"])
        elif services:
            state.change(services=services)
    state.switch_page("explore")
