"""All symptoms that the analyses of a log show."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import polars as pl

from loganalytics.analyses.coverage.overdue import overdue
from loganalytics.findings.episodes import window_symptoms
from loganalytics.findings.queues import Quiet, queue_symptoms
from loganalytics.findings.silences import (
    Silence,
    as_announced,
    early_file_ends,
    merge_silences,
    overdue_symptoms,
    silence_symptoms,
)
from loganalytics.findings.state import state_symptoms
from loganalytics.findings.symptoms import (
    NAME_LENGTH,
    Symptom,
    critical_symptoms,
    interval_symptoms,
    last_error_symptoms,
    new_error_symptoms,
    not_new_at_the_start,
    of_services,
)
from loganalytics.sanitize import printable
from loganalytics.schema import is_error

MAX_END_SHARE = 0.3  # of the expected events, in a window or two that reach before the end of a file
LABEL_LENGTH = 90  # characters
CRITICAL_SEVERITY = 18  # of CRITICAL, as syslog's crit; FATAL is 21
# What an error says that is no less, whatever its level.
_CRITICAL_WORDS = (
    r"(?i)\bpanic\b|\bfatal (?:error|exception|signal)|\bout of memory\b|\boom[- ]kill|\bsegfault"
    r"|\bsegmentation fault|\bcore dumped\b|\bdata loss\b"
    r"|\bcorrupt(?:ed|ion)\b|\bno space left\b|\bsplit[- ]brain\b"
    r"|致命|崩溃|内存不足|数据丢失|数据损坏|磁盘(?:空间)?已?满"
)


def find_symptoms(
    tables: dict[str, pl.DataFrame],
    events: pl.DataFrame,
    errors: pl.DataFrame,
    facts: dict[str, Any],
    *,
    window: timedelta,
) -> list[Symptom]:
    """Return the symptoms of a log.

    Needs the tables anomalies, intervals, errors and coverage of a report, the events with a time, the errors among
    them with cluster_id, and the facts events and errors.
    """
    clusters = tables["errors"].join(_critical_counts(errors), on="cluster_id", how="left", maintain_order="left")
    clusters = clusters.with_columns(pl.col("critical").fill_null(0))
    coverage = tables["coverage"].join(_last_words(events), on="service", how="left", nulls_equal=True)
    silences = merge_silences(coverage)
    ends = events["timestamp"]
    first, last = cast("datetime | None", ends.min()), cast("datetime | None", ends.max())
    from_intervals = interval_symptoms(tables["intervals"])
    ends_early = early_file_ends(coverage)
    from_intervals = [
        s for s in from_intervals if not (_is_told_as_silence(s, silences) or _is_file_end(s, ends_early))
    ]
    from_intervals = [as_announced(not_new_at_the_start(s, first, last), events) for s in from_intervals]
    from_intervals = _with_queues(from_intervals, queue_symptoms(events, _quiet_times(silences, from_intervals)))
    seen = {symptom.key for symptom in from_intervals if symptom.kind == "problem"}
    critical = [symptom for symptom in critical_symptoms(clusters) if symptom.key not in seen]
    seen |= {symptom.key for symptom in critical}
    return [
        *from_intervals,
        *critical,
        *[symptom for symptom in new_error_symptoms(clusters) if symptom.key not in seen],
        *[symptom for symptom in last_error_symptoms(clusters, first, last) if symptom.key not in seen],
        *silence_symptoms(silences),
        *[symptom for symptom in overdue_symptoms(overdue(events)) if not _is_known_end(symptom, silences, ends_early)],
        *[
            _with_top_problem(symptom, errors)
            for symptom in _without_beginnings(window_symptoms(tables["anomalies"], window), coverage, window)
        ],
        *state_symptoms(facts, tables["errors"], first, last),
    ]


def _with_top_problem(symptom: Symptom, errors: pl.DataFrame) -> Symptom:
    """Return unusual windows of errors with what most of these are."""
    if not symptom.text.startswith("errors"):
        return symptom
    within = pl.col("timestamp").is_between(symptom.start, symptom.end, closed="left")
    own = errors.filter(of_services(symptom.services) & within)
    top = own.group_by("label").len().sort("len", "label", descending=[True, False]).head(1)
    if top.is_empty() or not top["label"][0]:
        return symptom
    return replace(symptom, text=f"{symptom.text}, most often “{printable(top['label'][0], LABEL_LENGTH)}”")


def _critical_counts(errors: pl.DataFrame) -> pl.DataFrame:
    says_so = pl.col("message").str.contains(_CRITICAL_WORDS)
    is_critical = (pl.col("severity_number") >= CRITICAL_SEVERITY).fill_null(value=False) | says_so
    return errors.group_by("cluster_id").agg(critical=is_critical.sum())


def _last_words(events: pl.DataFrame) -> pl.DataFrame:
    """Return service, error_share, own_source and last_message of each service."""
    dated = events.drop_nulls("timestamp")
    shared = dated.select("service", "source").unique().group_by("source").len().filter(pl.col("len") > 1)
    return (
        dated.with_columns(is_shared=pl.col("source").is_in(shared["source"].to_list()) | pl.col("source").is_null())
        .group_by("service")
        .agg(
            error_share=is_error().fill_null(value=False).mean(),
            own_source=~pl.col("is_shared").any(),
            last_message=pl.col("message").sort_by("timestamp").last(),
        )
    )


def _quiet_times(silences: list[Silence], symptoms: list[Symptom]) -> list[Quiet]:
    """Return when services fell silent, or nearly so, against what they said and against their habits."""
    unplanned = [silence for silence in silences if not (silence.is_file_end or silence.is_planned)]
    fewer = [s for s in symptoms if s.kind == "events" and s.observed <= MAX_END_SHARE * s.expected]
    return [
        *[Quiet(services=silence.services, start=silence.start, end=silence.end) for silence in unplanned],
        *[Quiet(services=symptom.services, start=symptom.start, end=symptom.end) for symptom in fewer],
    ]


def _with_queues(symptoms: list[Symptom], queues: list[Symptom]) -> list[Symptom]:
    """Return the symptoms with the queues that grew; a flood of messages about such a queue is that queue."""
    floods = {
        queue.key: next(
            (
                s
                for s in symptoms
                if s.kind == "template" and s.key == queue.key and s.start <= queue.end and queue.start <= s.end
            ),
            None,
        )
        for queue in queues
    }
    joined = [
        queue if (flood := floods[queue.key]) is None else replace(flood, kind="queue", text=queue.text)
        for queue in {queue.key: queue for queue in queues}.values()
    ]
    return [*[s for s in symptoms if s not in floods.values()], *joined]


def _without_beginnings(symptoms: list[Symptom], coverage: pl.DataFrame, window: timedelta) -> list[Symptom]:
    """Return unusual windows without those before the first event of their service: its file begins later."""
    begins = {printable(name, NAME_LENGTH): first for name, first in coverage.select("service", "first_seen").rows()}
    return [s for s in symptoms if not any(name in begins and s.end <= begins[name] + window for name in s.services)]


def _is_known_end(symptom: Symptom, silences: list[Silence], ends_early: set[str]) -> bool:
    """Return whether a service whose message did not come again has fallen silent, or its file ends there."""
    silent = {name for silence in silences if silence.is_ongoing for name in silence.services}
    return bool(symptom.services) and set(symptom.services) <= silent | ends_early


def _is_file_end(symptom: Symptom, ends_early: set[str]) -> bool:
    """Return whether fewer events, of a service or of all together, are but the end of a file."""
    is_end = symptom.kind == "events" and symptom.is_ongoing and symptom.observed <= MAX_END_SHARE * symptom.expected
    return is_end and bool(ends_early) and set(symptom.services) <= ends_early


def _is_told_as_silence(symptom: Symptom, silences: list[Silence]) -> bool:
    """Return whether fewer events of a service are none, at a time at which it is known to be silent."""
    if symptom.kind != "events" or not symptom.services:
        return False
    return any(
        set(symptom.services) <= set(silence.services)
        and min(symptom.end, silence.end) - max(symptom.start, silence.start) >= (symptom.end - symptom.start) / 2
        for silence in silences
    )
