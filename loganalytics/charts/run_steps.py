"""The steps of one run as a waterfall, each above the same step of another run, or above how long it usually takes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from loganalytics import schema
from loganalytics.charts import data, descriptions
from loganalytics.charts.lazy_altair import alt
from loganalytics.charts.step_states import USUAL, executions, state_colour, state_of, state_words
from loganalytics.charts.theme import INK_COLOUR, MUTED_COLOUR, finish, tips
from loganalytics.humanize import moment
from loganalytics.sanitize import printable

MAX_STEPS = 60

_NEEDED = ("step", "first_seen", "last_seen", "errors")
_TEXTS = dict.fromkeys(("name", "lasting", "against", "usual", "when", "shown", "state", "nth"), pl.String)


def chart_run_steps(
    steps: schema.Frame, *, other: schema.Frame | None = None, title: str | None = None
) -> alt.LayerChart:
    """Draw the steps of one run from its begin on; a grey bar under each is the other run, or the usual duration.

    Needs step, first_seen, last_seen, usual_ms, ratio and errors of one run, as `steps` returns them; `other` the same
    of another run, whose steps that the run lacks follow. There is a bar for each time that a step ran. Where `has_end`
    is there and false, the end of a step was not seen. Red is a step with errors, amber one that took twice as long as
    usual and more; both are said in words, too. At most 60 steps.
    """
    frame = data.collect(steps, *_NEEDED, "usual_ms", "ratio").head(MAX_STEPS)
    compared = None if other is None else data.collect(other, *_NEEDED)
    names = _in_order(frame, compared)
    texts = _texts(frame, compared, names)
    axis = alt.Axis(tickCount=6, title="seconds since the run began", format=",.6~g", gridOpacity=0.15)
    x = alt.X("from:Q", axis=axis, scale=alt.Scale(nice=False, zero=True))
    y = alt.Y("rank:O", axis=None, scale=alt.Scale(paddingInner=0, domain=list(range(texts.height))))
    tooltip = tips(name="step", nth="time", when="began", lasting="took", usual="usually", state="how it went")
    ran, before = _bars(frame, names), _bars(frame if compared is None else compared, names, is_usual=other is None)
    bar = alt.Chart(_visible(ran, before)).mark_bar(height=8, yOffset=5, cornerRadius=2)
    grey = alt.Chart(_visible(before, ran)).mark_bar(height=4, yOffset=12, cornerRadius=2, color=MUTED_COLOUR)
    written = alt.Chart(texts).encode(y=y)
    label = written.mark_text(align="left", dy=-8, fontSize=11, color=INK_COLOUR, limit=alt.ExprRef("width - 320"))
    number = written.mark_text(align="right", dy=-8, fontSize=11, color=INK_COLOUR)
    layers = [
        label.encode(x=alt.value(0), text="name:N"), number.encode(x=alt.value("width"), text="shown:N"),
        bar.encode(x=x, x2="to:Q", y=y, color=state_colour(), tooltip=tooltip), grey.encode(x=x, x2="to:Q", y=y),
    ]  # fmt: skip
    return finish(alt.LayerChart(layer=layers), title, 34 * max(texts.height, 1), descriptions.of_bars(texts))


def _in_order(frame: pl.DataFrame, other: pl.DataFrame | None) -> list[str | None]:
    """Return the names of the steps, after them those that only the other run has."""
    names = frame["step"].to_list()
    lacking = [] if other is None else [name for name in other["step"] if name not in names]
    return [*names, *lacking][:MAX_STEPS]


def _texts(frame: pl.DataFrame, other: pl.DataFrame | None, names: list[str | None]) -> pl.DataFrame:
    """Return a row for each step: its name, how long it took, how long it took there or usually does, and its state."""
    rows_by_step = {row["step"]: row for row in frame.to_dicts()}
    other_rows = {} if other is None else {row["step"]: row for row in other.to_dicts()}
    rows = []
    for rank, name in enumerate(names):
        row = rows_by_step.get(name)
        against = _length(row, "usual_ms") if other is None else _length(other_rows.get(name))
        lasting = "not in this run" if row is None else _times(row) + _length(row)
        lasting += "" if row is None or row.get("has_end", True) else ", no end seen"
        words = (lasting, f"{'usually' if other is None else 'there'} {against}", state_words(row) if row else "")
        rows.append(
            {
                "rank": rank, "name": printable(name, data.LABEL) or "(no name)",
                "state": state_of(row) if row else USUAL, "shown": " · ".join(filter(None, words)),
            }
        )  # fmt: skip
    return pl.DataFrame(rows, schema={"rank": pl.Int64, "name": pl.String, "state": pl.String, "shown": pl.String})


def _bars(frame: pl.DataFrame, names: list[str | None], *, is_usual: bool = False) -> pl.DataFrame:
    """Return from and to, in seconds since the run began, for each time that a step ran; or of the usual length."""
    tz, begin = data.zone(frame), frame["first_seen"].min()
    rows = []
    for row in frame.to_dicts() if is_usual else executions(frame).to_dicts():
        usual, start = row.get("usual_ms"), _seconds_between(begin, row["first_seen"])
        end = start + (usual or 0.0) / 1000 if is_usual else _seconds_between(begin, row["last_seen"])
        if (is_usual and usual is None) or row["step"] not in names:
            continue
        rows.append(
            {
                "rank": names.index(row["step"]), "name": printable(row["step"], data.NAME) or "(no name)",
                "from": start, "to": end, "lasting": _seconds(end - start), "usual": _usual(row),
                "when": moment(row["first_seen"], tz=tz), "state": state_of({"ratio": None, **row}),
                "nth": "" if is_usual else f"{row['execution']} of {row['executions']}",
            }
        )  # fmt: skip
    return pl.DataFrame(rows, schema={"rank": pl.Int64, "from": pl.Float64, "to": pl.Float64, **_TEXTS})


def _visible(bars: pl.DataFrame, compared: pl.DataFrame) -> pl.DataFrame:
    """Return the bars at least so long that they can be seen."""
    length = max(float(table["to"].max() or 0.0) for table in (bars, compared)) or 1.0  # type: ignore[arg-type]
    return bars.with_columns(pl.max_horizontal("to", pl.col("from") + length / 300))


def _times(row: dict[str, Any]) -> str:
    executed = row.get("executions") or 1
    count = executed if isinstance(executed, int) else len(executed)
    return f"{count:,} times, " if count > 1 else ""


def _usual(row: dict[str, Any]) -> str:
    """Return how long the step usually takes; all its executions together, where it ran several times."""
    return _length(row, "usual_ms") + (" in all" if row.get("usual_ms") and _times(row) else "")


def _length(row: dict[str, Any] | None, column: str = "duration_ms") -> str:
    """Return how long a step took; "–" where there is none."""
    if row is None:
        return "–"
    if column == "duration_ms" and column not in row:
        return _seconds(_seconds_between(row["first_seen"], row["last_seen"]))
    return "–" if row.get(column) is None else _seconds(row[column] / 1000)


def _seconds_between(start: datetime | Any, end: datetime) -> float:
    return float((end - start).total_seconds())


def _seconds(length: float) -> str:
    return f"{length:,.1f} s"
