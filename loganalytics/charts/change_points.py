"""Where a trend changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.charts import data, descriptions
from loganalytics.charts.lazy_altair import alt
from loganalytics.charts.theme import ACCENT_COLOUR, ALARM_COLOUR, MUTED_COLOUR, finish, legend, time_axis, tips
from loganalytics.humanize import moment
from loganalytics.sanitize import printable

KINDS = {"spike": ALARM_COLOUR, "dip": "#8565c4", "step": "#e3a23b", "trend": "#4fa08b"}
POINTS, MARKS = 600, 60


def chart_change_points(
    changes: schema.Frame,
    *,
    trend: schema.Frame | None = None,
    column: str = "events",
    within: tuple[datetime, datetime] | None = None,
    title: str | None = None,
) -> alt.LayerChart:
    """Draw where a trend changes, over the trend itself when it is given: a mark for each change.

    Needs window, kind, before and after, as `change_points` returns them; of a trend, window and `column`, of which
    more than 600 windows are put together. A trend split by a further column is drawn as the sum of its values. At
    most the 60 surest changes are drawn. `within` shades a time range.

    Example: chart_change_points(change_points(table), trend=table)
    """
    found = data.collect(changes, "window", "kind", "before", "after")
    marks = _marks(found)
    line = _line(None if trend is None else data.collect(trend, "window", column), column)
    band = _band(within)
    times = pl.concat([marks["start"], line["start"]])
    # One table for all layers: Vega-Lite would otherwise keep the scales of each apart.
    table = pl.concat([line, marks, band], how="diagonal")
    x = time_axis(times.min(), times.max() + _step(line), data.zone(found)) if len(times) else time_axis(None, None)  # type: ignore[arg-type, operator]
    x["bin"] = alt.Undefined  # points, not bars
    axis = alt.Axis(tickCount=4, format="~s")
    y = alt.Y("level:Q", title=printable(column, data.NAME), axis=axis, scale=alt.Scale(zero=True))
    base = alt.Chart(table)
    trace = base.transform_filter("datum.kind == 'line'").mark_line(
        strokeWidth=1.2, color=ACCENT_COLOUR, interpolate="step-after"
    )
    colour = alt.Color(
        "kind:N",
        title=None,
        scale=alt.Scale(domain=list(KINDS), range=list(KINDS.values())),
        legend=legend(list(KINDS)),
    )
    tooltips = tips(when="window", group="what", kind="kind", before="before", after="after", sure="p-value")
    points = base.transform_filter("datum.kind != 'line' && datum.kind != 'within'")
    shade = (
        base.transform_filter("datum.kind == 'within'")
        .mark_rect(color=MUTED_COLOUR, opacity=0.18)
        .encode(x=x, x2="end:T")
    )
    rule = points.mark_rule(strokeDash=[3, 3], opacity=0.7).encode(x=x, color=colour, tooltip=tooltips)
    dot = points.mark_point(filled=True, size=80, opacity=1).encode(x=x, y=y, color=colour, tooltip=tooltips)
    return finish(
        alt.LayerChart(layer=[*([shade] if within else []), trace.encode(x=x, y=y), rule, dot]),
        title,
        220,
        descriptions.of_changes(marks, column),
    )


def _marks(changes: pl.DataFrame) -> pl.DataFrame:
    by = next(
        (name for name in changes.columns if name not in ("window", "kind", "p_value", "before", "after", "of")), None
    )
    order = ["p_value"] if "p_value" in changes.columns else []
    top = changes.drop_nulls("window").sort(*order, "window", "kind").head(MARKS).sort("window", "kind")
    rows = [
        {
            "start": row["window"], "kind": row["kind"], "level": row["after"],
            "when": moment(row["window"], tz=data.zone(changes)),
            "group": printable(row[by], data.NAME) if by else "", "before": f"{row['before']:,.4g}",
            "after": f"{row['after']:,.4g}", "sure": f"{row.get('p_value') or 0:.1e}",
        }
        for row in top.to_dicts()
    ]  # fmt: skip
    texts = dict.fromkeys(("kind", "when", "group", "before", "after", "sure"), pl.String)
    return pl.DataFrame(rows, schema={"start": schema.TIMESTAMP, "level": pl.Float64, **texts})


def _band(within: tuple[datetime, datetime] | None) -> pl.DataFrame:
    rows = [] if within is None else [{"start": within[0], "end": within[1], "kind": "within"}]
    times = {"start": schema.TIMESTAMP, "end": schema.TIMESTAMP}
    return pl.DataFrame(rows, schema={**times, "kind": pl.String})


def _line(trend: pl.DataFrame | None, column: str) -> pl.DataFrame:
    line_schema: dict[str, Any] = {"start": schema.TIMESTAMP, "level": pl.Float64, "kind": pl.String}
    if trend is None or trend.is_empty():
        return pl.DataFrame(schema=line_schema)
    totals = trend.drop_nulls("window").group_by("window").agg(pl.col(column).sum().cast(pl.Float64)).sort("window")
    width = max(1, -(-totals.height // POINTS))
    coarse = totals.with_row_index("bin").group_by(pl.col("bin") // width, maintain_order=True)
    return coarse.agg(
        start=pl.col("window").min().cast(schema.TIMESTAMP), level=pl.col(column).mean(), kind=pl.lit("line")
    ).select(*line_schema)


def _step(line: pl.DataFrame) -> object:
    steps = line["start"].diff().drop_nulls()
    return steps.min() if len(steps) else timedelta(minutes=1)
