"""What changed between two time ranges: templates, field values and measures, each with how sure it is."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from loganalytics.analyses.compare.distributions import shifts
from loganalytics.analyses.compare.ranges import Pair, Range, parse_range, within
from loganalytics.analyses.compare.significance import benjamini_hochberg
from loganalytics.analyses.compare.term_counts import SLICE, SLICES, Exposure, count_terms, judge, traffic
from loganalytics.schema import Frame, conform, lazy
from loganalytics.templates.annotate import with_templates

SURE = 0.05  # share of false rows among those returned
FACTOR = 1.5  # the least by which a rate must have changed
TERMS = 30  # rows of the most frequent, when there is nothing to compare with
MOST = 1_000

DIFFERENCES = {
    "kind": pl.String(), "subject": pl.String(), "scope": pl.String(), "field": pl.String(), "value": pl.String(),
    "template_id": pl.String(),
    "baseline_rate": pl.Float64(), "incident_rate": pl.Float64(),
    "baseline_count": pl.Int64(), "incident_count": pl.Int64(),
    "baseline_p50": pl.Float64(), "incident_p50": pl.Float64(),
    "baseline_p95": pl.Float64(), "incident_p95": pl.Float64(),
    "ratio": pl.Float64(), "effect": pl.Float64(), "score": pl.Float64(), "p_value": pl.Float64(),
    "example": pl.String(), "note": pl.String(),
}  # fmt: skip


def compare(logs: Frame, *, baseline: Pair, incident: Pair, tz: str = "UTC") -> pl.DataFrame:
    """Tell what is different in one time range against another: one row a difference, the surest first.

    Templates and field values are held against each other by their rates (events a minute), so the ranges need not
    be equally long: a G-test, made milder for what comes in bursts, against the change in traffic that the templates
    have in common. Fields are all columns of words and codes, each with its 500 most frequent values; they are also
    compared among the errors alone. Measures are compared by the Kolmogorov-Smirnov distance and their quantiles:
    durations (see `latency`) by logger, else by service, and every other column of numbers. Of fields that say the
    same, one is told. Where the ranges overlap, the time counts for the incident; where the log begins or ends well
    within one, that range is cut to the log.

    Needs timestamp, message and severity_number; uses template and template_id where present. `baseline` and
    `incident` are pairs (start, end), the end not in it: ISO text, datetimes, "2h"; in `tz` where they bear no zone.

    Returns kind (new, gone, more, fewer; slower, faster for durations; shifted for other measures), subject (the
    template, field = value, or measure), scope (events, errors), field ("template", a column, "duration_ms"; null
    for all events), value, template_id, baseline_rate and incident_rate (Float64, events a minute), baseline_count,
    incident_count (Int64), baseline_p50, incident_p50, baseline_p95, incident_p95 (Float64, measures only), ratio
    (Float64: of the rates; of medians or p95, whichever changed more; null for new), effect (Float64, -1..1: the
    difference of the rates over their sum, or the signed Kolmogorov-Smirnov distance), score (Float64: G, higher is
    surer), p_value (Float64, Benjamini-Hochberg), example (the earliest message), note (null); by score, descending.
    The events of a row are those with its template_id, or with its value in its field (errors only where scope says
    so).
    Only rows with p_value < 0.05 and a ratio of 1.5 (measures 1.25) or more, up or down, are returned.

    When one range holds no event there is nothing to compare: the most frequent terms of the other are returned,
    with kind "top", p_value null, and a note that says so.

    Raises MissingColumnError, and InvalidArgumentError for a range that cannot be read or ends before it starts.

    Example:
        >>> from datetime import datetime
        >>> times = pl.datetime_range(datetime(2025, 1, 31, 12), datetime(2025, 1, 31, 14), "30s", eager=True)
        >>> odd = times.dt.hour().eq(13) & times.dt.minute().gt(49)
        >>> logs = pl.DataFrame({"timestamp": times, "message": "ok"}).with_columns(
        ...     message=pl.when(odd).then(pl.lit("disk full")).otherwise("message"))
        >>> table = compare(conform(logs), baseline=("2025-01-31 12:00", "2025-01-31 13:50"),
        ...     incident=("2025-01-31 13:50", "2025-01-31 14:00"))
        >>> table.select("kind", "subject", "baseline_count", "incident_count").rows()
        [('new', 'disk full', 0, 20), ('gone', 'ok', 220, 0)]
    """
    old, new = parse_range(baseline, "baseline", tz=tz), parse_range(incident, "incident", tz=tz)
    old, new = within_log(logs, old, new)
    return differences(cut(logs, old, new), exposure(old, new))


def cut(logs: Frame, old: Range, new: Range) -> pl.DataFrame:
    """Return the events of both ranges with their templates and SLICE: their part of the baseline, or -1."""
    frame = lazy(logs, "timestamp", "message", "severity_number")
    part = (
        (pl.col("timestamp") - old.start).dt.total_microseconds() * SLICES // (old.length // timedelta(microseconds=1))
    )
    frame = frame.filter(old.holds() | new.holds())
    frame = frame.with_columns(pl.when(new.holds()).then(-1).otherwise(part).cast(pl.Int8).alias(SLICE))
    events = conform(frame.collect())
    return events if {"template", "template_id"} <= set(events.columns) else with_templates(events)


def within_log(logs: Frame, old: Range, new: Range) -> list[Range]:
    """Return the ranges cut to the time from the first to the last event of the log; see `within`."""
    time = pl.col("timestamp")
    known = lazy(logs, "timestamp").select(first=time.min(), last=time.max()).collect().row(0)
    return [old, new] if None in known else within(Range(*known), old, new)


def exposure(old: Range, new: Range) -> Exposure:
    """Return how many minutes either range lasts, what they share counted for the incident."""
    shared = max(min(old.end, new.end) - max(old.start, new.start), timedelta(0))
    minute = timedelta(minutes=1)
    return Exposure(max(old.length - shared, timedelta(microseconds=1)) / minute, new.length / minute)


def differences(frame: pl.DataFrame, ranges: Exposure) -> pl.DataFrame:
    """Return what `compare` does, of events that `cut` returned."""
    is_new = frame[SLICE] < 0
    terms = count_terms(frame)
    if is_new.all() or not is_new.any():
        return _top_terms(terms, frame, ranges)
    judged = _tell(judge(terms, traffic(terms, ranges)), ranges)
    moved = _tell_shifts(shifts(frame), ranges)
    table = pl.concat([judged, moved], how="diagonal")
    table = table.with_columns(p_value=pl.Series(benjamini_hochberg(table["p_value"].to_numpy()), dtype=pl.Float64))
    changed = (pl.col("kind").is_in(["new", "gone", "slower", "faster", "shifted"])) | (
        (pl.col("ratio") >= FACTOR) | (pl.col("ratio") <= 1 / FACTOR)
    )
    table = _without_echoes(table.filter((pl.col("p_value") < SURE) & changed)).head(MOST)
    return _with_examples(table, frame)


def _tell(terms: pl.DataFrame, ranges: Exposure) -> pl.DataFrame:
    """Add rates, ratio, effect, kind and subject to judged terms."""
    old, new = pl.col("baseline_rate"), pl.col("incident_rate")
    rates = terms.rename({"before": "baseline_count", "after": "incident_count"}).with_columns(
        baseline_rate=pl.col("baseline_count") / ranges.before, incident_rate=pl.col("incident_count") / ranges.after
    )
    kind = (
        pl.when(pl.col("baseline_count") == 0).then(pl.lit("new"))
        .when(pl.col("incident_count") == 0).then(pl.lit("gone"))
        .when(new > old).then(pl.lit("more")).otherwise(pl.lit("fewer"))
    )  # fmt: skip
    return rates.with_columns(
        kind=kind,
        subject=_subject(),
        ratio=pl.when(old > 0).then(new / old),
        effect=(new - old) / (new + old),
    ).drop("dispersion")


def _subject() -> pl.Expr:
    pair = pl.concat_str("field", pl.lit(" = "), "value")
    return (
        pl.when(pl.col("field").is_null()).then(pl.lit("all events"))
        .when(pl.col("field") == "template").then("value")
        .when(pl.col("scope") == "errors").then(pl.concat_str(pl.lit("errors with "), pair))
        .otherwise(pair)
    )  # fmt: skip


def _tell_shifts(moved: pl.DataFrame, ranges: Exposure) -> pl.DataFrame:
    is_duration = pl.col("field") == "duration_ms"
    up = pl.col("effect") > 0
    kind = pl.when(~is_duration).then(pl.lit("shifted")).when(up).then(pl.lit("slower")).otherwise(pl.lit("faster"))
    subject = (
        pl.when(pl.col("value").is_null()).then("field").otherwise(pl.concat_str("field", pl.lit(" of "), "value"))
    )
    return moved.rename({"before": "baseline_count", "after": "incident_count"}).with_columns(
        kind=kind, subject=subject, scope=pl.lit("events"),
        baseline_rate=pl.col("baseline_count") / ranges.before, incident_rate=pl.col("incident_count") / ranges.after,
    )  # fmt: skip


def _without_echoes(table: pl.DataFrame) -> pl.DataFrame:
    """Return the rows by score, without field values that only repeat another row: the same events, counted again."""
    rank = pl.col("field").replace_strict({"template": 0, "service": 1, "level": 2, "logger": 3}, default=4)
    order = table.sort(
        pl.col("score").round(6), rank.fill_null(-1), "field", "value", descending=[True, False, False, False]
    )
    is_term = pl.col("incident_p50").is_null()
    counts = ["scope", "baseline_count", "incident_count"]
    is_first = pl.struct(counts).is_first_distinct() | ~is_term | (pl.col("field") == "template")
    return order.filter(is_first.fill_null(value=True))


def _with_examples(table: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """Add the earliest message of the incident for each row, of the baseline for what is gone."""
    order = frame.sort(pl.col(SLICE) >= 0, "timestamp", "source", "offset", "message", maintain_order=True)
    found = []
    for (field,), rows in table.group_by("field", maintain_order=True):
        if field is None or field == "duration_ms" or (rows["kind"] == "shifted").any():
            continue
        value = pl.col(str(field)).cast(pl.String).alias("value")
        wanted = order.select(value, "message").filter(pl.col("value").is_in(rows["value"].to_list()))
        firsts = wanted.unique("value", keep="first", maintain_order=True).select("value", example="message")
        found.append(firsts.with_columns(field=pl.lit(field, pl.String)))
    if found:
        table = table.join(pl.concat(found), on=["field", "value"], how="left", maintain_order="left")
    return _as_differences(table)


def _as_differences(table: pl.DataFrame) -> pl.DataFrame:
    have = table.columns
    return table.select(
        (pl.col(name) if name in have else pl.lit(None)).cast(kind).alias(name) for name, kind in DIFFERENCES.items()
    )


def _top_terms(terms: pl.DataFrame, frame: pl.DataFrame, ranges: Exposure) -> pl.DataFrame:
    """Return the most frequent terms of the one range that holds events, with a note that nothing was compared."""
    if frame.is_empty():
        return pl.DataFrame(schema=DIFFERENCES)
    is_new = bool((frame[SLICE] < 0).any())
    side, empty = ("incident_count", "baseline") if is_new else ("baseline_count", "incident")
    told = _tell(terms, ranges).filter((pl.col("scope") == "events") & pl.col("field").is_not_null())
    told = told.sort(side, "field", "value", descending=[True, False, False]).head(TERMS)
    note = f"The {empty} holds no event, so nothing was compared: these are the most frequent terms of the other range."
    blank = {name: pl.lit(None, pl.Float64) for name in ("ratio", "effect", "p_value", "score")}
    return _with_examples(told.with_columns(kind=pl.lit("top"), note=pl.lit(note), **blank), frame)
