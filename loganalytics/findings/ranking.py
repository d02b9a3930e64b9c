"""What the analyses found, joined and told in plain sentences: frames in, a ranked list of findings out.

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

from loganalytics.findings.episodes import Episode, Silence, belongs, episodes_of, incidents, is_slowness, silences_of
from loganalytics.humanize import count, listing, moment, span, time_range
from loganalytics.sanitize import printable

SEVERITIES = ("critical", "warning", "info")

_TITLE = 160
_TEXT = 300
_NAME = 60


@dataclass(frozen=True)
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


def findings(
    anomalies: pl.DataFrame,
    coverage: pl.DataFrame,
    clusters: pl.DataFrame,
    slow: pl.DataFrame,
    *,
    window: timedelta,
) -> list[Finding]:
    """Return what was found, the gravest first.

    Needs what `detect_anomalies`, `coverage` and `cluster_errors` return, and the slow stretches of `latency`:
    slow_what, services, slow_from, slow_until, slow_ratio, p50, slowest. `window` is the length of a window.
    """
    groups = incidents(episodes_of(anomalies, window))
    silences = silences_of(coverage)
    new = _new_errors(clusters)
    stretches = slow.to_dicts()
    slowed: list[list[Episode]] = [[] for _ in stretches]
    found: list[tuple[float, Finding]] = []
    for group in groups:
        within = [is_slowness(group, row["slow_from"], row["slow_until"]) for row in stretches]
        if any(within):
            slowed[within.index(True)] += group
            continue
        start, end = group[0].start - 2 * window, max(episode.end for episode in group)
        mine = [error for error in new if start <= error["first_seen"] < end]
        quiet = [silence for silence in silences if belongs(silence, group)]
        new = [error for error in new if error not in mine]
        silences = [silence for silence in silences if silence not in quiet]
        found.append(_tell_incident(group, mine, quiet))
    found += [_tell_silence(silence) for silence in silences]
    found += [_tell_error(error) for error in new]
    found += [_tell_slow(row, episodes) for row, episodes in zip(stretches, slowed, strict=True)]
    found.sort(key=lambda pair: (SEVERITIES.index(pair[1].severity), -pair[0], pair[1].start, pair[1].title))
    return [finding for _, finding in found]


def _new_errors(clusters: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the clusters that are new, the most frequent first."""
    new = clusters.filter("is_new").sort("events", "label", descending=[True, False])
    return new.with_columns(pl.col("label").replace("", "(no text)")).to_dicts()


def _tell_incident(group: list[Episode], new: list[dict[str, Any]], quiet: list[Silence]) -> tuple[float, Finding]:
    """Return the weight and the finding of episodes at one time, with what belongs to them."""
    weight = sum(episode.score * episode.windows for episode in group)
    lines = [_episode_line(episode) for episode in group] + [_error_line(error) for error in new[:5]]
    if quiet and not new and len(group) == 1:
        _, finding = _tell_silence(quiet[0])
        return weight, replace(finding, evidence=(*finding.evidence, *lines))
    ordered = sorted(group, key=lambda e: (-e.errors, -round(e.score, 1) * e.windows, -e.events, e.services))
    names = list(dict.fromkeys(name for episode in ordered for name in episode.services))
    reasons = list(dict.fromkeys(text for episode in ordered for _, text in episode.reasons))
    what = [reasons[0] if reasons else "unusual activity"]
    what += [f"new error “{printable(error['label'], 80)}”" for error in new[:1]]
    what += [_silence_title(silence) for silence in quiet[:1]]
    start, end = group[0].start, max(episode.end for episode in group)
    return weight, Finding(
        kind="incident" if len(names) > 1 else "anomaly",
        service=", ".join(names),
        start=start,
        end=end,
        severity=_severity(group, new, weight),
        title=(f"{listing(names)} — " if names else "") + "; ".join(what),
        detail=_incident_detail(group, reasons, start, end),
        evidence=(*lines, *map(_silence_title, quiet)),
    )


def _severity(group: list[Episode], new: list[dict[str, Any]], weight: float) -> str:
    """Return critical for more errors, a new error or three services and more; else warning, for one window info."""
    features = {feature for episode in group for feature, _ in episode.reasons}
    more_errors = bool(features & {"errors", "error_share"}) and any(episode.errors for episode in group)
    if more_errors or new or len({episode.services for episode in group}) > 2:
        return "critical"
    return "warning" if weight > 1 else "info"


def _incident_detail(group: list[Episode], reasons: list[str], start: datetime, end: datetime) -> str:
    """Return the sentences under an incident: how long, what else, where it began."""
    told = f"Lasted {span(end - start)}."
    if len(reasons) > 1:
        told += f" Also: {'; '.join(reasons[1:3])}."
    first = [name for episode in group if episode.start == start for name in episode.services]
    later = [name for episode in group if episode.start > start for name in episode.services]
    later = [name for name in dict.fromkeys(later) if name not in first]
    if first and later:
        told += f" It began in {listing(first)} and reached {listing(later)} after that."
    return told


def _episode_line(episode: Episode) -> str:
    lead = f"{listing(list(episode.services))}, " if episode.services else ""
    texts = "; ".join(text for _, text in episode.reasons) or "unusual activity"
    facts = f"{count(episode.events, 'event')}, {count(episode.errors, 'error')}, score {episode.score:.2f}"
    return f"{lead}{time_range(episode.start, episode.end)}: {texts} ({facts})"


def _error_line(error: dict[str, Any]) -> str:
    label, where = (
        printable(error["label"], _TEXT),
        listing([printable(s, 60) for s in error["services"] or []]),
    )
    seen = f"first seen {moment(error['first_seen'])}, {count(error['events'], 'event')}"
    return f"New error: {label} ({seen}{', in ' + where if where else ''})"


def _silence_title(silence: Silence) -> str:
    names = listing(list(silence.services))
    if silence.lasts:
        return f"{names} silent since {moment(silence.start)}"
    often = f", one of {silence.times} gaps" if silence.times > 1 else ""
    return f"{names} silent for {span(silence.end - silence.start)}{often}"


def _tell_silence(silence: Silence) -> tuple[float, Finding]:
    length = span(silence.end - silence.start)
    detail = f"No event for {length}" + (", up to the end of the log." if silence.lasts else ".")
    finding = Finding(
        kind="silence",
        service=", ".join(silence.services),
        start=silence.start,
        end=silence.end,
        severity="critical" if silence.lasts else "warning",
        title=_silence_title(silence),
        detail=detail,
        evidence=tuple(f"{name}: {time_range(silence.start, silence.end)}" for name in silence.services[:20]),
    )
    return len(silence.services), finding


def _tell_error(error: dict[str, Any]) -> tuple[float, Finding]:
    names = [printable(name, 60) for name in error["services"] or []]
    lead = f"{listing(names)} — " if names else ""
    finding = Finding(
        kind="new_error",
        service=", ".join(names),
        start=error["first_seen"],
        end=error["last_seen"],
        severity="warning" if error["events"] >= 5 else "info",
        title=f"{lead}new error “{printable(error['label'], _TITLE)}”",
        detail=f"{count(error['events'], 'event')}, none before {moment(error['first_seen'])}.",
        evidence=_unique([printable(error["example"], _TEXT)]),
    )
    return float(error["events"]), finding


def _tell_slow(row: dict[str, Any], episodes: list[Episode]) -> tuple[float, Finding]:
    """Return the finding of a stretch of hours in which something took longer than usual, and where it shows."""
    what = printable(row["slow_what"], _NAME)
    names = [printable(name, _NAME) for name in row["services"] or []]
    times = f"{row['slow_ratio']:.1f} times as long as usual"
    lead = f"{listing(names)} — " if names and names != [what] else ""
    reached = [name for name in dict.fromkeys(n for episode in episodes for n in episode.services) if name not in names]
    shows = f" It shows in {listing(reached)}, too." if reached else ""
    slowest = [f"{example['duration_ms']:,.0f} ms: {example['message']}" for example in row["slowest"]]
    finding = Finding(
        kind="slowdown",
        service=", ".join([*names, *reached]),
        start=row["slow_from"],
        end=row["slow_until"],
        severity="warning",
        title=f"{lead}{what} slow: up to {times}",
        detail=f"The hourly median rose to {times}; over the whole log it is {row['p50']:,.0f} ms.{shows}",
        evidence=(*_unique([printable(line, _TEXT) for line in slowest]), *map(_episode_line, episodes)),
    )
    return float(row["slow_ratio"]), finding


def _unique(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line for line in lines if line))
