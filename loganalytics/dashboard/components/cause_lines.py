"""What an incident comes to: one cause, a few symptoms, in the order of time; each leads to its events."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl
import streamlit as st

from loganalytics.dashboard import cached_events, state, zone
from loganalytics.humanize import localize, span
from loganalytics.reports.model import Incident
from loganalytics.sanitize import printable

MAX_LINES = 5
"""How many findings are lines: the likeliest cause and what came with it; the rest is in the table."""

_WIDTHS = [1.2, 1.1, 1.5, 5.2, 1.7]
_STYLE = """<style>
.st-key-causes [data-testid=stText], .st-key-causes [data-testid=stText] * {
  white-space: nowrap; overflow: hidden; text-overflow: ellipsis }
.st-key-causes [data-testid=stHorizontalBlock] { gap: 0.6rem; flex-wrap: nowrap }
.st-key-causes [data-testid=stColumn] { min-width: 0; min-height: 1.9rem }
.st-key-causes button { padding: 0 0.3rem; min-height: 1.6rem }
</style>"""


def draw(incident: Incident) -> None:
    """Draw the likely cause and its symptoms by time, each with how long after the cause it began."""
    causes = incident.findings.filter(pl.col("role") == "cause").head(MAX_LINES).to_dicts()
    if not causes:
        return
    begin: datetime | None = causes[0]["start"]
    with st.container(key="causes", gap="small"):
        st.html(_STYLE)
        for row in sorted(causes, key=lambda row: (row["start"] is None, row["start"])):
            _draw_line(incident, row, begin)


def _draw_line(incident: Incident, row: dict[str, Any], begin: datetime | None) -> None:
    """Draw one finding. Log text goes through st.text and st.code only, which show it as text."""
    when, role, who, what, ways = st.columns(_WIDTHS, vertical_alignment="center", gap="small")
    when.text(f"{localize(row['start'], zone.current()):%H:%M:%S}" if row["start"] else "–")
    if row["rank"] == 1:
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


def _after(start: datetime | None, begin: datetime | None) -> str:
    """Return how long after the likely cause something began: "+5 s", "-2 min"."""
    if start is None or begin is None:
        return ""
    apart = start - begin
    return f"+{span(apart)}" if apart >= timedelta(0) else f"-{span(-apart)}"


def _open_events(incident: Incident, row: dict[str, Any]) -> None:
    """Open Explore on the incident's time and on the message or the service that the finding names."""
    facts, view = incident.facts, state.view()
    state.change(since=state.iso(facts["start"]), until=state.iso(facts["end"]))
    if row["template_id"]:
        state.add_condition("template_id", row["template_id"])
    elif row["service"] in set(cached_events.services(view)):
        state.change(services=(row["service"],))
    state.switch_page("explore")
