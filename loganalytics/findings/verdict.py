"""The one place that says whether all is well, and what was looked at."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from loganalytics.humanize import count, percent, time_range, undated
from loganalytics.sanitize import printable

if TYPE_CHECKING:
    from loganalytics.findings.ranking import Finding

LABEL_LENGTH = 120  # characters


class Status(Enum):
    """What a report comes to."""

    FINDINGS = "findings"
    ALL_CLEAR = "all_clear"
    NOTHING_JUDGED = "nothing_judged"


def status(findings: list[Finding], facts: dict[str, Any]) -> Status:
    """Return what the report comes to: nothing can be judged without events, or where most of them have no time.

    Files that could not be read leave the question open, too, where nothing else was found.
    """
    if findings:
        return Status.FINDINGS
    is_judged = facts["events"] > 0 and undated(facts["undated"], facts["events"]) is None and not facts["unread"]
    return Status.ALL_CLEAR if is_judged else Status.NOTHING_JUDGED


def verdict(findings: list[Finding], facts: dict[str, Any]) -> str:
    """Return the report in a few sentences: the gravest finding, or that there is none in what was looked at."""
    if not facts["events"]:
        return " ".join(["There are no events to report on.", *_unread(facts)])
    warning = undated(facts["undated"], facts["events"])
    sentences = [warning] if warning else []
    if findings:
        grave = sum(finding.severity == "critical" for finding in findings)
        lead = count(grave, "critical finding") if grave else count(len(findings), "finding") + ", none critical"
        sentences.append(f"{lead}. {'The gravest' if len(findings) > 1 else 'It is'}: {findings[0].title}.")
    elif warning is None:
        sentences.append(f"Nothing beyond the usual was found in {count(facts['events'], 'event')}.")
    elif facts["undated"] < facts["events"]:
        sentences.append("In the others nothing beyond the usual was found.")
    if not findings:
        sentences.append(_errors(facts))
    if facts["undated"] and warning is None:
        sentences.append(f"{count(facts['undated'], 'event')} without a time could not be judged.")
    return " ".join([*sentences, *_unread(facts)])


def looked_at(facts: dict[str, Any], tz: str = "UTC") -> str:
    """Return what the findings rest on: events, errors, and what could not be judged."""
    when = time_range(facts["first_seen"], facts["last_seen"], tz=tz)
    sentences = [f"Looked at {count(facts['events'], 'event')}{', ' + when if when else ''}.", _errors(facts)]
    if facts["undated"]:
        sentences.append(f"{count(facts['undated'], 'event')} without a time could not be judged.")
    return " ".join([*sentences, *_unread(facts)])


def _errors(facts: dict[str, Any]) -> str:
    """Return how many errors there are, and what most of them are."""
    number = facts["errors"] + facts["unleveled_failures"]
    if not number:
        return "None of them is an error." if facts["events"] > 1 else "It is no error."
    share = percent(number / facts["events"])
    if not facts["top_problem"]:
        return f"{count(number, 'error')} ({share})."
    return (
        f"{count(number, 'error')} ({share}), most often “{printable(facts['top_problem'], LABEL_LENGTH)}” "
        f"({count(facts['top_problem_events'], 'time')})."
    )


def _unread(facts: dict[str, Any]) -> list[str]:
    if not facts["unread"]:
        return []
    names = ", ".join(printable(name, LABEL_LENGTH) for name in facts["unread"][:3])
    ellipsis = f" and {len(facts['unread']) - 3} more" if len(facts["unread"]) > 3 else ""
    return [f"{count(len(facts['unread']), 'source')} could not be read to the end: {names}{ellipsis}."]
