"""Stretches of anomalous windows as lines, such as Overview lists findings: when, who, why, how strongly."""

from __future__ import annotations

import polars as pl

from loganalytics.dashboard import cached_analyses, cached_events, summaries
from loganalytics.dashboard.found_lines import FoundLine
from loganalytics.findings.episodes import Episode
from loganalytics.findings.ranking import Finding
from loganalytics.findings.verdict import Status
from loganalytics.humanize import count
from loganalytics.reports.model import Report
from loganalytics.view import View

STRONG_SCORE = 0.67
"""Of a window, one ordinary one in a million; below, of which there may be some by chance, one in a thousand."""


def lines_of(view: View, every: str, by: str | None) -> list[FoundLine]:
    """Return the stretches of a view, those with the highest score first."""
    episodes = sorted(cached_analyses.anomalous_stretches(view, every, by), key=lambda stretch: -stretch.score)
    report = _report(view)
    return [FoundLine(finding=_finding(episode, every), report=report, view=view) for episode in episodes]


def _finding(episode: Episode, every: str) -> Finding:
    sentences = [sentence for _, sentence in episode.reasons]
    length = f"{count(episode.windows, 'anomalous window')} of {every}"
    what = "; ".join(sentences[:2]) or "unlike the other windows in all features together"
    return Finding(
        kind="anomaly",
        service=", ".join(episode.services),
        start=episode.start,
        end=episode.end,
        severity="warning" if episode.score >= STRONG_SCORE else "info",
        title=f"score {episode.score:.2f}: {what}",  # first, as a line is cut at its end
        detail=f"{length}, {count(episode.events, 'event')}, {count(episode.errors, 'error')}.",
        evidence=tuple(sentences) or (what,),
    )


def _report(view: View) -> Report:
    """Return what a line of the list is drawn with: the ends of the log, and no problems or messages."""
    first, last = summaries.time_extent(cached_events.events(view)) or (None, None)
    keys = {"errors": "cluster_id", "patterns": "template_id"}
    tables = {name: pl.DataFrame(schema={key: pl.String, "trend": pl.List(pl.UInt32)}) for name, key in keys.items()}
    return Report(
        title="Anomalies", verdict="", status=Status.NOTHING_JUDGED, findings=[], parameters={}, tables=tables,
        facts={"first_seen": first, "last_seen": last},
    )  # fmt: skip
