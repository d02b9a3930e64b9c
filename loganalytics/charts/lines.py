"""Measures over time as lines: rates, shares, durations."""

from __future__ import annotations

import polars as pl

from loganalytics import schema
from loganalytics.charts import data, descriptions
from loganalytics.charts.lazy_altair import alt
from loganalytics.charts.theme import finish, time_axis, tips

POINTS = 240  # windows beyond this are put together, each as its highest


def chart_lines(
    frame: schema.Frame, colours: dict[str, str], *, form: str, unit: str = "", title: str | None = None
) -> alt.Chart:
    """Draw columns of a frame by window as lines of these colours; where a window has no value, the line breaks.
    There is no legend: the title names them.

    Needs window and the columns named. `form` is how a value is written, as Vega has it, and `unit` comes after it.
    """
    wide = data.collect(frame, "window", *colours).sort("window")
    zone = data.zone(wide)
    step = max(1, -(-wide.height // POINTS))
    coarse = wide.group_by(pl.int_range(pl.len()) // step, maintain_order=True).agg(
        pl.col("window").first(), pl.col(list(colours)).max()
    )
    table = coarse.unpivot(list(colours), index="window", variable_name="group", value_name="level").select(
        start="window", group="group", level=pl.col("level").cast(pl.Float64).fill_nan(None),
        when=pl.col("window").dt.strftime("%Y-%m-%d %H:%M"),
    )  # fmt: skip
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    x = time_axis(*data.extent(wide["window"]), zone)
    x["bin"] = alt.Undefined  # points, not bars
    axis = alt.Axis(tickCount=3, format=form, labelExpr=f"datum.label + '{unit}'", title=None)
    chart: alt.Chart = alt.Chart(table).mark_line(interpolate="step-after", strokeWidth=1.4, point=_points(table))
    chart = chart.encode(
        x=x,
        y=alt.Y("level:Q", axis=axis, scale=alt.Scale(zero=True, nice=True)),
        color=alt.Color("group:N", title=None, scale=scale, legend=None),
        tooltip=[
            *tips(when="window", group="what"),
            alt.Tooltip("level:Q", title=unit.strip() or "value", format=form),
        ],
    )
    return finish(chart, title, 110, descriptions.of_lines(table, unit))


def _points(table: pl.DataFrame) -> alt.OverlayMarkDef | bool:
    """Return dots where there are so few values that a line would not show them all."""
    few = table["level"].drop_nulls().len() <= POINTS // 8
    return alt.OverlayMarkDef(size=14, filled=True) if few else False
