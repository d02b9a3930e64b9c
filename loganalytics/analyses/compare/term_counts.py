"""Templates and field values counted in two time ranges, and how surely their rates differ.

The frames hold the events of both ranges: SLICE_COLUMN is INCIDENT_SLICE for those of the incident, and for those of
the baseline the number of its slice, from 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from loganalytics.analyses.compare.significance import g_test
from loganalytics.schema import is_error

SLICE_COLUMN = "\0slice"  # no field of a log can have such a name
INCIDENT_SLICE = -1
BASELINE_SLICES = 12  # equal parts of the baseline, to see by how much a count varies when nothing is the matter
MAX_VALUES = 500  # of a column that are compared: the most frequent of either range
MAX_CODES = 50  # distinct numbers of a column that is taken for codes (a status), not for a measure
MIN_NUMBER_SHARE = 0.9  # of the texts of a column that are numbers, with or without a unit: it is a measure
MIN_COMMON = 5  # templates with as many events in both ranges, and more: from these the change in traffic is estimated

_NUMBER = r"^\s*[+-]?[0-9]+(?:[.,][0-9]+)?\s*(?:[numµμ]?s|min|h|[kMGT]?i?[Bb]|%)?\s*$"

# The rest of the core columns are messages, times, positions and identities, whose values come once or twice.
_NOT_FIELDS = {"timestamp", "severity_number", "message", "exception", "trace_id", "span_id", "attributes"}
_NOT_FIELDS |= {"source", "offset"}  # a rotated file is not a change
PROBLEM = "error.problem"
"""The column of the label of an error's problem, null for what is no error; counted where the events have it."""
_ADDED_COLUMNS = {SLICE_COLUMN, PROBLEM, "template", "template_id"}
_PREFERRED_FIELDS = ("service", "level", "logger")  # where several columns say the same

TERM_COUNTS = {
    "scope": pl.String(), "field": pl.String(), "value": pl.String(), "template_id": pl.String(),
    "baseline_count": pl.Int64(), "incident_count": pl.Int64(), "dispersion": pl.Float64(),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """How long the ranges last, and how much busier the incident was in what both have in common.

    Attributes:
        baseline_minutes: the length of the baseline, without what it shares with the incident.
        incident_minutes: the length of the incident.
        traffic_ratio: the rate of common templates in the incident over that in the baseline.
    """

    baseline_minutes: float
    incident_minutes: float
    traffic_ratio: float = 1.0

    @property
    def incident_share(self) -> float:
        """Return the share of events that would fall into the incident, were nothing else changed."""
        expected = self.incident_minutes * self.traffic_ratio
        return expected / (expected + self.baseline_minutes)


def is_incident() -> pl.Expr:
    """Return the expression that is true for the events of the incident."""
    return pl.col(SLICE_COLUMN) < 0


def count_terms(events: pl.DataFrame) -> pl.DataFrame:
    """Count all events (field is null), templates, problems and field values in both ranges; values among errors."""
    fields = categorical_fields(events)
    template = [pl.col("template").alias("value"), pl.col("template_id")]
    counts = [
        _count(events, [pl.lit("").alias("value")], None, "events"),
        _count(events, template, "template", "events"),
    ]
    if PROBLEM in events.columns:
        counts.append(_count(events, [_as_value(PROBLEM)], PROBLEM, "events"))
    counts += [_count(events, [_as_value(name)], name, "events") for name in fields]
    errors = events.filter(is_error())
    if errors.height:
        counts += [_count(errors, [_as_value(name)], name, "errors") for name in fields if name != "level"]
    return pl.concat(counts)


def categorical_fields(events: pl.DataFrame) -> list[str]:
    """Return the columns whose values can be counted: words and codes, not measures and not identities."""
    skipped = _NOT_FIELDS | _ADDED_COLUMNS
    names = [name for name, dtype in events.schema.items() if name not in skipped and _is_categorical(dtype)]
    if not names or events.is_empty():
        return []
    distinct = events.select(pl.col(names).n_unique()).row(0, named=True)
    filled = events.select(pl.col(names).count()).row(0, named=True)
    fields = []
    for name in names:
        is_code = distinct[name] <= MAX_CODES
        is_word = not events.schema[name].is_integer() and distinct[name] <= filled[name] / 2
        is_word = is_word and (is_code or not _holds_numbers(events[name]))
        if filled[name] and (is_code or is_word):
            fields.append(name)
    return sorted(fields, key=lambda name: (name not in _PREFERRED_FIELDS, name))


def _holds_numbers(texts: pl.Series) -> bool:
    """Whether nearly all texts are numbers: durations and sizes, as "46.0ms"."""
    distinct = texts.drop_nulls().unique().cast(pl.String)
    return int(distinct.str.contains(_NUMBER).sum()) >= MIN_NUMBER_SHARE * len(distinct)


def _is_categorical(dtype: pl.DataType) -> bool:
    return dtype.is_integer() or dtype in (pl.String, pl.Boolean, pl.Categorical, pl.Enum)


def _as_value(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.String).alias("value")


def _count(events: pl.DataFrame, keys: list[pl.Expr], field: str | None, scope: str) -> pl.DataFrame:
    """Count the values of a field, and return the most frequent of either range; of templates and problems, all."""
    names = [key.meta.output_name() for key in keys]
    n = pl.col("n")
    in_baseline = n.filter(~is_incident())
    mean = in_baseline.sum() / BASELINE_SLICES
    # The variance of the counts of the slices over their mean; slices without the value count as 0.
    dispersion = (in_baseline.pow(2).sum() / mean - in_baseline.sum()) / (BASELINE_SLICES - 1)
    counted = (
        events.group_by(*keys, SLICE_COLUMN)
        .agg(n=pl.len().cast(pl.Int64))
        .drop_nulls("value")
        .group_by(names)
        .agg(
            baseline_count=in_baseline.sum(), incident_count=n.filter(is_incident()).sum(), dispersion=dispersion
        )
    )  # fmt: skip
    missing = [pl.lit(None, TERM_COUNTS[name]).alias(name) for name in ("template_id",) if name not in names]
    counted = counted.with_columns(*missing, field=pl.lit(field, pl.String), scope=pl.lit(scope)).select(*TERM_COUNTS)
    if field in ("template", PROBLEM) or counted.height <= MAX_VALUES:
        return counted
    counts = ("baseline_count", "incident_count")
    most_frequent = [counted.sort(name, "value", descending=[True, False]).head(MAX_VALUES) for name in counts]
    return pl.concat(most_frequent).unique(maintain_order=True)


def scale_to_traffic(terms: pl.DataFrame, exposure: Exposure) -> Exposure:
    """Return the exposure with the change in traffic that the templates have in common.

    It is the median of their ratios, each with the weight of the lesser count: a flood of one or the end of another
    does not move it (a size factor as in Anders and Huber 2010, doi:10.1186/gb-2010-11-10-r106). It is 1 where few
    templates are in both ranges.
    """
    weight = pl.min_horizontal("baseline_count", "incident_count")
    common = terms.filter((pl.col("field") == "template") & (weight >= MIN_COMMON))
    if common.height < MIN_COMMON:
        return exposure
    ratio = pl.col("incident_count") / pl.col("baseline_count")
    ordered = common.select(weight.alias("weight"), ratio=ratio).sort("ratio")
    median = ordered.filter(pl.col("weight").cum_sum() >= pl.col("weight").sum() / 2)["ratio"][0]
    return replace(exposure, traffic_ratio=median * exposure.baseline_minutes / exposure.incident_minutes)


def score_terms(terms: pl.DataFrame, exposure: Exposure) -> pl.DataFrame:
    """Add score (G) and p_value to counted terms.

    All events, and errors, are compared by how long the ranges last; the other terms also by the change in traffic.
    The values of errors must also be more, or fewer, than the value's share of all events explains: what all errors
    have in common shows in their templates. G is divided by the variance over the mean of the baseline's slices
    (quasi-likelihood), so that what comes in bursts must come in a greater one.
    """
    from scipy.stats import chi2

    before, after = (terms[name].to_numpy().astype(float) for name in ("baseline_count", "incident_count"))
    by_traffic = (terms["field"].is_not_null() & (terms["scope"] == "events")).to_numpy()
    by_time = replace(exposure, traffic_ratio=1.0)
    g = g_test(before, after, np.where(by_traffic, exposure.incident_share, by_time.incident_share))
    g = g / np.maximum(terms["dispersion"].fill_nan(1).fill_null(1).to_numpy(), 1)
    g = np.where((terms["scope"] == "errors").to_numpy(), np.minimum(g, _error_concentration(terms)), g)
    return terms.with_columns(score=pl.Series(g), p_value=pl.Series(chi2.sf(g, 1)))


def _error_concentration(terms: pl.DataFrame) -> pl.Series:
    """Return G for a value's share of the incident's errors against its share of the incident's events."""
    after = pl.col("incident_count")
    events = terms.filter(pl.col("scope") == "events").select("field", "value", events=after)
    sums = terms.group_by("scope", "field").agg(after.sum())
    totals = [
        sums.filter(pl.col("scope") == scope).select("field", after.alias(f"all_{scope}"))
        for scope in ("errors", "events")
    ]
    joined = terms.select("field", "value", after.alias("errors"))
    for table, keys in ((events, ["field", "value"]), *((total, ["field"]) for total in totals)):
        joined = joined.join(table, on=keys, how="left", nulls_equal=True, maintain_order="left")
    joined = joined.with_columns(pl.col("events").fill_null(pl.col("errors")))
    share = (pl.col("events") / pl.col("all_events")).clip(1e-9, 1 - 1e-9).fill_nan(0.5)
    other_errors = pl.col("all_errors").fill_null(0) - pl.col("errors")
    numbers = joined.select(other_errors.alias("other_errors"), "errors", share=share)
    return pl.Series(g_test(*(numbers[name].fill_null(0.5).to_numpy().astype(float) for name in numbers.columns)))
