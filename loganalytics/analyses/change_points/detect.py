"""Where a trend changes: spikes, dips, steps and slopes, each with how sure it is."""

from __future__ import annotations

import polars as pl

from loganalytics.analyses.change_points.seasonality import remove_season
from loganalytics.analyses.change_points.segmentation import find_steps
from loganalytics.analyses.change_points.spikes import Change, find_spikes
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.schema import Frame, lazy

MAX_P_VALUE = 0.01  # corrected for the number of windows and of values
EDGE_WINDOWS = 3  # beside a step, in which there are no spikes
TESTS_A_WINDOW = 3  # spike, dip, step
MIN_EVENTS = 5  # of a series of counts: with fewer nothing can be certain
MIN_WINDOWS = 12  # among fewer nothing is usual

_VALUE = "\0value"  # no field of a log can be named so
_MEASURES = ("window", "events", "errors", "error_rate")
_RESULTS = {"kind": pl.String(), "p_value": pl.Float64(), "before": pl.Float64(), "after": pl.Float64()}


def change_points(trend: Frame, *, column: str = "events") -> pl.DataFrame:
    """Find where a trend changes: the windows at which a spike, a dip, a step or a slope begins.

    A spike or dip stands out from the 25 windows around it for at most 12 of them; a step is a level that stays; a
    trend is a rise or fall that goes on. What comes back every day (in trends of two days and more), or with another
    period that the trend itself shows, is not a change. Counts are compared on the scale of their square root
    (Anscombe 1948, doi:10.1093/biomet/35.3-4.246), spikes among them by the negative binomial distribution that the
    trend's own variance fits; steps are found by PELT (Killick et al. 2012, doi:10.1080/01621459.2012.737745, from
    ruptures) and tested with the noise's autocorrelation taken into account.

    Needs window and `column`; a further column beside events, errors and error_rate splits the trend, as `trend`
    returns it with `by`. Windows are taken to be equally long and complete; rows with a null window are left out.

    Returns window (the first one that is different), that further column, kind (spike, dip, step, trend), p_value
    (Float64, corrected for all windows and values that were tried; below 0.01), before and after (Float64: what was
    usual before, and the peak, the level or the end of the slope after); sorted by window. Trends with fewer than 12
    windows, and those that never vary, have none.

    Raises MissingColumnError, and InvalidArgumentError for a column that holds no numbers and for a further column
    that is named as one of those returned.

    Example:
        >>> from datetime import datetime, timedelta
        >>> hours = [datetime(2025, 1, 31) + timedelta(hours=hour) for hour in range(48)]
        >>> counts = [50 + hour % 5 for hour in range(30)] + [500] + [50 + hour % 5 for hour in range(17)]
        >>> change_points(pl.DataFrame({"window": hours, "events": counts})).select("window", "kind", "after").rows()
        [(datetime.datetime(2025, 2, 1, 6, 0), 'spike', 500.0)]
    """
    frame = lazy(trend, "window", column)
    schema = frame.collect_schema()
    if not schema[column].is_numeric():
        raise InvalidArgumentError(
            f"The column {column!r} holds no numbers, but {schema[column]}. Hint: name one such as events or errors."
        )
    by = next((name for name in schema.names() if name not in (*_MEASURES, column)), None)
    if by in _RESULTS:
        raise InvalidArgumentError(f"The result has a column {by!r} too. Hint: rename it in the trend.")
    table = _filled(frame, column, by)
    groups = table.partition_by(by, maintain_order=True) if by else [table]
    is_integer = schema[column].is_integer()
    rows = [row for group in groups for row in _changes(group, len(groups), is_integer=is_integer)]
    keys = ["window", *([by] if by else [])]
    result = pl.DataFrame(rows, schema={**{name: schema[name] for name in keys}, **_RESULTS})
    return result.sort(*keys, "kind", nulls_last=True)


def _filled(frame: pl.LazyFrame, column: str, by: str | None) -> pl.DataFrame:
    """Return windows, values of `by` and what is measured, without gaps, sorted."""
    value = pl.col(column).cast(pl.Float64).fill_nan(None)
    value = value.interpolate().fill_null(strategy="forward").fill_null(0.0)
    keys = [by, "window"] if by else ["window"]
    ordered = frame.drop_nulls("window").sort(*keys)
    return ordered.select(*keys, (value.over(by) if by else value).alias(_VALUE)).collect()


def _changes(group: pl.DataFrame, groups: int, *, is_integer: bool) -> list[dict[str, object]]:
    """Return the changes of one series: none when it is too short or too even to have one."""
    values = group[_VALUE].to_numpy()
    if len(values) < MIN_WINDOWS or values.max() == values.min():
        return []
    is_count = is_integer and values.min() >= 0
    if is_count and values.sum() < MIN_EVENTS:
        return []
    series = remove_season(values, is_count=is_count, windows=group["window"])
    tests = TESTS_A_WINDOW * len(values) * groups
    spikes = find_spikes(series, MAX_P_VALUE / tests)
    steps = find_steps(series, spikes, MAX_P_VALUE / tests)
    # At the edge of a new level the windows around are still of the old one.
    edges = [step.start for step in steps]
    spikes = [spike for spike in spikes if all(abs(spike.start - edge) > EDGE_WINDOWS for edge in edges)]
    return [_row(group, change, tests) for change in (*spikes, *steps)]


def _row(group: pl.DataFrame, change: Change, tests: int) -> dict[str, object]:
    return {
        **group.drop(_VALUE).row(change.start, named=True),
        "kind": change.kind,
        "p_value": min(change.p * tests, 1.0),
        "before": change.before,
        "after": change.after,
    }
