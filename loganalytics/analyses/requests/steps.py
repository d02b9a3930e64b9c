"""The steps of a job, run by run: how long each took, how it ended, and how that compares with other runs."""

from __future__ import annotations

import polars as pl

from loganalytics.analyses.errors.failures import is_failure
from loganalytics.analyses.requests.durations import to_milliseconds
from loganalytics.analyses.requests.executions import EXECUTION, attempt_column, status_fails, with_executions
from loganalytics.exceptions import MissingColumnError
from loganalytics.schema import Frame, lazy

# Where loggers put the step of a job that an event belongs to, and its status; the first column that is there is taken.
STEP_COLUMNS = (
    *("step", "step_name", "step_id", "stage", "stage_name", "task", "task_name", "phase", "labels.step"),
    *("labels.stage", "labels.task", "celery.task_name", "job_name"),
)
STATUS_COLUMNS = ("status", "state", "result", "conclusion", "outcome", "labels.status", "labels.state")

# Columns beside the log's own; no field of a log can have such a name.
_STATUS, _RANK, _DURATIONS, _MESSAGE, _ATTEMPT = "\0status", "\0rank", "\0durations", "\0message", "\0attempt"


def steps(logs: Frame, *, by: str = "job_run_id", step: str | None = None, status: str | None = None) -> pl.DataFrame:
    """List the steps of every run of a job: when each began and ended, its status, and how that compares to others.

    A step lasts from its first event to its last; one that ran several times within a run (attempts, loops) as long as
    these executions together. What is usual is the median of the same step in all other runs.

    Needs timestamp, severity_number and the column `by`, which names the run. `step` and `status` are the columns of
    the step and its status; by default the first there is of step, stage, task, phase, ... and of status, state,
    result, outcome, ... (status may be missing). Events without a run or a step are not counted.

    Returns `by`, step (String), number (Int64, from 1, in order of begin within the run), first_seen, last_seen
    (Datetime us UTC), duration_ms (Float64), usual_ms (Float64; null without other runs), ratio (Float64:
    duration_ms / usual_ms), waited_ms (Float64: from the end of the step before to the begin; negative when they
    overlap; null for the first), events, errors (Int64: see `trend`, and events whose status says "failed" or the
    like), status (String, the last), statuses (List[String]: as they changed), usual_status (String: the most frequent
    last status of the step in all runs) and executions (List[Struct{first_seen, last_seen, events, errors, status}]:
    one for each time that the step ran); sorted by begin of the run, run and number.

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
    step = step or next((name for name in STEP_COLUMNS if name in have and name != by), None)
    status = status or next((name for name in STATUS_COLUMNS if name in have), None)
    if step is None:
        raise MissingColumnError(
            f"No column names the step of a run: the frame has none of {', '.join(STEP_COLUMNS[:6])}. "
            "Hint: name one with step=."
        )
    table = _summarize_steps(frame, by, step, status)
    return _with_usual(table).sort(pl.col("first_seen").min().over(by), by, "number")


def _summarize_steps(frame: pl.LazyFrame, by: str, step: str, status: str | None) -> pl.DataFrame:
    """Return one row a run and step, with its number in the run."""
    executions = _executions(_step_events(frame, by, step, status), by)
    statuses = pl.col("statuses").explode(empty_as_null=False)
    first, last = pl.col("first_seen"), pl.col("last_seen")
    return (
        executions.lazy()
        .group_by(by, "step", maintain_order=True)
        .agg(
            first.min(),
            last.max(),
            pl.col("events", "errors").sum(),
            duration_ms=to_milliseconds(last - first).sum(),
            status=statuses.last(),
            statuses=statuses.filter(statuses.ne_missing(statuses.shift())),
            executions=pl.struct("first_seen", "last_seen", "events", "errors", "status"),
        )
        .sort(by, "first_seen", "last_seen", "step")
        .with_columns(
            number=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(by),
            waited_ms=to_milliseconds(first - last.shift().over(by)),
        )
        .collect()
    )


def _step_events(frame: pl.LazyFrame, by: str, step: str, status: str | None) -> pl.DataFrame:
    """Return the events that have a run and a step, in the order of time, with what tells their executions apart."""
    have = frame.collect_schema().names()
    attempt = attempt_column([name for name in have if name not in (by, step)])
    message = "message" if "message" in have else None
    texts = {_STATUS: status, _ATTEMPT: attempt, _MESSAGE: message}
    columns = {
        alias: pl.col(name).cast(pl.String) if name else pl.lit(None, pl.String) for alias, name in texts.items()
    }
    is_error = is_failure(have) | status_fails(columns[_STATUS])
    return (
        frame.select(by, "timestamp", pl.col(step).cast(pl.String).alias("step"), is_error=is_error, **columns)
        .drop_nulls([by, "step", "timestamp"])
        .sort("timestamp", maintain_order=True)
        .collect()
    )


def _executions(events: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return one row for each time that a step ran within a run."""
    time, statuses = pl.col("timestamp"), pl.col(_STATUS).drop_nulls()
    numbered = with_executions(events, by, status=_STATUS, message=_MESSAGE, attempt=_ATTEMPT)
    return numbered.group_by(by, "step", EXECUTION, maintain_order=True).agg(
        first_seen=time.min(),
        last_seen=time.max(),
        events=pl.len().cast(pl.Int64),
        errors=pl.col("is_error").sum().cast(pl.Int64),
        status=statuses.last(),
        statuses=statuses.filter(statuses.ne_missing(statuses.shift())),
    )


def _with_usual(table: pl.DataFrame) -> pl.DataFrame:
    """Add what is usual for each step: the median duration of the other runs, the most common status."""
    duration = pl.col("duration_ms")
    # Without one value, the median is found in the sorted values by passing over the rank of that value.
    rank = (duration.rank("ordinal") - 1).over("step").cast(pl.Int64)
    most_common = pl.col("status").drop_nulls().mode().min()
    by_step = table.group_by("step").agg(duration.sort().alias(_DURATIONS), usual_status=most_common)
    joined = table.with_columns(rank.alias(_RANK)).join(by_step, on="step", how="left", maintain_order="left")
    other_runs = pl.col(_DURATIONS).list.len().cast(pl.Int64) - 1

    def of_other_runs(index: pl.Expr) -> pl.Expr:
        return pl.col(_DURATIONS).list.get(index + (index >= pl.col(_RANK)).cast(pl.Int64), null_on_oob=True)

    low, high = of_other_runs((other_runs - 1) // 2), of_other_runs(other_runs // 2)
    with_usual = joined.with_columns(usual_ms=pl.when(other_runs > 0).then((low + high) / 2))
    run_column = table.columns[0]
    return with_usual.with_columns(ratio=pl.when(pl.col("usual_ms") > 0).then(duration / pl.col("usual_ms"))).select(
        run_column, "step", "number", "first_seen", "last_seen", "duration_ms", "usual_ms", "ratio", "waited_ms",
        "events", "errors", "status", "statuses", "usual_status", "executions",
    )  # fmt: skip
