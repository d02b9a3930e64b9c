"""The verdict of an incident: what happened first, what came with it, and what it may have to do with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl

from loganalytics.analyses.compare.term_counts import PROBLEM, is_incident
from loganalytics.findings.evidence import Evidence
from loganalytics.findings.quoting import quote
from loganalytics.humanize import count, listing, localize, moment, span, time_range
from loganalytics.sanitize import printable

MAX_SENTENCES = 7
NAMED_CAUSES = 4  # the likeliest, and what came with it
MAX_RESTARTS = 3
RESTART_SLACK = timedelta(minutes=1)  # after the first event of the likely cause: a clock may be late
MIN_MISSING_SHARE = 0.1  # of the incident that lies after the end of the log, or before its begin: it is told
_MESSAGE_LENGTH, _NAME_LENGTH, _TITLE_LENGTH, _DETAIL_LENGTH = 120, 60, 260, 300


def verdict_of(
    findings: pl.DataFrame, evidence: Evidence, facts: dict[str, Any]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the sentences: where the log lies if not here, the likely cause, restarts, then what came with it.

    The second list are those among them that are not about a finding.
    """
    causes = findings.filter(pl.col("role") == "cause").head(NAMED_CAUSES).to_dicts()
    ranges = _ranges(facts)
    beside = [facts["baseline_note"]] if facts["baseline_note"] else []
    if not causes and facts["events"]:
        beside += _uncompared(findings, facts) if facts["is_baseline_thin"] else [_no_cause(findings, evidence, facts)]
    beside += _restarts(evidence, causes[0]["start"] if causes else None, facts)
    after = [*_first_error(evidence, causes, facts), *_failed_traces(evidence)]
    sentences = [_sentence("Also" if number else "Likely cause", row, facts) for number, row in enumerate(causes)]
    verdict = [*ranges, *sentences[:1], *beside, *sentences[1:], *after]
    return tuple(verdict[:MAX_SENTENCES]), (*ranges, *beside, *after)


def _ranges(facts: dict[str, Any]) -> list[str]:
    """Return what is missing of the two time ranges, and where the log lies."""
    first, last, zone = facts["log_start"], facts["log_end"], facts["timezone"]
    if first is None:
        return ["The log holds no event that has a time, so there is nothing to compare."]
    lies = f"the log lies from {moment(first, tz=zone)} to {moment(last, tz=zone)}"
    if not facts["events"]:
        when = time_range(facts["start"], facts["end"], tz=zone)
        return [f"The incident ({when}) holds no event, so there is nothing to compare; {lies}."]
    sentences = _thin_baseline(facts, lies)
    missing = facts["end"] - last
    if not sentences and missing > MIN_MISSING_SHARE * (facts["end"] - facts["start"]):
        sentences.append(f"The log ends at {moment(last, tz=zone)}, {span(missing)} before the incident does.")
    return sentences


def _thin_baseline(facts: dict[str, Any], lies: str) -> list[str]:
    """Return that there is no baseline to speak of."""
    if not facts["is_baseline_thin"]:
        return []
    lead, unknown = f"The baseline ({_baseline(facts)}) holds", "what is new or silent cannot be told"
    if not facts["baseline_events"]:
        return [f"{lead} no event, so there is nothing to compare, and {unknown}; {lies}."]
    return [f"{lead} {count(facts['baseline_events'], 'event')}, and is too short for so long an incident: {unknown}."]


def _sentence(lead: str, row: dict[str, Any], facts: dict[str, Any]) -> str:
    title, detail = printable(row["title"], _TITLE_LENGTH), printable(row["detail"], _DETAIL_LENGTH)
    if row["kind"] == "silence" or row["start"] is None:
        return f"{lead}: {title}. {detail}"
    when = f"from {_clock(row['start'], facts, with_date=lead != 'Also')} to {_clock(row['end'], facts)}"
    return f"{lead}: {title}, {when}. {detail}"


def _clock(when: datetime, facts: dict[str, Any], *, with_date: bool = False) -> str:
    """Return a time of the incident: only its clock, where the day is that of its begin."""
    zone = facts["timezone"]
    same_day = localize(when, zone).date() == localize(facts["start"], zone).date()
    quoted = moment(when, zone=with_date, tz=zone)
    return quoted if with_date or not same_day else quoted[11:]


def _restarts(evidence: Evidence, begin: datetime | None, facts: dict[str, Any]) -> list[str]:
    """Return which services were restarted, reloaded or deployed shortly before it began, or as it began."""
    start, end = facts["start"], facts["end"]
    until = end if begin is None else max(start, begin) + RESTART_SLACK
    told_already = evidence.silent_services["last_message"].drop_nulls().to_list()
    is_news = (pl.col("timestamp") < until) & ~pl.col("message").is_in(told_already)
    rows = evidence.restarts.filter(is_news).tail(MAX_RESTARTS).to_dicts()
    sentences = [
        f"{printable(row['service'], _NAME_LENGTH) or 'unknown service'} {_clock(row['timestamp'], facts)} "
        f"{quote(row['message'], None, _MESSAGE_LENGTH)}"
        for row in rows
    ]
    lead = "Shortly before" if rows and rows[0]["timestamp"] < (begin or start) else "At that time"
    return [f"{lead}: {'; '.join(sentences)}."] if sentences else []


def _no_cause(findings: pl.DataFrame, evidence: Evidence, facts: dict[str, Any]) -> str:
    """Return that nothing stands out, or that new errors are too few to be sure of; with what changed most."""
    looked_at = f"{count(facts['events'], 'event')}, {count(facts['errors'], 'error')}"
    titles = [printable(title, _TITLE_LENGTH) for title in findings["title"].head(2).to_list()]
    if titles:
        changed = f" What changed most: {'; '.join(titles)}."
    else:
        before = f"{count(facts['baseline_events'], 'event')}, {count(facts['baseline_errors'], 'error')}"
        changed = f" Nothing differs from {_baseline(facts)} ({before}) by more than chance explains."
    if evidence.first_error is not None and evidence.first_error["is_new"]:
        new = "some of a kind that the baseline does not have"  # and too few to be sure of
        return f"No cause is certain in {looked_at}, {new}.{changed}{_top_problem(evidence)}"
    return f"No cause stands out in {looked_at}.{changed}{_top_problem(evidence)}"


def _uncompared(findings: pl.DataFrame, facts: dict[str, Any]) -> list[str]:
    """Return how many errors there are, and the most frequent, where there is nothing to compare them with."""
    titles = [printable(title, _TITLE_LENGTH) for title in findings["title"].head(NAMED_CAUSES).to_list()]
    listed = f": {'; '.join(titles)}" if titles else ""
    return [f"{count(facts['errors'], 'error')} in {count(facts['events'], 'event')}{listed}."]


def _baseline(facts: dict[str, Any]) -> str:
    return time_range(facts["baseline_start"], facts["baseline_end"], tz=facts["timezone"])


def _top_problem(evidence: Evidence) -> str:
    """Return the most frequent problem of the incident, if it has errors."""
    problem = pl.col(PROBLEM)
    errors = evidence.events.filter(is_incident() & problem.is_not_null())
    if errors.is_empty():
        return ""
    counted = errors.group_by(PROBLEM).agg(n=pl.len(), example=pl.col("message").min())
    top = counted.sort("n", PROBLEM, descending=[True, False]).row(0, named=True)
    return f" Most frequent error: {quote(top[PROBLEM], top['example'], _MESSAGE_LENGTH)} ({top['n']:,})."


def _first_error(evidence: Evidence, causes: list[dict[str, Any]], facts: dict[str, Any]) -> list[str]:
    """Return the first error of a new problem, unless one of the causes is about it."""
    first = evidence.first_error
    named_values = {value for row in causes for value in (row["values"] or [row["value"]])}
    # Rare errors are new in every hour: the first is told where nothing else is.
    if first is None or not first["is_new"] or first["problem"] in named_values or causes or facts["is_baseline_thin"]:
        return []
    where = f" in {printable(first['service'], _NAME_LENGTH)}" if first["service"] else ""
    quoted = quote(first["problem"], first["message"], _MESSAGE_LENGTH)
    return [
        f"The first error of a kind that is not in the baseline{where}: {quoted}, {_clock(first['timestamp'], facts)}."
    ]


def _failed_traces(evidence: Evidence) -> list[str]:
    if evidence.traces.is_empty():
        return []
    names = evidence.traces["services"].explode().drop_nulls().unique(maintain_order=True).to_list()
    across = f" across {listing([printable(name, _NAME_LENGTH) for name in names])}" if names else ""
    return [f"{count(evidence.traces.height, 'request')} with an error{across}."]
