"""Frames of log text as tables: text stays text, levels have their colour, counts a bar, sparklines a line."""

from __future__ import annotations

from typing import Any

import polars as pl
import streamlit as st

from loganalytics.charts import LEVEL_COLOURS
from loganalytics.dashboard.summaries import shown

_TIME = "YYYY-MM-DD HH:mm:ss.SSS"


def rows(
    table: pl.DataFrame, key: str, *, columns: dict[str, Any] | None = None, pick: bool = False,
    height: Any = "auto", order: list[str] | None = None,
) -> dict[str, Any] | None:  # fmt: skip
    """Show a table; with `pick` return the row that was clicked, as it is in the frame."""
    safe = shown(table)
    if "level" in safe.columns:
        safe = safe.with_columns(pl.concat_list(pl.col("level").fill_null("unknown")))
    told = {name: st.column_config.Column(name) for name in table.columns} | _known(table) | (columns or {})
    event = st.dataframe(
        safe, hide_index=True, key=key, column_config=told, height=height, column_order=order,
        on_select="rerun" if pick else "ignore", selection_mode="single-cell", placeholder="",
    )  # fmt: skip
    if not pick:
        return None
    picked = event.selection.cells  # type: ignore[union-attr]
    return table.row(picked[0][0], named=True) if picked and picked[0][0] < table.height else None


def _known(table: pl.DataFrame) -> dict[str, Any]:
    """Return how columns that every page has are shown."""
    column = st.column_config
    named: dict[str, Any] = {
        "level": column.MultiselectColumn(
            "level", width=96, options=list(LEVEL_COLOURS), color=list(LEVEL_COLOURS.values())
        ),
        "message": column.TextColumn("message", width="large"),
        "is_new": column.CheckboxColumn(
            "new", width=48, help="None in the first part of the log, too late for chance."
        ),
        "trend": column.AreaChartColumn("over time", width=130, y_min=0),
        "events": column.NumberColumn("events", format="localized"),
        "errors": column.NumberColumn("errors", format="localized"),
        "services": column.ListColumn("services"),
    }
    times = {
        name: column.DatetimeColumn(name.replace("_", " "), format=_TIME if name == "timestamp" else _TIME[:-4],
                                    timezone="UTC", width=175)
        for name, kind in table.schema.items() if isinstance(kind, pl.Datetime)
    }  # fmt: skip
    return {name: shape for name, shape in (named | times).items() if name in table.columns}
