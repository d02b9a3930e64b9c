"""The steps of a job, run by run: how long each took, how it ended, and how that compares with other runs."""

from __future__ import annotations

import polars as pl

from loganalytics.exceptions import MissingColumnError
from loganalytics.schema import Frame, is_error, lazy

# Where loggers put what an event of a job belongs to, and how the step stands; the first that is there is taken.
STEP_COLUMNS = ("step", "step_name", "step_id", "stage", "stage_name", "task", "task_name", "phase", "labels.step",
          "labels.stage", "labels.task", "celery.task_name", "job_name")  # fmt: skip
_STATES = ("status", "state", "result", "conclusion", "outcome", "labels.status", "labels.state")


def steps(logs: Frame, *, by: str = "job_run_id", step: str | None = None, status: str | None = None) -> pl.DataFrame:
    """List the steps of every run of a job: when each began and ended, how it went, and how that is against other runs.

    A step lasts from its first event to its last. What is usual is the median of the same step in all other runs.

    Needs timestamp, severity_number and the column `by`, which names the run. `step` names the step and `status` tells
    how it stands; by default the first column there is of step, stage, task, phase, ... and of status, state, result,
    outcome, ... (status may be missing). Events without a run or a step are not counted.

    Returns `by`, step (String), number (Int64, from 1, in order of begin within the run), first_seen, last_seen
    (Datetime us UTC), duration_ms (Float64), usual_ms (Float64; null without other runs), ratio (Float64:
    duration_ms / usual_ms), waited_ms (Float64: from the end of the step before to the begin; negative when they
    overlap; null for the first), events, errors (Int64), status (String, the last), statuses (List[String]: as they
    changed) and usual_status (String: the most frequent last status of the step in all runs); sorted by begin of the
    run, run and number.

    Raises MissingColumnError when no column names the step.

    Example:
        >>> from datetime import datetime
        >>> times = [datetime(2025, 1, 31, 12, minute) for minute in (0, 1, 2, 5, 10, 11, 12, 13)]
        >>> logs = pl.DataFrame({"timestamp": times, "severity_number": 9, "job_run_id": [1] * 4 + [2] * 4,
        ...     "step": ["build", "build", "test", "test"] * 2})
        >>> table = steps(logs)
        >>> table.select("job_run_id", "step", "duration_ms", "usual_ms", "waited_ms").rows()[1]
        (1, 'test', 180000.0, 60000.0, 60000.0)
    """
    frame = lazy(logs, "timestamp", "severity_number", by, *[name for name in (step, status) if name])
    have = frame.collect_schema().names()
    step = step or _first(have, STEP_COLUMNS, by)
    status = status or next((name for name in _STATES if name in have), None)
    if step is None:
        raise MissingColumnError(
            f"No column names the step of a run: the frame has none of {', '.join(STEP_COLUMNS[:6])}. "
            "Hint: name one with step=."
        )
    table = _runs(frame, by, step, status)
    return _against_others(table).sort(pl.col("first_seen").min().over(by), by, "number")


def _first(have: list[str], names: tuple[str, ...], but: str) -> str | None:
    return next((name for name in names if name in have and name != but), None)


def _runs(frame: pl.LazyFrame, by: str, step: str, status: str | None) -> pl.DataFrame:
    """Return one row a run and step, with its place in the run."""
    time, state = pl.col("timestamp"), pl.col("state_")
    told = pl.col(status).cast(pl.String) if status else pl.lit(None, pl.String)
    events = frame.select(
        by, "timestamp", "severity_number", pl.col(step).cast(pl.String).alias("step"), told.alias("state_")
    )
    changed = state.drop_nulls()
    return (
        events.drop_nulls([by, "step", "timestamp"])
        .sort("timestamp", maintain_order=True)
        .group_by(by, "step", maintain_order=True)
        .agg(
            first_seen=time.min(),
            last_seen=time.max(),
            events=pl.len().cast(pl.Int64),
            errors=is_error().sum().cast(pl.Int64),
            status=changed.last(),
            statuses=changed.filter(changed.ne_missing(changed.shift())),
        )
        .sort(by, "first_seen", "last_seen", "step")
        .with_columns(
            number=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(by),
            duration_ms=_ms(pl.col("last_seen") - pl.col("first_seen")),
            waited_ms=_ms(pl.col("first_seen") - pl.col("last_seen").shift().over(by)),
        )
        .collect()
    )


def _against_others(table: pl.DataFrame) -> pl.DataFrame:
    """Add what is usual for each step: the median of the other runs, the commonest status."""
    taken = pl.col("duration_ms")
    # The median without one value, from the sorted rest: the middle of the others.
    place = (taken.rank("ordinal") - 1).over("step").cast(pl.Int64)
    ordered = table.group_by("step").agg(all_=taken.sort(), usual_status=pl.col("status").drop_nulls().mode().min())
    joined = table.with_columns(place=place).join(ordered, on="step", how="left", maintain_order="left")
    others = pl.col("all_").list.len().cast(pl.Int64) - 1
    low, high = (others - 1) // 2, others // 2

    def without(index: pl.Expr) -> pl.Expr:
        return pl.col("all_").list.get(index + (index >= pl.col("place")).cast(pl.Int64), null_on_oob=True)

    usual = pl.when(others > 0).then((without(low) + without(high)) / 2)
    told = joined.with_columns(usual_ms=usual).with_columns(
        ratio=pl.when(pl.col("usual_ms") > 0).then(taken / pl.col("usual_ms"))
    )
    first = table.columns[0]
    return told.select(
        first, "step", "number", "first_seen", "last_seen", "duration_ms", "usual_ms", "ratio", "waited_ms",
        "events", "errors", "status", "statuses", "usual_status",
    )  # fmt: skip


def _ms(length: pl.Expr) -> pl.Expr:
    return length.dt.total_microseconds() / 1000
