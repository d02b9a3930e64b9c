"""Which kinds of event there are, and the values behind their wildcards."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from loganalytics.analyses.errors.failures import failure_of
from loganalytics.analyses.summaries import (
    REQUIRED_COLUMNS,
    TimeRange,
    earliest_events,
    first_and_last_time,
    sparkline_window,
    sparklines,
)
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.schema import Frame, conform, lazy
from loganalytics.templates import WILDCARD, TemplateCatalogue
from loganalytics.templates import finish as mine_templates
from loganalytics.templates.annotate import with_templates
from loganalytics.templates.masking import mask
from loganalytics.templates.parameters import extract_parameters

_MERGE_BATCHES = 16  # partial sums that are held before they are merged
_TOP_VALUES = 10
_NULL_TEXT = pl.lit(None, dtype=pl.String)
_KEY = pl.Categorical(pl.Categories("loganalytics.patterns"))  # texts that are hashed once, not in each grouping
_EXAMPLE_COLUMNS = ("key", "timestamp", "source", "offset", "message")
_SUMS = (
    pl.col("template_id").min(),
    pl.col("events", "errors").sum(),
    pl.col("first_seen").min(),
    pl.col("last_seen").max(),
)

# The kinds of value, the narrower before the wider.
_VALUE_PATTERNS = {
    "integer": r"[+-]?\d+",
    "number": r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?",
    "address": r"/?\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?|\[?[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}\]?(?::\d+)?",
    "uuid": r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}",
    "time": r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?\S*)?|\d\d:\d\d:\d\d(?:[.,]\d+)?",
    "hex": r"0x[0-9A-Fa-f]+|[0-9A-Fa-f]{6,}",
    "url": r"[A-Za-z][\w+.\-]*://.*",
    "path": r"[.~]{0,2}/.*|[A-Za-z]:\\.*",
}


@dataclass(frozen=True, kw_only=True)
class PatternSums:
    """What one part of a log adds: counts by masked message (or template), and the earliest event of each."""

    counts: pl.DataFrame
    """By key, service and window of time: template_id, events, errors, first_seen and last_seen."""
    examples: pl.DataFrame
    """One row a key: timestamp, source, offset and message."""


def patterns(logs: Frame, *, known: TemplateCatalogue | None = None) -> pl.DataFrame:
    """List the kinds of event: one row a message template, the most frequent first.

    Needs timestamp, severity_number, service and message; uses source and offset, and template and template_id where
    present. A LazyFrame is read in batches, twice: memory grows with the distinct masked messages, not with the lines.

    Returns template_id, template, events (Int64), errors (Int64, see `trend`), share (Float64, of all events),
    services (List[String], sorted), first_seen, last_seen (null when no event has a time), trend (List[UInt32]:
    events in each of 24 windows of equal length from the first event of the log to its last) and example (the earliest
    message); with a catalogue as `known` also is_known (Boolean: the catalogue has the template) and name (String, as
    the catalogue has it), and what the catalogue holds keeps its template and id. Sorted by events, then by template.

    Example:
        >>> logs = conform(pl.DataFrame({"message": ["user 17 logged in", "disk full", "user 4 logged in"]}))
        >>> patterns(logs).select("template", "events", "example").rows()
        [('user <*> logged in', 2, 'user 17 logged in'), ('disk full', 1, 'disk full')]
    """
    frame = lazy(logs, *REQUIRED_COLUMNS)
    is_mined = known is None and {"template", "template_id"} <= set(frame.collect_schema().names())
    times = first_and_last_time(frame)
    no_events = frame.clear().collect()  # a log may have no batch
    batches = [logs] if isinstance(logs, pl.DataFrame) else itertools.chain([no_events], frame.collect_batches())
    partials = (partial(batch, times, is_mined=is_mined) for batch in batches)
    return finish(_merge_in_batches(partials), is_mined=is_mined, known=known)


def partial(logs: pl.DataFrame, times: TimeRange, *, is_mined: bool = False) -> PatternSums:
    """Return the sums of one part of a log whose first and last events have these times.

    The key is the masked message; where templates are mined already, it is the template.
    """
    optional = ("source", "offset", *(["template", "template_id"] if is_mined else []))
    present = [name for name in optional if name in logs.columns]
    events = conform(logs.select(*REQUIRED_COLUMNS, *present, is_failure=failure_of(logs)))
    key, template_id = (
        (pl.col("template"), pl.col("template_id")) if is_mined else (mask(pl.col("message")), _NULL_TEXT)
    )
    keyed = events.with_columns(key=key.cast(_KEY), template_id=template_id)
    counts = keyed.group_by("key", "service", sparkline_window(times)).agg(
        pl.col("template_id").min(),
        events=pl.len().cast(pl.Int64),
        errors=pl.col("is_failure").sum().cast(pl.Int64),
        first_seen=pl.col("timestamp").min(),
        last_seen=pl.col("timestamp").max(),
    )
    return PatternSums(counts=counts, examples=earliest_events(keyed, "key").select(_EXAMPLE_COLUMNS))


def merge(partials: Iterable[PatternSums]) -> PatternSums:
    """Add up the sums of parts of a log, in any order; the result can be merged again."""
    partials = list(partials)
    counts = pl.concat([sums.counts for sums in partials])
    examples = pl.concat([sums.examples for sums in partials]).with_columns(exception=_NULL_TEXT)
    return PatternSums(
        counts=counts.group_by("key", "service", "window").agg(_SUMS),
        examples=earliest_events(examples, "key").select(_EXAMPLE_COLUMNS),
    )


def finish(merged: PatternSums, *, is_mined: bool = False, known: TemplateCatalogue | None = None) -> pl.DataFrame:
    """Return the patterns that merged sums stand for."""
    catalogue_columns = [] if known is None else ["is_known", "name"]
    if not is_mined:
        merged, catalogue_table = _mine(merged, known)
    table = _sums_by_key(merged.counts).join(
        merged.examples.select("key", example="message"), on="key", nulls_equal=True
    )
    if known is not None:
        table = table.join(catalogue_table, on="key", how="left")
    # Sorts of one column by one thread: a third of the time that texts cost otherwise.
    table = table.with_columns(template=pl.col("key").cast(pl.String)).sort("template", multithreaded=False)
    table = table.sort("events", descending=True, maintain_order=True, multithreaded=False)
    return table.with_columns(
        share=pl.col("events") / pl.col("events").sum(),
        trend=sparklines(merged.counts.drop_nulls("window"), table["key"])["trend"],
    ).select(
        *("template_id", "template", "events", "errors", "share"),
        *("services", "first_seen", "last_seen", "trend", "example", *catalogue_columns),
    )


def _sums_by_key(counts: pl.DataFrame) -> pl.DataFrame:
    """Return the sums by key alone, with the names of its services."""
    services = pl.col("service").drop_nulls().unique(maintain_order=True)
    return counts.sort("service").group_by("key").agg(*_SUMS, services=services)


def _mine(sums: PatternSums, known: TemplateCatalogue | None) -> tuple[PatternSums, pl.DataFrame]:
    """Return the sums by template, and is_known and name of each template as the catalogue has them."""
    by_key = sums.counts.group_by("key").agg(pl.col("events").sum())
    counted = by_key.select("events", masked=pl.col("key").cast(pl.String))
    mined = mine_templates(counted) if known is None else known.finish(counted)
    templates = mined.select("template_id", pl.col("template").cast(_KEY)).with_columns(by_key["key"])
    counts = sums.counts.drop("template_id").join(templates, on="key").with_columns(key="template")
    examples = sums.examples.join(templates, on="key").with_columns(key="template", exception=_NULL_TEXT)
    by_template = PatternSums(counts=counts, examples=earliest_events(examples, "key"))
    return by_template, pl.DataFrame() if known is None else _catalogue_table(mined, known)


def _catalogue_table(mined: pl.DataFrame, known: TemplateCatalogue) -> pl.DataFrame:
    """Return whether each template is known, and its name, as the catalogue has it."""
    names = known.templates.select("template", "name")
    templates = mined.select("template", "is_known").unique()
    return templates.join(names, on="template", how="left").with_columns(key=pl.col("template").cast(_KEY))


def _merge_in_batches(partials: Iterable[PatternSums]) -> PatternSums:
    """Merge sums as they come, a few at a time."""
    pending: list[PatternSums] = []
    for sums in partials:
        pending.append(sums)
        if len(pending) == _MERGE_BATCHES:
            pending = [merge(pending)]
    return merge(pending) if len(pending) > 1 else pending[0]


def pattern_values(logs: Frame, template_id: str) -> pl.DataFrame:
    """List the values behind each wildcard of one template: one row a wildcard, from left to right.

    Needs message; uses template and template_id where present.

    Returns position (Int64, from 0), before (String, the text before the wildcard), kind (String: integer, number,
    address (IPv4 and IPv6), uuid, hex, path, url, time or text; the kind of all its values, or text), events (Int64),
    distinct (Int64), top (List[Struct{value: String, count: Int64}], the ten most frequent), and p50, p95 and max
    (Float64; null unless the kind is integer or number). Quantiles are exact. Quotes around a value are not part of it.

    Raises InvalidArgumentError when no event has the template.

    Example:
        >>> logs = pl.DataFrame({"message": ["took 5 ms", "took 12 ms", "took 5 ms"]})
        >>> pattern_values(logs, "2ca1cb43c287").select("kind", "distinct", "p50", "max").rows()
        [('integer', 2, 5.0, 12.0)]
    """
    frame = lazy(logs, "message")
    is_mined = {"template", "template_id"} <= set(frame.collect_schema().names())
    templates = (
        frame.select("message", "template", "template_id") if is_mined else with_templates(frame.select("message"))
    )
    matching = templates.filter(pl.col("template_id") == template_id).select("message", "template")
    events = matching.group_by("message", "template").agg(events=pl.len().cast(pl.Int64)).collect()
    if events.is_empty():
        raise InvalidArgumentError(
            f"No event has the template {template_id!r}. Hint: the ids are in the column template_id of patterns()."
        )
    values = _values(events)
    return values.group_by("position").agg(
        pl.col("before").first(),
        kind=_kind(),
        events=pl.col("count").sum(),
        distinct=pl.len().cast(pl.Int64),
        top=pl.struct("value", "count").sort_by("count", "value", descending=[True, False]).head(_TOP_VALUES),
        **{name: _quantile(share) for name, share in (("p50", 0.5), ("p95", 0.95), ("max", 1.0))},
    ).with_columns(
        pl.when(pl.col("kind").is_in(["integer", "number"])).then(pl.col("p50", "p95", "max"))
    ).sort("position")  # fmt: skip


def _values(events: pl.DataFrame) -> pl.DataFrame:
    """Return position, before, value and count: each distinct value behind each wildcard."""
    matched = events.with_columns(value=extract_parameters(pl.col("message"), pl.col("template")))
    wildcards = pl.col("value").list.len()
    matched = matched.with_columns(
        position=pl.int_ranges(wildcards), before=pl.col("template").str.split(WILDCARD).list.head(wildcards)
    )
    flat = matched.explode("value", "position", "before", empty_as_null=False).filter(pl.col("value").is_not_null())
    flat = flat.with_columns(pl.col("value").cast(pl.String).str.strip_chars("\"'"), pl.col("events").cast(pl.Int64))
    return flat.group_by("position", "before", "value").agg(count=pl.col("events").sum())


def _kind() -> pl.Expr:
    value = pl.col("value")
    kind: pl.Expr = pl.lit("text")
    for name, pattern in reversed(_VALUE_PATTERNS.items()):
        kind = pl.when(value.str.contains(rf"^(?:{pattern})$").all()).then(pl.lit(name)).otherwise(kind)
    return kind


def _quantile(share: float) -> pl.Expr:
    """Return the smallest value that at least this share of the events do not exceed."""
    number = pl.col("value").cast(pl.Float64, strict=False)
    reached = pl.col("count").sort_by(number, nulls_last=True).cum_sum() >= share * pl.col("count").sum()
    return number.sort(nulls_last=True).filter(reached).first()
