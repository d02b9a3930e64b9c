"""One Altair chart for each analysis: chart_<name>(frame) draws what <name>(logs) returned.

A chart is a few hundred marks at most, whatever the log: windows are put together, long lists cut to the top.
Colours are mid-tones that read on white and on black; text and lines are grey on nothing. Times are UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import polars as pl

from loganalytics import chart_data, schema
from loganalytics.quick_altair import alt
from loganalytics.wording import count, percent

AnyChart = TypeVar("AnyChart", alt.Chart, alt.LayerChart)

ACCENT = "#4c7fd9"
ALARM = "#dc4b3e"
MUTED = "#98a3b3"
INK = "#7d8896"
WIDTH = 720

LEVEL_COLOURS = {
    "CRITICAL": "#a8326f",
    "ERROR": ALARM,
    "WARNING": "#e3a23b",
    "SECURITY": "#8565c4",
    "AUDIT": "#4fa08b",
    "BUSINESS": "#7aa653",
    "PERFORMANCE": "#3fa3bd",
    "INFO": "#7fa8dc",
    "DEBUG": "#a9b4c2",
    "TRACE": "#c6ced8",
    "unknown": "#8e8e8e",
}
"""The colour of each level, in every page and report; the order is that of the stack, worst first."""

_KINDS = {"errors": ALARM, "other events": LEVEL_COLOURS["INFO"], "events": LEVEL_COLOURS["INFO"]}
_PALETTE = [ACCENT, "#4fa08b", "#e3a23b", "#8565c4", "#3fa3bd", "#c7778f", "#7aa653"]
_OTHER = "#a9b4c2"

_WORDS = {"labelColor": INK, "titleColor": INK, "labelFontSize": 11, "titleFontSize": 11}
_LINES = {"domainColor": INK, "tickColor": INK, "gridColor": INK, "domainOpacity": 0.4, "tickOpacity": 0.4}
_LOOK: dict[str, Any] = {
    "axis": {**_WORDS, **_LINES, "titleFontWeight": "normal", "gridOpacity": 0.18},
    "legend": {**_WORDS, "orient": "top", "symbolType": "square", "symbolSize": 80},
    "title": {"color": INK, "fontSize": 14, "fontWeight": 600, "anchor": "start", "offset": 10},
    "view": {"stroke": None},
    "mark": {"aria": False},  # a screen reader would read out every bar, its times as numbers
}


def chart_trend(trend: schema.Frame, *, title: str | None = None) -> alt.Chart:
    """Draw events over time as stacked bars, one colour a level or a value of the third column.

    Needs window and events, as `trend` returns them, and errors where there is no third column. More than 120
    windows are put together; more than 7 values (that are not levels) become the greatest 7 and "other".

    Example: chart_trend(trend(logs, every="5m", by="level"))
    """
    frame = chart_data.collect(trend, "window", "events")
    by = chart_data.by_column(frame)
    frame = frame if by else chart_data.with_kind(frame)
    frame = chart_data.top(frame, by or "kind", pl.col("events").sum(), _kept(frame, by), rest=True)
    colours = _colours(frame)
    ranks = pl.col("group").replace_strict(list(colours), list(range(len(colours))), return_dtype=pl.Int64)
    table = chart_data.coarse(frame, pl.col("events").sum()).filter(pl.col("events") > 0)
    chart: alt.Chart = alt.Chart(table.with_columns(ranks.alias("rank"))).mark_bar(binSpacing=0.6)
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    form = "~s" if table["events"].sum() > 1e6 else ",d"
    chart = chart.encode(
        x=_time(*chart_data.extent(frame["window"])),
        x2="end:T",
        y=alt.Y("events:Q", title="events", stack="zero", axis=alt.Axis(tickCount=4, format=form)),
        color=alt.Color("group:N", title=None, scale=scale, legend=_legend(list(colours))),
        order=alt.Order("rank:Q"),
        tooltip=_tips(when="window", group=by or "what", events="events"),
    )
    return _finish(chart, title, 220)


def chart_anomalies(anomalies: schema.Frame, *, title: str | None = None) -> alt.Chart:
    """Draw the anomaly score over time; anomalous windows stand out and tell their reasons.

    Needs window, score and is_anomaly, as `detect_anomalies` returns them. With a further column (service)
    there is a row for each of the 8 values with the highest scores; without one, bars as high as the score.

    Example: chart_anomalies(detect_anomalies(logs, every="5m", by="service"))
    """
    frame = chart_data.collect(anomalies, "window", "score", "is_anomaly")
    by = chart_data.by_column(frame)
    frame = frame if by else frame.with_columns(pl.lit("all").alias("kind"))
    weight = pl.col("score").sum() + 100 * pl.col("is_anomaly").sum()
    frame = chart_data.top(frame, by or "kind", weight, 8)
    loud = pl.col("is_anomaly").any().fill_null(value=False).alias("anomalous")
    table = chart_data.coarse(frame, pl.col("score").max(), loud, chart_data.reasons(frame))
    table = table.filter((pl.col("score") >= 0.2) | pl.col("anomalous"))
    chart: alt.Chart = alt.Chart(table).encode(
        x=_time(*chart_data.extent(frame["window"])),
        x2="end:T",
        color=alt.when(alt.datum.anomalous).then(alt.value(ALARM)).otherwise(alt.value(MUTED)),
        tooltip=_tips(when="window", group=by, score="score", reasons="why"),
    )
    if by is None:
        y = alt.Y("score:Q", stack=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(tickCount=3))
        bars: alt.Chart = chart.mark_bar(binSpacing=0.6).encode(y=y)
        return _finish(bars, title, 150)
    shade = alt.Opacity("score:Q", scale=alt.Scale(domain=[0, 1], range=[0.15, 1]), legend=None)
    rows: alt.Chart = chart.mark_bar(binSpacing=0.6, height={"band": 0.72}).encode(
        y=_names(frame["group"]), opacity=shade
    )
    return _finish(rows, title, 28 * max(frame["group"].n_unique(), 1))


def chart_errors(clusters: schema.Frame, *, title: str | None = None) -> alt.LayerChart:
    """Draw the greatest 12 error clusters as bars.

    Needs label and events, as `cluster_errors` returns them; the tooltip tells services, first and last seen.
    """
    frame = chart_data.collect(clusters, "label", "events")
    return _bars(chart_data.ranked(frame, "label", 12, lambda row: count(row["events"])), ALARM, title)


def chart_patterns(patterns: schema.Frame, *, title: str | None = None) -> alt.LayerChart:
    """Draw the greatest 15 message templates as bars, with their share of all events.

    Needs template and events, as `patterns` returns them; the tooltip tells services, first and last seen.
    """
    frame = chart_data.collect(patterns, "template", "events")

    def show(row: dict[str, Any]) -> str:
        share = row.get("share")
        return count(row["events"]) + (f" · {percent(share)}" if share is not None else "")

    return _bars(chart_data.ranked(frame, "template", 15, show), ACCENT, title)


def chart_coverage(coverage: schema.Frame, *, title: str | None = None) -> alt.LayerChart:
    """Draw when each service was heard: a bar from first to last seen, gaps and silence at the end in red.

    Needs service, first_seen and last_seen, as `coverage` returns them, and draws gaps and silent_for where
    they are there. At most 20 services, the silent ones and those with most events first, and 200 gaps.
    """
    frame = chart_data.collect(coverage, "service", "first_seen", "last_seen")
    order = [name for name in ("is_silent", "events") if name in frame.columns]
    frame = frame.filter(pl.col("first_seen").is_not_null())
    frame = frame.sort(*order, "service", descending=[True] * len(order) + [False]).head(20)
    table = chart_data.spans(frame)
    base = alt.Chart(table).encode(
        x=_time(*table.select(pl.col("start").min(), pl.col("end").max()).row(0)),
        x2="end:T",
        y=_names(table["group"]),
        tooltip=_tips(group="service", kind="what", when="from – to", lasting="lasting"),
    )
    heard = base.mark_bar(height={"band": 0.5}, color=ACCENT, cornerRadius=2)
    holes = base.mark_bar(height={"band": 0.72}, color=ALARM)
    layers = [heard.transform_filter("datum.kind == 'heard'")]
    if (table["kind"] != "heard").any():
        layers.append(holes.transform_filter("datum.kind != 'heard'"))
    return _finish(alt.LayerChart(layer=layers), title, 28 * max(frame.height, 1))


def chart_latency(latency: schema.Frame, *, title: str | None = None) -> alt.LayerChart:
    """Draw p50 to p99 of each of the 12 slowest groups, p95 between, in milliseconds on a logarithmic scale.

    Needs p50, p95 and p99, as `latency` returns them; the first column besides names the groups.
    """
    frame = chart_data.collect(latency, "p50", "p95", "p99")
    table = chart_data.quantiles(frame, 12)
    base = alt.Chart(table).encode(
        y=_names(table["group"]),
        tooltip=_tips(group=frame.columns[0], events="events", p50_text="p50", p95_text="p95", p99_text="p99"),
    )
    axis = alt.Axis(tickCount=5, format="~s", grid=False, title="milliseconds: p50 to p99, tick at p95")
    low, high = table.select(pl.col("p50").min(), pl.col("p99").max()).row(0)
    domain = [low / 1.1, high * 1.1] if table.height else alt.Undefined
    scale = alt.Scale(type="log", nice=False, domain=domain)
    x = alt.X("p50:Q", scale=scale, axis=axis)
    layers = (
        base.mark_bar(height=8, cornerRadius=4, color=ACCENT, opacity=0.35).encode(x=x, x2="p99:Q"),
        base.mark_point(filled=True, size=70, opacity=1, color=ACCENT).encode(x="p50:Q"),
        base.mark_tick(thickness=3, size=16, color=ACCENT).encode(x="p95:Q"),
        base.mark_point(filled=True, size=70, opacity=1, color=ALARM).encode(x="p99:Q"),
    )
    return _finish(alt.LayerChart(layer=list(layers)), title, 30 * max(table.height, 1))


def _bars(table: pl.DataFrame, colour: str, title: str | None) -> alt.LayerChart:
    """Draw one bar a row with its text above it, which leaves the text the whole width."""
    base = alt.Chart(table).encode(
        y=alt.Y("rank:O", axis=None, scale=alt.Scale(paddingInner=0)),
        tooltip=_tips(text="text", shown="events", services="services", first="first seen", last="last seen"),
    )
    x = alt.X("events:Q", axis=None, scale=alt.Scale(zero=True, nice=False))
    limit = alt.ExprRef("width - 110")
    track = base.mark_bar(height=7, yOffset=9, cornerRadius=3, color=INK, opacity=0.15).encode(
        x=alt.value(0), x2=alt.value("width")
    )
    bar = base.mark_bar(height=7, yOffset=9, cornerRadius=3, color=colour).encode(x=x)
    label = base.mark_text(align="left", dy=-6, limit=limit, fontSize=12, color=INK).encode(
        x=alt.value(0), text="name:N"
    )
    number = base.mark_text(align="right", dy=-6, fontSize=12, color=INK).encode(x=alt.value("width"), text="shown:N")
    return _finish(alt.LayerChart(layer=[track, bar, label, number]), title, 36 * max(table.height, 1))


def _kept(frame: pl.DataFrame, by: str | None) -> int:
    """Return how many values get a colour of their own: all levels, or else as many as the palette holds."""
    if by is None:
        return len(_KINDS)
    levels = frame[by].cast(pl.String).drop_nulls().unique().is_in(list(LEVEL_COLOURS)).all()
    return len(LEVEL_COLOURS) if levels else len(_PALETTE)


def _colours(frame: pl.DataFrame) -> dict[str, str]:
    """Return the colour of each group in the order of the stack: worst level first, most events first."""
    totals = frame.group_by("group").agg(pl.col("events").sum()).sort("events", "group", descending=[True, False])
    names = totals["group"].to_list()
    for known in (_KINDS, LEVEL_COLOURS):
        if set(names) <= set(known):
            return {name: colour for name, colour in known.items() if name in names}
    rest = [name for name in names if name != "other"]
    return dict(zip(rest, _PALETTE, strict=False)) | ({"other": _OTHER} if "other" in names else {})


def _time(first: datetime | None, last: datetime | None) -> alt.X:
    """Return the time axis: UTC, 24 hours, and under it the day or days."""
    if first is None or last is None:
        return alt.X("start:T", title=None, bin="binned")
    days = [f"{day.astimezone(UTC):%Y-%m-%d}" for day in (first, last - timedelta(microseconds=1))]
    hours = (last - first).total_seconds() / 3600
    form = (
        "%H:%M:%S"
        if hours < 0.1
        else "%H:%M"
        if hours < 30
        else "%d %b %H:%M"
        if hours < 120
        else "%d %b"
        if hours < 7200
        else "%b %Y"
    )
    label = f"utcFormat(datum.value, '{form}')"  # a binned axis would take `format` for one of numbers
    # As an expression: Vega-Lite would write datetime(...), which Vega's own interpreter (in a report) misreads.
    ends = ", ".join(f"{moment.timestamp() * 1000:.0f}" for moment in (first, last))
    scale = alt.Scale(type="utc", nice=False, domain=alt.ExprRef(f"[{ends}]"))
    count = alt.ExprRef("max(2, width / 95)")
    axis = alt.Axis(labelExpr=label, grid=False, labelOverlap="greedy", labelSeparation=10, tickCount=count)
    return alt.X("start:T", title=" – ".join(dict.fromkeys(days)) + " UTC", bin="binned", scale=scale, axis=axis)


def _legend(names: list[str]) -> alt.Legend:
    """Return a legend above the chart in as many columns as the names leave room for."""
    longest = 7 * max(map(len, names), default=1) + 32
    return alt.Legend(columns=max(1, WIDTH // longest))


def _names(groups: pl.Series) -> alt.Y:
    """Return the axis of names, in the order of the frame; they are short already, so none is clipped."""
    axis = alt.Axis(labelLimit=0, ticks=False, domain=False, grid=False, labelPadding=8)
    return alt.Y("group:N", title=None, sort=groups.unique(maintain_order=True).to_list(), axis=axis)


def _tips(**titles: str | None) -> list[alt.Tooltip]:
    """Return tooltips of columns as text, with their titles; a column without a title is left out."""
    kinds = {"score": "Q", "events": "Q"}
    forms = {"score": ".2f", "events": ","}
    return [
        alt.Tooltip(f"{name}:{kinds.get(name, 'N')}", title=title, format=forms.get(name, alt.Undefined))
        for name, title in titles.items()
        if title is not None
    ]


def _finish(chart: AnyChart, title: str | None, height: float) -> AnyChart:
    """Return the chart with its size, title and look."""
    chart.width, chart.height, chart.background = WIDTH, height, "transparent"
    chart.title = title or alt.Undefined
    chart.config = alt.Config.from_dict(_LOOK)
    return chart
