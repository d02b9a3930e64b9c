"""Sessions over time."""

from __future__ import annotations

from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.charts import data, descriptions
from loganalytics.charts.lazy_altair import alt
from loganalytics.charts.theme import ACCENT_COLOUR, ALARM_COLOUR, finish, names_axis, time_axis, tips
from loganalytics.humanize import span, time_range
from loganalytics.sanitize import printable

WHO, SESSIONS = 20, 600


def chart_sessions(sessions: schema.Frame, *, title: str | None = None) -> alt.Chart:
    """Draw the sessions of the 20 values with most events, one row a value; those with errors in red.

    Needs first_seen, last_seen, events and errors, as `sessions` returns them; the first column names whose they are.
    At most 600 sessions, the longest.
    """
    frame = data.collect(sessions, "first_seen", "last_seen", "events", "errors")
    by, tz = frame.columns[0], data.zone(frame)
    frame = data.top(frame, by, pl.col("events").sum(), WHO)
    frame = frame.with_columns(length=pl.col("last_seen") - pl.col("first_seen"))
    frame = frame.sort("length", "first_seen", "group", descending=[True, False, False]).head(SESSIONS)
    first, last = frame.select(pl.col("first_seen").min(), pl.col("last_seen").max()).row(0)
    min_length = (last - first) / 250 if first is not None and last > first else None
    rows = [
        {
            "group": row["group"], "start": row["first_seen"],
            "end": max(row["last_seen"], row["first_seen"] + min_length) if min_length else row["last_seen"],
            "failed": row["errors"] > 0, "events": row["events"],
            "when": time_range(row["first_seen"], row["last_seen"], tz=tz),
            "lasting": span(row["length"]), "text": printable(row.get("first_message"), data.TEXT),
        }
        for row in frame.to_dicts()
    ]  # fmt: skip
    texts = dict.fromkeys(("group", "when", "lasting", "text"), pl.String)
    times: dict[str, Any] = {"start": schema.TIMESTAMP, "end": schema.TIMESTAMP}
    table = pl.DataFrame(rows, schema={**times, "failed": pl.Boolean, "events": pl.Int64, **texts}).sort(
        "group", "start"
    )
    begin, end = table.select(pl.col("start").min(), pl.col("end").max()).row(0)
    chart: alt.Chart = alt.Chart(table).mark_bar(height={"band": 0.6}, cornerRadius=2)
    chart = chart.encode(
        x=time_axis(begin, end, tz),
        x2="end:T",
        y=names_axis(table["group"]),
        color=alt.when(alt.datum.failed).then(alt.value(ALARM_COLOUR)).otherwise(alt.value(ACCENT_COLOUR)),
        tooltip=tips(
            group=printable(by, data.NAME), when="from – to", lasting="lasting", events="events", text="began with"
        ),
    )
    return finish(chart, title, 26 * max(table["group"].n_unique(), 1), descriptions.of_sessions(table))
