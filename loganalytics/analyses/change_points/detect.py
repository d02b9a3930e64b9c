"""Where a trend changes: spikes, dips, steps and slopes, each with how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from loganalytics.analyses.change_points.seasonality import remove_season
from loganalytics.analyses.change_points.segmentation import find_steps
from loganalytics.analyses.change_points.spikes import Change, find_spikes
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.schema import Frame, lazy

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[np.float64]]

SURE = 0.01  # corrected for the number of windows and of values
EDGE = 3  # windows beside a step in which a spike is none
TESTS = 3  # a window: spike, dip, step
LEAST_EVENTS = 5  # of a series of counts: with fewer nothing can be sure
FEWEST = 12  # windows, of which nobody can tell what is usual

_VALUE = "\0value"  # no field of a log can be named so
_MEASURES = ("window", "events", "errors", "error_rate")


def change_points(trend: Frame, *, column: str = "events") -> pl.DataFrame:
    """Tell where a trend changes: the windows at which a spike, a dip, a step or a slope begins.

    A spike or dip stands out from the windows around it for less than half a day's worth of 25 of them; a step is a
    level that stays; a trend is a rise or fall that goes on. What comes back every day (in trends of two days and
    more), or with another period that the trend itself shows, is no change. Counts are compared on the scale of their
    square root (Anscombe 1948, doi:10.1093/biomet/35.3-4.246), spikes among them by the negative binomial
    distribution that the trend's own variance fits; steps are found by PELT (Killick et al. 2012,
    doi:10.1080/01621459.2012.737745, from ruptures) and tested with the noise's autocorrelation taken into account.

    Needs window and `column`; a further column beside events, errors and error_rate splits the trend, as `trend`
    returns it with `by`. Windows are taken for equally long and complete; rows with a null window are left out.

    Returns window (the first one that is different), that further column, kind (spike, dip, step, trend), p_value
    (Float64, corrected for all windows and values that were tried; below 0.01), before and after (Float64: what was
    usual before, and the peak, the level or the end of the slope after); sorted by window. Trends with fewer than 12
    windows, and those that never vary, have none.

    Raises MissingColumnError, and InvalidArgumentError for a column that holds no numbers.

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
    keys = ["window", *([by] if by else [])]
    value = pl.col(column).cast(pl.Float64).fill_nan(None)
    value = value.interpolate().fill_null(strategy="forward").fill_null(0.0)
    table = (
        frame.drop_nulls("window").sort(*reversed(keys)).select(*keys, (value.over(by) if by else value).alias(_VALUE))
    )
    groups = table.collect().partition_by(by, maintain_order=True) if by else [table.collect()]
    is_whole = schema[column].is_integer()
    rows = [row for group in groups for row in _changes(group, len(groups), is_whole=is_whole)]
    result = {name: schema[name] for name in keys}
    result |= {"kind": pl.String(), "p_value": pl.Float64(), "before": pl.Float64(), "after": pl.Float64()}
    return pl.DataFrame(rows, schema=result, orient="row").sort(*keys, "kind", nulls_last=True)


def _changes(group: pl.DataFrame, groups: int, *, is_whole: bool) -> list[tuple[object, ...]]:
    """Return the changes of one series: none when it is too short or too even to have one."""
    x = group[_VALUE].to_numpy()
    if len(x) < FEWEST or x.max() == x.min():
        return []
    is_count = is_whole and x.min() >= 0
    if is_count and x.sum() < LEAST_EVENTS:
        return []
    series = remove_season(x, is_count=is_count, windows=group["window"])
    tried = TESTS * len(x) * groups
    spikes = find_spikes(series, SURE / tried)
    steps = find_steps(series, spikes, SURE / tried)
    # At the edge of a new level the windows around are still of the old one.
    edges = [step.start for step in steps]
    spikes = [spike for spike in spikes if all(abs(spike.start - edge) > EDGE for edge in edges)]
    return [_row(group, change, tried) for change in (*spikes, *steps)]


def _row(group: pl.DataFrame, change: Change, tried: int) -> tuple[object, ...]:
    keys = group.drop(_VALUE).row(change.start)
    return (*keys, change.kind, min(change.p * tried, 1.0), change.before, change.after)
