"""Events over time."""

from __future__ import annotations

import polars as pl

from loganalytics import schema
from loganalytics.charts import data
from loganalytics.charts.lazy_altair import alt
from loganalytics.charts.theme import ALARM_COLOUR, LEVEL_COLOURS, PALETTE, finish, legend, time_axis, tips

_KINDS = {"errors": ALARM_COLOUR, "other events": LEVEL_COLOURS["INFO"], "events": LEVEL_COLOURS["INFO"]}
_OTHER = "#a9b4c2"


def chart_trend(trend: schema.Frame, *, title: str | None = None) -> alt.Chart:
    """Draw events over time as stacked bars, one colour a level or a value of the third column.

    Needs window and events, as `trend` returns them, and errors where there is no third column. More than 120
    windows are put together; more than 7 values (that are not levels) become the greatest 7 and "other".

    Example: chart_trend(trend(logs, every="5m", by="level"))
    """
    frame = data.collect(trend, "window", "events")
    by = data.by_column(frame)
    frame = frame if by else data.with_kind(frame)
    frame = data.top(frame, by or "kind", pl.col("events").sum(), _colour_count(frame, by), with_other=True)
    colours = _colours(frame)
    ranks = pl.col("group").replace_strict(list(colours), list(range(len(colours))), return_dtype=pl.Int64)
    table = data.coarse(frame, pl.col("events").sum()).filter(pl.col("events") > 0)
    chart: alt.Chart = alt.Chart(table.with_columns(ranks.alias("rank"))).mark_bar(binSpacing=0.6)
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    form = "~s" if table["events"].sum() > 1e6 else ",d"
    chart = chart.encode(
        x=time_axis(*data.extent(frame["window"])),
        x2="end:T",
        y=alt.Y("events:Q", title="events", stack="zero", axis=alt.Axis(tickCount=4, format=form)),
        color=alt.Color("group:N", title=None, scale=scale, legend=legend(list(colours))),
        order=alt.Order("rank:Q"),
        tooltip=tips(when="window", group=by or "what", events="events"),
    )
    return finish(chart, title, 220)


def _colour_count(frame: pl.DataFrame, by: str | None) -> int:
    """Return how many values get a colour of their own: all levels, or else as many as the palette holds."""
    if by is None:
        return len(_KINDS)
    levels = frame[by].cast(pl.String).drop_nulls().unique().is_in(list(LEVEL_COLOURS)).all()
    return len(LEVEL_COLOURS) if levels else len(PALETTE)


def _colours(frame: pl.DataFrame) -> dict[str, str]:
    """Return the colour of each group in the order of the stack: worst level first, most events first."""
    totals = frame.group_by("group").agg(pl.col("events").sum()).sort("events", "group", descending=[True, False])
    names = totals["group"].to_list()
    for palette in (_KINDS, LEVEL_COLOURS):
        if set(names) <= set(palette):
            return {name: colour for name, colour in palette.items() if name in names}
    names_but_other = [name for name in names if name != "other"]
    return dict(zip(names_but_other, PALETTE, strict=False)) | ({"other": _OTHER} if "other" in names else {})
