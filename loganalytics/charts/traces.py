"""One request as a waterfall, and all requests by when and how long."""

from __future__ import annotations

from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.charts import data, descriptions
from loganalytics.charts.lazy_altair import alt
from loganalytics.charts.theme import ALARM_COLOUR, INK_COLOUR, PALETTE, finish, legend, time_axis, tips
from loganalytics.humanize import moment
from loganalytics.sanitize import printable

EVENTS, REQUESTS = 60, 1_500


def chart_trace(trace: schema.Frame, *, title: str | None = None) -> alt.LayerChart:
    """Draw one request as a waterfall: a bar from begin to end of what each event reports, errors in red.

    Needs start_ms, offset_ms, service, message and severity_number, as `trace` returns them. Of more than 60 events the
    errors and the longest are drawn, in order.
    """
    frame = data.collect(trace, "start_ms", "offset_ms", "service", "message", "severity_number")
    table = _bars(frame)
    names = table["group"].unique(maintain_order=True).to_list()
    base = alt.Chart(table).encode(
        y=alt.Y("rank:O", axis=None, scale=alt.Scale(paddingInner=0)),
        tooltip=tips(group="service", text="message", begin="began", lasting="took", pause="after the event before"),
    )
    axis = alt.Axis(tickCount=6, title="milliseconds since the begin", format=",.6~g", gridOpacity=0.15)
    x = alt.X("from:Q", axis=axis, scale=alt.Scale(nice=False, zero=True))
    scale = alt.Scale(domain=names, range=[PALETTE[i % len(PALETTE)] for i in range(len(names))])
    colour = alt.Color("group:N", title=None, scale=scale, legend=legend(names))
    bar = base.mark_bar(height=8, yOffset=7, cornerRadius=2, strokeWidth=1.5).encode(
        x=x,
        x2="to:Q",
        color=colour,
        stroke=alt.when(alt.datum.failed).then(alt.value(ALARM_COLOUR)).otherwise(alt.value(None)),
    )
    label = base.mark_text(align="left", dy=-6, limit=alt.ExprRef("width - 90"), fontSize=11).encode(
        x=alt.value(0),
        text="name:N",
        color=alt.when(alt.datum.failed).then(alt.value(ALARM_COLOUR)).otherwise(alt.value(INK_COLOUR)),
    )
    number = base.mark_text(align="right", dy=-6, fontSize=11, color=INK_COLOUR).encode(
        x=alt.value("width"), text="lasting:N"
    )
    return finish(
        alt.LayerChart(layer=[bar, label, number]), title, 30 * max(table.height, 1), descriptions.of_waterfall(table)
    )


def _bars(frame: pl.DataFrame) -> pl.DataFrame:
    failed = (pl.col("severity_number") >= schema.ERROR).fill_null(value=False)
    frame = frame.filter(pl.col("offset_ms").is_not_null()).with_row_index("at").with_columns(failed=failed)
    took = pl.col("offset_ms") - pl.col("start_ms")
    top = frame.sort("failed", took, "at", descending=[True, True, False]).head(EVENTS).sort("start_ms", "at")
    total_ms = float(top["offset_ms"].max() or 0.0) if top.height else 0.0  # type: ignore[arg-type]
    min_ms = max(total_ms / 250, 1e-3)  # so that the eye can find an event that takes no time
    rows = [
        {
            "rank": rank, "from": max(row["start_ms"], 0.0), "to": max(row["offset_ms"], row["start_ms"] + min_ms),
            "failed": row["failed"], "group": printable(row["service"], data.NAME) or "unknown",
            "name": f"{printable(row['service'], data.NAME) or 'unknown'} · {printable(row['message'], data.LABEL)}",
            "text": printable(row["message"], data.TEXT), "begin": f"{row['start_ms']:,.1f} ms",
            "lasting": _ms(row["offset_ms"] - row["start_ms"]), "pause": _ms(row.get("gap_ms")),
        }
        for rank, row in enumerate(top.to_dicts())
    ]  # fmt: skip
    texts = dict.fromkeys(("group", "name", "text", "begin", "lasting", "pause"), pl.String)
    numbers: dict[str, Any] = {"rank": pl.Int64, "from": pl.Float64, "to": pl.Float64, "failed": pl.Boolean}
    return pl.DataFrame(rows, schema={**numbers, **texts})


def _ms(value: float | None) -> str:
    if not value:
        return ""
    return f"{value / 1000:,.2f} s" if value >= 1000 else f"{value:,.1f} ms"


def chart_traces(traces: schema.Frame, *, title: str | None = None) -> alt.Chart:
    """Draw requests as points: when each began and how long it took, on a logarithmic scale; failed ones in red.

    Needs first_seen, duration_ms, events and errors, as `traces` returns them. Of more than 1,500 the failed and the
    longest are drawn.
    """
    frame = data.collect(traces, "first_seen", "duration_ms", "events", "errors")
    by, tz = frame.columns[0], data.zone(frame)
    frame = frame.drop_nulls(["first_seen", "duration_ms"])
    frame = frame.sort(pl.col("errors") > 0, "duration_ms", by, descending=[True, True, False]).head(REQUESTS)
    rows = [
        {
            "start": row["first_seen"], "level": max(row["duration_ms"], 0.1),
            "group": "failed" if row["errors"] else "fine", "name": printable(row[by], data.NAME),
            "when": moment(row["first_seen"], tz=tz), "lasting": _ms(row["duration_ms"]) or "0 ms",
            "size": f"{row['events']:,}", "text": printable(row.get("first_error"), data.TEXT),
            "services": printable(" → ".join(map(str, row.get("services") or [])), data.TEXT),
        }
        for row in frame.to_dicts()
    ]  # fmt: skip
    texts = dict.fromkeys(("group", "name", "when", "lasting", "size", "services", "text"), pl.String)
    table = pl.DataFrame(rows, schema={"start": schema.TIMESTAMP, "level": pl.Float64, **texts})
    first, last = table.select(pl.col("start").min(), pl.col("start").max().alias("end")).row(0)
    x = time_axis(first, last, tz)
    x["bin"] = alt.Undefined  # points, not bars
    axis = alt.Axis(tickCount=5, format="~s", title="milliseconds")
    chart: alt.Chart = alt.Chart(table.sort("group", descending=True)).mark_circle(size=34, opacity=0.65)
    chart = chart.encode(
        x=x,
        y=alt.Y("level:Q", axis=axis, scale=alt.Scale(type="log", nice=False)),
        color=alt.Color(
            "group:N",
            title=None,
            scale=alt.Scale(domain=["failed", "fine"], range=[ALARM_COLOUR, PALETTE[0]]),
            legend=legend(["failed", "fine"]),
        ),
        tooltip=tips(
            name=printable(by, data.NAME),
            when="began",
            lasting="took",
            size="events",
            services="services",
            text="first error",
        ),
    )
    return finish(chart, title, 240, descriptions.of_requests(table, tz))
