"""The dashboard's frame: page configuration, the source in the sidebar, navigation."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import streamlit as st

from loganalytics.dashboard import overview
from loganalytics.sources.discovery import sample_data
from loganalytics.view import View


def main() -> None:
    """Draw the app; Streamlit runs it anew at every interaction."""
    st.set_page_config(page_title="loganalytics", page_icon=":material/monitoring:", layout="wide")
    view = _view()
    pages = [st.Page(lambda: overview.page(view), title="Overview", icon=":material/monitoring:", url_path="overview")]
    st.navigation(pages, position="top").run()


def _view() -> View:
    """Read the view from the sidebar; the source's first value comes from the command line or the environment."""
    with st.sidebar:
        st.subheader("Logs")
        source = st.text_input(
            "Source",
            value=" ".join(sys.argv[1:]) or os.environ.get("LOGANALYTICS_SOURCE", "") or sample_data(),
            placeholder="file, glob or folder",
            help="A file, a glob or a folder; several are separated by blanks. Packed files are unpacked.",
        )
        since = st.text_input("Since", placeholder="2026-03-10 14:00, 2h, yesterday")
        until = st.text_input("Until", placeholder="2026-03-10 15:00")
        grep = st.text_input("Text", placeholder="regular expression")
        level = st.selectbox("Level", ["any", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], help="And above.")
    return View(
        source=(source,) if Path(source).exists() else tuple(source.split()),
        since=since or None,
        until=until or None,
        level=None if level == "any" else level,
        grep=grep or None,
    )


if __name__ == "__main__":
    main()
