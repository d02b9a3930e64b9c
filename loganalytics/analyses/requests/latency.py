"""How long things take, and whether they are getting slower."""

from __future__ import annotations

from datetime import datetime
from typing import cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loganalytics.analyses.requests.durations import duration_ms
from loganalytics.analyses.requests.endpoints import endpoint, ensure_routes, operation
from loganalytics.analyses.requests.steps import STEP_COLUMNS
from loganalytics.schema import CORE, TIMESTAMP, Frame, lazy
from loganalytics.times import window_start

Floats = NDArray[np.float64]

MAX_EXAMPLES = 5
MIN_BUCKETS = 5  # hours, or longer buckets, that a trend needs
MIN_BUCKET_EVENTS = 3
MAX_BUCKETS = 300  # Theil and Sen compare every pair
# Of the CUSUM over hours, in standard deviations: noise reaches the limit once in e^30 hours.
CUSUM_DRIFT, CUSUM_LIMIT = 1.5, 10.0
MIN_SLOW_BUCKETS = 2  # a single slow hour is a peak, or the nightly batch
MIN_NOISE = 0.1  # of the logarithm of hourly medians: ten per cent up or down is no news

_MICROSECONDS_PER_HOUR = 3_600_000_000
_TREND_SCHEMA = dict.fromkeys(("trend", "slow_from", "slow_until", "slow_ratio"), pl.Float64)
_EXAMPLE_COLUMNS = ("duration_ms", "timestamp", "message", "trace_id", "source", "offset")


def latency(logs: Frame, *, by: str = "logger") -> pl.DataFrame:
    """Summarize how long things take, by the values of a column; the slowest come first.

    Durations come from the columns named duration_ms (also as the last part of a dotted name) and, where these
    are null, from the message, such as "in 35.2ms"; see `duration_ms`. Events without a duration are not
    counted.

    Needs timestamp, message and the column `by`. Where there is no column endpoint, `by="endpoint"` takes method and
    route of the requests, "GET /builds/<*>", as `with_routes` finds them in fields and messages. Where there is no
    column operation, `by="operation"` takes the endpoint of events that answer a request, of others logger, else
    service. Where there is no column step, `by="step"` takes the first there is of step_name, stage, task, phase and
    the like.

    Returns `by`, count (Int64), p50, p95, p99 and max (Float64, milliseconds), trend (Float64, the relative
    change of the median in an hour: 0.1 is 10 % slower every hour; null with fewer than five hours that hold
    three events or more), slow_from, slow_until (Datetime us UTC) and slow_ratio (Float64: the stretch of hours
    that were clearly slower than usual, and how many times slower the worst was; null without one) and slowest
    (List[Struct{duration_ms, timestamp, message, trace_id, source, offset}],
    the five slowest events, slowest first); sorted by p95, descending, then by value.

    The trend is the median of the slopes between all pairs of hourly medians of the logarithm (Theil 1950,
    Sen 1968, doi:10.1080/01621459.1968.10480934), so that a few bad hours do not make one.

    Example:
        >>> from loganalytics.schema import conform
        >>> logs = conform(pl.DataFrame({"service": "web", "message": [f"GET / in {ms}ms" for ms in range(1, 102)]}))
        >>> latency(logs, by="service").select("service", "count", "p50", "p95", "max").rows()
        [('web', 101, 51.0, 96.0, 101.0)]
    """
    frame = _with_durations(logs, by)
    quantiles = {f"p{percent}": pl.col("duration_ms").quantile(percent / 100) for percent in (50, 95, 99)}
    return (
        frame.group_by(by)
        .agg(count=pl.len().cast(pl.Int64), **quantiles, max=pl.col("duration_ms").max())
        .join(_trends(frame, by), on=by, how="left", nulls_equal=True)
        .join(_slowest(frame, by), on=by, how="left", nulls_equal=True)
        .sort("p95", by, descending=[True, False])
    )


def _with_durations(logs: Frame, by: str) -> pl.DataFrame:
    """Return the events that report a duration, with the columns that the summary reads."""
    frame = _with_group_column(lazy(logs, "timestamp", "message"), by)
    have = frame.collect_schema().names()
    missing = [pl.lit(None, CORE[name]).alias(name) for name in _EXAMPLE_COLUMNS if name not in (*have, "duration_ms")]
    return (
        frame.with_columns(duration_ms(have), *missing)
        .select(list(dict.fromkeys([by, *_EXAMPLE_COLUMNS])))
        .filter(pl.col("duration_ms").is_not_null())
        .collect()
    )


def _with_group_column(frame: pl.LazyFrame, by: str) -> pl.LazyFrame:
    """Return the frame with the column `by`; an endpoint or a step is taken from other columns where it is missing."""
    have = frame.collect_schema().names()
    if by == "endpoint" and by not in have:
        return ensure_routes(frame).with_columns(endpoint()).filter(pl.col(by).is_not_null())
    if by == "operation" and by not in have:
        routed = ensure_routes(frame)
        return routed.with_columns(operation(routed.collect_schema()))
    if by == "step" and by not in have:
        name = next((name for name in STEP_COLUMNS if name in have), by)
        frame = frame.rename({name: by}) if name != by else frame
    return lazy(frame, by)


def _slowest(frame: pl.DataFrame, by: str) -> pl.DataFrame:
    order = ["duration_ms", "timestamp", "source", "offset", "message"]
    slow = frame.filter(pl.col("duration_ms").rank("min", descending=True).over(by) <= MAX_EXAMPLES)
    return (
        slow.sort(order, descending=[True, False, False, False, False], nulls_last=True)
        .group_by(by, maintain_order=True)
        .agg(slowest=pl.struct(_EXAMPLE_COLUMNS).head(MAX_EXAMPLES))
    )


def _trends(frame: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return trend and slow stretch of each value that has enough data."""
    hours = _bucket_hours(frame["timestamp"])
    medians = (
        frame.filter(pl.col("timestamp").is_not_null())
        .group_by(by, window_start(f"{hours}h"))
        .agg(events=pl.len(), median=pl.col("duration_ms").clip(lower_bound=1e-3).log().median())
        .filter(pl.col("events") >= MIN_BUCKET_EVENTS)
        .with_columns(hour=pl.col("window").dt.epoch("us") / _MICROSECONDS_PER_HOUR)
        .sort(by, "window")
        .group_by(by, maintain_order=True)
        .agg("hour", "median")
        .filter(pl.col("hour").list.len() >= MIN_BUCKETS)
    )
    series = [(x.to_numpy(), y.to_numpy()) for x, y in zip(medians["hour"], medians["median"], strict=True)]
    rows = [{"trend": _theil_sen(x, y), **_slow_stretch(x, y, hours)} for x, y in series]
    trends = pl.DataFrame(rows, schema=_TREND_SCHEMA)
    times = (pl.col("slow_from", "slow_until") * _MICROSECONDS_PER_HOUR).cast(pl.Int64).cast(TIMESTAMP)
    return pl.concat([medians.select(by), trends.with_columns(times)], how="horizontal")


def _bucket_hours(times: pl.Series) -> int:
    """Return how long the buckets must be for a log not to have too many of them."""
    if times.drop_nulls().is_empty():
        return 1
    span = cast(datetime, times.max()) - cast(datetime, times.min())
    return max(1, round(span.total_seconds() / 3600 / MAX_BUCKETS))


def _theil_sen(hours: Floats, log_medians: Floats) -> float:
    """Return the relative change in an hour: the median of the slopes between all pairs of points.

    scipy's theilslopes gives the same with a confidence interval, which takes several times as long.
    """
    first, second = np.triu_indices(len(hours), k=1)
    slopes = (log_medians[second] - log_medians[first]) / (hours[second] - hours[first])
    return float(np.expm1(np.median(slopes)))


def _slow_stretch(hours: Floats, log_medians: Floats, bucket_hours: int) -> dict[str, float | None]:
    """Return slow_from, slow_until and slow_ratio of the hours that are farthest above the usual; nulls if none are.

    They are the ones with the largest sum of (robust z - CUSUM_DRIFT), as a one-sided CUSUM finds them.
    """
    above = log_medians - np.median(log_medians)
    z = above / max(1.4826 * float(np.median(np.abs(above))), MIN_NOISE)
    sums = np.append(0.0, np.cumsum(z - CUSUM_DRIFT))
    rise = sums - np.minimum.accumulate(sums)
    end = int(np.argmax(rise))
    begin = int(np.argmin(sums[: end + 1]))
    if rise[end] < CUSUM_LIMIT or end - begin < MIN_SLOW_BUCKETS:
        return dict.fromkeys(("slow_from", "slow_until", "slow_ratio"))
    return {
        "slow_from": float(hours[begin]),
        "slow_until": float(hours[end - 1] + bucket_hours),
        "slow_ratio": float(np.exp(above[begin:end].max())),
    }
