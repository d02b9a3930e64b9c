"""Runs of anomalous windows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from loganalytics.analyses.anomalies.windows import ANOMALY_SURPRISAL
from loganalytics.analyses.scans.series import ALARMING
from loganalytics.findings.symptoms import Symptom
from loganalytics.sanitize import printable

WEEK = timedelta(days=7)
WEEKLY_E_VALUE = 0.03  # given to windows as other weeks have them: above that of a warning
MAX_QUIET_WINDOWS = 2  # between anomalous windows of one episode
MAX_REASONS = 3

# Among features that say the same, the plain ones come first: "errors" rather than "ERROR events".
_FEATURE_WEIGHTS = {"errors": 2.0, "events": 0.8, "trace_ids": 0.5}
_LEVEL_WEIGHT = 0.5
_ERROR_FEATURES = ("errors", "error_share", "level:ERROR", "level:CRITICAL")
_FAILURE = re.compile(ALARMING)
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


def window_symptoms(anomalies: pl.DataFrame, window: timedelta) -> list[Symptom]:
    """Return the runs of anomalous windows as symptoms: how many windows as odd as the oddest of each chance gives."""
    return [
        Symptom(
            kind="window",
            services=episode.services,
            start=episode.start,
            end=episode.end,
            e_value=_e_value(episode, anomalies, window),
            subject=episode.reasons[0][1],
            text=episode.reasons[0][1],
            observed=float(episode.events),
            is_harm=_is_harm(episode),
        )
        for episode in find_episodes(anomalies, window)
        if episode.reasons
    ]


def _e_value(episode: Episode, anomalies: pl.DataFrame, window: timedelta) -> float:
    e_value = float(max(anomalies.height, 1) * 10.0 ** -_surprisal(episode.score))
    return max(e_value, WEEKLY_E_VALUE) if _is_weekly(episode, anomalies, window) else e_value


def _is_weekly(episode: Episode, anomalies: pl.DataFrame, window: timedelta) -> bool:
    """Return whether the same hours of another week have half as many errors (or events, where it has none)."""
    counted, number = ("errors", episode.errors) if episode.errors else ("events", episode.events)
    if counted not in anomalies.columns:
        return False
    service = pl.col("service").cast(pl.String).is_in(list(episode.services))
    own = anomalies.filter(service) if episode.services and "service" in anomalies.columns else anomalies
    since = pl.col("window") - pl.lit(episode.start)
    weeks = ((since + WEEK / 2).dt.total_microseconds() // (WEEK // timedelta(microseconds=1))).alias("week")
    shifted = pl.col("window") - pl.col("week") * WEEK
    same_hours = own.with_columns(weeks).filter(
        (pl.col("week") != 0) & (shifted >= episode.start - window) & (shifted < episode.end + window)
    )
    highest = same_hours.group_by("week").agg(pl.col(counted).sum())[counted].max()
    return isinstance(highest, int | float) and highest >= number / 2


def _surprisal(score: float) -> float:
    """Return -log10 of the chance that an ordinary window has this score; see `detect_anomalies`."""
    return ANOMALY_SURPRISAL * score / max(1 - score, 1e-9)


def _is_harm(episode: Episode) -> bool:
    """Return whether a reason of an episode is its errors, or many of a message of failure."""
    return any(
        (episode.errors > 0 and (feature in _ERROR_FEATURES or feature.startswith("errors:")))
        or (feature.startswith("template:") and bool(_FAILURE.search(reason)))
        for feature, reason in episode.reasons
    )
