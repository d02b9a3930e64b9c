"""Facets: how many events have each value of some fields; a click keeps only a value, or leaves it out."""

from __future__ import annotations

from typing import Any

import polars as pl
import streamlit as st

from loganalytics.dashboard import cached_analyses, state, summaries
from loganalytics.dashboard.components import browser_component, choices
from loganalytics.sanitize import printable
from loganalytics.view import View

_KEY = "facets"
_DEFAULT = ("level", "service", "logger", "step", "job_run_id")
_MAX_CHARACTERS = 80


def draw(view: View, logs: pl.DataFrame) -> None:
    """Draw the fields that the reader chose, and the choice."""
    fields = summaries.facet_fields(logs)
    with st.popover("Fields to count", icon=":material/checklist:", width="stretch"):  # its labels need the room
        default = [name for name in _DEFAULT if name in fields]
        field_names = choices.choose_several("facets", fields, default=default, label="Fields")
    drawn = [_field(view, name) for name in field_names]
    browser_component.load("facets", "outbox")(
        data={"fields": drawn, "done": browser_component.confirmed(_KEY)}, key=_KEY, height="content",
        on_actions_change=_apply,
    )  # fmt: skip


def _field(view: View, name: str) -> dict[str, Any]:
    counts = cached_analyses.facet(view, name)
    labels = (printable(value, _MAX_CHARACTERS) or "(none)" for value in counts["value"])
    values = list(zip(counts["value"], labels, counts["events"], strict=True))
    return {"name": name, "label": printable(name, _MAX_CHARACTERS), "values": values}


def _apply() -> None:
    """Filter by the values that were clicked."""
    for _, clicked in browser_component.new_actions(_KEY):
        state.add_condition(str(clicked["field"]), str(clicked["value"]), exclude=bool(clicked["exclude"]))
