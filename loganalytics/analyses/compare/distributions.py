"""Numbers whose distribution differs between two time ranges: durations, by who reports them, and other measures."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import polars as pl

from loganalytics.analyses.compare.significance import kolmogorov_smirnov
from loganalytics.analyses.compare.term_counts import MAX_CODES, SLICE_COLUMN, is_incident
from loganalytics.analyses.requests.durations import duration_ms
from loganalytics.analyses.requests.endpoints import operation

MIN_VALUES = 8  # in either range
MIN_DISTANCE = 0.2  # of Kolmogorov and Smirnov: a lesser change is no news, however significant
MIN_QUANTILE_RATIO = 1.25  # the least by which the median or p95 must have changed
MAX_OPERATIONS = 500  # whose durations are compared, the most frequent
MAX_SORTED_VALUES = 200_000  # of a range; of more, evenly spread ones are compared

# Numbers that name something or its position, or count up: they always move, and it means nothing.
_IDENTIFIERS = re.compile(
    r"(?i)(?:^|[._-])(?:\w*id|pid|tid|port|line|lineno|seq|sequence|offset|time|uptime\w*|timestamp|ts|number|version)$"
)

DISTRIBUTIONS = {
    "field": pl.String(), "value": pl.String(), "baseline_count": pl.Int64(), "incident_count": pl.Int64(),
    "baseline_p50": pl.Float64(), "incident_p50": pl.Float64(),
    "baseline_p95": pl.Float64(), "incident_p95": pl.Float64(),
    "ratio": pl.Float64(), "effect": pl.Float64(), "score": pl.Float64(), "p_value": pl.Float64(),
}  # fmt: skip


def compare_distributions(events: pl.DataFrame) -> pl.DataFrame:
    """Return one row a measure with enough values in both ranges; field is duration_ms for durations.

    The columns are those of DISTRIBUTIONS.
    """
    rows = [row for field, value, numbers in _measures(events) if (row := _compare(field, value, numbers))]
    return pl.DataFrame(rows, schema=DISTRIBUTIONS)


def _measures(events: pl.DataFrame) -> Iterator[tuple[str, str | None, pl.DataFrame]]:
    """Yield field, value (the operation of a duration) and the numbers with their slice."""
    timed = events.select(operation(events.schema).alias("value"), SLICE_COLUMN, number=duration_ms(events.columns))
    timed = _of_most_frequent(timed.drop_nulls("number"))
    for (value,), numbers in timed.group_by("value", maintain_order=True):
        yield "duration_ms", None if value is None else str(value), numbers
    for name, dtype in events.schema.items():
        if not dtype.is_numeric() or not _is_measure(name):
            continue
        numbers = events.select(SLICE_COLUMN, number=pl.col(name).cast(pl.Float64)).drop_nulls()
        numbers = numbers.filter(pl.col("number").is_finite())
        if dtype.is_float() or numbers["number"].n_unique() > MAX_CODES:
            yield name, None, numbers


def _of_most_frequent(timed: pl.DataFrame) -> pl.DataFrame:
    """Return the durations of the operations that have enough of them in both ranges, of the most frequent ones."""
    sides = timed.group_by("value").agg(before=(~is_incident()).sum(), after=is_incident().sum())
    enough = sides.filter(pl.min_horizontal("before", "after") >= MIN_VALUES)
    frequent = enough.sort(pl.col("before") + pl.col("after"), "value", descending=[True, False]).head(MAX_OPERATIONS)
    return timed.join(frequent.select("value"), on="value", how="semi", nulls_equal=True, maintain_order="left")


def _is_measure(name: str) -> bool:
    is_duration = name.rsplit(".", 1)[-1] == "duration_ms"
    return name not in (SLICE_COLUMN, "severity_number") and not is_duration and not _IDENTIFIERS.search(name)


def _compare(field: str, value: str | None, numbers: pl.DataFrame) -> dict[str, Any] | None:
    """Return the row of a measure; None where a range has too few values."""
    before, after = (numbers.filter(side)["number"] for side in (~is_incident(), is_incident()))
    if min(len(before), len(after)) < MIN_VALUES:
        return None
    old, new = _quantiles(before), _quantiles(after)
    ratio = _largest_ratio(old, new)
    distance, p_value = kolmogorov_smirnov(*(_thin_out(side).to_numpy() for side in (before, after)))
    if abs(distance) < MIN_DISTANCE or 1 / MIN_QUANTILE_RATIO < ratio < MIN_QUANTILE_RATIO:
        p_value = 1.0
    harmonic_size = len(before) * len(after) / (len(before) + len(after))
    return {
        "field": field,
        "value": value,
        "baseline_count": len(before),
        "incident_count": len(after),
        "baseline_p50": old[0],
        "incident_p50": new[0],
        "baseline_p95": old[1],
        "incident_p95": new[1],
        "ratio": ratio,
        "effect": distance,
        "score": 4 * harmonic_size * distance**2,
        "p_value": p_value,
    }


def _largest_ratio(old: tuple[float, float], new: tuple[float, float]) -> float:
    """Return the ratio of the quantile that changed most; infinite where one was 0, 1 where all are 0."""
    ratios = [
        (after / before if before else math.inf) for before, after in zip(old, new, strict=True) if before or after
    ]
    return max(ratios, key=lambda ratio: abs(math.log(max(ratio, 1e-9))), default=1.0)


def _quantiles(numbers: pl.Series) -> tuple[float, float]:
    """Return median and p95."""
    return float(numbers.median() or 0.0), float(numbers.quantile(0.95) or 0.0)  # type: ignore[arg-type]


def _thin_out(numbers: pl.Series) -> pl.Series:
    return numbers.gather_every(-(-len(numbers) // MAX_SORTED_VALUES))
