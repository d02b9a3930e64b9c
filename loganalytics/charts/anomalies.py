"""Anomaly scores over time."""

from __future__ import annotations

import polars as pl

from loganalytics import schema
from loganalytics.charts import data, descriptions
from loganalytics.charts.lazy_altair import alt
from loganalytics.charts.theme import ALARM_COLOUR, MUTED_COLOUR, finish, names_axis, time_axis, tips


def chart_anomalies(anomalies: schema.Frame, *, title: str | None = None) -> alt.Chart:
    """Draw the anomaly score over time; anomalous windows stand out and tell their reasons.

    Needs window, score and is_anomaly, as `detect_anomalies` returns them. With a further column (service)
    there is a row for each of the 8 values with the highest scores; without one, bars as high as the score.

    Example: chart_anomalies(detect_anomalies(logs, every="5m", by="service"))
    """
    frame = data.collect(anomalies, "window", "score", "is_anomaly")
    by = data.by_column(frame)
    frame = frame if by else frame.with_columns(pl.lit("all").alias("kind"))
    weight = pl.col("score").sum() + 100 * pl.col("is_anomaly").sum()
    frame = data.top(frame, by or "kind", weight, 8)
    loud = pl.col("is_anomaly").any().fill_null(value=False).alias("anomalous")
    table = data.coarse(frame, pl.col("score").max(), loud, data.reasons(frame))
    table = table.filter((pl.col("score") >= 0.2) | pl.col("anomalous"))
    chart: alt.Chart = alt.Chart(table).encode(
        x=time_axis(*data.extent(frame["window"]), data.zone(frame)),
        x2="end:T",
        color=alt.when(alt.datum.anomalous).then(alt.value(ALARM_COLOUR)).otherwise(alt.value(MUTED_COLOUR)),
        tooltip=tips(when="window", group=by, score="score", reasons="why"),
    )
    if by is None:
        y = alt.Y("score:Q", stack=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(tickCount=3))
        bars: alt.Chart = chart.mark_bar(binSpacing=0.6).encode(y=y)
        return finish(bars, title, 150, descriptions.of_scores(table))
    shade = alt.Opacity("score:Q", scale=alt.Scale(domain=[0, 1], range=[0.15, 1]), legend=None)
    rows: alt.Chart = chart.mark_bar(binSpacing=0.6, height={"band": 0.72}).encode(
        y=names_axis(frame["group"]), opacity=shade
    )
    return finish(rows, title, 28 * max(frame["group"].n_unique(), 1), descriptions.of_scores(table))
