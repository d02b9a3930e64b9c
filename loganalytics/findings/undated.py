"""The errors of a log most of which has no time: when they happened is unknown, that they did is not."""

from __future__ import annotations

from typing import Any

import polars as pl

from loganalytics.findings.ranking import Finding
from loganalytics.findings.state import MIN_ERROR_SHARE, listed_problems
from loganalytics.findings.symptoms import NAME_LENGTH
from loganalytics.humanize import count, listing, undated
from loganalytics.sanitize import printable

MAX_LINES, LINE_LENGTH = 3, 300  # of evidence; characters


def undated_findings(facts: dict[str, Any], problems: pl.DataFrame) -> list[Finding]:
    """Return the errors of a log as one finding without a time, where most of its events have none.

    Needs the facts events and undated, and the columns of `cluster_errors`. It is a warning where half of the events
    are errors, else a note.
    """
    errors = int(problems["events"].sum())
    if not errors or undated(facts["undated"], facts["events"]) is None:
        return []
    services = [printable(name, NAME_LENGTH) for name in problems["services"].explode().drop_nulls().unique().sort()]
    lead = f"{listing(services)}: " if services else ""
    counted = f"{count(errors, 'error')} among {count(facts['events'], 'event')}"
    return [
        Finding(
            kind="errors",
            service=", ".join(services),
            start=None,
            end=None,
            severity="warning" if errors >= MIN_ERROR_SHARE * facts["events"] else "info",
            title=f"{lead}{counted}: {listed_problems(problems)}",
            detail="When they happened is not known.",
            evidence=tuple(printable(text, LINE_LENGTH) for text in problems["example"].head(MAX_LINES)),
            cluster_ids=tuple(problems["cluster_id"].head(MAX_LINES)),
            conditions=("cluster_id!=",),
        )
    ]
