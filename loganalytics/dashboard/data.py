"""What the pages show, computed once a view and shared by all sessions."""

from __future__ import annotations

import os
from dataclasses import dataclass

import polars as pl
import streamlit as st

from loganalytics.reports import Report, report
from loganalytics.sources.discovery import find_files
from loganalytics.view import View


@dataclass(frozen=True)
class Findings:
    """The events of a view and the report on them. Shared between sessions: never change what is in it."""

    logs: pl.DataFrame
    report: Report


def findings(view: View) -> Findings:
    """Return the analysed events of a view; again only when a file of its source has changed.

    Raises what View.load() raises.
    """
    return _findings(view, _versions(view))


@st.cache_resource(max_entries=4, show_spinner="Reading and analysing the logs …")
def _findings(view: View, versions: tuple[tuple[str, int, int], ...]) -> Findings:
    logs = view.load()
    title = "Log report: " + ", ".join(os.path.basename(os.path.normpath(name)) for name in view.source[:3])
    return Findings(logs, report(logs, title=title))


def _versions(view: View) -> tuple[tuple[str, int, int], ...]:
    """Name, size and time of each file: what tells that a cached answer is stale."""
    stats = [(path, os.stat(path)) for path in find_files(view.source)]
    return tuple((str(path), stat.st_size, stat.st_mtime_ns) for path, stat in stats)
