"""Stretches of time: runs of anomalous windows, services that fell silent, and which of them go together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from loganalytics.sanitize import printable

_MERGE = 2  # quiet windows that do not end an episode
_REASONS = 3
_NAME = 60

# Among features that tell the same story, the plain ones are told first: "errors" rather than "ERROR events".
_PLAINNESS = {"errors": 2.0, "events": 0.8, "trace_ids": 0.5}
_TEXT = 160


@dataclass(frozen=True)
class Episode:
    """A run of anomalous windows of one service; of the whole log where `services` is empty."""

    services: tuple[str, ...]
    start: datetime
    end: datetime
    score: float
    windows: int
    events: int
    errors: int
    reasons: tuple[tuple[str, str], ...]  # feature, text; the strongest first


@dataclass(frozen=True)
class Silence:
    """A time in which services said nothing; `times` counts the gaps of which it is the longest."""

    services: tuple[str, ...]
    start: datetime
    end: datetime
    lasts: bool  # until the end of the log
    times: int = 1


def episodes_of(anomalies: pl.DataFrame, window: timedelta) -> list[Episode]:
    """Return runs of anomalous windows of one service, across quiet gaps of one or two windows."""
    flagged = anomalies.filter(pl.col("is_anomaly"))
    if flagged.is_empty():
        return []
    have = flagged.columns
    extra = [(pl.col(name) if name in have else pl.lit(0)).alias(name) for name in ("events", "errors")]
    name = pl.col("service").cast(pl.String).fill_null("") if "service" in have else pl.lit("")
    runs = flagged.select("window", "score", "reasons", *extra, name.alias("service")).sort("service", "window")
    breaks = (pl.col("window").diff() > (_MERGE + 1) * window).fill_null(value=True).over("service")
    runs = runs.with_columns(breaks.cast(pl.Int64).cum_sum().over("service").alias("run"))
    episodes = []
    for (service, _), rows in runs.group_by("service", "run", maintain_order=True):
        first, last = rows["window"][0], rows["window"][-1]
        episodes.append(
            Episode(
                (printable(service, _NAME),) if service else (),
                first,
                last + window,
                float(rows["score"].max()),  # type: ignore[arg-type]
                rows.height,
                int(rows["events"].sum()),
                int(rows["errors"].sum()),
                _strongest(rows),
            )
        )
    return sorted(episodes, key=lambda episode: (episode.start, episode.services))


def _strongest(rows: pl.DataFrame) -> tuple[tuple[str, str], ...]:
    """Return the three features that say most over the windows, each in the words of its oddest window."""
    reasons = rows.select("score", "reasons").explode("reasons").drop_nulls().unnest("reasons")
    if reasons.is_empty():
        return ()
    plainness = pl.col("feature").replace_strict(_PLAINNESS, default=1.0, return_dtype=pl.Float64)
    is_level = pl.col("feature").str.starts_with("level:")
    best = (
        reasons.with_columns(
            weight=pl.col("contribution") * pl.when(is_level).then(0.5).otherwise(plainness),
            oddness=pl.col("contribution") * pl.col("score") / (1.001 - pl.col("score")),
            excess=(pl.col("observed") - pl.col("expected")).abs(),
        )
        .sort("oddness", "excess", "text", descending=[True, True, False], nulls_last=True)
        .group_by("feature", maintain_order=True)
        .agg(pl.col("weight").sum(), pl.col("text").first())
        .sort("weight", "feature", descending=[True, False], nulls_last=True)
    )
    told = {str(feature): printable(text, _TEXT) for feature, text in best.select("feature", "text").rows()}
    if "errors" in told:
        told.pop("error_share", None)
    return tuple(told.items())[:_REASONS]


def incidents(episodes: list[Episode]) -> list[list[Episode]]:
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


def silences_of(coverage: pl.DataFrame) -> list[Silence]:
    """Return the gaps and silences of all services; those of several services at one time are one."""
    each: list[Silence] = []
    for row in coverage.sort("service", nulls_last=True).to_dicts():
        names = (printable(row["service"], _NAME) or "unknown service",)
        gaps = sorted(row["gaps"] or [], key=lambda gap: (gap["start"] - gap["end"], gap["start"]))
        if gaps:
            each.append(Silence(names, gaps[0]["start"], gaps[0]["end"], lasts=False, times=len(gaps)))
        if row["is_silent"] and row["last_seen"] is not None:
            each.append(Silence(names, row["last_seen"], row["last_seen"] + row["silent_for"], lasts=True))
    merged: list[Silence] = []
    for one in sorted(each, key=lambda silence: (silence.start, silence.services)):
        twin = next((other for other in merged if _same_time(one, other)), None)
        if twin is None:
            merged.append(one)
            continue
        both = tuple(sorted({*twin.services, *one.services}))
        times = max(one.times, twin.times)
        merged[merged.index(twin)] = Silence(both, twin.start, twin.end, lasts=twin.lasts, times=times)
    return merged


def _same_time(one: Silence, other: Silence) -> bool:
    """Return whether two silences share at least three quarters of the time they take together."""
    shared = min(one.end, other.end) - max(one.start, other.start)
    return one.lasts == other.lasts and shared >= 0.75 * (max(one.end, other.end) - min(one.start, other.start))


def belongs(silence: Silence, group: list[Episode]) -> bool:
    """Return whether most of a silence lies within an episode of the same service."""
    return any(
        set(silence.services) <= set(episode.services or silence.services)
        and min(silence.end, episode.end) - max(silence.start, episode.start) > 0.5 * (silence.end - silence.start)
        for episode in group
    )


def is_slowness(group: list[Episode], start: datetime, end: datetime) -> bool:
    """Return whether the episodes are all of durations, and most of their time lies between two times."""
    features = [feature for episode in group for feature, _ in episode.reasons]
    begin, over = group[0].start, max(episode.end for episode in group)
    slower = bool(features) and all(feature.startswith("duration") for feature in features)
    return slower and min(over, end) - max(begin, start) > 0.5 * (over - begin)
