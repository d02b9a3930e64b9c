"""How the steps of runs went, failed or slow or as usual, in words, marks and colours; and their executions."""

from __future__ import annotations

from typing import Any

import polars as pl

from loganalytics.charts.lazy_altair import alt
from loganalytics.charts.levels import DARK_LEVEL_COLOURS
from loganalytics.charts.theme import legend

SLOW_RATIO = 2.0
"""Times as long as usual, from which a step is slow."""

FAILED, SLOW, USUAL = "✕ failed", "▲ slow", "as usual"
_COLOURS = {FAILED: "ERROR", SLOW: "WARNING", USUAL: "INFO"}


def state_of(row: dict[str, Any]) -> str:
    """Return how a step went, of its errors and its ratio to what is usual."""
    return FAILED if row["errors"] else SLOW if (row["ratio"] or 0.0) >= SLOW_RATIO else USUAL


def state_words(row: dict[str, Any]) -> str:
    """Return the same with how slow it was; "" where it was as usual."""
    state = state_of(row)
    slow = f"{SLOW} {row['ratio']:,.1f}×" if (row["ratio"] or 0.0) >= SLOW_RATIO else ""
    return f"{FAILED}, {slow.removeprefix('▲ ')}" if state == FAILED and slow else slow or state.removeprefix(USUAL)


def state_colour() -> alt.Color:
    """Return the colour of a bar by its state, dark enough for white text on it, with a legend."""
    scale = alt.Scale(domain=list(_COLOURS), range=[DARK_LEVEL_COLOURS[level] for level in _COLOURS.values()])
    return alt.Color("state:N", title=None, scale=scale, legend=legend(list(_COLOURS)))


def executions(steps: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each time that a step ran: the columns of the step, with times and errors of that time.

    Adds execution (from 1) and executions (how many); a frame without executions has one for each step.
    """
    only_one = pl.concat_list(pl.struct("first_seen", "last_seen", "errors"))
    runs = pl.col("executions") if "executions" in steps.columns else only_one
    listed = steps.with_columns(
        executed=runs,
        executions=runs.list.len(),
        execution=pl.int_ranges(1, runs.list.len() + 1),
    )
    exploded = listed.explode("executed", "execution", empty_as_null=False)
    fields = [pl.col("executed").struct.field(name).alias(name) for name in ("first_seen", "last_seen", "errors")]
    return exploded.with_columns(fields).drop("executed")
