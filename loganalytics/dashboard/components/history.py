"""The browser's history: one entry a step, so that Back undoes the last brush, filter, zoom or page."""

from __future__ import annotations

from loganalytics.dashboard import state
from loganalytics.dashboard.components import browser_component


def draw() -> None:
    """Load the script; it shows nothing."""
    browser_component.load("history")(data={"query": state.query()}, key="history")
