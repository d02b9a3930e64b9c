"""Events over time."""

from __future__ import annotations

import polars as pl

from loganalytics import schema
from loganalytics.charts import data, descriptions
from loganalytics.charts.lazy_altair import alt
from loganalytics.charts.levels import LEVEL_COLOURS, UNKNOWN_COLOUR
from loganalytics.charts.theme import ALARM_COLOUR, PALETTE, finish, legend, time_axis, tips

_KINDS = {"errors": ALARM_COLOUR, "other events": LEVEL_COLOURS["INFO"], "events": LEVEL_COLOURS["INFO"]}
_OTHER = "#a9b4c2"
_KNOWN_FIRST = 10**15
MAX_UNKNOWN_LEVELS = 4  # with a bar of their own; the rest are "other"


def chart_trend(trend: schema.Frame, *, title: str | None = None) -> alt.Chart:
    """Draw events over time as stacked bars, one colour a level or a value of the third column.

    Needs window and events, as `trend` returns them, and errors where there is no third column. More than 120
    windows are put together; more than 7 values become the greatest 7 and "other". Levels have their own colours; those
    that are none of ours are grey, and from the fifth on "other".

    Example: chart_trend(trend(logs, every="5m", by="level"))
    """
    frame = data.collect(trend, "window", "events")
    by = data.by_column(frame)
    frame = frame if by else data.with_kind(frame)
    frame = _heaviest(frame, by)
    colours = _colours(frame, by)
    ranks = pl.col("group").replace_strict(list(colours), list(range(len(colours))), return_dtype=pl.Int64)
    table = data.coarse(frame, pl.col("events").sum()).filter(pl.col("events") > 0)
    chart: alt.Chart = alt.Chart(table.with_columns(ranks.alias("rank"))).mark_bar(binSpacing=0.6)
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    form = "~s" if table["events"].sum() > 1e6 else ",d"
    chart = chart.encode(
        x=time_axis(*data.extent(frame["window"]), data.zone(frame)),
        x2="end:T",
        y=alt.Y("events:Q", title="events", stack="zero", axis=alt.Axis(tickCount=4, tickMinStep=1, format=form)),
        color=alt.Color("group:N", title=None, scale=scale, legend=legend(list(colours))),
        order=alt.Order("rank:Q"),
        tooltip=tips(when="window", group=by or "what", events="events"),
    )
    return finish(chart, title, 220, descriptions.of_trend(table, data.zone(frame)))


def _splits_by_level(frame: pl.DataFrame, by: str | None) -> bool:
    return by == "level" or (by is not None and frame[by].drop_nulls().cast(pl.String).is_in(list(LEVEL_COLOURS)).all())


def _heaviest(frame: pl.DataFrame, by: str | None) -> pl.DataFrame:
    """Return the frame with the groups that get a bar of their own, and "other": of levels, all that are ours."""
    events = pl.col("events").sum()
    if by is None:
        return data.top(frame, "kind", events, len(_KINDS))
    if not _splits_by_level(frame, by):
        return data.top(frame, by, events, len(PALETTE), with_other=True)
    is_known = pl.col(by).cast(pl.String).is_in(list(LEVEL_COLOURS)).fill_null(value=True)
    limit = frame.filter(is_known)[by].n_unique() + MAX_UNKNOWN_LEVELS
    weight = events + _KNOWN_FIRST * is_known.first().cast(pl.Int64)
    return data.top(frame, by, weight, limit, with_other=True)


def _colours(frame: pl.DataFrame, by: str | None) -> dict[str, str]:
    """Return the colour of each group in the order of the stack: worst level first, most events first."""
    totals = frame.group_by("group").agg(pl.col("events").sum()).sort("events", "group", descending=[True, False])
    names = totals["group"].to_list()
    if by is None:
        return {name: colour for name, colour in _KINDS.items() if name in names}
    if _splits_by_level(frame, by):
        known = {name: colour for name, colour in LEVEL_COLOURS.items() if name in names}
        return known | {name: UNKNOWN_COLOUR for name in names if name not in known}
    names_but_other = [name for name in names if name != "other"]
    return dict(zip(names_but_other, PALETTE, strict=False)) | ({"other": _OTHER} if "other" in names else {})
