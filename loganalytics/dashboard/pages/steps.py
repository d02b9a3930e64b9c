"""Steps: the runs of jobs, the steps of one of them as a waterfall, and against another run or what is usual."""

from __future__ import annotations

from typing import Any

import polars as pl
import streamlit as st

import loganalytics as la
from loganalytics.analyses.requests.steps import STEP_COLUMNS
from loganalytics.charts.run_steps import MAX_STEPS, chart_run_steps
from loganalytics.dashboard import cached_analyses, state, summaries, zone
from loganalytics.dashboard.components import charts, choices, guards, notices, tables
from loganalytics.filters.expressions import Where
from loganalytics.humanize import count, moment, span
from loganalytics.sanitize import printable
from loganalytics.view import View

_RUN_COLUMNS = (
    *("job_run_id", "run_id", "job.run_id", "labels.job_run_id", "labels.run_id", "workflow_run_id", "dag_run_id"),
    *("pipeline_run_id", "pipeline_id", "execution_id", "build_id", "job_id", "task_id", "celery.task_id", "trace_id"),
)
"""Where loggers put the run of a job that an event belongs to; the first column that is there is proposed."""
_USUAL = "what is usual"
_NO_END = "no end seen"
_MAX_RUNS = 500


def page() -> None:
    """Draw the runs, and the steps of the open one."""
    logs = guards.events_or_explain()
    if logs is None:
        return
    view = state.view()
    columns = _columns(summaries.facet_fields(logs))
    if columns is None:
        st.info("No event of this view names a step of a job.", icon=":material/inbox:")
        st.text(f"Steps are read from a field such as {', '.join(STEP_COLUMNS[:5])}, runs from one such as job_run_id.")
        return
    by, step = columns
    steps = summaries.with_ends(cached_analyses.steps(view, by, step))
    if steps.is_empty():
        st.info("No event of this view has both a run and a step.", icon=":material/inbox:")
        return
    runs = summaries.runs(steps)
    _runs(view, runs, by)
    _open_run(steps, runs, by, step)


def _columns(fields: list[str]) -> tuple[str, str] | None:
    """Return the columns of run and step: those that are usual for it, or that the reader chooses."""
    step = next((name for name in STEP_COLUMNS if name in fields), None)
    if step is None:
        return None
    run = next((name for name in _RUN_COLUMNS if name in fields and name != step), fields[0])
    _, run_choice, step_choice = st.columns([4, 1, 1], vertical_alignment="bottom")
    with run_choice:
        by = choices.choose_from_list("run_field", fields, default=run, label="Run")
    with step_choice:
        step_field = choices.choose_from_list("step_field", fields, default=step, label="Step")
    return by, step_field


def _runs(view: View, runs: pl.DataFrame, by: str) -> None:
    """Draw the runs as rows, the last first; a click opens one."""
    slow, failed = (runs.filter(pl.col(name) > 0).height for name in ("slow_steps", "errors"))
    lacking = runs.filter(pl.col("missing") != "").height
    st.caption(
        f"{count(runs.height, 'run')}, {failed:,} with errors, {slow:,} with a step twice as long as usual and more, "
        f"{lacking:,} without a step that most have. Click on one for its steps."
    )
    names = ["run", "first_seen", "duration_ms", "ratio", "steps", "slow_steps", "errors", "missing", "status"]
    columns: dict[str, Any] = {
        "run": st.column_config.TextColumn(printable(by), width="medium"),
        "duration_ms": st.column_config.TextColumn("took"),
        "ratio": st.column_config.NumberColumn("times the median", format="%.1f"),
        "slow_steps": st.column_config.NumberColumn("slow steps"),
        "missing": st.column_config.TextColumn("missing steps", help="Steps that most other runs have."),
        "steps_ms": st.column_config.BarChartColumn("its steps", width=130, y_min=0, color="gray"),
    }
    table = runs.head(_MAX_RUNS).select(*names, "steps_ms")
    taken = [_taken(*row) for row in runs.head(_MAX_RUNS).select("duration_ms", "has_end").rows()]
    shown = table.with_columns(pl.Series("duration_ms", taken, pl.String))
    key = f"runs-{hash(view)}-{by}-{state.opened('run')}"
    clicked = tables.draw(
        shown, key, columns=columns, clickable=True, height=300, file_name="runs", whole=runs
    )  # fmt: skip
    if clicked:
        state.open_item("against_run", None)
        state.open_item("run", clicked["run"])
        st.rerun()  # as another table, in which nothing is clicked: Back would do the click again


def _open_run(steps: pl.DataFrame, runs: pl.DataFrame, by: str, step: str) -> None:
    """Draw the steps of the open run, or else the last runs side by side."""
    names = runs["run"].to_list()
    opened = state.opened("run")
    if opened not in names:
        if opened is not None:
            notices.add(f"run: no run of this view is {opened!r} in {by}.")
        charts.show(la.chart_steps(zone.localize(steps)))
        return
    _one_run(steps, runs.row(by_predicate=pl.col("run") == opened, named=True), names, by, step)


def _one_run(steps: pl.DataFrame, run: dict[str, Any], names: list[str], by: str, step: str) -> None:
    """Draw the steps of one run against those of another, or against what is usual."""
    opened: str = run["run"]
    heading, choice = st.columns([3, 2], vertical_alignment="bottom")
    with heading:
        st.subheader("One run", anchor=False)
        began, took = moment(run["first_seen"], tz=zone.current()), _taken(run["duration_ms"], run["has_end"])
        st.text(f"{printable(opened, 200)} · {began} · {took}")
        for lacking in summaries.missing_steps(steps, opened).to_dicts():
            how_many = f"{lacking['runs']:,} of {count(lacking['others'], 'other run')}"
            st.text(f"Missing: {printable(lacking['step'], 200)}, which {how_many} had")
    others = [_USUAL, *(name for name in names if name != opened)]
    with choice:
        against = choices.choose_from_list(
            "against_run", others, default=_USUAL, label="Compare with", show=_run_label
        )  # fmt: skip
    rows = steps.filter(pl.col(by).cast(pl.String) == opened)
    other = None if against == _USUAL else steps.filter(pl.col(by).cast(pl.String) == against)
    charts.show(chart_run_steps(zone.localize(rows), other=None if other is None else zone.localize(other)))
    if rows.height > MAX_STEPS:
        st.caption(f"The chart has the first {MAX_STEPS} of {rows.height:,} steps, the table all.")
    _steps_of_run(rows, opened, by, step)


def _run_label(name: str) -> str:
    return printable(name, 80)


def _steps_of_run(rows: pl.DataFrame, run: str, by: str, step: str) -> None:
    """Draw the steps of one run as rows; a click leads to their events."""
    lengths = [(pl.col(f"{name}_ms") / 1000).alias(f"{name} s") for name in ("duration", "usual", "waited")]
    status = pl.when("has_end").then("status").otherwise(pl.lit(_NO_END)).alias("status")
    times = pl.col("executions").list.len().alias("times")
    table = rows.select("number", "step", "first_seen", times, *lengths, "ratio", "events", "errors", status)
    columns: dict[str, Any] = {
        "number": st.column_config.NumberColumn("", width=36),
        "step": st.column_config.TextColumn("step", width="medium"),
        **{name: st.column_config.NumberColumn(name, format="%.1f") for name in ("duration s", "usual s", "waited s")},
        "ratio": st.column_config.NumberColumn("ratio", format="%.1f"),
        "times": st.column_config.NumberColumn("times", help="How often the step ran in this run.", width=60),
    }
    height: Any = "content" if rows.height < 15 else 460
    clicked = tables.draw(
        table, f"steps-{run}", columns=columns, clickable=True, height=height, file_name="steps",
        whole=rows.with_columns(times).drop("executions"),
    )  # fmt: skip
    st.caption("Click on a step to see its events.")
    if clicked:
        state.change(where=(*state.view().where, Where(by, run), Where(step, clicked["step"])))
        state.switch_page("explore")


def _taken(length: float, has_end: bool) -> str:
    """Return how long a run took, or for how long it was seen, where it stopped in its midst."""
    return _milliseconds(length) if has_end else f"{_milliseconds(length)}, {_NO_END}"


def _milliseconds(length: float) -> str:
    return span(pl.Series([length * 1000]).cast(pl.Duration("us"))[0])
