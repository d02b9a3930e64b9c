"""The queue behind a worker: what speaks of it, and whether it grew while the worker was silent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import polars as pl

from loganalytics.findings.quoting import without_name
from loganalytics.findings.symptoms import NAME_LENGTH, Symptom
from loganalytics.humanize import count, listing
from loganalytics.sanitize import printable

MIN_MESSAGES = 3  # about the queue within a silence, to say that it grew
MIN_GROWTH = 3.0  # times what is usual: messages in so long a time, or their number
USUAL_QUANTILE = 0.95  # of the numbers outside of the silence, that is called usual
DRAIN_SHARE = 0.25  # of the silence, for which its queue may be long afterwards
QUEUE_SLACK = timedelta(minutes=1)  # before a silence: a queue grows from the last event on, and clocks differ
GROWN_E_VALUE = 1.0  # no finding by itself: it explains a silence
MAX_NAMED, LABEL_LENGTH = 2, 90  # queues; characters
QUEUE_LENGTH = "\0queue_length"  # no field of a log can have such a name

_UNITS = r"(?:tasks?|jobs?|messages?|items?|events?|requests?|records?|emails?|条|个)"
_WAITING = r"(?:waiting|pending|queued|outstanding|unacked|unacknowledged|unprocessed|behind)"
# What a writer says of a queue; “QueuePool” is none, nor is a task that was put into one.
_QUEUE = re.compile(
    rf"(?i)\b(?:queues?|backlog(?:ged)?|lag(?:ging)?)\b|\bqueue[_.-]?(?:depth|length|len|size|lag)"
    rf"|\b{_UNITS}\s+(?:are\s+|is\s+|still\s+)*{_WAITING}\b|\b{_WAITING}\s+{_UNITS}\b"
    r"|积压|堆积|队列|排队|待处理|等待处理"
)
# How long it is: the number beside one of these words.
_NUMBER_AFTER = (
    rf"(?i)(?:depth|length|len|size|backlog|lag|{_WAITING}|积压|堆积|长度|排队|待处理)"
    rf"(?:\s*{_UNITS})?\W{{0,3}}(?:(?:is|of|at|now|reached|为|了)\W{{1,2}})?(\d+)"
)
_NUMBER_BEFORE = (
    rf"(?i)(\d+)\s*{_UNITS}?\s*(?:(?:are|is|still)\s+)*(?:{_WAITING}\b|in (?:the )?queue|积压|堆积|排队|待处理)"
)
# The same as a field of its own.
_LENGTH_FIELD = re.compile(
    r"(?i)(?:^|[._-])(?:queue[._-]?(?:depth|length|len|size|lag)|backlog|lag|pending|waiting|queued)$"
)


@dataclass(frozen=True, kw_only=True)
class Quiet:
    """A time in which services logged nothing, or hardly anything."""

    services: tuple[str, ...]
    start: datetime
    end: datetime


def speaks_of_queue(text: str | None) -> bool:
    """Return whether a text is about what waits to be worked on.

    Example:
        >>> [speaks_of_queue(text) for text in ("queue mail depth <*>", "12 tasks waiting", "QueuePool limit reached")]
        [True, True, False]
    """
    return bool(text) and _QUEUE.search(str(text)) is not None


def is_queue_behind(symptom: Symptom, quiet: Symptom) -> bool:
    """Return whether a symptom is about the queue of services that are silent in another: it began while they were."""
    if quiet.kind not in ("silence", "events") or set(symptom.services) & set(quiet.services):
        return False
    is_about = symptom.kind == "queue" or (
        symptom.kind in ("template", "problem", "critical") and speaks_of_queue(symptom.subject)
    )
    return is_about and quiet.start - QUEUE_SLACK <= symptom.start <= quiet.end


def queue_symptoms(events: pl.DataFrame, quiet: Sequence[Quiet]) -> list[Symptom]:
    """Return the queues that grew while services were silent, in what others say of them.

    Needs timestamp, service, message, template and template_id. A queue grew where its messages came three times as
    often as at other times, at least three, or where the number that they name was three times the usual one.
    """
    if not quiet or events.is_empty():
        return []
    templates = events.select("template_id", "template").unique(maintain_order=True)
    about_queues = templates.filter(pl.col("template").map_elements(speaks_of_queue, return_dtype=pl.Boolean))
    spoken = (
        events.drop_nulls("timestamp")
        .join(about_queues, on="template_id", how="semi")
        .with_columns(queue_length(events.schema))
    )
    groups = [group for _, group in spoken.group_by("service", "template_id", maintain_order=True)]
    ends = events["timestamp"].drop_nulls()
    length = cast("datetime", ends.max()) - cast("datetime", ends.min())
    grown = [
        _grown(group, time, length)
        for time in quiet
        for group in groups
        if printable(group["service"][0], NAME_LENGTH) not in time.services
    ]
    return [symptom for symptom in grown if symptom is not None]


def queue_length(schema: Mapping[str, pl.DataType]) -> pl.Expr:
    """Return the length of a queue as a field or the message says it, named QUEUE_LENGTH; else null."""
    message = pl.col("message")
    fields = [pl.col(name) for name, dtype in schema.items() if dtype.is_numeric() and _LENGTH_FIELD.search(name)]
    numbers = [*fields, message.str.extract(_NUMBER_AFTER), message.str.extract(_NUMBER_BEFORE)]
    return pl.coalesce(number.cast(pl.Float64, strict=False) for number in numbers).alias(QUEUE_LENGTH)


def _grown(group: pl.DataFrame, quiet: Quiet, log_length: timedelta) -> Symptom | None:
    """Return the messages of one template in a silence as a symptom, if they are more, or of a longer queue."""
    until = quiet.end + DRAIN_SHARE * (quiet.end - quiet.start)
    is_inside = group["timestamp"].is_between(quiet.start, until)
    inside, outside = group.filter(is_inside), group.filter(~is_inside)
    if inside.height < MIN_MESSAGES or not (inside["timestamp"] <= quiet.end).any():
        return None
    share = (until - quiet.start) / max(log_length - (until - quiet.start), timedelta(seconds=1))
    expected = outside.height * share
    numbers = _numbers(inside[QUEUE_LENGTH], outside[QUEUE_LENGTH])
    is_more = inside.height >= MIN_GROWTH * expected
    if not is_more and not numbers:
        return None
    return Symptom(
        kind="queue",
        services=(printable(inside["service"][0], NAME_LENGTH),) if inside["service"][0] is not None else (),
        start=inside["timestamp"].min(),  # type: ignore[arg-type]
        end=inside["timestamp"].max(),  # type: ignore[arg-type]
        e_value=GROWN_E_VALUE,
        subject=inside["template"][0],
        key=inside["template_id"][0],
        observed=float(inside.height) if is_more else 0.0,
        expected=expected,
        high=expected,
        text=numbers,
    )


def _numbers(inside: pl.Series, outside: pl.Series) -> str:
    """Return the greatest length of a queue that grew, with the usual one; "" where it did not, or none is known."""
    longest, usual = inside.max(), outside.quantile(USUAL_QUANTILE)
    if not isinstance(longest, float) or inside.count() < MIN_MESSAGES:
        return ""
    if not isinstance(usual, float) or outside.count() < MIN_MESSAGES:
        return f"up to {count(round(longest))}"
    is_long = longest >= MIN_GROWTH * max(usual, 1.0)
    return f"up to {count(round(longest))}, usually at most {count(round(usual))}" if is_long else ""


def queue_clause(symptom: Symptom) -> str:
    """Return what became of a queue: “queue mail depth <*>” 31 times, up to 110, usually none."""
    quoted = f"“{printable(without_name(symptom.subject, symptom.services), LABEL_LENGTH)}”"
    if not symptom.observed:
        return f"{quoted} {symptom.text}"
    times = count(round(symptom.observed), "time")
    usual = "usually none" if round(symptom.high) == 0 else f"usually {count(round(symptom.high))}"
    is_told = "usually" in symptom.text
    return ", ".join(part for part in (f"{quoted} {times}", symptom.text, "" if is_told else usual) if part)


def queue_growth(symptoms: Sequence[Symptom]) -> str:
    """Return that the queue grew, and who says so; "" without such symptoms."""
    told = [f"{listing(list(s.services))} {queue_clause(s)}".strip() for s in symptoms[:MAX_NAMED]]
    return f"the queue behind it grew: {'; '.join(told)}" if told else ""


def quiet_times(rows: Sequence[dict[str, Any]]) -> list[Quiet]:
    """Return rows with service, start and end as quiet times."""
    return [
        Quiet(services=(printable(row["service"], NAME_LENGTH),), start=row["start"], end=row["end"]) for row in rows
    ]
