"""All that speaks for the cause of an incident: what changed, what fell silent, what failed first, which requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl

from loganalytics.analyses.change_points.detect import change_points
from loganalytics.analyses.compare.compare import cut, differences, exposure, within_log
from loganalytics.analyses.compare.ranges import Range
from loganalytics.analyses.compare.term_counts import SLICE, categorical
from loganalytics.analyses.coverage.coverage import coverage
from loganalytics.analyses.requests.traces import traces
from loganalytics.analyses.trends import trend
from loganalytics.schema import CORE, Frame, is_error, lazy
from loganalytics.templates.parameters import extract_parameters

HISTORY = timedelta(days=7)  # before the incident, from which the habits of services are read
TRACES = 100
WINDOWS = 120  # of the trend around the incident
_STEPS = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 21_600, 86_400)  # seconds
SPEAKING = 6  # characters of a value in a message that says something: an address, not a port
DOMINANT, LIFT = 0.7, 3.0  # share of the rows that a value must have to stand out, and times its share elsewhere

_SILENT = {
    "service": pl.String(), "start": pl.Datetime("us", "UTC"), "end": pl.Datetime("us", "UTC"),
    "lasts": pl.Boolean(), "expected_gap": pl.Duration("us"), "baseline_count": pl.Int64(),
}  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """What `gather` found.

    Attributes:
        incident: the time range looked into.
        baseline: the one it is held against.
        events: of both, with template, template_id and SLICE (-1 in the incident).
        differences: as `compare` returns them, with more about templates: errors, level, services, first_seen.
        silent: services that fell silent within the incident.
        change_points: of the events and errors around it; `of` tells which.
        trend: events and errors around it.
        first_error: the earliest error whose template is not in the baseline, else the earliest; None without one.
        traces: the requests that failed in it, as `traces` returns them.
    """

    incident: Range
    baseline: Range
    events: pl.DataFrame
    differences: pl.DataFrame
    silent: pl.DataFrame
    change_points: pl.DataFrame
    trend: pl.DataFrame
    first_error: dict[str, Any] | None
    traces: pl.DataFrame


def gather(logs: Frame, incident: Range, baseline: Range) -> Evidence:
    """Run what throws light on an incident, and return it all."""
    frame = lazy(logs, *CORE).with_columns(pl.col("service").cast(pl.String))
    old, new = within_log(frame, baseline, incident)
    events = cut(frame, old, new)
    around = frame.filter(_around(incident, baseline).holds())
    shown = trend(around, every=_every(_around(incident, baseline).length))
    return Evidence(
        incident,
        baseline,
        events,
        _with_errors(differences(events, exposure(old, new)), events),
        _silent(frame, events, incident, baseline),
        _changes(shown),
        shown,
        _first_error(events),
        _failed_traces(events),
    )


def _around(incident: Range, baseline: Range) -> Range:
    """Return the incident with twice its length before it, as a picture needs, or the baseline when that is near."""
    before = max(2 * incident.length, timedelta(hours=1))
    near = baseline.end == incident.start
    return Range(
        min(incident.start - before, baseline.start) if near else incident.start - before, incident.end + before / 2
    )


def _every(length: timedelta) -> timedelta:
    seconds = next((step for step in _STEPS if length.total_seconds() / step <= WINDOWS), _STEPS[-1])
    return timedelta(seconds=seconds)


def _changes(shown: pl.DataFrame) -> pl.DataFrame:
    found = [change_points(shown, column=column).with_columns(of=pl.lit(column)) for column in ("events", "errors")]
    return pl.concat(found).sort("window", "of")


def _with_errors(table: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Add to rows of templates how many of the incident's events are errors, their level, services and first time."""
    inside = events.filter(pl.col(SLICE) < 0)
    facts = inside.group_by("template_id").agg(
        errors=is_error().sum().cast(pl.Int64),
        severity_number=pl.col("severity_number").max(),
        services=pl.col("service").cast(pl.String).drop_nulls().unique().sort(),
        first_seen=pl.col("timestamp").min(),
        last_seen=pl.col("timestamp").max(),
    )
    return table.join(facts, on="template_id", how="left", maintain_order="left")


def _silent(frame: pl.LazyFrame, events: pl.DataFrame, incident: Range, baseline: Range) -> pl.DataFrame:
    """Return the services with an unusual gap that begins about when the incident does or within it."""
    seen = coverage(frame.filter(Range(incident.start - HISTORY, incident.end).holds()))
    if seen.is_empty():
        return pl.DataFrame(schema=_SILENT)
    ended = seen.select("service", "expected_gap", pl.col("gaps").alias("gap"), lasts=pl.lit(value=False)).explode(
        "gap"
    )
    ended = ended.drop_nulls("gap").unnest("gap")
    lasting = seen.filter("is_silent").select(
        "service",
        "expected_gap",
        start="last_seen",
        end=pl.lit(incident.end, pl.Datetime("us", "UTC")),
        lasts=pl.lit(value=True),
    )
    gaps = pl.concat([ended, lasting], how="diagonal")
    overlap = pl.min_horizontal("end", pl.lit(incident.end)) - pl.max_horizontal("start", pl.lit(incident.start))
    heard = events.filter(pl.col(SLICE) >= 0).group_by("service").agg(baseline_count=pl.len().cast(pl.Int64))
    found = gaps.filter((overlap > (pl.col("end") - pl.col("start")) / 2) & (pl.col("start") < incident.end))
    found = found.join(heard, on="service", how="left", nulls_equal=True)
    found = found.with_columns(pl.col("baseline_count").fill_null(0)).sort("start", "service")
    return found.select(pl.col(name).cast(kind) for name, kind in _SILENT.items())


def _first_error(events: pl.DataFrame) -> dict[str, Any] | None:
    """Return the earliest error of a template that the baseline has not, else the earliest error."""
    errors = events.filter((pl.col(SLICE) < 0) & is_error())
    if errors.is_empty():
        return None
    known = events.filter(pl.col(SLICE) >= 0)["template_id"].unique()
    fresh = errors.filter(~pl.col("template_id").is_in(known.to_list()))
    chosen = (fresh if fresh.height else errors).sort("timestamp", "source", "offset", nulls_last=True)
    return chosen.select(*CORE, "template", "template_id", is_new=pl.lit(value=bool(fresh.height))).row(0, named=True)


def _failed_traces(events: pl.DataFrame) -> pl.DataFrame:
    table = traces(events.filter(pl.col(SLICE) < 0))
    return table.filter(pl.col("errors") > 0).head(TRACES)


def stands_out(events: pl.DataFrame, rows: pl.Expr) -> list[tuple[str, str, float]]:
    """Return what the incident's rows have in common and other events have not: (field, value, share) each.

    Fields are those that `compare` knows, and the wildcards of a template ("word 2 of the message"). A value stands
    out when it is in 70 % of the rows that have the field, and three times as frequent there as elsewhere.
    """
    inside = events.filter(pl.col(SLICE) < 0)
    mine, rest = inside.filter(rows), inside.filter(~rows)
    if mine.is_empty():
        return []
    found = []
    for name in categorical(inside):
        if name in ("level", "logger", "service"):
            continue
        share, value = _top(mine[name])
        elsewhere = rest[name].drop_nulls().cast(pl.String).to_frame("value")
        usual = elsewhere.filter(pl.col("value") == value).height / max(elsewhere.height, 1)
        if value and share >= DOMINANT and share >= LIFT * usual and mine[name].count() >= mine.height / 2:
            found.append((name, value, share))
    if mine["template"].n_unique() == 1:
        found += _parameters(mine, {value for _, value, _ in found})
    return found


def _top(values: pl.Series) -> tuple[float, str]:
    counts = values.drop_nulls().cast(pl.String).value_counts(name="n").sort("n", values.name, descending=[True, False])
    if counts.is_empty():
        return 0.0, ""
    return counts["n"][0] / int(counts["n"].sum()), str(counts[values.name][0])


def _parameters(mine: pl.DataFrame, known: set[str]) -> list[tuple[str, str, float]]:
    behind = mine.select(p=extract_parameters(pl.col("message"), pl.col("template")))["p"]
    found = []
    for place in range(min(max(behind.list.len().to_list(), default=0), 8)):
        share, value = _top(behind.list.get(place, null_on_oob=True).alias("p"))
        if share >= DOMINANT and value not in known and mine.height >= 5 and SPEAKING <= len(value) <= 60:
            found.append(("message", value, share))
    return found
