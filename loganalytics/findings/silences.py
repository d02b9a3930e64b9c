"""Times in which services logged nothing: which of them belong together, and which are but the ends of files."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl

from loganalytics.findings.symptoms import NAME_LENGTH, Symptom, of_services
from loganalytics.sanitize import printable

MIN_SHARED_TIME = 0.75  # of the time from the first begin to the last end: so much two silences share to be one
OVERDUE_E_VALUE = 2e-3  # given to a job that did not run: worth a warning, not a phone call
SILENCE_E_VALUE = 1e-4  # the chance at which `coverage` calls a gap unusual
MAX_SILENT_SHARE = 0.02  # of the expected events, up to which a service is silent
LAST_WORDS = 3  # events before a silence, one of which may announce it
MAX_ERROR_SHARE = 0.8  # of a service's events: one that logs errors only is not silent when they stop
MAX_FILE_END = timedelta(hours=1)  # by so much a file may end before the others, ...
MAX_FILE_END_SHARE = 0.1  # ... or by this share of the log, and be nothing but an end of a file
# What a service says of itself at its end; not of a task, a connection or a request.
PLANNED_END = re.compile(
    r"(?i)\bshut(?:ting)? ?down\b|\b(?:server|service|process|worker|daemon|application|scheduler|agent)\b.{0,20}"
    r"\b(?:stopp(?:ed|ing)|exit(?:ed|ing)|terminated)\b|^(?:stopp(?:ed|ing)|exiting|goodbye|bye)\b|\bend of log\b"
    r"|\brotat(?:ed|ing)\b|\bcontinu(?:ed|ing) in\b"
    r"|(?:服务|进程|程序|系统)\S{0,4}(?:关闭|停止|退出)|^(?:正在)?(?:关闭|停止|退出)"
)


@dataclass(frozen=True, kw_only=True)
class Silence:
    """A time in which services logged nothing.

    Attributes:
        services: that were silent.
        start: the last event before.
        end: the next event, or the end of the log.
        is_ongoing: whether it lasts until the end of the log.
        gap_count: how many gaps there are, of which it is the longest.
        is_file_end: whether the services' files end there, a little before the others.
        is_planned: whether the last event says that the service stops.
    """

    services: tuple[str, ...]
    start: datetime
    end: datetime
    is_ongoing: bool
    gap_count: int = 1
    is_file_end: bool = False
    is_planned: bool = False


def merge_silences(coverage: pl.DataFrame) -> list[Silence]:
    """Return the gaps and silences of all services; those of several services at one time are one.

    Needs what `coverage` returns and, where known: error_share, own_source (Boolean: no other service writes to
    the sources of this one) and last_message.
    """
    merged: list[Silence] = []
    for silence in sorted(_silences(coverage), key=lambda silence: (silence.start, silence.services)):
        twin = next((other for other in merged if _is_same_time(silence, other)), None)
        if twin is None:
            merged.append(silence)
            continue
        services = tuple(sorted({*twin.services, *silence.services}))
        gap_count = max(silence.gap_count, twin.gap_count)
        merged[merged.index(twin)] = replace(twin, services=services, gap_count=gap_count)
    return merged


def silence_symptoms(silences: list[Silence]) -> list[Symptom]:
    """Return the silences as symptoms."""
    return [
        Symptom(
            kind="silence",
            services=silence.services,
            start=silence.start,
            end=silence.end,
            is_ongoing=silence.is_ongoing,
            e_value=1.0 if silence.is_file_end or silence.is_planned else SILENCE_E_VALUE,
            text="file" if silence.is_file_end else "planned" if silence.is_planned else "",
            observed=float(silence.gap_count),
            is_told_anyway=True,
        )
        for silence in silences
    ]


def as_announced(symptom: Symptom, events: pl.DataFrame) -> Symptom:
    """Return a time without events as one that is no news, where the last words before it said that it would come."""
    if symptom.kind != "events" or symptom.observed > MAX_SILENT_SHARE * symptom.expected:
        return symptom
    before = events.filter(
        of_services(symptom.services) & (pl.col("timestamp") <= symptom.start + (symptom.end - symptom.start) / 2)
    )
    last_words = before.sort("timestamp").tail(LAST_WORDS)["message"].to_list()
    if not any(PLANNED_END.search(message or "") for message in last_words):
        return symptom
    return replace(symptom, e_value=1.0, text="planned", is_told_anyway=True)


def overdue_symptoms(overdue: pl.DataFrame) -> list[Symptom]:
    """Return the messages that came at regular intervals, and not again: what `overdue` returns."""
    return [
        Symptom(
            kind="silence",
            services=(printable(row["service"], NAME_LENGTH),) if row["service"] else (),
            start=row["last_seen"],
            end=row["end"],
            is_ongoing=True,
            e_value=OVERDUE_E_VALUE,
            subject=row["template"],
            key=row["template_id"],
            text="overdue",
            observed=float(row["runs"]),
            expected=row["period"] / timedelta(milliseconds=1),
            is_told_anyway=True,
        )
        for row in overdue.to_dicts()
    ]


def early_file_ends(coverage: pl.DataFrame) -> set[str]:
    """Return the services that write to files of their own, which end a little before the others."""
    early = coverage.filter("own_source" if "own_source" in coverage.columns else pl.lit(value=False))
    names = early.filter(pl.col("silent_for") <= _longest_file_end(coverage))["service"]
    return {printable(name, NAME_LENGTH) for name in names}


def _longest_file_end(coverage: pl.DataFrame) -> timedelta:
    first, last = coverage["first_seen"].min(), coverage["last_seen"].max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return MAX_FILE_END
    return max(MAX_FILE_END, MAX_FILE_END_SHARE * (last - first))


def _silences(coverage: pl.DataFrame) -> list[Silence]:
    """Return the longest gap of each service, and the silence at its end."""
    silences = []
    spoken = (
        coverage.filter(pl.col("error_share") <= MAX_ERROR_SHARE) if "error_share" in coverage.columns else coverage
    )
    longest_end = _longest_file_end(coverage)
    for row in spoken.sort("service", nulls_last=True).to_dicts():
        services = (printable(row["service"], NAME_LENGTH) or "unknown service",)
        gaps = row["gaps"] or []
        if gaps:
            longest = min(gaps, key=lambda gap: (gap["start"] - gap["end"], gap["start"]))
            silences.append(Silence(services=services, **longest, is_ongoing=False, gap_count=len(gaps)))
        if row["is_silent"] and row["last_seen"] is not None:
            is_short = row["silent_for"] <= longest_end
            silences.append(
                Silence(
                    services=services,
                    start=row["last_seen"],
                    end=row["last_seen"] + row["silent_for"],
                    is_ongoing=True,
                    is_file_end=bool(row.get("own_source")) and is_short,
                    is_planned=bool(PLANNED_END.search(row.get("last_message") or "")),
                )
            )
    return silences


def _is_same_time(first: Silence, second: Silence) -> bool:
    """Return whether two silences share at least three quarters of the time they take together."""
    shared = min(first.end, second.end) - max(first.start, second.start)
    together = max(first.end, second.end) - min(first.start, second.start)
    is_alike = (first.is_ongoing, first.is_file_end, first.is_planned) == (
        second.is_ongoing, second.is_file_end, second.is_planned,
    )  # fmt: skip
    return is_alike and shared >= MIN_SHARED_TIME * together
