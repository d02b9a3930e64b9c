"""Stretches of time: runs of anomalous windows, services that fell silent, and which of them belong together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl

from loganalytics.sanitize import printable

MAX_QUIET_WINDOWS = 2  # between anomalous windows of one episode
MAX_REASONS = 3
MIN_SHARED_TIME = 0.75  # of the time from the first begin to the last end: so much two silences share to be one
MIN_DURATION_SHARE = 0.5  # of the reasons of episodes that belong to a slow stretch; more than that
MIN_OVERLAP = 0.5  # of a silence within an episode, or of episodes within a slow stretch, to belong to it

# Among features that say the same, the plain ones come first: "errors" rather than "ERROR events".
_FEATURE_WEIGHTS = {"errors": 2.0, "events": 0.8, "trace_ids": 0.5}
_LEVEL_WEIGHT = 0.5
_ERROR_FEATURES = ("errors", "error_share", "level:ERROR", "level:CRITICAL")
_NAME_LENGTH, _REASON_LENGTH = 60, 160  # characters


@dataclass(frozen=True, kw_only=True)
class Episode:
    """A run of anomalous windows of one service; of the whole log where `services` is empty.

    `reasons` are pairs of a feature and its sentence, the strongest first.
    """

    services: tuple[str, ...]
    start: datetime
    end: datetime
    score: float
    windows: int
    events: int
    errors: int
    reasons: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Silence:
    """A time in which services logged nothing.

    `is_ongoing` says that it lasts until the end of the log; `gap_count` counts the gaps of which it is the longest.
    """

    services: tuple[str, ...]
    start: datetime
    end: datetime
    is_ongoing: bool
    gap_count: int = 1


def find_episodes(anomalies: pl.DataFrame, window: timedelta) -> list[Episode]:
    """Return runs of anomalous windows of one service, across quiet gaps of one or two windows."""
    flagged = anomalies.filter(pl.col("is_anomaly"))
    if flagged.is_empty():
        return []
    have = flagged.columns
    counts = [(pl.col(name) if name in have else pl.lit(0)).alias(name) for name in ("events", "errors")]
    service = pl.col("service").cast(pl.String).fill_null("") if "service" in have else pl.lit("")
    runs = flagged.select("window", "score", "reasons", *counts, service.alias("service")).sort("service", "window")
    is_break = pl.col("window").diff() > (MAX_QUIET_WINDOWS + 1) * window
    run = is_break.fill_null(value=True).over("service").cast(pl.Int64).cum_sum().over("service")
    groups = runs.with_columns(run.alias("run")).group_by("service", "run", maintain_order=True)
    episodes = [_to_episode(str(name), rows, window) for (name, _), rows in groups]
    return sorted(episodes, key=lambda episode: (episode.start, episode.services))


def _to_episode(service: str, rows: pl.DataFrame, window: timedelta) -> Episode:
    return Episode(
        services=(printable(service, _NAME_LENGTH),) if service else (),
        start=rows["window"][0],
        end=rows["window"][-1] + window,
        score=float(rows["score"].max()),  # type: ignore[arg-type]
        windows=rows.height,
        events=int(rows["events"].sum()),
        errors=int(rows["errors"].sum()),
        reasons=_strongest_reasons(rows),
    )


def _strongest_reasons(rows: pl.DataFrame) -> tuple[tuple[str, str], ...]:
    """Return the three features that contribute most over the windows, each with the sentence of its oddest window."""
    reasons = rows.select("score", "reasons").explode("reasons").drop_nulls().unnest("reasons")
    if reasons.is_empty():
        return ()
    feature, contribution, score = (pl.col(name) for name in ("feature", "contribution", "score"))
    weight = feature.replace_strict(_FEATURE_WEIGHTS, default=1.0, return_dtype=pl.Float64)
    strongest = (
        reasons.with_columns(
            weight=contribution * pl.when(feature.str.starts_with("level:")).then(_LEVEL_WEIGHT).otherwise(weight),
            oddness=contribution * score / (1.001 - score),
            excess=(pl.col("observed") - pl.col("expected")).abs(),
        )
        .sort("oddness", "excess", "text", descending=[True, True, False], nulls_last=True)
        .group_by("feature", maintain_order=True)
        .agg(pl.col("weight").sum(), pl.col("text").first())
        .sort("weight", "feature", descending=[True, False], nulls_last=True)
    )
    sentences = {
        str(name): printable(sentence, _REASON_LENGTH) for name, sentence in strongest.select("feature", "text").rows()
    }
    if "errors" in sentences:
        sentences.pop("error_share", None)
    return tuple(sentences.items())[:MAX_REASONS]


def group_overlapping(episodes: list[Episode]) -> list[list[Episode]]:
    """Return the episodes in groups that overlap or touch in time."""
    groups: list[list[Episode]] = []
    end: datetime | None = None
    for episode in episodes:
        if end is None or episode.start > end:
            groups.append([])
            end = episode.end
        groups[-1].append(episode)
        end = max(end, episode.end)
    return groups


def merge_silences(coverage: pl.DataFrame) -> list[Silence]:
    """Return the gaps and silences of all services; those of several services at one time are one."""
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


def _silences(coverage: pl.DataFrame) -> list[Silence]:
    """Return the longest gap of each service, and the silence at its end."""
    silences = []
    for row in coverage.sort("service", nulls_last=True).to_dicts():
        services = (printable(row["service"], _NAME_LENGTH) or "unknown service",)
        gaps = row["gaps"] or []
        if gaps:
            longest = min(gaps, key=lambda gap: (gap["start"] - gap["end"], gap["start"]))
            silences.append(Silence(services=services, **longest, is_ongoing=False, gap_count=len(gaps)))
        if row["is_silent"] and row["last_seen"] is not None:
            end = row["last_seen"] + row["silent_for"]
            silences.append(Silence(services=services, start=row["last_seen"], end=end, is_ongoing=True))
    return silences


def _is_same_time(first: Silence, second: Silence) -> bool:
    """Return whether two silences share at least three quarters of the time they take together."""
    shared = min(first.end, second.end) - max(first.start, second.start)
    together = max(first.end, second.end) - min(first.start, second.start)
    return first.is_ongoing == second.is_ongoing and shared >= MIN_SHARED_TIME * together


def is_within_episode(silence: Silence, group: list[Episode]) -> bool:
    """Return whether most of a silence lies within an episode of the same service."""
    return any(
        set(silence.services) <= set(episode.services or silence.services)
        and _is_mostly_within(silence.start, silence.end, episode.start, episode.end)
        for episode in group
    )


def is_slowdown(group: list[Episode], start: datetime, end: datetime) -> bool:
    """Return whether most reasons of the episodes are durations and none errors, and their time lies between two times.

    Where requests take longer, a few kinds of them come less often in some window.
    """
    features = [feature for episode in group for feature, _ in episode.reasons]
    durations = sum(feature.startswith("duration") for feature in features)
    are_durations = durations > MIN_DURATION_SHARE * len(features) and not any(map(is_of_errors, features))
    return are_durations and _is_mostly_within(group[0].start, max(episode.end for episode in group), start, end)


def is_of_errors(feature: str) -> bool:
    """Return whether a feature counts errors."""
    return feature in _ERROR_FEATURES or feature.startswith("errors:")


def _is_mostly_within(start: datetime, end: datetime, outer_start: datetime, outer_end: datetime) -> bool:
    return min(end, outer_end) - max(start, outer_start) > MIN_OVERLAP * (end - start)
