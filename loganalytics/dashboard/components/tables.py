"""Frames of log text as tables: text stays text, levels have their colour, counts a bar, sparklines a line."""

from __future__ import annotations

from typing import Any

import polars as pl
import streamlit as st

from loganalytics.charts.levels import DARK_LEVEL_COLOURS
from loganalytics.dashboard import zone
from loganalytics.dashboard.components import downloads
from loganalytics.dashboard.summaries import safe_table
from loganalytics.sanitize import printable

_TIME_FORMAT = "YYYY-MM-DD HH:mm:ss"


def draw(
    table: pl.DataFrame, key: str, *, columns: dict[str, Any] | None = None, clickable: bool = False,
    height: Any = "auto", order: list[str] | None = None, file_name: str | None = None,
    whole: pl.DataFrame | None = None,
) -> dict[str, Any] | None:  # fmt: skip
    """Draw a table; with `clickable` return the row that was clicked, as it is in the frame.

    `columns` configures columns beyond what column_defaults() knows. With `file_name` a button offers the table as CSV;
    `whole` is what it then holds, where the table shows a part of it.
    """
    safe = safe_table(table)
    if "level" in safe.columns:
        safe = safe.with_columns(pl.concat_list(pl.col("level").fill_null("unknown")))
    labels = {name: st.column_config.Column(printable(name)) for name in table.columns}
    event = st.dataframe(
        safe, hide_index=True, key=key, column_config=labels | column_defaults(table) | (columns or {}), height=height,
        column_order=order, on_select="rerun" if clickable else "ignore", selection_mode="single-cell", placeholder="",
    )  # fmt: skip
    if file_name:
        with st.container(horizontal=True, horizontal_alignment="right"):
            downloads.table_button(table if whole is None else whole, file_name, key)
    if not clickable:
        return None
    cells = event.selection.cells  # type: ignore[union-attr]
    return table.row(cells[0][0], named=True) if cells and cells[0][0] < table.height else None


def column_defaults(table: pl.DataFrame) -> dict[str, Any]:
    """Return the configuration of the columns that tables of all pages have."""
    column = st.column_config
    by_name: dict[str, Any] = {
        "level": column.MultiselectColumn(
            "level", width=96, options=list(DARK_LEVEL_COLOURS), color=list(DARK_LEVEL_COLOURS.values())
        ),
        "message": column.TextColumn("message", width="large"),
        "is_new": column.CheckboxColumn(
            "new", width=48, help="First seen after the start of the log; unlikely by chance."
        ),
        "trend": column.AreaChartColumn("over time", width=130, y_min=0),
        "events": column.NumberColumn("events", format="localized"),
        "errors": column.NumberColumn(
            "errors",
            format="localized",
            help="Events of level ERROR and above, failed requests (HTTP 5xx) among them; "
            "and events without a level that report a failure.",
        ),
        "services": column.ListColumn("services"),
    }
    times = {
        name: column.DatetimeColumn(
            printable(name.replace("_", " ")), format=_TIME_FORMAT + (".SSS" if name == "timestamp" else ""),
            timezone=zone.current(), width=175,
        )
        for name, kind in table.schema.items() if isinstance(kind, pl.Datetime)
    }  # fmt: skip
    return {name: config for name, config in (by_name | times).items() if name in table.columns}
