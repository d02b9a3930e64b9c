"""Causes and consequences that state the same fact: the same events, counted by another field."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from loganalytics.analyses.compare.term_counts import PROBLEM
from loganalytics.findings.cause_sentences import Cause, expected_events
from loganalytics.findings.quoting import quote
from loganalytics.humanize import listing
from loganalytics.sanitize import printable

MIN_SAME_SHARE = 0.8  # of the events of two causes that are events of both: they state one fact
MIN_EXPLAINED_SHARE = 0.8  # of the events by which something rose or fell that other causes account for
_OF_MEASURES = ("slower", "faster", "shifted")
_QUOTED_MESSAGES, _MESSAGE_LENGTH, _NAME_LENGTH = 2, 80, 60

Mask = NDArray[np.bool_]
Behind = list[tuple[Cause, Mask]]


def fold_same_facts(causes: Sequence[Cause], masks: Sequence[Mask], length: timedelta) -> list[Cause]:
    """Return the causes without those that only repeat others, in their order.

    Takes for each cause which events are behind it, those of the incident, or of the baseline for what fell; and the
    length of the incident.
    """
    kept_indices: list[int] = []
    for index in sorted(range(len(causes)), key=lambda i: _turn(causes[i])):
        earlier = [(causes[i], masks[i]) for i in kept_indices if causes[i].kind not in _OF_MEASURES]
        if not _is_repeated(causes[index], masks[index], earlier, length):
            kept_indices.append(index)
    return join_falls([causes[index] for index in sorted(kept_indices)])


def _turn(cause: Cause) -> tuple[bool, bool, bool, bool]:
    """Return the order in which causes are looked at, of which the later ones may repeat the earlier ones."""
    is_value = cause.field not in ("template", PROBLEM)
    return (cause.role != "cause", cause.kind == "culprit", cause.is_over, is_value)


def _is_repeated(cause: Cause, mask: Mask, earlier: Behind, length: timedelta) -> bool:
    if cause.kind in (*_OF_MEASURES, "silence"):
        return False
    alike = [(rival, behind) for rival, behind in earlier if rival.is_over == cause.is_over]
    if any(_share_of_both(mask, behind) >= MIN_SAME_SHARE for _, behind in alike):
        return True
    covered = np.zeros_like(mask)
    for _, behind in alike:
        covered |= behind
    if cause.role == "cause":
        return cause.kind == "failed_requests" and cause.field != PROBLEM and _is_within(mask, covered)
    change = abs(_change(cause, length))
    if cause.is_over:
        return _is_explained_fall(cause, mask, alike, change, length) or _is_other_side(cause, earlier, change)
    return int((mask & covered).sum()) >= MIN_EXPLAINED_SHARE * change


def _is_explained_fall(cause: Cause, mask: Mask, falls: Behind, change: float, length: timedelta) -> bool:
    """Whether what fell is of a service that is silent, or made up of messages that fell."""
    if any(rival.kind == "silence" and _is_within(mask, behind) for rival, behind in falls):
        return True
    weight = (change + (cause.events or 0)) / max(int(mask.sum()), 1)  # events expected for one of the baseline
    explained = 0.0
    for rival, behind in falls:
        if rival.kind == "silence":
            explained += weight * int((mask & behind).sum())
        elif _is_within(behind, mask):
            explained -= _change(rival, length)
    return explained >= MIN_EXPLAINED_SHARE * change


def _is_other_side(cause: Cause, earlier: Behind, change: float) -> bool:
    """Whether a value fell because events of other values rose: what answered with 503 did not answer with 200."""
    risen = sum(rival.events or 0 for rival, _ in earlier if not rival.is_over)
    return cause.field not in (None, "template") and risen >= MIN_EXPLAINED_SHARE * change


def _change(cause: Cause, length: timedelta) -> float:
    """Return how many events more than usual there were, or fewer."""
    expected = expected_events(cause.baseline_rate, cause.incident_rate, cause.events, length)
    return (cause.events or 0) - expected


def _is_within(subset: Mask, superset: Mask) -> bool:
    size = int(subset.sum())
    return size > 0 and int((subset & superset).sum()) >= MIN_SAME_SHARE * size


def _share_of_both(mask: Mask, rival: Mask) -> float:
    union = int((mask | rival).sum())
    return int((mask & rival).sum()) / union if union else 0.0


def drop_named_culprits(
    causes: Sequence[Cause], masks: Sequence[Mask], common: Sequence[list[tuple[str, str, float]]]
) -> list[Cause]:
    """Return the causes without the culprits that others name as what their events have in common.

    Takes what is behind each, and what the events of each have in common, as `dominant_values` returns it. What has
    the same in common, or is of nearly the same events as such a culprit, as its browser is, goes with it.
    """
    facts = list(zip(causes, masks, common, strict=True))
    named_values = {value for cause, _, values in facts if cause.kind != "culprit" for _, value, _ in values}
    is_named = [
        cause.kind == "culprit" and bool({cause.value, *(value for _, value, _ in values)} & named_values)
        for cause, _, values in facts
    ]
    dropped = [mask for mask, is_one in zip(masks, is_named, strict=True) if is_one]
    return [
        cause
        for (cause, mask, _), is_one in zip(facts, is_named, strict=True)
        if not is_one
        and not (cause.kind == "culprit" and any(_share_of_both(mask, rival) >= MIN_SAME_SHARE for rival in dropped))
    ]


def join_falls(causes: Sequence[Cause]) -> list[Cause]:
    """Return the causes with the messages of a service that became rare, or were gone, as one."""
    falls: dict[tuple[str, ...], list[Cause]] = defaultdict(list)
    for cause in causes:
        if cause.role != "cause" and cause.is_over and cause.field == "template":
            falls[cause.services].append(cause)
    joined = {services: _join(members) for services, members in falls.items() if len(members) > 1}
    first = {id(members[0]): services for services, members in falls.items()}
    earlier = {id(cause) for services in joined for cause in falls[services][1:]}
    return [joined.get(first.get(id(cause), ()), cause) if id(cause) in first else cause
            for cause in causes if id(cause) not in earlier]  # fmt: skip


def _join(causes: list[Cause]) -> Cause:
    lead = (
        f"{listing([printable(name, _NAME_LENGTH) for name in causes[0].services], 3)}: " if causes[0].services else ""
    )
    quoted = [quote(cause.value, cause.example, _MESSAGE_LENGTH) for cause in causes[:_QUOTED_MESSAGES]]
    excess = [f"{len(causes) - len(quoted)} more"] if len(causes) > len(quoted) else []
    are_gone = all(cause.kind == "gone" for cause in causes)
    old, new = (sum(getattr(cause, name) or 0.0 for cause in causes) for name in ("baseline_rate", "incident_rate"))
    return replace(
        causes[0],
        kind="gone" if are_gone else "fewer",
        title=f"{lead}{listing([*quoted, *excess])} {'gone' if are_gone else 'became rare'}",
        detail=" ".join(cause.detail for cause in causes[:_QUOTED_MESSAGES]),
        score=sum(cause.score for cause in causes),
        events=sum(cause.events or 0 for cause in causes),
        baseline_rate=old,
        incident_rate=new,
        ratio=new / old if old else None,
        template_id=None,
        values=tuple(cause.template_id or "" for cause in causes),
    )
