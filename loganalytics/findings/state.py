"""What holds for a log as a whole: that it is one of errors, that it is too short to know what is usual."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from loganalytics.findings.symptoms import NAME_LENGTH, Symptom
from loganalytics.humanize import count, listing, percent
from loganalytics.sanitize import printable

MIN_ERROR_SHARE, MIN_ERRORS = 0.5, 3  # of a log that is one of errors
HIGH_ERROR_SHARE = 0.1  # of a log that is not well, however steady: who promises 99 % fails ten times as often
MIN_USUAL_EVENTS = 200  # of fewer, none is known to be usual
MAX_NAMED_PROBLEMS, LABEL_LENGTH = 3, 120
SHORT_E_VALUE, ERRORS_E_VALUE = 1.0, 0.02  # given to an error in a short log, and to a log of errors: info, warning


def state_symptoms(
    facts: dict[str, Any], clusters: pl.DataFrame, first: datetime | None, last: datetime | None
) -> list[Symptom]:
    """Return that most or many of the events are errors, or that there are too few to say what is usual."""
    errors = int(clusters["events"].sum())
    if first is None or last is None or not errors:
        return []
    is_of_errors = errors >= MIN_ERROR_SHARE * facts["events"] and errors >= MIN_ERRORS
    is_long = facts["events"] >= MIN_USUAL_EVENTS
    if not is_of_errors and is_long and errors < HIGH_ERROR_SHARE * facts["events"]:
        return []
    rows = clusters.head(MAX_NAMED_PROBLEMS).to_dicts()
    share = f"{count(errors)} of {count(facts['events'], 'event')} are errors ({percent(errors / facts['events'])})"
    if not is_of_errors and is_long:
        share = f"{share}, a high share without a change that stands out"
    elif not is_of_errors:
        share = f"{count(errors, 'error')} among {count(facts['events'], 'event')}, too few to say what is usual"
    services = dict.fromkeys(printable(name, NAME_LENGTH) for row in rows for name in row["services"])
    return [
        Symptom(
            kind="share",
            services=tuple(services),
            start=first,
            end=last,
            e_value=ERRORS_E_VALUE if is_of_errors else SHORT_E_VALUE,
            subject=rows[0]["label"] or "",
            key=rows[0]["cluster_id"],
            observed=float(errors),
            text=f"{share}: {listed_problems(clusters)}",
            is_told_anyway=True,
        )
    ]


def listed_problems(clusters: pl.DataFrame) -> str:
    """Return the three greatest problems, with how many errors they are."""
    rows = clusters.head(MAX_NAMED_PROBLEMS).select("label", "events").rows()
    return listing([f"“{printable(label, LABEL_LENGTH) or '(no text)'}” ({count(events)})" for label, events in rows])
