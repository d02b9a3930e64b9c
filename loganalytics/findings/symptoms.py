"""What was found, each by itself: when, in which services, how odd by chance, and whether it harms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl

from loganalytics.sanitize import printable

BATCH_E_VALUE = 0.03  # above that of a warning
NAME_LENGTH = 60  # characters of a service
MAX_PAUSE_SHARE = 0.2  # of two intervals of the same thing, that may lie between them: they are one
MIN_EXPLAINED = 0.7  # of a service's errors: a problem that they are is the better name for them
MAX_RARE_EVENTS = 10  # of a kind of CRITICAL event, up to which it is told whatever chance says
CRITICAL_E_VALUE = 1e-3  # given to it: who wrote CRITICAL meant that someone is to look

LAST_SHARE, MAX_LAST = 0.1, 2  # of a log, in which an error that came once is told; how many of these are not many

FROM_THE_START = "from the start of the log on"
EARLY_SHARE = 0.01  # of the log, in which what begins may have been there before

# What is wrong where these are found; a flood of messages and an unusual window may be harmless.
HARMFUL = frozenset({"errors", "problem", "critical", "duration", "events", "silence"})


@dataclass(frozen=True, kw_only=True)
class Symptom:
    """One thing that was found.

    Attributes:
        kind: errors (of a service), problem (one kind of error), critical (a rare CRITICAL event), duration, events
            (fewer of a service), silence, template (a flood of one message), window (unusual otherwise), state (many
            kinds of CRITICAL events) or share (most of the log are errors).
        services: that it was found in; empty where the log names none.
        start: when it began.
        end: when it was over, or the log.
        is_ongoing: whether it lasts to the end of the log.
        e_value: how many as odd as this chance gives in a log of this size.
        subject: label, template or operation.
        key: cluster_id, template_id or operation.
        is_new: whether there was nothing of it before.
        observed: how many, or how long in ms.
        low: the least that is usual in such a time.
        high: the most that is usual in such a time.
        expected: what the rest of the log leads to expect.
        text: what to say of it, where the numbers do not say it all.
        is_told_anyway: whether it is worth a line however likely by chance.
        is_harm: whether what is unusual of a window is harm: errors, or words of failure.
    """

    kind: str
    services: tuple[str, ...]
    start: datetime
    end: datetime
    is_ongoing: bool = False
    e_value: float
    subject: str = ""
    key: str | None = None
    is_new: bool = False
    observed: float = 0.0
    low: float = 0.0
    high: float = 0.0
    expected: float = 0.0
    text: str = ""
    is_told_anyway: bool = False
    is_harm: bool = False

    @property
    def is_harmful(self) -> bool:
        """Whether something failed, took longer or stopped."""
        return self.kind in HARMFUL or self.is_harm


def printed_service() -> pl.Expr:
    """Return the service as symptoms name it."""
    return pl.col("service").cast(pl.String)


def of_services(services: tuple[str, ...]) -> pl.Expr:
    """Return whether an event is of one of the services, as symptoms name them; of any where none is named."""
    return printed_service().is_in(list(services)) if services else pl.lit(value=True)


def interval_symptoms(intervals: pl.DataFrame) -> list[Symptom]:
    """Return the rows of `scan_intervals` as symptoms; errors of a service that are of one problem only once."""
    symptoms = _merged([_interval_symptom(row) for row in intervals.to_dicts()])
    problems = [symptom for symptom in symptoms if symptom.kind == "problem"]
    return [
        symptom for symptom in symptoms
        if symptom.kind != "errors" or not any(_is_explained(symptom, problem) for problem in problems)
    ]  # fmt: skip


def _merged(symptoms: list[Symptom]) -> list[Symptom]:
    """Return the symptoms, those of the same thing that overlap or nearly touch as one."""
    merged: list[Symptom] = []
    for symptom in sorted(symptoms, key=lambda symptom: (symptom.start, symptom.end)):
        before = next((other for other in reversed(merged) if _continues(symptom, other)), None)
        if before is None:
            merged.append(symptom)
        else:
            merged[merged.index(before)] = _joined(before, symptom)
    return merged


def _continues(symptom: Symptom, before: Symptom) -> bool:
    is_same = (symptom.kind, symptom.services, symptom.key) == (before.kind, before.services, before.key)
    duration = max(symptom.end, before.end) - before.start
    return is_same and symptom.start - before.end <= MAX_PAUSE_SHARE * duration


def _joined(before: Symptom, symptom: Symptom) -> Symptom:
    """Return one symptom for two: counts are added, of durations the less probable one is told."""
    surer = min(before, symptom, key=lambda interval: interval.e_value)
    numbers = {} if symptom.kind == "duration" else {
        name: getattr(before, name) + getattr(symptom, name) for name in ("observed", "expected", "low", "high")
    }  # fmt: skip
    return replace(
        surer, start=before.start, end=max(before.end, symptom.end), is_new=before.is_new,
        is_ongoing=before.is_ongoing or symptom.is_ongoing, **numbers,
    )  # fmt: skip


def _interval_symptom(row: dict[str, Any]) -> Symptom:
    # A flood of harmless messages that do not come otherwise may be a batch: it is told, and no warning.
    is_batch = row["measure"] == "template" and not (row["is_regular"] or row["is_alarming"])
    e_value = max(row["e_value"], BATCH_E_VALUE) if is_batch else row["e_value"]
    return Symptom(
        kind=row["measure"],
        services=tuple(printable(name, NAME_LENGTH) for name in row["services"]),
        subject=row["subject"] or "",
        **{name: row[name] for name in ("key", "start", "end", "is_ongoing", "is_new")},
        e_value=e_value,
        is_told_anyway=is_batch and row["e_value"] <= BATCH_E_VALUE,
        **{name: row[name] for name in ("observed", "expected", "low", "high")},
    )


def _is_explained(errors: Symptom, problem: Symptom) -> bool:
    """Return whether most of the errors of a service in some time are of one problem."""
    overlap = min(errors.end, problem.end) - max(errors.start, problem.start)
    is_within = overlap >= MIN_EXPLAINED * (errors.end - errors.start)
    has_service = not problem.services or set(errors.services) <= set(problem.services)
    return is_within and has_service and problem.observed >= MIN_EXPLAINED * errors.observed


def critical_symptoms(clusters: pl.DataFrame) -> list[Symptom]:
    """Return the problems with CRITICAL events that came so rarely that the log knows no rate of them.

    Needs the columns of `cluster_errors` and `critical`, how many of the events are CRITICAL.
    """
    rare = clusters.filter((pl.col("critical") > 0) & ((pl.col("events") <= MAX_RARE_EVENTS) | pl.col("is_new")))
    rare = rare.drop_nulls("first_seen").sort("first_seen", "label")
    return [_cluster_symptom(row, "critical", CRITICAL_E_VALUE) for row in rare.to_dicts()]


def new_error_symptoms(clusters: pl.DataFrame) -> list[Symptom]:
    """Return the problems that are new but not so frequent at any time that chance would not explain it."""
    new = clusters.filter("is_new").drop_nulls("first_seen").sort("events", "label", descending=[True, False])
    return [_cluster_symptom(row, "problem", 1.0) for row in new.to_dicts()]


def not_new_at_the_start(symptom: Symptom, first: datetime | None, last: datetime | None) -> Symptom:
    """Return a problem that begins with the log as one of which nobody knows whether it is new."""
    if first is None or last is None or not (symptom.kind == "problem" and symptom.is_new):
        return symptom
    is_early = symptom.start - first <= EARLY_SHARE * (last - first)
    return replace(symptom, is_new=False, text=FROM_THE_START) if is_early else symptom


def last_error_symptoms(clusters: pl.DataFrame, first: datetime | None, last: datetime | None) -> list[Symptom]:
    """Return the problems that came once, in the last tenth of the log, where they are not many: as notes."""
    if first is None or last is None:
        return []
    since = last - LAST_SHARE * (last - first)
    single = clusters.filter((pl.col("events") == 1) & (pl.col("first_seen") >= since)).sort("first_seen", "label")
    return [_cluster_symptom(row, "problem", 1.0) for row in single.to_dicts()] if single.height <= MAX_LAST else []


def _cluster_symptom(row: dict[str, Any], kind: str, e_value: float) -> Symptom:
    """Return a problem as a symptom that is told whatever chance says."""
    return Symptom(
        kind=kind,
        services=tuple(printable(name, NAME_LENGTH) for name in row["services"]),
        start=row["first_seen"],
        end=row["last_seen"],
        e_value=e_value,
        subject=row["label"],
        key=row["cluster_id"],
        is_new=True,
        observed=float(row["events"]),
        is_told_anyway=True,
    )
