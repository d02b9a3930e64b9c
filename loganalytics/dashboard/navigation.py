"""The dashboard's frame: layout, login, navigation and sidebar; Streamlit runs it again at every interaction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from loganalytics.dashboard import access, consent, state
from loganalytics.dashboard.components import filter_bar, history, notices, sidebar
from loganalytics.dashboard.pages import anomalies, explore, incident, live, overview, patterns, sources, steps, traces
from loganalytics.dashboard.preload import preload

# Streamlit's wide layout leaves 160 pixels empty beside a page, and 100 above; tables of log lines need them. The
# toolbars of its tables and charts cover what stands above; Ctrl+F in a table searches it without one.
_STYLE = """<style>
[data-testid=stMainBlockContainer] { padding: 4.5rem 2rem 2rem }
[data-testid=stElementToolbar] { display: none }
[data-testid=stMain] h1 { font-size: 1.25rem; padding: 0 }
</style>"""
_FOLDER = Path(__file__).parent

PAGES = {
    "overview": (overview.page, "Overview", ":material/monitoring:"),
    "explore": (explore.page, "Explore", ":material/search:"),
    "live": (live.page, "Live", ":material/sensors:"),
    "patterns": (patterns.page, "Patterns", ":material/category:"),
    "anomalies": (anomalies.page, "Anomalies", ":material/troubleshoot:"),
    "incident": (incident.page, "Incident", ":material/emergency_home:"),
    "traces": (traces.page, "Traces", ":material/account_tree:"),
    "steps": (steps.page, "Steps", ":material/checklist:"),
    "sources": (sources.page, "Sources", ":material/dns:"),
}


def main() -> None:
    """Draw the app."""
    st.set_page_config(page_title="loganalytics", page_icon=str(_FOLDER / "icon.svg"), layout="wide")
    st.logo(str(_FOLDER / "logo.svg"), size="large")
    st.html(_STYLE)
    preload()
    access.require_login()
    state.follow_url()
    pages = {name: _page(name) for name in PAGES}
    page = st.navigation([*pages.values(), _alias_of_overview()], position="top")
    state.remember_pages(pages)
    if not consent.is_agreed(state.view()):
        consent.ask(state.view(), on_refuse=state.open_start_source)
        return
    sidebar.draw()
    with st.sidebar:
        history.draw()  # shows nothing; at the end of the sidebar nobody sees the gap that it leaves
    notices.link_problems()
    with st.container():  # in the same place with and without filters, so that the page below is not made anew
        filter_bar.draw()
    page.run()
    state.write_url()


def _page(name: str) -> Any:
    draw, title, icon = PAGES[name]
    path = "start" if name == "overview" else name  # Streamlit gives the first page the address / and reserves its path
    return st.Page(draw, title=title, icon=icon, url_path=path)


def _alias_of_overview() -> Any:
    """Return the page /overview, which leads to the first."""
    return st.Page(lambda: state.switch_page("overview"), title="Overview", url_path="overview", visibility="hidden")
