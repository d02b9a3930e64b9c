"""What two time ranges say differently: templates and field values, counted and held against each other.

The frames here hold the events of both ranges: the column SLICE is -1 for those of the incident, and for those of the
baseline in which of its parts they fall.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from loganalytics.analyses.compare.significance import g_test
from loganalytics.schema import is_error

SLICE = "\0slice"  # no field of a log can be named so
SLICES = 12  # of the baseline, to see by how much a count varies when nothing is the matter
VALUES = 500  # of a column that are compared: the most frequent of either range
FEW = 50  # distinct numbers of a column that is taken for codes (a status), not for a measure
COMMON = 5  # templates with as many events in either range, and more: from these the change in traffic is told

# The rest of the core columns is text, a time, a place or an identity, whose values come once or twice.
_NOT_FIELDS = {"timestamp", "severity_number", "message", "exception", "trace_id", "span_id", "attributes"}
_NOT_FIELDS |= {"source", "offset"}  # a rotated file is no news
_OURS = {SLICE, "template", "template_id"}
_FIRST = ("service", "level", "logger")  # of columns that say the same

COUNTED = {
    "scope": pl.String(), "field": pl.String(), "value": pl.String(), "template_id": pl.String(),
    "before": pl.Int64(), "after": pl.Int64(), "dispersion": pl.Float64(),
}  # fmt: skip


@dataclass(frozen=True)
class Exposure:
    """How many minutes either range lasts, and how many times busier the incident's was in what both have."""

    before: float
    after: float
    volume: float = 1.0

    @property
    def share(self) -> float:
        """Return the share of events that would fall into the incident, were nothing else changed."""
        expected = self.after * self.volume
        return expected / (expected + self.before)


def count_terms(frame: pl.DataFrame) -> pl.DataFrame:
    """Count all events (field is null), templates and field values in either range; the latter among errors too."""
    fields = categorical(frame)
    template = [pl.col("template").alias("value"), pl.col("template_id")]
    parts = [_count(frame, [pl.lit("").alias("value")], None, "events"), _count(frame, template, "template", "events")]
    parts += [_count(frame, [_text(name)], name, "events") for name in fields]
    errors = frame.filter(is_error())
    if errors.height:
        parts += [_count(errors, [_text(name)], name, "errors") for name in fields if name != "level"]
    return pl.concat(parts)


def categorical(frame: pl.DataFrame) -> list[str]:
    """Return the columns whose values can be counted: words and codes, not measures and not identities."""
    names = [name for name in frame.columns if name not in _NOT_FIELDS | _OURS and _is_plain(frame.schema[name])]
    if not names or frame.is_empty():
        return []
    distinct = frame.select(pl.col(names).n_unique()).row(0, named=True)
    filled = frame.select(pl.col(names).count()).row(0, named=True)
    found = []
    for name in names:
        is_code = distinct[name] <= FEW
        is_word = not frame.schema[name].is_integer() and distinct[name] <= filled[name] / 2
        if filled[name] and (is_code or is_word):
            found.append(name)
    return sorted(found, key=lambda name: (name not in _FIRST, name))


def _is_plain(kind: pl.DataType) -> bool:
    return kind.is_integer() or kind in (pl.String, pl.Boolean, pl.Categorical, pl.Enum)


def _text(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.String).alias("value")


def _count(frame: pl.DataFrame, keys: list[pl.Expr], field: str | None, scope: str) -> pl.DataFrame:
    names = [key.meta.output_name() for key in keys]
    n, inside = pl.col("n"), pl.col("n").filter(pl.col(SLICE) >= 0)
    mean = inside.sum() / SLICES
    spread = (inside.pow(2).sum() / mean - inside.sum()) / (SLICES - 1)  # variance of the parts over their mean
    counted = (
        frame.group_by(*keys, SLICE)
        .agg(n=pl.len().cast(pl.Int64))
        .drop_nulls("value")
        .group_by(names)
        .agg(before=inside.sum(), after=n.filter(pl.col(SLICE) < 0).sum(), dispersion=spread)
    )
    missing = [pl.lit(None, COUNTED[name]).alias(name) for name in ("template_id",) if name not in names]
    counted = counted.with_columns(*missing, field=pl.lit(field, pl.String), scope=pl.lit(scope)).select(list(COUNTED))
    if field == "template" or counted.height <= VALUES:
        return counted
    sides = [counted.sort(side, "value", descending=[True, False]).head(VALUES) for side in ("before", "after")]
    return pl.concat(sides).unique(maintain_order=True)


def traffic(terms: pl.DataFrame, exposure: Exposure) -> Exposure:
    """Return the exposure with the change in traffic that the templates have in common.

    It is the median of their ratios, each with the weight of the lesser count: a flood of one or the end of another
    does not move it (a size factor as in Anders and Huber 2010, doi:10.1186/gb-2010-11-10-r106). It is 1 where few
    templates are in both ranges.
    """
    weight = pl.min_horizontal("before", "after")
    common = terms.filter((pl.col("field") == "template") & (weight >= COMMON))
    if common.height < COMMON:
        return exposure
    ordered = common.select(weight.alias("weight"), ratio=pl.col("after") / pl.col("before")).sort("ratio")
    middle = ordered.filter(pl.col("weight").cum_sum() >= pl.col("weight").sum() / 2)["ratio"][0]
    return replace(exposure, volume=middle * exposure.before / exposure.after)


def judge(terms: pl.DataFrame, exposure: Exposure) -> pl.DataFrame:
    """Add score (G) and p_value to counted terms.

    All events, and errors, are held against the time that either range lasts; the rest against the traffic besides.
    The values of errors must also be more, or fewer, than the value's share of all events explains: what all errors
    have in common is told by their templates. G is divided by the variance over the mean of the baseline's parts
    (quasi-likelihood), so that what comes in bursts must come in a greater one.
    """
    import numpy as np
    from scipy.stats import chi2

    before, after = (terms[side].to_numpy().astype(float) for side in ("before", "after"))
    by_traffic = (terms["field"].is_not_null() & (terms["scope"] == "events")).to_numpy()
    g = g_test(before, after, np.where(by_traffic, exposure.share, replace(exposure, volume=1.0).share))
    g = g / np.maximum(terms["dispersion"].fill_nan(1).fill_null(1).to_numpy(), 1)
    g = np.where((terms["scope"] == "errors").to_numpy(), np.minimum(g, _concentration(terms)), g)
    return terms.with_columns(score=pl.Series(g), p_value=pl.Series(chi2.sf(g, 1)))


def _concentration(terms: pl.DataFrame) -> pl.Series:
    """Return G for a value's part of the incident's errors against its part of the incident's events."""
    events = terms.filter(pl.col("scope") == "events").select("field", "value", events="after")
    whole = terms.group_by("scope", "field").agg(pl.col("after").sum())
    totals = [
        whole.filter(pl.col("scope") == scope).select("field", pl.col("after").alias(f"all_{scope}"))
        for scope in ("errors", "events")
    ]
    joined = terms.select("field", "value", "after")
    for table, keys in ((events, ["field", "value"]), *((total, ["field"]) for total in totals)):
        joined = joined.join(table, on=keys, how="left", nulls_equal=True, maintain_order="left")
    joined = joined.with_columns(pl.col("events").fill_null(pl.col("after")))
    expected = (pl.col("events") / pl.col("all_events")).clip(1e-9, 1 - 1e-9)
    numbers = joined.select(
        "after", rest=pl.col("all_errors").fill_null(0) - pl.col("after"), share=expected.fill_nan(0.5)
    )
    return pl.Series(
        g_test(*(numbers[name].fill_null(0.5).to_numpy().astype(float) for name in ("rest", "after", "share")))
    )
