"""Which sequences of events are anomalous."""

from __future__ import annotations

import polars as pl

from loganalytics import schema
from loganalytics.charts import data, descriptions
from loganalytics.charts.lazy_altair import alt
from loganalytics.charts.theme import ALARM_COLOUR, INK_COLOUR, MUTED_COLOUR, finish, tips
from loganalytics.humanize import count, moment
from loganalytics.sanitize import printable

_MOST = 15


def chart_anomalous_sequences(sequences: schema.Frame, *, title: str | None = None) -> alt.LayerChart:
    """Draw the 15 sequences with the highest scores as bars, with the first reason; anomalies stand out.

    Needs events, score, is_anomaly and reasons, as `detect_anomalous_sequences` returns them, and takes the first
    column for the sequence's name; the tooltip shows two reasons, the number of events, first and last seen.
    """
    frame = data.collect(sequences, "events", "score", "is_anomaly", "reasons")
    table = _rows(frame.sort("score", descending=True, maintain_order=True).head(_MOST))
    base = alt.Chart(table).encode(
        y=alt.Y("rank:O", axis=None, scale=alt.Scale(paddingInner=0)),
        tooltip=tips(
            text="sequence", score="score", reasons="why", shown="events", first="first seen", last="last seen"
        ),
    )
    x = alt.X("score:Q", axis=None, scale=alt.Scale(domain=[0, 1]))
    colour = alt.when(alt.datum.anomalous).then(alt.value(ALARM_COLOUR)).otherwise(alt.value(MUTED_COLOUR))
    bar = base.mark_bar(height=7, yOffset=9, cornerRadius=3).encode(x=x, color=colour)
    name = base.mark_text(align="left", dy=-6, limit=alt.ExprRef("width - 60"), fontSize=12, color=INK_COLOUR)
    number = base.mark_text(align="right", dy=-6, fontSize=12, color=INK_COLOUR)
    layers = [
        bar,
        name.encode(x=alt.value(0), text="name:N"),
        number.encode(x=alt.value("width"), text=alt.Text("score:Q", format=".2f")),
    ]
    return finish(alt.LayerChart(layer=layers), title, 36 * max(table.height, 1), descriptions.of_bars(table))


def _rows(frame: pl.DataFrame) -> pl.DataFrame:
    rows, tz = [], data.zone(frame)
    for rank, row in enumerate(frame.to_dicts()):
        name = printable(row[frame.columns[0]], data.TEXT) or "(no name)"
        why = [reason["text"] for reason in row["reasons"] or []][:2]
        rows.append(
            {
                "rank": rank,
                "name": printable(" · ".join([printable(name, data.NAME), *why[:1]]), data.LABEL),
                "text": name,
                "reasons": printable(" · ".join(why), data.TEXT),
                "score": row["score"],
                "anomalous": bool(row["is_anomaly"]),
                "shown": count(row["events"]),
                "first": moment(row.get("first_seen"), tz=tz),
                "last": moment(row.get("last_seen"), tz=tz),
            }
        )
    texts = dict.fromkeys(("name", "text", "reasons", "shown", "first", "last"), pl.String)
    return pl.DataFrame(rows, schema={"rank": pl.Int64, "score": pl.Float64, "anomalous": pl.Boolean, **texts})
