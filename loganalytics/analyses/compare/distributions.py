"""Numbers that moved from one time range to the other: durations, by who tells them, and every other measure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import polars as pl

from loganalytics.analyses.compare.significance import kolmogorov_smirnov
from loganalytics.analyses.compare.term_counts import FEW, SLICE
from loganalytics.analyses.requests.durations import duration_ms

LEAST = 8  # values in either range
DISTANCE = 0.2  # of the distributions, below which a shift is no news however sure
FACTOR = 1.25  # and the least by which the median or p95 must have changed
MOST = 200_000  # values of a side that are sorted; of more, evenly spread ones

# Numbers that name a thing or a place, or count up: they always move, and it means nothing.
_NAMES = re.compile(
    r"(?i)(?:^|[._-])(?:\w*id|pid|tid|port|line|lineno|seq|sequence|offset|time|uptime\w*|timestamp|ts|number|version)$"
)

SHIFTED = {
    "field": pl.String(), "value": pl.String(), "before": pl.Int64(), "after": pl.Int64(),
    "baseline_p50": pl.Float64(), "incident_p50": pl.Float64(),
    "baseline_p95": pl.Float64(), "incident_p95": pl.Float64(),
    "ratio": pl.Float64(), "effect": pl.Float64(), "score": pl.Float64(), "p_value": pl.Float64(),
}  # fmt: skip


def shifts(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the measures with enough values in either range, as SHIFTED says; field is duration_ms for durations."""
    rows = [row for field, value, numbers in _measures(frame) if (row := _compare(field, value, numbers))]
    return pl.DataFrame(rows, schema=SHIFTED, orient="row")


def _measures(frame: pl.DataFrame) -> Iterator[tuple[str, str | None, pl.DataFrame]]:
    """Yield field, value (who it belongs to) and the numbers with their side."""
    who = pl.coalesce(pl.col("logger").cast(pl.String), pl.col("service").cast(pl.String)).alias("value")
    timed = frame.select(who, SLICE, number=duration_ms(frame.columns)).drop_nulls("number")
    for (value,), numbers in timed.group_by("value", maintain_order=True):
        yield "duration_ms", None if value is None else str(value), numbers
    for name, kind in frame.schema.items():
        is_duration = name.rsplit(".", 1)[-1] == "duration_ms"
        if name in (SLICE, "severity_number") or is_duration or not kind.is_numeric() or _NAMES.search(name):
            continue
        numbers = (
            frame.select(SLICE, number=pl.col(name).cast(pl.Float64)).drop_nulls().filter(pl.col("number").is_finite())
        )
        if kind.is_float() or numbers["number"].n_unique() > FEW:
            yield name, None, numbers


def _compare(field: str, value: str | None, numbers: pl.DataFrame) -> tuple[object, ...] | None:
    is_after = numbers[SLICE] < 0
    before, after = numbers["number"].filter(~is_after), numbers["number"].filter(is_after)
    if min(len(before), len(after)) < LEAST:
        return None
    middle = [_quantiles(side) for side in (before, after)]
    ratio = max(
        ((b / a if a else math.inf) for a, b in zip(*middle, strict=True) if a or b),
        key=lambda r: abs(math.log(max(r, 1e-9))),
        default=1.0,
    )
    distance, p = kolmogorov_smirnov(*(_thinned(side).to_numpy() for side in (before, after)))
    size = len(before) * len(after) / (len(before) + len(after))
    if abs(distance) < DISTANCE or 1 / FACTOR < ratio < FACTOR:
        p = 1.0
    return (
        field, value, len(before), len(after), middle[0][0], middle[1][0], middle[0][1], middle[1][1],
        ratio, distance, 4 * size * distance**2, p,
    )  # fmt: skip


def _quantiles(numbers: pl.Series) -> tuple[float, float]:
    return float(numbers.median() or 0.0), float(numbers.quantile(0.95) or 0.0)  # type: ignore[arg-type]


def _thinned(numbers: pl.Series) -> pl.Series:
    return numbers.gather_every(-(-len(numbers) // MOST))
