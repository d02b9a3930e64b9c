"""The steps of runs, against what is usual."""

from __future__ import annotations

from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.charts import data, descriptions
from loganalytics.charts.lazy_altair import alt
from loganalytics.charts.step_states import FAILED, SLOW, USUAL, executions, state_colour, state_of
from loganalytics.charts.theme import finish, names_axis, tips
from loganalytics.humanize import moment
from loganalytics.sanitize import printable

RUNS = 12
MAX_ROWS = 60
_ROW_PIXELS = 22
_CHARACTERS = 130
"""Of a label, as many as a chart of the usual width has room for."""


def chart_steps(steps: schema.Frame, *, title: str | None = None) -> alt.LayerChart:
    """Draw the last 12 runs: a bar for each time that a step ran, by time since its run began; failed and slow marked.

    Needs step, first_seen and last_seen, as `steps` returns them; the first column names the run. What runs side by
    side stands in rows below one another; of many rows, fewer runs are drawn. Red (✕) is a step with errors, amber (▲)
    one that took twice as long as usual and more.
    """
    frame = data.collect(steps, "step", "first_seen", "last_seen", "errors", "ratio")
    table = _placed(_spans(frame))
    axis = alt.Axis(tickCount=6, title="seconds since the run began", format=",.6~g", grid=False)
    base = alt.Chart(table).encode(
        x=alt.X("from:Q", axis=axis, scale=alt.Scale(nice=False, zero=True)),
        y=names_axis(table["group"]),
        tooltip=tips(
            run="run", name="step", nth="time", when="began", lasting="took", usual="usually", status="status",
            state="how it went",
        ),
    )  # fmt: skip
    bar = base.mark_bar(height={"band": 0.8}, cornerRadius=2, stroke="white", strokeWidth=0.5).encode(
        x2="to:Q", color=state_colour()
    )
    label = base.mark_text(align="left", dx=4, fontSize=11, color="white").encode(text="label:N")
    height = _ROW_PIXELS * max(table["group"].n_unique(), 1)
    return finish(alt.LayerChart(layer=[bar, label]), title, height, descriptions.of_runs(table))


def _spans(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each time that a step of the last runs ran, with when in seconds since its run began."""
    run = frame.columns[0]
    last = frame.group_by(run).agg(begin=pl.col("first_seen").min()).sort("begin", run, descending=True).head(RUNS)
    frame = frame.join(last, on=run).sort("begin", run, "first_seen", descending=[True, True, False])
    frame = frame.with_columns(data.named(frame[run].cast(pl.String), data.NAME).alias("run"))
    tz, lasted = data.zone(frame), executions(frame).with_columns(
        (pl.col(column) - pl.col("begin")).dt.total_microseconds().truediv(1e6).alias(name)
        for name, column in (("from", "first_seen"), ("to", "last_seen"))
    )  # fmt: skip
    rows = [
        {
            "run": row["run"], "from": row["from"], "to": row["to"], "state": state_of(row),
            "name": printable(row["step"], data.NAME) or "(no name)", "when": moment(row["first_seen"], tz=tz),
            "nth": f"{row['execution']} of {row['executions']}", "lasting": f"{row['to'] - row['from']:,.1f} s",
            "usual": "–" if row.get("usual_ms") is None else f"{row['usual_ms'] / 1000:,.1f} s"
            + (" in all" if row["executions"] > 1 else ""),
            "status": printable(row.get("status"), data.NAME),
        }
        for row in lasted.to_dicts()
    ]  # fmt: skip
    texts = dict.fromkeys(("run", "name", "when", "nth", "lasting", "usual", "status", "state"), pl.String)
    return pl.DataFrame(rows, schema={"from": pl.Float64, "to": pl.Float64, **texts})


def _placed(spans: pl.DataFrame) -> pl.DataFrame:
    """Return the spans with a visible length, a label that fits, and rows of their own (`group`) where they overlap."""
    length = float(spans["to"].max() or 0.0) or 1.0  # type: ignore[arg-type]
    spans = spans.with_columns(pl.max_horizontal("to", pl.col("from") + length / 300))
    placed: list[dict[str, Any]] = []
    names: list[str] = []
    for of_run in spans.partition_by("run", maintain_order=True):
        rows = of_run.sort("from", "to", descending=[False, True]).to_dicts()
        lanes = _lanes(rows)
        if names and len(names) + max(lanes) >= MAX_ROWS:
            break
        # A row without a name, of its own all the same: so many blanks.
        names_of_run = [rows[0]["run"], *(" " * (len(names) + lane) for lane in range(1, max(lanes) + 1))]
        names += names_of_run[:MAX_ROWS]
        placed += [
            {**row, "group": names_of_run[lane], "label": _label(row, length)}
            for row, lane in zip(rows, lanes, strict=True) if lane < MAX_ROWS
        ]  # fmt: skip
    order = pl.DataFrame({"group": names}, schema={"group": pl.String}).with_row_index("rank")
    table = pl.DataFrame(placed, schema={**spans.schema, "group": pl.String, "label": pl.String})
    return table.join(order, on="group", how="left").sort("rank", "from", maintain_order=True).drop("rank")


def _lanes(rows: list[dict[str, Any]]) -> list[int]:
    """Return for each span the first row of its run that is free when it begins."""
    ends: list[float] = []
    lanes = []
    for row in rows:
        lane = next((number for number, end in enumerate(ends) if end <= row["from"] + 1e-9), len(ends))
        ends[lane : lane + 1] = [row["to"]]
        lanes.append(lane)
    return lanes


def _label(row: dict[str, Any], length: float) -> str:
    """Return as much of the mark and the name of a span as it has room for."""
    mark = {FAILED: "✕ ", SLOW: "▲ ", USUAL: ""}[row["state"]]
    room = int((row["to"] - row["from"]) / length * _CHARACTERS) - 1
    return printable(mark + row["name"], room) if room >= 4 else mark.strip()
