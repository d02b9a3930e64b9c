"""The steps of runs, against what is usual."""

from __future__ import annotations

from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.charts import data, descriptions
from loganalytics.charts.lazy_altair import alt
from loganalytics.charts.levels import DARK_LEVEL_COLOURS
from loganalytics.charts.theme import finish, names_axis, tips
from loganalytics.humanize import moment
from loganalytics.sanitize import printable

RUNS = 12


def chart_steps(steps: schema.Frame, *, title: str | None = None) -> alt.LayerChart:
    """Draw the last 12 runs, one row a run: its steps in order of time since its begin; slow or failed ones in red.

    Needs step, first_seen and last_seen, as `steps` returns them; the first column names the run. Red is a step with
    errors, or one that took twice as long as usual and more.
    """
    frame = data.collect(steps, "step", "first_seen", "last_seen", "errors", "ratio")
    table = _spans(frame)
    base = alt.Chart(table).encode(
        y=names_axis(table["group"]),
        tooltip=tips(group="run", name="step", when="began", lasting="took", usual="usually", status="status"),
    )
    axis = alt.Axis(tickCount=6, title="seconds since the run began", format=",.6~g", grid=False)
    x = alt.X("from:Q", axis=axis, scale=alt.Scale(nice=False, zero=True))
    bar = base.mark_bar(height={"band": 0.7}, cornerRadius=2, stroke="white", strokeWidth=0.5).encode(
        x=x,
        x2="to:Q",
        color=alt.when(alt.datum.odd)
        .then(alt.value(DARK_LEVEL_COLOURS["ERROR"]))
        .otherwise(
            alt.value(DARK_LEVEL_COLOURS["INFO"])  # names stand on the bars
        ),
    )
    label = (
        base.transform_filter("datum.shown")
        .mark_text(align="left", dx=4, fontSize=11, color="white")
        .encode(x="from:Q", text="name:N")
    )
    return finish(
        alt.LayerChart(layer=[bar, label]), title, 30 * max(table["group"].n_unique(), 1), descriptions.of_runs(table)
    )


def _spans(frame: pl.DataFrame) -> pl.DataFrame:
    run = frame.columns[0]
    last = frame.group_by(run).agg(begin=pl.col("first_seen").min()).sort("begin", run, descending=True).head(RUNS)
    frame = frame.join(last, on=run).sort("begin", run, "first_seen")
    frame = frame.with_columns(data.named(frame[run].cast(pl.String), data.NAME).alias("group"))
    seconds = {
        name: (pl.col(column) - pl.col("begin")).dt.total_microseconds() / 1e6
        for name, column in (("from", "first_seen"), ("to", "last_seen"))
    }
    frame = frame.with_columns(**seconds)
    total_seconds = float(frame["to"].max() or 1.0) if frame.height else 1.0  # type: ignore[arg-type]
    rows = [
        {
            "group": row["group"], "from": row["from"], "to": max(row["to"], row["from"] + total_seconds / 300),
            "odd": bool(row["errors"]) or (row["ratio"] or 0.0) >= 2,
            "shown": row["to"] - row["from"] > total_seconds / 12,
            "name": printable(row["step"], 18), "when": moment(row["first_seen"], tz=data.zone(frame)),
            "lasting": f"{row['to'] - row['from']:,.1f} s",
            "usual": "–" if row.get("usual_ms") is None else f"{row['usual_ms'] / 1000:,.1f} s",
            "status": printable(row.get("status"), data.NAME),
        }
        for row in frame.to_dicts()
    ]  # fmt: skip
    texts = dict.fromkeys(("group", "name", "when", "lasting", "usual", "status"), pl.String)
    flags: dict[str, Any] = {"from": pl.Float64, "to": pl.Float64, "odd": pl.Boolean, "shown": pl.Boolean}
    return pl.DataFrame(rows, schema={**flags, **texts})
