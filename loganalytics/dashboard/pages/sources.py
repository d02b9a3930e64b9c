"""Sources: what was read, what could not be, which services log and which are silent."""

from __future__ import annotations

import polars as pl
import streamlit as st

import loganalytics as la
from loganalytics.dashboard import cached_analyses, cached_events, state
from loganalytics.dashboard.components import charts, tables
from loganalytics.exceptions import LogAnalyticsError
from loganalytics.humanize import percent, span


def page() -> None:
    """Draw the load report of the whole source, and the coverage of its services in the view."""
    view = state.view()
    try:
        report, whole = cached_events.load_report(view), cached_events.whole(view)
    except (LogAnalyticsError, OSError, pl.exceptions.PolarsError) as error:
        st.error("These logs cannot be read.", icon=":material/error:")
        st.text(str(error))
        return
    _totals(report, whole)
    _files(report)
    _services()


def _totals(report: pl.DataFrame, whole: pl.DataFrame) -> None:
    cards = st.columns(5)
    read = report.filter(pl.col("events") > 0)
    unparsed, undated = int(report["unparsed"].sum() or 0), int(report["no_timestamp"].sum() or 0)
    cards[0].metric("Sources read", f"{read.height:,}", f"{report.height - read.height:,} skipped or empty",
                    delta_color="off", delta_arrow="off", border=True, height="stretch")  # fmt: skip
    cards[1].metric("Bytes", _size(int(report["bytes"].sum() or 0)), border=True, height="stretch")
    cards[2].metric("Events", f"{whole.height:,}", border=True, height="stretch")
    share = percent(unparsed / whole.height if whole.height else 0)
    cards[3].metric("Not understood", f"{unparsed:,}", f"{share} kept as text", delta_color="off", delta_arrow="off",
                    border=True, height="stretch")  # fmt: skip
    cards[4].metric("Without a time", f"{undated:,}", border=True, height="stretch")


def _files(report: pl.DataFrame) -> None:
    st.subheader("What was read")
    parsed = pl.when(pl.col("events") > 0).then(1 - pl.col("unparsed") / pl.col("events")).alias("understood")
    table = report.with_columns(parsed).sort((pl.col("events") > 0), "source", descending=[True, False])
    told = {
        "source": st.column_config.TextColumn("source", width="medium"),
        "format": st.column_config.TextColumn("format", width="medium"),
        "bytes": st.column_config.NumberColumn("bytes", format="bytes", width="small"),
        "lines": st.column_config.NumberColumn("lines", format="localized", width="small"),
        **{
            name: st.column_config.DatetimeColumn(
                name.replace("_", " "), format="MMM D HH:mm", timezone="UTC", width=110
            )
            for name in ("first_seen", "last_seen")
        },
        "understood": st.column_config.ProgressColumn(
            "understood", format="percent", min_value=0, max_value=1, width=110
        ),
    }
    columns = ["source", "format", "lines", "events", "understood", "bytes", "first_seen", "last_seen", "note"]
    tables.rows(table.select(columns), "files", columns=told, height="content" if table.height < 15 else 500)


def _services() -> None:
    view = state.view()
    st.subheader("Which services log")
    with st.spinner("Looking for silence …"):
        heard = cached_analyses.coverage(view)
    if heard.is_empty():
        st.info("No event of this view names a service.", icon=":material/inbox:")
        return
    charts.show(la.chart_coverage(heard))
    lengths = [
        pl.col(name).map_elements(span, return_dtype=pl.String)
        for name in ("expected_gap", "longest_gap", "silent_for")
    ]
    state_of = pl.when("is_silent").then(pl.lit("silent")).otherwise(pl.lit("heard")).alias("state")
    table = heard.with_columns(*lengths, state_of).drop("gaps", "is_silent")
    told = {
        "expected_gap": st.column_config.TextColumn("longest usual gap"),
        "longest_gap": st.column_config.TextColumn("longest gap"),
        "silent_for": st.column_config.TextColumn("silent for"),
    }
    tables.rows(table, "services", columns=told, height="content" if table.height < 15 else 500)


def _size(bytes_: int) -> str:
    size, units = float(bytes_), ["B", "KB", "MB", "GB", "TB"]
    while size >= 1000 and len(units) > 1:
        size, units = size / 1000, units[1:]
    return f"{size:.3g} {units[0]}"
