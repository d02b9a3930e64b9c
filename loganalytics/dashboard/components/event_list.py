"""The events of a page as rows of which only the visible are in the browser, and the open event in a drawer over them.

Log text goes to the browser as JSON and into the page as text nodes only (event_list.js, event_panel.js).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl
import streamlit as st

from loganalytics.charts import LEVEL_COLOURS
from loganalytics.dashboard import zone
from loganalytics.dashboard.components import browser_component, virtual_rows
from loganalytics.sanitize import printable, printable_column
from loganalytics.view import View

_KEY = "events"
_MESSAGE_CHARACTERS, _FIELD_CHARACTERS = 400, 120
_MOST_WIDE = 28
"""How many characters wide a column is at most; the message takes what is left."""
_SHOWN_FIRST = 200  # rows whose texts say how wide a column is


def draw(
    events: pl.DataFrame, columns: list[str], view: View, event: Mapping[str, Any] | None, *, token: str,
    selected: int | None, on_open: Callable[[int | None], None],
) -> dict[str, Any]:  # fmt: skip
    """Draw the events, of which one may be open; return what the reader asks for, by name.

    `token` says which page of which view it is; a click on a row of another one, made before this was there, is passed
    over. `on_open` takes the number of the row that was clicked, None to close the event.
    """

    def handle_open() -> None:
        request = st.session_state[_KEY].open
        if request is None or request["page"] == token:
            on_open(None if request is None else int(request["index"]))

    cells = cell_texts(events, columns)
    sent = {
        "page": token,
        "columns": [_column(name, cells[name]) for name in columns],
        "cells": [cells[name].to_list() for name in columns],
        "levels": cells["level"].to_list() if "level" in cells.columns else _levels(events),
        "found": _found(cells, view),
        "colours": LEVEL_COLOURS,
        "event": event,
        "selected": selected,
    }
    component = browser_component.load("event_list", "virtual_rows", "event_panel")
    answers = component(
        data=browser_component.as_json(sent), key=_KEY, on_open_change=handle_open,
        on_filter_change=_nothing, on_act_change=_nothing, on_line_change=_nothing, on_turn_change=_nothing,
    )  # fmt: skip
    return {name: answers[name] for name in ("filter", "act", "line", "turn") if answers.get(name) is not None}


def cell_texts(events: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Return the cells as text that is safe to show, in one line, and cut."""
    local = zone.localize(events.select(columns))
    return local.select(_text(name, kind).alias(name) for name, kind in local.schema.items())


def _text(name: str, kind: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(kind, pl.Datetime):
        return column.dt.strftime("%Y-%m-%d %H:%M:%S%.3f").fill_null("")
    if kind.is_nested():
        column = column.map_elements(str, return_dtype=pl.String)
    limit = _MESSAGE_CHARACTERS if name == "message" else _FIELD_CHARACTERS
    return printable_column(column.cast(pl.String).fill_null(""), limit)


def _levels(events: pl.DataFrame) -> list[str]:
    return events["level"].cast(pl.String).fill_null("").to_list()


def _column(name: str, cells: pl.Series) -> dict[str, Any]:
    """Return a column's label, and its width in characters; the message has none."""
    label = printable(name, 60)
    if name == "message":
        return {"name": name, "label": label, "width": None}
    longest = int(cells.head(_SHOWN_FIRST).str.len_chars().max() or 0)  # type: ignore[arg-type]
    if name == "level":
        longest += 3  # the square of its colour
    return {"name": name, "label": label, "width": min(_MOST_WIDE, max(longest, len(label)) + 1)}


def _found(cells: pl.DataFrame, view: View) -> list[list[str]] | None:
    matches = virtual_rows.matches(pl.col("message"), view) if "message" in cells.columns else None
    return None if matches is None else cells.select(matches.alias("found"))["found"].to_list()


def _nothing() -> None:
    """Let the page's run take the answer."""
