"""The browser's history: one entry a step, so that Back undoes the last brush, filter, zoom or page."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from loganalytics.dashboard import state


def draw() -> None:
    """Load the script; it shows nothing."""
    _component()(data={"query": state.query()}, key="history")


@cache
def _component() -> Any:
    script = Path(__file__).with_name("history.js").read_text(encoding="utf-8")
    return st.components.v2.component("loganalytics_history", js=script)
