"""The dashboard's frame: layout, login, navigation and sidebar; Streamlit runs it again at every interaction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from loganalytics.dashboard import access, consent, state
from loganalytics.dashboard.components import filter_bar, history, keyboard, notices, sidebar
from loganalytics.dashboard.pages import anomalies, explore, incident, live, overview, patterns, sources, steps, traces
from loganalytics.dashboard.preload import preload

_FOLDER = Path(__file__).parent

# Each with what draws it, its title, its icon, and the letter that opens it after g.
PAGES = {
    "overview": (overview.page, "Overview", ":material/monitoring:", "o"),
    "explore": (explore.page, "Explore", ":material/search:", "e"),
    "live": (live.page, "Live", ":material/sensors:", "l"),
    "patterns": (patterns.page, "Patterns", ":material/category:", "p"),
    "anomalies": (anomalies.page, "Anomalies", ":material/troubleshoot:", "a"),
    "incident": (incident.page, "Incident", ":material/emergency_home:", "i"),
    "traces": (traces.page, "Traces", ":material/account_tree:", "t"),
    "steps": (steps.page, "Steps", ":material/checklist:", "r"),
    "sources": (sources.page, "Sources", ":material/dns:", "s"),
}


def main() -> None:
    """Draw the app."""
    st.set_page_config(page_title="loganalytics", page_icon=str(_FOLDER / "icon.svg"), layout="wide")
    st.logo(str(_FOLDER / "logo.svg"), size="large")
    preload()
    access.require_login()
    state.follow_url()
    pages = {name: _page(name) for name in PAGES}
    page = st.navigation([*pages.values(), _alias_of_overview()], position="top")
    state.remember_pages(pages, page)
    if not consent.is_agreed(state.view()):
        with st.container(key="without-sidebar"):
            history.draw()
            consent.ask(state.view(), on_refuse=state.open_start_source)
        return
    sidebar.draw()
    with st.sidebar:
        history.draw()  # shows nothing; at the end of the sidebar nobody sees the gap that it leaves
        keyboard.draw({letter: (_path(name), title) for name, (_, title, _, letter) in PAGES.items()})
    notices.link_problems()
    with st.container():  # in the same place with and without filters, so that the page below is not made anew
        filter_bar.draw()
    st.title(page.title, anchor=False)
    page.run()
    state.write_url()


def _page(name: str) -> Any:
    draw, title, icon, _ = PAGES[name]
    return st.Page(draw, title=title, icon=icon, url_path=_path(name) or "start")


def _path(name: str) -> str:
    """Return the path of a page: Streamlit gives the first the address / and reserves the path that it names."""
    return "" if name == "overview" else name


def _alias_of_overview() -> Any:
    """Return the page /overview, which leads to the first."""
    return st.Page(lambda: state.switch_page("overview"), title="Overview", url_path="overview", visibility="hidden")
