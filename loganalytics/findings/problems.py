"""The problem that most errors of an episode are."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from loganalytics.findings.episodes import Episode, is_of_errors
from loganalytics.sanitize import printable

MIN_MAIN_SHARE = 0.5
"""So many of the errors are of the main problem; there must be two errors of it."""

_NAME_LENGTH = 60  # characters, as in episodes


@dataclass(frozen=True, kw_only=True)
class MainProblem:
    """A problem, how many errors of an episode are of it, and how many there are."""

    label: str
    errors: int
    all_errors: int


def main_problem(problems: pl.DataFrame, group: list[Episode]) -> MainProblem | None:
    """Return the problem that half of the errors of episodes or more are; None if they are not anomalous for errors.

    Needs window, service, label and errors: how many errors of each problem each service has in each window.
    """
    if not any(is_of_errors(feature) for episode in group for feature, _ in episode.reasons):
        return None
    start, end = group[0].start, max(episode.end for episode in group)
    within = problems.filter(pl.col("window").is_between(start, end, closed="left"))
    services = {name for episode in group for name in episode.services}
    if services:
        shown = [printable(name, _NAME_LENGTH) in services for name in within["service"].fill_null("").cast(pl.String)]
        within = within.filter(pl.Series(shown, dtype=pl.Boolean))
    sums = within.group_by("label").agg(pl.col("errors").sum()).sort("errors", "label", descending=[True, False])
    if sums.is_empty():
        return None
    label, errors, total = str(sums["label"][0]), int(sums["errors"][0]), int(sums["errors"].sum())
    is_main = errors >= max(2, MIN_MAIN_SHARE * total)
    return MainProblem(label=label, errors=errors, all_errors=total) if is_main else None
