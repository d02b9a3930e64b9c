"""Which symptoms are one story: those that overlap in time, around the gravest of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from loganalytics.findings.queues import is_queue_behind
from loganalytics.findings.symptoms import Symptom

WEAK_E_VALUE = 0.02  # above, a symptom is no cause where there is a surer one
MIN_OVERLAP = 0.5  # of the shorter of two symptoms, that lies within the other
MAX_START_SHARE = 0.25  # of the longer of two: so far apart they may begin and still be one story
MAX_SHORT_STORY = timedelta(hours=2)  # what fails during a failure that was over so soon is of it
LEAD_WINDOWS = 3  # two symptoms that begin within so many windows may be one story, however long
_INFRASTRUCTURE = re.compile(
    r"(?i)postgres|pgbouncer|mysql|maria|redis|mongo|rabbit|kafka|elastic|opensearch|memcache|cassandra|clickhouse"
    r"|zookeeper|etcd|consul|sqlserver|mssql|oracle|(?:^|[^a-z])(?:db|database|dns|disk|kernel|storage)(?:[^a-z]|$)|数据库"
)


@dataclass(frozen=True, kw_only=True)
class Story:
    """Symptoms that belong together, the likeliest cause first."""

    symptoms: tuple[Symptom, ...]

    @property
    def lead(self) -> Symptom:
        """The likeliest cause."""
        return self.symptoms[0]

    @property
    def e_value(self) -> float:
        """Of the least probable symptom."""
        return min(symptom.e_value for symptom in self.symptoms)

    @property
    def sure(self) -> tuple[Symptom, ...]:
        """The symptoms that are more than chance and harm; the likeliest cause at least."""
        return tuple(s for s in self.symptoms if s is self.lead or (s.is_harmful and s.e_value <= WEAK_E_VALUE))

    @property
    def start(self) -> datetime:
        """When the first of them began."""
        return min(symptom.start for symptom in self._timed)

    @property
    def end(self) -> datetime:
        """When the last of them was over."""
        return max(symptom.end for symptom in self._timed)

    @property
    def _timed(self) -> tuple[Symptom, ...]:
        """Those whose times are of events; of an unusual window they are its edges."""
        return tuple(symptom for symptom in self.sure if symptom is self.lead or symptom.kind != "window")

    @property
    def services(self) -> tuple[str, ...]:
        """All services, those of the cause first."""
        return tuple(dict.fromkeys(name for symptom in self.symptoms for name in symptom.services))


def group_symptoms(symptoms: list[Symptom], window: timedelta) -> list[Story]:
    """Return the stories: the gravest symptom left takes those that overlap with it, until none is left."""
    remaining = sorted(symptoms, key=lambda symptom: (gravity(symptom), symptom.start, symptom.kind, symptom.subject))
    stories = []
    while remaining:
        main = remaining[0]
        group = [symptom for symptom in remaining if symptom is main or _belongs(symptom, main, window)]
        remaining = [symptom for symptom in remaining if symptom not in group]
        stories.append(Story(symptoms=tuple(_by_cause(group, window))))
    return stories


def gravity(symptom: Symptom) -> tuple[bool, float]:
    """Return what symptoms are sorted by, the gravest first: harm, then how improbable."""
    return (not symptom.is_harmful, symptom.e_value)


def _belongs(symptom: Symptom, main: Symptom, window: timedelta) -> bool:
    """Return whether a symptom is part of the story of another: most of the shorter one lies within the longer.

    A short one in the midst of a long one is a story of its own, unless it is but a weak sign of the same.
    """
    if _is_queue_behind(symptom, main) or _is_queue_behind(main, symptom):
        return True
    first, second = ((s.start - window, s.end + window) for s in (symptom, main))
    overlap = min(first[1], second[1]) - max(first[0], second[0])
    lengths = (first[1] - first[0], second[1] - second[0])
    if overlap < MIN_OVERLAP * min(lengths):
        return False
    if (
        symptom.kind in ("events", "silence")
        and main.kind in ("events", "silence")
        and symptom.services != main.services
    ):
        return overlap >= MIN_OVERLAP * max(lengths)
    if not symptom.is_harmful or symptom.e_value > WEAK_E_VALUE:
        return overlap >= MIN_OVERLAP * lengths[0]
    if lengths[1] <= MAX_SHORT_STORY and symptom.start >= main.start - LEAD_WINDOWS * window:
        return True
    is_near = abs(symptom.start - main.start) <= max(MAX_START_SHARE * max(lengths), LEAD_WINDOWS * window)
    return is_near or bool(symptom.key and symptom.key == main.key)


def _is_queue_behind(symptom: Symptom, quiet: Symptom) -> bool:
    return quiet.e_value <= WEAK_E_VALUE and is_queue_behind(symptom, quiet)


def _by_cause(group: list[Symptom], window: timedelta) -> list[Symptom]:
    """Return the symptoms of a story, the likeliest cause first, then in the order in which they began.

    A cause harms by itself; who is silent comes before the queue behind it; a service whose name others mention, and
    a database before what uses it, come first.
    """
    start = min(symptom.start for symptom in group)

    def rank(symptom: Symptom) -> tuple[object, ...]:
        mentions = sum(_mentions(other, symptom) for other in group) - sum(_mentions(symptom, other) for other in group)
        is_infrastructure = any(_INFRASTRUCTURE.search(name) for name in symptom.services)
        begins = (symptom.start - start) // (2 * window) if window else 0
        is_behind = any(_is_queue_behind(symptom, other) for other in group)
        is_failure = symptom.kind in ("problem", "critical", "errors")
        return (
            symptom.kind == "window", not symptom.is_harmful, symptom.e_value > WEAK_E_VALUE, is_behind,
            not is_infrastructure,
            -mentions, begins, not is_failure, symptom.kind == "errors", symptom.e_value, symptom.subject,
        )  # fmt: skip

    return sorted(group, key=rank)


def _mentions(symptom: Symptom, other: Symptom) -> bool:
    """Return whether what a symptom says names the service of another."""
    if set(symptom.services) & set(other.services):
        return False
    subject = symptom.subject.lower()
    return any(
        re.search(rf"(?<![\w/]){re.escape(name.lower())}(?![\w/])", subject) for name in other.services if len(name) > 1
    )
