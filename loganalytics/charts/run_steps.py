"""The steps of one run as a waterfall, each above the same step of another run, or above how long it usually takes."""

from __future__ import annotations

from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.charts import data, descriptions
from loganalytics.charts.lazy_altair import alt
from loganalytics.charts.theme import ACCENT_COLOUR, ALARM_COLOUR, INK_COLOUR, MUTED_COLOUR, finish, tips
from loganalytics.humanize import moment
from loganalytics.sanitize import printable

MAX_STEPS = 60
SLOW_RATIO = 2.0  # times as long as usual, from which a step is red


def chart_run_steps(
    steps: schema.Frame, *, other: schema.Frame | None = None, title: str | None = None
) -> alt.LayerChart:
    """Draw the steps of one run from its begin on; a grey bar under each is the other run, or the usual duration.

    Needs step, first_seen, last_seen, usual_ms, ratio and errors of one run, as `steps` returns them; `other` the same
    of another run. Where `has_end` is there and false, the end of a step was not seen. Red is a step with errors, or
    one that took twice as long as usual and more. At most 60 steps.
    """
    frame = data.collect(steps, "step", "first_seen", "last_seen", "usual_ms", "ratio", "errors").head(MAX_STEPS)
    table = _bars(frame, None if other is None else data.collect(other, "step", "first_seen", "last_seen"))
    base = alt.Chart(table).encode(
        y=alt.Y("rank:O", axis=None, scale=alt.Scale(paddingInner=0)),
        tooltip=tips(name="step", when="began", lasting="took", usual="usually", against="compared with"),
    )
    axis = alt.Axis(tickCount=6, title="seconds since the run began", format=",.6~g", gridOpacity=0.15)
    x = alt.X("from:Q", axis=axis, scale=alt.Scale(nice=False, zero=True))
    colour = alt.when(alt.datum.odd).then(alt.value(ALARM_COLOUR)).otherwise(alt.value(ACCENT_COLOUR))
    bar = base.mark_bar(height=8, yOffset=5, cornerRadius=2).encode(x=x, x2="to:Q", color=colour)
    compared = base.mark_bar(height=4, yOffset=12, cornerRadius=2, color=MUTED_COLOUR).encode(
        x=alt.X("other_from:Q", scale=alt.Scale(nice=False, zero=True)), x2="other_to:Q"
    )
    label = base.mark_text(align="left", dy=-8, fontSize=11, color=INK_COLOUR, limit=alt.ExprRef("width - 220"))
    number = base.mark_text(align="right", dy=-8, fontSize=11, color=INK_COLOUR)
    layers = [
        bar, compared, label.encode(x=alt.value(0), text="name:N"),
        number.encode(x=alt.value("width"), text="shown:N"),
    ]  # fmt: skip
    chart = alt.LayerChart(layer=layers)
    return finish(chart, title, 34 * max(table.height, 1), descriptions.of_bars(table))


def _bars(frame: pl.DataFrame, other: pl.DataFrame | None) -> pl.DataFrame:
    """Return a row for each step: when it began and ended in seconds since the run began, and so what is compared."""
    tz = data.zone(frame)
    begin = frame["first_seen"].min()
    other_begin = None if other is None else other["first_seen"].min()
    others = {} if other is None else {row["step"]: row for row in other.to_dicts()}
    rows = []
    for rank, row in enumerate(frame.to_dicts()):
        start, end = ((row[name] - begin).total_seconds() for name in ("first_seen", "last_seen"))
        compared = _compared(row, others.get(row["step"]), other_begin, start, is_usual=other is None)
        odd = bool(row["errors"]) or (row["ratio"] or 0.0) >= SLOW_RATIO
        lasting, against = _seconds(end - start), _seconds(None if compared is None else compared[1] - compared[0])
        lasting += "" if row.get("has_end", True) else ", no end seen"
        rows.append(
            {
                "rank": rank, "name": printable(row["step"], data.NAME) or "(no name)", "from": start, "to": end,
                "odd": odd, "other_from": compared and compared[0], "other_to": compared and compared[1],
                "lasting": lasting, "against": against, "usual": _seconds(_in_seconds(row["usual_ms"])),
                "when": moment(row["first_seen"], tz=tz),
                "shown": f"{lasting} · {'usually' if other is None else 'there'} {against}",
            }
        )  # fmt: skip
    texts = dict.fromkeys(("name", "lasting", "against", "usual", "when", "shown"), pl.String)
    numbers: dict[str, Any] = dict.fromkeys(("from", "to", "other_from", "other_to"), pl.Float64)
    table = pl.DataFrame(rows, schema={"rank": pl.Int64, "odd": pl.Boolean, **numbers, **texts})
    least = (
        float(table.select(pl.max_horizontal(pl.col("to", "other_to").max())).item() or 1.0) / 300
    )  # that can be seen
    return table.with_columns(
        pl.max_horizontal("to", pl.col("from") + least).alias("to"),
        pl.max_horizontal("other_to", pl.col("other_from") + least).alias("other_to"),
    )


def _compared(
    row: dict[str, Any], other: dict[str, Any] | None, other_begin: Any, start: float, *, is_usual: bool
) -> tuple[float, float] | None:
    """Return when the step began and ended in the other run; as is usual, it begins where the step did."""
    if is_usual:
        usual = _in_seconds(row["usual_ms"])
        return None if usual is None else (start, start + usual)
    if other is None:
        return None
    begin, end = ((other[name] - other_begin).total_seconds() for name in ("first_seen", "last_seen"))
    return begin, end


def _in_seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _seconds(length: float | None) -> str:
    return "–" if length is None else f"{length:,.1f} s"
