"""What the analyses found, joined and written as sentences: frames in, a ranked list of findings out.

Anomalous windows that follow one another are one episode; episodes of several services at the same time are
one incident; an error first seen within it, or a service that falls silent in it, is evidence of it. Windows of
longer durations while something is slow for hours are evidence of that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from loganalytics.findings.episodes import (
    Episode,
    Silence,
    find_episodes,
    group_overlapping,
    is_slowdown,
    is_within_episode,
    merge_silences,
)
from loganalytics.findings.problems import MainProblem, main_problem
from loganalytics.humanize import count, listing, moment, span, time_range
from loganalytics.sanitize import printable

SEVERITIES = ("critical", "warning", "info")

LEAD_WINDOWS = 2  # before an incident: an error first seen in them belongs to it
MIN_CRITICAL_SERVICES = 3  # at the same time
MIN_WARNING_WEIGHT = 1.0  # score times windows; an incident needs more than that: one window alone is a note
MIN_FREQUENT_EVENTS = 5  # of a new error that is a warning

_LABEL_LENGTH, _SHORT_LABEL_LENGTH, _LINE_LENGTH, _NAME_LENGTH = 160, 80, 300, 60  # characters
_MAX_ERROR_LINES = 5
_MAX_SILENT_SERVICES = 20  # in the evidence


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing worth a look.

    Attributes:
        kind: incident (several services), anomaly (one), silence, new_error or slowdown.
        service: the service, or the services, "a, b"; empty where the log names none.
        start: when it began (UTC).
        end: when it was over; the end of the log when it was not.
        severity: critical, warning or info.
        title: one line.
        detail: a sentence or two.
        evidence: what speaks for it, one line each.
    """

    kind: str
    service: str
    start: datetime | None
    end: datetime | None
    severity: str
    title: str
    detail: str
    evidence: tuple[str, ...]


def rank_findings(
    anomalies: pl.DataFrame,
    coverage: pl.DataFrame,
    clusters: pl.DataFrame,
    slow: pl.DataFrame,
    *,
    window: timedelta,
    problems: pl.DataFrame | None = None,
) -> list[Finding]:
    """Return the findings, the gravest first.

    Needs what `detect_anomalies`, `coverage` and `cluster_errors` return, and the slow stretches of `latency`:
    slow_what, services, slow_from, slow_until, slow_ratio, p50, slowest. `window` is the length of a window, and
    `problems` how many errors of each problem (label) each service has in each window.
    """
    silences, new_errors, stretches = merge_silences(coverage), _new_errors(clusters), slow.to_dicts()
    slowed: list[list[Episode]] = [[] for _ in stretches]
    weighted: list[tuple[float, Finding]] = []
    for group in group_overlapping(find_episodes(anomalies, window)):
        is_slow = [is_slowdown(group, row["slow_from"], row["slow_until"]) for row in stretches]
        if any(is_slow):
            slowed[is_slow.index(True)] += group
            continue
        start, end = group[0].start - LEAD_WINDOWS * window, max(episode.end for episode in group)
        errors_within = [error for error in new_errors if start <= error["first_seen"] < end]
        silences_within = [silence for silence in silences if is_within_episode(silence, group)]
        new_errors = [error for error in new_errors if error not in errors_within]
        silences = [silence for silence in silences if silence not in silences_within]
        main = None if problems is None else main_problem(problems, group)
        weighted.append(_incident_finding(group, errors_within, silences_within, main))
    weighted += [_silence_finding(silence) for silence in silences]
    weighted += [_new_error_finding(error) for error in new_errors]
    weighted += [_slowdown_finding(row, episodes) for row, episodes in zip(stretches, slowed, strict=True)]
    weighted.sort(key=lambda pair: (SEVERITIES.index(pair[1].severity), -pair[0], pair[1].start, pair[1].title))
    return [finding for _, finding in weighted]


def _new_errors(clusters: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the clusters that are new, the most frequent first."""
    new_errors = clusters.filter("is_new").sort("events", "label", descending=[True, False])
    return new_errors.with_columns(pl.col("label").replace("", "(no text)")).to_dicts()


def _incident_finding(
    group: list[Episode], new_errors: list[dict[str, Any]], silences: list[Silence], main: MainProblem | None
) -> tuple[float, Finding]:
    """Return the weight and the finding of episodes at one time, with what belongs to them."""
    weight = sum(episode.score * episode.windows for episode in group)
    lines = [_episode_line(episode) for episode in group] + [_error_line(e) for e in new_errors[:_MAX_ERROR_LINES]]
    lines += [_problem_line(main)] if main else []
    if silences and not new_errors and len(group) == 1:
        _, finding = _silence_finding(silences[0])
        return weight, replace(finding, evidence=(*finding.evidence, *lines))
    ordered = sorted(group, key=lambda e: (-e.errors, -round(e.score, 1) * e.windows, -e.events, e.services))
    names = list(dict.fromkeys(name for episode in ordered for name in episode.services))
    reasons = list(dict.fromkeys(reason for episode in ordered for _, reason in episode.reasons))
    start, end = group[0].start, max(episode.end for episode in group)
    return weight, Finding(
        kind="incident" if len(names) > 1 else "anomaly",
        service=", ".join(names),
        start=start,
        end=end,
        severity=_severity(group, new_errors, weight),
        title=_incident_title(names, reasons, new_errors, silences, main),
        detail=_incident_detail(group, reasons, start, end),
        evidence=(*lines, *map(_silence_title, silences)),
    )


def _incident_title(
    names: list[str],
    reasons: list[str],
    new_errors: list[dict[str, Any]],
    silences: list[Silence],
    main: MainProblem | None,
) -> str:
    clauses = [reasons[0] if reasons else "unusual activity"]
    clauses += [f"new error “{printable(error['label'], _SHORT_LABEL_LENGTH)}”" for error in new_errors[:1]]
    if main and main.label not in [error["label"] for error in new_errors[:1]]:
        clauses.insert(1, f"most errors are “{printable(main.label, _SHORT_LABEL_LENGTH)}”")
    clauses += [_silence_title(silence) for silence in silences[:1]]
    return _lead(names) + "; ".join(clauses)


def _problem_line(problem: MainProblem) -> str:
    label = printable(problem.label, _LINE_LENGTH)
    return f"{count(problem.errors)} of {count(problem.all_errors, 'error')}: {label}"


def _severity(group: list[Episode], new_errors: list[dict[str, Any]], weight: float) -> str:
    """Return critical for more errors, a new error or three services and more; else warning, for one window info."""
    features = {feature for episode in group for feature, _ in episode.reasons}
    more_errors = bool(features & {"errors", "error_share"}) and any(episode.errors for episode in group)
    if more_errors or new_errors or len({episode.services for episode in group}) >= MIN_CRITICAL_SERVICES:
        return "critical"
    return "warning" if weight > MIN_WARNING_WEIGHT else "info"


def _incident_detail(group: list[Episode], reasons: list[str], start: datetime, end: datetime) -> str:
    """Return the sentences under an incident: how long it lasted, other reasons, where it began."""
    sentences = [f"Lasted {span(end - start)}."]
    if len(reasons) > 1:
        sentences.append(f"Also: {'; '.join(reasons[1:3])}.")
    first = [name for episode in group if episode.start == start for name in episode.services]
    later = [name for episode in group if episode.start > start for name in episode.services]
    later = [name for name in dict.fromkeys(later) if name not in first]
    if first and later:
        sentences.append(f"It began in {listing(first)} and reached {listing(later)} after that.")
    return " ".join(sentences)


def _lead(names: list[str]) -> str:
    """Return the services as the beginning of a title."""
    return f"{listing(names)} — " if names else ""


def _printable_names(names: list[str] | None) -> list[str]:
    return [printable(name, _NAME_LENGTH) for name in names or []]


def _episode_line(episode: Episode) -> str:
    services = f"{listing(list(episode.services))}, " if episode.services else ""
    reasons = "; ".join(reason for _, reason in episode.reasons) or "unusual activity"
    facts = f"{count(episode.events, 'event')}, {count(episode.errors, 'error')}, score {episode.score:.2f}"
    return f"{services}{time_range(episode.start, episode.end)}: {reasons} ({facts})"


def _error_line(error: dict[str, Any]) -> str:
    services = listing(_printable_names(error["services"]))
    first_seen = f"first seen {moment(error['first_seen'])}, {count(error['events'], 'event')}"
    label = printable(error["label"], _LINE_LENGTH)
    return f"New error: {label} ({first_seen}{', in ' + services if services else ''})"


def _silence_title(silence: Silence) -> str:
    names = listing(list(silence.services))
    if silence.is_ongoing:
        return f"{names} silent since {moment(silence.start)}"
    one_of_several = f", one of {silence.gap_count} gaps" if silence.gap_count > 1 else ""
    return f"{names} silent for {span(silence.end - silence.start)}{one_of_several}"


def _silence_finding(silence: Silence) -> tuple[float, Finding]:
    until_end = ", up to the end of the log" if silence.is_ongoing else ""
    period = time_range(silence.start, silence.end)
    finding = Finding(
        kind="silence",
        service=", ".join(silence.services),
        start=silence.start,
        end=silence.end,
        severity="critical" if silence.is_ongoing else "warning",
        title=_silence_title(silence),
        detail=f"No event for {span(silence.end - silence.start)}{until_end}.",
        evidence=tuple(f"{name}: {period}" for name in silence.services[:_MAX_SILENT_SERVICES]),
    )
    return len(silence.services), finding


def _new_error_finding(error: dict[str, Any]) -> tuple[float, Finding]:
    names = _printable_names(error["services"])
    finding = Finding(
        kind="new_error",
        service=", ".join(names),
        start=error["first_seen"],
        end=error["last_seen"],
        severity="warning" if error["events"] >= MIN_FREQUENT_EVENTS else "info",
        title=f"{_lead(names)}new error “{printable(error['label'], _LABEL_LENGTH)}”",
        detail=f"{count(error['events'], 'event')}, none before {moment(error['first_seen'])}.",
        evidence=_unique([printable(error["example"], _LINE_LENGTH)]),
    )
    return float(error["events"]), finding


def _slowdown_finding(row: dict[str, Any], episodes: list[Episode]) -> tuple[float, Finding]:
    """Return the finding of a stretch of hours in which something took longer than usual, and where it shows."""
    operation = printable(row["slow_what"], _NAME_LENGTH)
    names = _printable_names(row["services"])
    factor = f"{row['slow_ratio']:.1f} times as long as usual"
    reached = [name for name in dict.fromkeys(n for episode in episodes for n in episode.services) if name not in names]
    shows = f" It shows in {listing(reached)}, too." if reached else ""
    slowest = [f"{example['duration_ms']:,.0f} ms: {example['message']}" for example in row["slowest"]]
    finding = Finding(
        kind="slowdown",
        service=", ".join([*names, *reached]),
        start=row["slow_from"],
        end=row["slow_until"],
        severity="warning",
        title=f"{_lead(names) if names != [operation] else ''}{operation} slow: up to {factor}",
        detail=f"The hourly median rose to {factor}; over the whole log it is {row['p50']:,.0f} ms.{shows}",
        evidence=(*_unique([printable(line, _LINE_LENGTH) for line in slowest]), *map(_episode_line, episodes)),
    )
    return float(row["slow_ratio"]), finding


def _unique(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line for line in lines if line))
