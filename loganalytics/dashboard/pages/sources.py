"""Sources: what was read, what could not be read, which services log and which are silent."""

from __future__ import annotations

from typing import Any

import polars as pl
import streamlit as st

import loganalytics as la
from loganalytics.dashboard import cached_analyses, cached_events, state, zone
from loganalytics.dashboard.components import charts, number_cards, tables
from loganalytics.exceptions import LogAnalyticsError
from loganalytics.humanize import percent, span


def page() -> None:
    """Draw the load report of the whole source, and the coverage of its services in the view."""
    view = state.view()
    try:
        report, source_events = cached_events.load_report(view), cached_events.source_events(view)
    except (LogAnalyticsError, OSError, pl.exceptions.PolarsError) as error:
        st.error("These logs cannot be read.", icon=":material/error:")
        st.text(str(error))
        return
    _totals(report, source_events.height)
    _load_report(report)
    _services()


def _totals(report: pl.DataFrame, events: int) -> None:
    cards = number_cards.row(5)
    read = report.filter(pl.col("events") > 0).height
    size, unparsed, without_time = (int(report[name].sum() or 0) for name in ("bytes", "unparsed", "no_timestamp"))
    skipped = f"{report.height - read:,} skipped or empty"
    share = f"{percent(unparsed / events if events else 0)} kept as text"
    number_cards.draw(cards[0], "Sources read", f"{read:,}", skipped)
    number_cards.draw(cards[1], "Bytes", _readable_size(size))
    number_cards.draw(cards[2], "Events", f"{events:,}")
    number_cards.draw(cards[3], "Not parsed", f"{unparsed:,}", share)
    number_cards.draw(cards[4], "Without a timestamp", f"{without_time:,}")


def _load_report(report: pl.DataFrame) -> None:
    st.subheader("Load report")
    parsed = pl.when(pl.col("events") > 0).then(1 - pl.col("unparsed") / pl.col("events")).alias("parsed")
    status = pl.col("status").str.replace_all("_", " ")
    table = report.with_columns(parsed, status).sort((pl.col("events") > 0), "source", descending=[True, False])
    columns = {
        "source": st.column_config.TextColumn("source", width="medium"),
        "format": st.column_config.TextColumn("format", width=120),
        "bytes": st.column_config.NumberColumn("bytes", format="bytes", width="small"),
        "lines": st.column_config.NumberColumn("lines", format="localized", width="small"),
        **{name: _short_time(name) for name in ("first_seen", "last_seen")},
        "parsed": st.column_config.ProgressColumn("parsed", format="percent", min_value=0, max_value=1, width=90),
    }
    notes = ["note"] if report["note"].drop_nulls().len() else []
    names = ["source", "format", "status", *notes, "events", "parsed", "bytes", "first_seen", "last_seen"]
    height = "content" if table.height < 15 else 500
    tables.draw(table.select(names), "files", columns=columns, height=height, file_name="load_report", whole=report)


def _services() -> None:
    st.subheader("Services")
    with st.spinner("Looking for gaps …"):
        coverage = cached_analyses.coverage(state.view())
    if coverage.is_empty():
        st.info("No event of this view names a service.", icon=":material/inbox:")
        return
    charts.show(la.chart_coverage(zone.localize(coverage)))
    lengths = [
        pl.col(name).map_elements(span, return_dtype=pl.String)
        for name in ("expected_gap", "longest_gap", "silent_for")
    ]
    status = pl.when("is_silent").then(pl.lit("silent")).otherwise(pl.lit("logging")).alias("status")
    table = coverage.with_columns(*lengths, status).drop("gaps", "is_silent")
    columns = {
        "expected_gap": st.column_config.TextColumn("expected gap"),
        "longest_gap": st.column_config.TextColumn("longest gap"),
        "silent_for": st.column_config.TextColumn("silent for"),
        **{name: _short_time(name) for name in ("first_seen", "last_seen", "longest_gap_start")},
    }
    height = "content" if table.height < 15 else 500
    tables.draw(table, "services", columns=columns, height=height, file_name="coverage", whole=coverage)


def _short_time(name: str) -> Any:
    return st.column_config.DatetimeColumn(
        name.replace("_", " "), format="MMM D HH:mm", timezone=zone.current(), width=105
    )  # fmt: skip


def _readable_size(count: int) -> str:
    size, units = float(count), ["B", "KB", "MB", "GB", "TB"]
    while size >= 1000 and len(units) > 1:
        size, units = size / 1000, units[1:]
    return f"{size:.3g} {units[0]}"
