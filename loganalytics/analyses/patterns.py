"""Which kinds of event there are, and what stands behind their wildcards."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from loganalytics.analyses.summaries import NEEDED, Ends, earliest, services, sparklines, time_range, window_of
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.schema import Frame, conform, is_error, lazy
from loganalytics.templates import WILDCARD, TemplateCatalogue
from loganalytics.templates import finish as mine
from loganalytics.templates.annotate import with_templates
from loganalytics.templates.masking import mask
from loganalytics.templates.parameters import extract_parameters

_MERGE_AT = 16
_TOP = 10
_NO_TEXT = pl.lit(None, dtype=pl.String)

# The kinds of value, the narrower before the wider.
_KINDS = {
    "integer": r"[+-]?\d+",
    "number": r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?",
    "address": r"/?\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?|\[?[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}\]?(?::\d+)?",
    "uuid": r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}",
    "time": r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?\S*)?|\d\d:\d\d:\d\d(?:[.,]\d+)?",
    "hex": r"0x[0-9A-Fa-f]+|[0-9A-Fa-f]{6,}",
    "url": r"[A-Za-z][\w+.\-]*://.*",
    "path": r"[.~]{0,2}/.*|[A-Za-z]:\\.*",
}


class Part(NamedTuple):
    """What one part of a log adds: sums by masked message (or template), and by window of time."""

    groups: pl.DataFrame
    windows: pl.DataFrame


def patterns(logs: Frame, *, known: TemplateCatalogue | None = None) -> pl.DataFrame:
    """List the kinds of event: one row a message template, the most frequent first.

    Needs timestamp, severity_number, service and message; uses source and offset, and template and template_id where
    present. A LazyFrame is read in batches, twice: memory grows with the distinct masked messages, not with the lines.

    Returns template_id, template, events (Int64), errors (Int64), share (Float64, of all events),
    services (List[String], sorted), first_seen, last_seen (null when no event bears a time), trend (List[UInt32]:
    events in each of 24 windows of equal length from the first event of the log to its last) and example (the earliest
    message); with a catalogue as `known` also is_known (Boolean: the catalogue has seen the template before) and
    name (String, as the catalogue has it), and templates are mined together with what the catalogue has seen. Sorted by
    events, then by template.

    Example:
        >>> logs = conform(pl.DataFrame({"message": ["user 17 logged in", "disk full", "user 4 logged in"]}))
        >>> patterns(logs).select("template", "events", "example").rows()
        [('user <*> logged in', 2, 'user 17 logged in'), ('disk full', 1, 'disk full')]
    """
    frame = lazy(logs, *NEEDED)
    is_mined = known is None and {"template", "template_id"} <= set(frame.collect_schema().names())
    ends = time_range(frame)
    nothing = frame.clear().collect()  # a log may have no batch
    batches = [logs] if isinstance(logs, pl.DataFrame) else itertools.chain([nothing], frame.collect_batches())
    parts = (partial(batch, ends, is_mined=is_mined) for batch in batches)
    return finish(_folded(parts), ends, is_mined=is_mined, known=known)


def partial(logs: pl.DataFrame, ends: Ends, *, is_mined: bool = False) -> Part:
    """Return the sums of one part of a log that lies between the two times.

    The key is the masked message; where templates are mined already, it is the template.
    """
    optional = ("source", "offset", *(["template", "template_id"] if is_mined else []))
    wanted = conform(logs.select(*NEEDED, *[name for name in optional if name in logs.columns]))
    key, template_id = (pl.col("template"), pl.col("template_id")) if is_mined else (mask(pl.col("message")), _NO_TEXT)
    keyed = wanted.with_columns(key=key, template_id=template_id)
    groups = keyed.group_by("key").agg(
        pl.col("template_id").min(),
        events=pl.len().cast(pl.Int64),
        errors=is_error().sum().cast(pl.Int64),
        services=services(),
        first_seen=pl.col("timestamp").min(),
        last_seen=pl.col("timestamp").max(),
    )
    examples = earliest(keyed, "key").select("key", "source", "offset", example="message")
    windows = keyed.filter(pl.col("timestamp").is_not_null()).group_by("key", window_of(ends)).agg(events=pl.len())
    return Part(groups.join(examples, on="key", nulls_equal=True), windows)


def merge(parts: Iterable[Part]) -> Part:
    """Add up the sums of parts, in any order; the result can be merged again."""
    parts = list(parts)
    groups = pl.concat([part.groups for part in parts])
    windows = pl.concat([part.windows for part in parts])
    examples = groups.with_columns(timestamp="first_seen", message="example", exception=_NO_TEXT)
    summed = groups.group_by("key").agg(
        pl.col("template_id").min(),
        pl.col("events", "errors").sum(),
        pl.col("services").explode(empty_as_null=False).unique().sort(),
        pl.col("first_seen").min(),
        pl.col("last_seen").max(),
    )
    first = earliest(examples, "key").select("key", "source", "offset", "example")
    return Part(
        summed.join(first, on="key", nulls_equal=True),
        windows.group_by("key", "window").agg(pl.col("events").sum()),
    )


def finish(part: Part, ends: Ends, *, is_mined: bool = False, known: TemplateCatalogue | None = None) -> pl.DataFrame:
    """Return the patterns that merged sums stand for."""
    added = [] if known is None else ["is_known", "name"]
    if not is_mined:
        part, marks = _mined(part, known)
    table = part.groups.join(sparklines(part.windows, part.groups["key"]), on="key", nulls_equal=True)
    if added:
        table = table.join(marks, on="key", how="left")
    return (
        table.rename({"key": "template"})
        .with_columns(share=pl.col("events") / pl.col("events").sum())
        .select(
            *("template_id", "template", "events", "errors", "share"),
            *("services", "first_seen", "last_seen", "trend", "example", *added),
        )
        .sort("events", "template", descending=[True, False])
    )


def _mined(part: Part, known: TemplateCatalogue | None) -> tuple[Part, pl.DataFrame]:
    """Return the sums by template, and what the catalogue knows of each."""
    counted = part.groups.select("events", masked="key")
    found = mine(counted) if known is None else known.finish(counted)
    by = found.select("template", "template_id", key="masked")
    groups = part.groups.drop("template_id").join(by, on="key").with_columns(key="template").select(part.groups.columns)
    windows = part.windows.join(by, on="key").with_columns(key="template").select(part.windows.columns)
    marks = pl.DataFrame()
    if known is not None:
        names = known.templates.select("template", "name")
        marks = (
            found.select("template", "is_known")
            .unique()
            .join(names, on="template", how="left")
            .rename({"template": "key"})
        )
    return merge([Part(groups, windows)]), marks


def _folded(parts: Iterable[Part]) -> Part:
    """Merge parts as they come, a few at a time."""
    held: list[Part] = []
    for part in parts:
        held.append(part)
        if len(held) == _MERGE_AT:
            held = [merge(held)]
    return merge(held)


def pattern_values(logs: Frame, template_id: str) -> pl.DataFrame:
    """List what stands behind each wildcard of one template: one row a wildcard, from left to right.

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
    have = frame.collect_schema().names()
    is_mined = {"template", "template_id"} <= set(have)
    wanted = frame.select("message", "template", "template_id") if is_mined else with_templates(frame.select("message"))
    mine_only = wanted.filter(pl.col("template_id") == template_id).select("message", "template")
    events = mine_only.group_by("message", "template").agg(events=pl.len().cast(pl.Int64)).collect()
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
        top=pl.struct("value", "count").sort_by("count", "value", descending=[True, False]).head(_TOP),
        **{name: _quantile(share) for name, share in (("p50", 0.5), ("p95", 0.95), ("max", 1.0))},
    ).with_columns(
        pl.when(pl.col("kind").is_in(["integer", "number"])).then(pl.col("p50", "p95", "max"))
    ).sort("position")  # fmt: skip


def _values(events: pl.DataFrame) -> pl.DataFrame:
    """Return position, before, value and count: each distinct value behind each wildcard."""
    found = events.with_columns(value=extract_parameters(pl.col("message"), pl.col("template")))
    found = found.with_columns(
        position=pl.int_ranges(pl.col("value").list.len()),
        before=pl.col("template").str.split(WILDCARD).list.head(pl.col("value").list.len()),
    )
    flat = found.explode("value", "position", "before", empty_as_null=False)
    flat = flat.with_columns(pl.col("value").cast(pl.String).str.strip_chars("\"'"), pl.col("events").cast(pl.Int64))
    return flat.group_by("position", "before", "value").agg(count=pl.col("events").sum())


def _kind() -> pl.Expr:
    value = pl.col("value")
    kind: pl.Expr = pl.lit("text")
    for name, shape in reversed(_KINDS.items()):
        kind = pl.when(value.str.contains(rf"^(?:{shape})$").all()).then(pl.lit(name)).otherwise(kind)
    return kind


def _quantile(share: float) -> pl.Expr:
    """Return the smallest value that at least this share of the events do not exceed."""
    number = pl.col("value").cast(pl.Float64, strict=False)
    reached = pl.col("count").sort_by(number, nulls_last=True).cum_sum() >= share * pl.col("count").sum()
    return number.sort(nulls_last=True).filter(reached).first()
