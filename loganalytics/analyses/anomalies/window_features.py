"""What can be counted and measured in a window of time: the features that anomalies are looked for in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganalytics.analyses.anomalies.window_tables import (
    TOTAL_COLUMNS,
    Columns,
    WindowTables,
    first_windows,
    no_rows,
    split_by_value,
    window_tables,
)

MIN_DURATIONS = {"p50": 3, "p95": 10}  # in a window, for the quantile to mean anything
OVERALL_DURATIONS = ["duration_p50", "duration_p95"]  # in the order of the above
NEW_EVENTS = "new_events"  # of kinds that a model has not seen

_NO_COLUMNS: Columns = {}


@dataclass(frozen=True, kw_only=True)
class Features:
    """What the windows hold for one value of `by`; rows are windows.

    Attributes:
        value: the value.
        names: of the counts: events, errors, trace_ids, level:..., service:..., errors:host:..., template:...
        counts: windows x names.
        duration_names: duration_p50, duration_p95, and duration:... by template.
        durations: windows x duration_names, in milliseconds; NaN where too few were measured.
        measured: windows x duration_names: how many durations each is computed from.
        unseen: how many templates came first in the window.
        expected_unseen: how many had to be expected, as things stood before.
    """

    value: object
    names: list[str]
    counts: NDArray[np.float64]
    duration_names: list[str]
    durations: NDArray[np.float64]
    measured: NDArray[np.float64]
    unseen: NDArray[np.float64]
    expected_unseen: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class FeatureNames:
    """The names of the counts and durations of one value of `by`."""

    counts: list[str]
    durations: list[str]


def read_features(events: pl.DataFrame, windows: int) -> Iterator[Features]:
    """Return the features of one value of `by` after the other, sorted by value, nulls first."""
    unlimited = window_tables(events)
    tables = unlimited.limited()
    first = split_by_value(first_windows(unlimited.templates, windows), "name", "first", "size", "next")
    levels, origins, templates = (
        split_by_value(table, "name", "len") for table in (tables.levels, tables.origins, tables.templates)
    )
    timed = split_by_value(tables.durations, "name", "len", "ms")
    for value, totals in split_by_value(tables.totals, *TOTAL_COLUMNS).items():
        level, origin, template = (split.get(value, _NO_COLUMNS) for split in (levels, origins, templates))
        names, counts = _counts(totals, level, origin, template, windows)
        timed_templates = timed.get(value, _NO_COLUMNS)
        duration_names = [*OVERALL_DURATIONS, *(f"duration:{name}" for name in _distinct_names(timed_templates))]
        durations, measured = _durations(totals, timed_templates, duration_names, windows)
        unseen, expected_unseen = _unseen(first[value], counts[:, 0])
        yield Features(
            value=value, names=names, counts=counts, duration_names=duration_names, durations=durations,
            measured=measured, unseen=unseen, expected_unseen=expected_unseen,
        )  # fmt: skip


def read_named_features(
    events: pl.DataFrame, windows: int, names: Mapping[object, FeatureNames], known_templates: pl.Series
) -> Iterator[Features]:
    """Return the named features of each value of `by`, and those of values without names: their totals only.

    Templates that are not among the known ones are unseen. Each window is counted by itself, whatever is around it.
    """
    tables = window_tables(events)
    unseen = tables.templates.filter(~pl.col("name").is_in(known_templates.implode()))
    named_counts = _split_named_counts(tables, unseen)
    unseen_windows = split_by_value(unseen, "window")
    timed = split_by_value(tables.durations, "name", "len", "ms")
    totals = split_by_value(tables.totals, *TOTAL_COLUMNS)
    totals_only = FeatureNames(counts=["events", "errors"], durations=OVERALL_DURATIONS)
    new = {value: totals_only for value in totals if value not in names}
    for value, feature_names in {**names, **new}.items():
        value_totals = totals.get(value, no_rows())
        splits = [split.get(value, _NO_COLUMNS) for split in named_counts]
        counts = _named_counts(value_totals, splits, feature_names.counts, windows)
        duration_names = feature_names.durations
        durations, measured = _durations(value_totals, timed.get(value, _NO_COLUMNS), duration_names, windows)
        first = unseen_windows.get(value, no_rows())["window"]
        yield Features(
            value=value, names=feature_names.counts, counts=counts, duration_names=duration_names,
            durations=durations, measured=measured, unseen=np.bincount(first, minlength=windows).astype(float),
            expected_unseen=np.zeros(windows),
        )  # fmt: skip


def _split_named_counts(tables: WindowTables, unseen: pl.DataFrame) -> list[dict[object, Columns]]:
    """Return what is counted, under the names of the features, by value."""
    new_events = unseen.group_by("by", "window").agg(name=pl.lit(NEW_EVENTS), len=pl.col("len").sum())
    prefixed = [("level:{}", tables.levels), ("template:{}", tables.templates), ("{}", tables.origins),
                ("{}", new_events)]  # fmt: skip
    return [
        split_by_value(table.with_columns(name=pl.format(prefix, "name")), "name", "len") for prefix, table in prefixed
    ]


def _named_counts(totals: Columns, splits: list[Columns], names: list[str], windows: int) -> NDArray[np.float64]:
    """Return the counts with these names, windows x names."""
    counts = np.zeros((windows, len(names)))
    number = {name: column for column, name in enumerate(names)}
    for name in ("events", "errors", "trace_ids"):
        if name in number:
            counts[totals["window"], number[name]] = totals[name]
    for cells in splits:
        _fill(counts, cells, "len", number)
    return counts


def _counts(
    totals: Columns, levels: Columns, origins: Columns, templates: Columns, windows: int
) -> tuple[list[str], NDArray[np.float64]]:
    """Return the names and counts of a value."""
    names = ["events", "errors", *(["trace_ids"] if totals["trace_ids"].any() else [])]
    counts = np.zeros((windows, len(names)))
    counts[totals["window"]] = np.column_stack([totals[name] for name in names])
    by_level, by_origin, by_template = (_matrix(cells, windows) for cells in (levels, origins, templates))
    split_names = [*(f"level:{name}" for name in _distinct_names(levels)), *_distinct_names(origins)]
    split_counts = np.hstack([by_level, by_origin])
    # A level or service that says the same as a total (one level only, or one level of errors) would say it twice.
    retained = [i for i in range(len(split_names)) if not (counts == split_counts[:, [i]]).all(axis=0).any()]
    template_names = [f"template:{name}" for name in _distinct_names(templates)]
    all_names = [*names, *(split_names[i] for i in retained), *template_names]
    return all_names, np.hstack([counts, split_counts[:, retained], by_template])


def _distinct_names(cells: Columns) -> list[str]:
    """Return the names, sorted as the cells are."""
    return list(dict.fromkeys(cells["name"].tolist())) if cells else []


def _matrix(cells: Columns, windows: int) -> NDArray[np.float64]:
    """Return the counts as a matrix of windows by distinct names."""
    names = _distinct_names(cells)
    matrix = np.zeros((windows, len(names)))
    _fill(matrix, cells, "len", {name: column for column, name in enumerate(names)})
    return matrix


def _fill(matrix: NDArray[Any], cells: Columns, measure: str, number: dict[str, int]) -> None:
    """Write the cells whose names have the number of a column into a matrix of windows by names."""
    if not cells:
        return
    column = np.array([number.get(name, -1) for name in cells["name"].tolist()], dtype=np.int64)
    has_column = column >= 0
    matrix[cells["window"][has_column], column[has_column]] = cells[measure][has_column]


def _durations(
    totals: Columns, timed: Columns, names: list[str], windows: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the quantiles of duration with these names, and how many durations each is computed from."""
    durations, measured = np.full((2, windows, len(names)), np.nan)
    for column, (name, minimum) in enumerate(MIN_DURATIONS.items()):
        durations[totals["window"], column] = np.where(totals["measured"] >= minimum, totals[name], np.nan)
        measured[totals["window"], column] = totals["measured"]
    number = {name.removeprefix("duration:"): column for column, name in enumerate(names) if ":" in name}
    is_enough = timed["len"] >= MIN_DURATIONS["p50"] if timed else None
    cells = {name: array[is_enough] for name, array in timed.items()}
    _fill(durations, cells, "ms", number)
    _fill(measured, cells, "len", number)
    return durations, np.nan_to_num(measured)


def _unseen(first: Columns, events: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how many templates came first in each window, and how many were to be expected.

    The chance that the next event is of a kind never seen is the share of the events so far whose kind was seen
    once only (Good 1953, doi:10.1093/biomet/40.3-4.237).
    """
    windows = len(events)
    unseen = np.bincount(first["first"], minlength=windows).astype(float)
    is_single = first["size"] == 1
    begins = np.bincount(first["first"][is_single] + 1, minlength=windows + 2)
    ends = np.bincount(np.minimum(first["next"][is_single] + 1, windows + 1), minlength=windows + 2)
    singletons = np.cumsum(begins - ends)[:windows]
    events_before = np.cumsum(events) - events
    return unseen, events * np.minimum((singletons + 1) / (events_before + 1), 1.0)
