"""The time that an incident is compared with: one in which nothing was wrong yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from loganalytics.analyses.compare.ranges import TimeRange, TimeRangeInput, baseline_range
from loganalytics.analyses.coverage.coverage import coverage
from loganalytics.analyses.errors.clusters import with_clusters
from loganalytics.analyses.requests.durations import duration_ms
from loganalytics.analyses.requests.endpoints import ensure_routes, operation
from loganalytics.analyses.scans.scan import scan_intervals
from loganalytics.analyses.summaries import first_and_last_time
from loganalytics.analyses.windowing import choose_window
from loganalytics.findings.quoting import without_name
from loganalytics.findings.silences import merge_silences, silence_symptoms
from loganalytics.findings.symptoms import Symptom, interval_symptoms
from loganalytics.humanize import listing, moment, time_range
from loganalytics.sanitize import printable
from loganalytics.schema import CORE, Frame, conform, lazy
from loganalytics.templates.annotate import with_templates
from loganalytics.times import parse_every

REACHES = (24, 168)  # lengths of the baseline before it, in which is looked for what was wrong: more, where nothing is
MAX_SCANNED_EVENTS = 300_000  # the last ones: a scan of more takes too long to wait for
MIN_DISTURBED_SHARE = 0.05  # of the baseline, in which something must have been wrong to count
MAX_DISTURBANCE_E = 0.001  # that of a critical finding
MAX_MOVES = 20  # from one disturbance to the time before it
_LABEL_LENGTH = 90  # characters


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """The time that an incident is compared with.

    Attributes:
        time_range: the one that is used.
        disturbance: what was wrong in the range that was asked for, in a few words; None where nothing was.
        began: when that began.
        better: an undisturbed range, where the one that was asked for is not and is used all the same.
        is_moved: whether it was taken before the disturbance, and is not the time just before the incident.
    """

    time_range: TimeRange
    disturbance: str | None = None
    began: datetime | None = None
    better: TimeRange | None = None
    is_moved: bool = False


def choose_baseline(
    logs: Frame, incident: TimeRange, baseline: str | TimeRangeInput = "previous", *, tz: str = "UTC"
) -> Baseline:
    """Return the range to compare an incident with, and what was wrong in it.

    The time just before ("previous") is taken before what was going on already when the incident began, or had just
    happened in one of its services; another range stays as it was asked for. Needs the core columns of a log frame.

    Raises InvalidArgumentError as `baseline_range` does.
    """
    frame = lazy(logs, *CORE)
    requested = baseline_range(baseline, incident, tz=tz)
    symptoms = _disturbances(frame, requested, incident)
    disturbing = [symptom for symptom in symptoms if _is_disturbed(requested, symptom)]
    if not disturbing:
        return Baseline(time_range=requested)
    first = min(disturbing, key=lambda symptom: (symptom.start, symptom.e_value, symptom.subject))
    disturbance, began = _name(first), first.start
    if baseline == "previous":
        earlier = _earlier(frame, requested, symptoms)
        return Baseline(
            time_range=earlier or requested, disturbance=disturbance, began=began, is_moved=earlier is not None
        )
    automatic = choose_baseline(logs, incident, tz=tz)
    is_better = automatic.disturbance is None or automatic.is_moved
    better = automatic.time_range if is_better and automatic.time_range != requested else None
    return Baseline(time_range=requested, disturbance=disturbance, began=began, better=better)


def _disturbances(frame: pl.LazyFrame, requested: TimeRange, incident: TimeRange) -> list[Symptom]:
    """Return what was wrong around a baseline; near the incident, only in services in which it is wrong then, too."""
    is_near = abs(incident.start - requested.end) <= requested.length
    until = max(requested.end, incident.end) if is_near else requested.end + requested.length
    symptoms: list[Symptom] = []
    first, _ = first_and_last_time(frame)
    if first is None:
        return symptoms
    for reach in REACHES:
        is_all = (requested.start - first) / reach <= requested.length  # so no sum leaves the calendar
        start = first if is_all else requested.start - reach * requested.length
        symptoms = _symptoms(frame, TimeRange(start, max(until, start)))
        if is_near:
            inside = [symptom for symptom in symptoms if symptom.end >= incident.start]
            symptoms = [symptom for symptom in symptoms if any(_is_of_same(symptom, other) for other in inside)]
        if is_all or any(_is_disturbed(requested, symptom) for symptom in symptoms):
            return symptoms
    return symptoms


def _symptoms(frame: pl.LazyFrame, context: TimeRange) -> list[Symptom]:
    """Return what was harmful and no chance in a stretch of time."""
    dated = frame.filter(context.contains()).sort("timestamp").tail(MAX_SCANNED_EVENTS).collect()
    if dated.is_empty():
        return []
    annotated = {"template", "template_id"} <= set(dated.columns)
    events = ensure_routes(conform(dated) if annotated else with_templates(conform(dated)))
    events = events.with_columns(operation(events.schema), duration_ms(events.columns))
    every = parse_every(choose_window(events["timestamp"]))
    symptoms = interval_symptoms(scan_intervals(events, with_clusters(events), every=every))
    symptoms += silence_symptoms(merge_silences(coverage(events)))
    return [symptom for symptom in symptoms if symptom.e_value <= MAX_DISTURBANCE_E]


def _is_disturbed(requested: TimeRange, symptom: Symptom) -> bool:
    shared = min(requested.end, symptom.end) - max(requested.start, symptom.start)
    return shared >= requested.length * MIN_DISTURBED_SHARE


def _is_of_same(symptom: Symptom, other: Symptom) -> bool:
    return not symptom.services or not other.services or bool(set(symptom.services) & set(other.services))


def _earlier(frame: pl.LazyFrame, requested: TimeRange, symptoms: list[Symptom]) -> TimeRange | None:
    """Return the last range as long as the one that was asked for in which nothing was wrong; None without events."""
    earlier = requested
    for _ in range(MAX_MOVES):
        disturbing = [symptom.start for symptom in symptoms if _is_disturbed(earlier, symptom)]
        if not disturbing:
            break
        end = min(disturbing).replace(microsecond=0)
        earlier = TimeRange(end - requested.length, end)
    has_events = frame.filter(earlier.contains()).head(1).collect().height
    return earlier if has_events and earlier != requested else None


def baseline_note(baseline: Baseline, tz: str = "UTC") -> str | None:
    """Return what was wrong in the baseline that was asked for, and what was made of it; None where nothing was."""
    if baseline.disturbance is None:
        return None
    when = time_range(baseline.time_range.start, baseline.time_range.end, tz=tz)
    since = moment(baseline.began, tz=tz)
    if baseline.is_moved:
        return f"Baseline: {when}, before this began, {since}: {baseline.disturbance}."
    warning = f"The baseline ({when}) is disturbed, since {since}: {baseline.disturbance}."
    better = baseline.better
    undisturbed = f"Undisturbed: {time_range(better.start, better.end, tz=tz)}." if better else ""
    where = undisturbed or "The log holds no undisturbed time before it."
    return f"{warning} What was wrong then already is not seen as a difference. {where}"


def _name(symptom: Symptom) -> str:
    """Return what was wrong in a few words, as a sentence may quote them."""
    names = listing(list(symptom.services))
    quoted = f"“{printable(without_name(symptom.subject, symptom.services), _LABEL_LENGTH)}”"
    says = {
        "errors": "errors", "events": "logged less", "silence": "silence",
        "duration": f"{printable(symptom.subject, _LABEL_LENGTH)} slow",
    }.get(symptom.kind, quoted)  # fmt: skip
    return f"{names}: {says}" if names else says
