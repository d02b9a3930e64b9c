"""The changes of an incident ranked: likely causes first, then consequences."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from loganalytics.analyses.compare.term_counts import PROBLEM
from loganalytics.findings.cause_sentences import (
    FAILED_ATTEMPT,
    Cause,
    describe_change,
    describe_failed_requests,
    describe_silence,
    describe_slower,
)
from loganalytics.findings.queues import QUEUE_SLACK, speaks_of_queue
from loganalytics.templates.masking import WILDCARD

MAX_CAUSES, MAX_CONSEQUENCES = 10, 20
TIMED_CAUSES = 5  # the likeliest, of which all but the first are told in the order of time

# How much speaks for a change being a cause rather than a consequence. A weight is added to log2(1 + score), so 1 more
# makes up for half the score. The weights were set on the incidents of the demo.
KIND_WEIGHTS = {
    "new_error": 4.0,  # an error that the baseline does not have at all shows most directly what broke
    "silence": 4.0,  # a service that stopped logging has stopped, or is cut off
    "more_errors": 3.0,  # an error that was there before may only have grown with the load
    "failed_requests": 0.5,  # a status says that something broke, and not what
    "attempts": 3.0,  # warnings and failed attempts that became many: an attack, or a client that retries
    "slower": 3.0,  # an operation that takes longer holds up those that wait for it
    "culprit": 3.0,  # a host, user or address that became frequent may be the one who caused it
}
MAX_CULPRITS_OF_A_FIELD = 3  # with more of them nobody is to blame: there is more traffic, or all hosts are new
REPEATED_KIND_PENALTY = 2.0  # for each cause of the same kind that ranks before: the first three should differ
EARLY_WEIGHT = 1.5  # for a change that begins with the incident: what came later may follow from it
FAILED_ATTEMPT_WEIGHT = 1.5  # for attempts whose message says that they failed
EXHAUSTION_WEIGHT = 1.0  # for a text that says what ran out or was forbidden: it seldom follows from another error
NO_ANSWER_PENALTY = 3.0  # for a text that says that another did not answer: the cause is there
QUOTE_PENALTY = 2.0  # for a text that quotes the error of another service

EARLY_SHARE = 0.1  # of the incident: a change that begins within it begins with the incident
MIN_QUOTE_LENGTH = 12  # characters of an error that another quotes

_EXHAUSTION = re.compile(
    r"(?i)too many|no space left|disk (?:is )?full|out of memory|memory limit|quota|expired|deadlock"
    r"|limit (?:reached|exceeded)|permission denied|read-only|corrupt|not null|too long|null ?pointer|nil pointer|panic"
    r"|磁盘已?满|空间不足|内存不足|过期|死锁|超出限制"
)
_GATEWAY_STATUS = re.compile(r"failed with (?:50[234]\b)")  # whoever is behind the gateway did not answer
_NO_ANSWER = re.compile(
    r"(?i)connection (?:refused|reset|aborted|timed out)|cannot connect|could not connect|failed to connect"
    r"|unable to connect|unreachable|no route to host|name or service not known|upstream|timed? ?out|timeout"
    r"|bad gateway|service unavailable|unavailable|broken pipe|econn\w+|连接失败|连接超时|连接被拒|无法连接|超时|不可用"
)


def rank_causes(
    changes: list[dict[str, Any]],
    silent: list[dict[str, Any]],
    start: datetime,
    end: datetime,
    *,
    max_causes: int = MAX_CAUSES,
    max_consequences: int = MAX_CONSEQUENCES,
    tz: str = "UTC",
) -> list[Cause]:
    """Return what changed as causes, the likeliest first, and then consequences.

    Takes the rows of `compare` with what `gather_evidence` adds to them, those of the services that fell silent, when
    the incident began and ended, and the zone of the times in the sentences.
    """
    silent_names = {row["service"] for row in silent}
    described = [describe_silence(row, tz=tz) for row in silent]
    single, failed, slower = _group(changes)
    described += [describe_failed_requests(rows, end - start) for rows in failed]
    described += [describe_slower(rows, end - start) for rows in slower]
    described += [cause for row in single if (cause := describe_change(row, silent_names, end - start)) is not None]
    described = _without_queues(_without_crowds(described), silent)
    causes = [cause for cause in described if cause.role == "cause"]
    weighted = [(_weigh(cause, causes, start, end), cause) for cause in causes]
    consequences = [cause for cause in described if cause.role != "cause"]
    consequences.sort(key=lambda cause: (-cause.score, cause.title))
    return [*_order_causes(weighted)[:max_causes], *consequences[:max_consequences]]


def _without_crowds(causes: list[Cause]) -> list[Cause]:
    """Return the causes with those of a field of which many values are to blame as consequences.

    So is a host that is gone where another has come, as at a deployment.
    """
    culprits = [cause for cause in causes if cause.kind == "culprit"]
    rising = Counter(cause.field for cause in culprits if not cause.is_over)
    crowded = {name for name, number in rising.items() if number > MAX_CULPRITS_OF_A_FIELD}
    return [
        replace(cause, role="consequence", kind="gone" if cause.is_over else "more")
        if cause.kind == "culprit" and (cause.field in crowded or (cause.is_over and cause.field in rising))
        else cause
        for cause in causes
    ]


def _without_queues(causes: list[Cause], silent: list[dict[str, Any]]) -> list[Cause]:
    """Return the causes with those about the queue behind a silent service as consequences: the silence tells of it."""
    return [
        replace(cause, role="consequence", kind="more")
        if cause.role == "cause"
        and cause.field in ("template", PROBLEM)
        and any(_is_behind(cause, row) for row in silent)
        else cause
        for cause in causes
    ]


def _is_behind(cause: Cause, silence: dict[str, Any]) -> bool:
    if not silence.get("queue") or silence["service"] in cause.services or not speaks_of_queue(cause.value):
        return False
    return cause.start is not None and silence["start"] - QUEUE_SLACK <= cause.start <= silence["end"]


Rows = list[dict[str, Any]]


def _group(changes: Rows) -> tuple[Rows, list[Rows], list[Rows]]:
    """Return the rows that are told one by one, the failed requests that belong together, and the slow endpoints."""
    is_failed = [
        bool(row["field"] == PROBLEM and row.get("is_request") and row["kind"] in ("new", "more")) for row in changes
    ]
    is_slow = [bool(row["kind"] == "slower" and row.get("endpoint")) for row in changes]
    failed = [row for row, is_one in zip(changes, is_failed, strict=True) if is_one]
    slow = [row for row, is_one in zip(changes, is_slow, strict=True) if is_one]
    single = [row for row, *is_one in zip(changes, is_failed, is_slow, strict=True) if not any(is_one)]
    return (
        single,
        _connect(failed, lambda row: {row.get("status") or row["value"], row.get("endpoint")}),
        _connect(slow, lambda row: set(row.get("services") or [None])),
    )


def _connect(rows: Rows, names_of: Callable[[dict[str, Any]], set[object]]) -> list[Rows]:
    """Return rows in groups, the surest rows first: those that share a service and one of the other names."""
    groups: list[tuple[set[object], set[object], Rows]] = []
    for row in sorted(rows, key=lambda row: (-(row["score"] or 0.0), row["value"])):
        services, names = set(row.get("services") or [None]), names_of(row)
        touching = [group for group in groups if group[0] & services and group[1] & names]
        groups = [group for group in groups if group not in touching]
        groups.append((
            services.union(*(group[0] for group in touching)),
            names.union(*(group[1] for group in touching)),
            [*(member for group in touching for member in group[2]), row],
        ))  # fmt: skip
    return [members for _, _, members in groups]


def _weigh(cause: Cause, causes: list[Cause], start: datetime, end: datetime) -> float:
    weight = KIND_WEIGHTS[cause.kind] + math.log2(1 + cause.score)
    if cause.start is not None and cause.start <= start + (end - start) * EARLY_SHARE:
        weight += EARLY_WEIGHT
    if cause.kind == "attempts" and FAILED_ATTEMPT.search(cause.value or ""):
        weight += FAILED_ATTEMPT_WEIGHT
    if cause.kind == "failed_requests" and _GATEWAY_STATUS.search(cause.title):
        weight -= NO_ANSWER_PENALTY
    if cause.kind in ("new_error", "more_errors", "attempts"):
        says_why = _EXHAUSTION.search(f"{cause.value or ''} {cause.example or ''}")
        weight += EXHAUSTION_WEIGHT if says_why else 0.0
        weight -= NO_ANSWER_PENALTY if not says_why and _NO_ANSWER.search(cause.value or "") else 0.0
        weight -= QUOTE_PENALTY if any(_quotes(cause, rival) for rival in causes) else 0.0
    return weight


def _quotes(cause: Cause, rival: Cause) -> bool:
    """Whether the text of an error holds that of an error of another service."""
    if rival.kind not in ("new_error", "more_errors") or set(cause.services) & set(rival.services):
        return False
    longest = max((fragment.strip() for fragment in (rival.value or "").split(WILDCARD)), key=len)
    return len(longest) >= MIN_QUOTE_LENGTH and longest in (cause.value or "")


def _order_causes(weighted: list[tuple[float, Cause]]) -> list[Cause]:
    """Return the causes by weight, with a penalty for each of the same kind that ranks before."""
    ordered: list[Cause] = []
    remaining = sorted(weighted, key=lambda pair: (-pair[0], pair[1].title))
    ranked_of_kind = dict.fromkeys(KIND_WEIGHTS, 0)
    while remaining:
        best = max(remaining, key=lambda pair: pair[0] - REPEATED_KIND_PENALTY * ranked_of_kind[pair[1].kind])
        remaining.remove(best)
        ranked_of_kind[best[1].kind] += 1
        ordered.append(best[1])
    return ordered


def in_order_of_time(causes: list[Cause]) -> list[Cause]:
    """Return the likeliest cause first, then the next four in the order in which they began, then the rest.

    What has no time, such as an operation that became slower, was so from the begin on.
    """
    return [*causes[:1], *sorted(causes[1:TIMED_CAUSES], key=_begin), *causes[TIMED_CAUSES:]]


def _begin(cause: Cause) -> datetime:
    return cause.start or datetime.min.replace(tzinfo=UTC)
