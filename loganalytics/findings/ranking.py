"""What the analyses found, joined and written as sentences: symptoms in, a ranked list of findings out.

All detectors speak on one scale: how many as odd as this one chance gives in a log of this size (E). Symptoms that
overlap in time are one story, the likeliest cause first; a story is a finding.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from loganalytics.analyses.requests.endpoints import METHOD, ROUTE
from loganalytics.findings import sentences
from loganalytics.findings.groups import Story, group_symptoms
from loganalytics.findings.log_lines import LogLines
from loganalytics.findings.symptoms import HARMFUL, Symptom
from loganalytics.humanize import count, listing, moment, span

SEVERITIES = ("critical", "warning", "info")

MAX_WARNING_E, MAX_CRITICAL_E = 0.02, 0.001
LEAST_E = 1e-60  # below, one is as improbable as another
ONGOING_WEIGHT = 10.0  # powers of ten, by which what is over must be less probable to come before what goes on
MIN_CRITICAL_EVENTS = 10  # errors, from which an improbable number of them is worth a phone call
MAX_WINDOW_E = 1e-6  # of a window that is unusual without harm, to be a finding by itself; the most unusual one is
MAX_EVIDENCE = 14  # lines
MAX_SINGLE_CRITICALS = 3  # kinds of rare CRITICAL events that are told apart; more are one finding
_REQUEST = re.compile(r"(?:(?P<method>[A-Z]+) )?(?P<route>/.*)", re.DOTALL)  # an operation that is one
_KINDS = {"problem": "errors", "errors": "errors", "critical": "critical", "duration": "slowdown", "events": "silence",
          "silence": "silence", "template": "flood", "queue": "flood", "window": "anomaly",
          "state": "critical", "share": "errors"}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing worth a look.

    Attributes:
        kind: incident (several services), errors, new_error, critical, slowdown, silence, flood (of one message),
            anomaly or clock (a file whose times are hours apart from those of the others).
        service: the service, or the services, "a, b"; empty where the log names none.
        start: when it began (UTC).
        end: when it was over; the end of the log when it was not.
        severity: critical, warning or info.
        title: one line.
        detail: a sentence or two.
        evidence: what speaks for it, one line each, log lines among them.
        cluster_ids: the problems it is about, as `cluster_errors` names them.
        template_ids: the messages it is about that are no errors.
        conditions: on fields, as the command line takes them, which the events meet that its title is about.
    """

    kind: str
    service: str
    start: datetime | None
    end: datetime | None
    severity: str
    title: str
    detail: str
    evidence: tuple[str, ...]
    cluster_ids: tuple[str, ...] = ()
    template_ids: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()


def rank_findings(
    symptoms: list[Symptom], *, window: timedelta, log_lines: LogLines | None = None, tz: str = "UTC"
) -> list[Finding]:
    """Return the findings, the gravest first: by severity, then by E, in which what is still going on has a lead.

    `window` is how exactly the times of the symptoms are known; `log_lines` returns the lines that show a symptom, and
    what was restarted before it. Sentences have their times in the zone `tz`.
    """
    stories = [story for story in group_symptoms(_with_few_criticals(symptoms), window) if _is_telling(story)]
    ranked = sorted(stories, key=lambda story: (*_rank(story), story.start, story.lead.subject))
    told = _without_share(_without_harmless_windows(ranked))
    notes = [story for story in told if story.lead.kind == "window" and severity(story) == "info"]
    also = tuple(f"Also unusual: {sentences.line(story.lead, tz)}" for story in notes[1:])
    return [
        _to_finding(story, log_lines, tz, also if story in notes else ()) for story in told if story not in notes[1:]
    ]


def severity(story: Story) -> str:
    """Return critical for harm that chance does not explain, warning for what it hardly does, else info."""
    grave = [symptom for symptom in story.symptoms if symptom.kind in HARMFUL and symptom.e_value <= MAX_CRITICAL_E]
    grave = [symptom for symptom in grave if symptom.kind != "problem" or symptom.observed >= MIN_CRITICAL_EVENTS]
    if any(symptom.kind not in ("silence", "events") or symptom.is_ongoing for symptom in grave):
        return "critical"
    # The baselines of windows know less of weeks and batches than the scans: they must be surer.
    surprising = [symptom for symptom in story.symptoms if symptom.kind != "window" or symptom.is_harmful]
    limits = [(s.e_value, MAX_WINDOW_E if s.kind == "window" else MAX_WARNING_E) for s in surprising]
    return "warning" if any(e_value <= limit for e_value, limit in limits) else "info"


def _rank(story: Story) -> tuple[float, ...]:
    """Return what stories are sorted by: severity, E, what goes on before what is over, then services and errors."""
    is_ongoing = any(symptom.is_ongoing and symptom.is_harmful for symptom in story.symptoms)
    # Windows are unusual by many features at once: the events themselves say how improbable a failure is.
    harmful = [symptom.e_value for symptom in story.symptoms if symptom.kind in HARMFUL]
    exponent = math.log10(max(min(harmful, default=story.e_value), LEAST_E))
    failed = [symptom for symptom in story.sure if symptom.kind in ("problem", "errors", "critical")]
    harm = (len({name for symptom in story.sure for name in symptom.services}), sum(s.observed for s in failed))
    return SEVERITIES.index(severity(story)), exponent - ONGOING_WEIGHT * is_ongoing, -harm[0], -harm[1]


def _is_telling(story: Story) -> bool:
    """Return whether there is more to a story than an improbability that chance may explain."""
    return any(symptom.is_told_anyway or symptom.e_value <= MAX_WARNING_E for symptom in story.symptoms)


def _without_harmless_windows(ranked: list[Story]) -> list[Story]:
    """Return the stories; of windows that are unusual without harm the most unusual one, if it is very unusual."""
    harmless = [story for story in ranked if story.lead.kind == "window" and not story.lead.is_harmful]
    most_unusual = [story for story in harmless[:1] if story.e_value <= MAX_WINDOW_E]
    return [story for story in ranked if story not in harmless or story in most_unusual]


def _without_share(ranked: list[Story]) -> list[Story]:
    """Return the stories; that most of a log is errors is left out where graver ones say which (the verdict counts)."""
    kinds = ("problem", "errors", "critical")
    is_said = any(story.lead.kind in kinds and severity(story) != "info" for story in ranked)
    return [story for story in ranked if not (is_said and story.lead.kind == "share")]


def _with_few_criticals(symptoms: list[Symptom]) -> list[Symptom]:
    """Return the symptoms with the rare CRITICAL events as one, where there are many kinds of them."""
    rare = [symptom for symptom in symptoms if symptom.kind == "critical"]
    if len(rare) <= MAX_SINGLE_CRITICALS:
        return symptoms
    first = min(rare, key=lambda symptom: symptom.start)
    joined = Symptom(
        kind="state",
        services=tuple(dict.fromkeys(name for symptom in rare for name in symptom.services)),
        start=first.start,
        end=max(symptom.end for symptom in rare),
        e_value=MAX_WARNING_E,
        subject=first.subject,
        key=first.key,
        observed=sum(symptom.observed for symptom in rare),
        is_told_anyway=True,
        text=f"{count(len(rare), 'kind')} of CRITICAL events, once or a few times each, first “{first.subject}”",
    )
    return [symptom for symptom in symptoms if symptom.kind != "critical"] + [joined]


def _to_finding(story: Story, log_lines: LogLines | None, tz: str, also: tuple[str, ...]) -> Finding:
    lead = story.lead
    kind = "new_error" if lead.kind == "problem" and lead.is_new else _KINDS[lead.kind]
    # What only repeats the title is left out: all errors of its service, unusual windows, the state of the log.
    repeated = {"window", "state", "share"} if lead.kind != "window" else set()
    problems = {symptom.subject for symptom in story.symptoms if symptom.kind == "problem"}
    symptoms = [
        s for s in story.symptoms[1:]
        if s.kind not in repeated and s is not sentences.all_errors(story)
        and not (s.kind == "template" and s.subject in problems)
    ]  # fmt: skip
    lines = [sentences.line(symptom, tz) for symptom in symptoms]
    quoted = [quotation for symptom in story.symptoms[:3] for quotation in log_lines.of(symptom)] if log_lines else []
    return Finding(
        kind="incident" if len(story.services) > 1 and len(story.symptoms) > 1 else kind,
        service=", ".join(story.services),
        start=story.start,
        end=story.end,
        severity=severity(story),
        title=sentences.title(story, tz),
        detail=_detail(story, log_lines, tz),
        evidence=tuple(dict.fromkeys([*quoted, *lines, *also][:MAX_EVIDENCE])) + _chance(story),
        cluster_ids=_keys(story, "problem", "critical", "state", "share"),
        template_ids=_keys(story, "template", "queue", "silence"),
        conditions=_conditions(story.lead),
    )


def _keys(story: Story, *kinds: str) -> tuple[str, ...]:
    """Return what symptoms of some kinds are about, the likeliest cause first."""
    return tuple(dict.fromkeys(s.key for s in story.symptoms if s.kind in kinds and s.key is not None))


def _conditions(lead: Symptom) -> tuple[str, ...]:
    """Return the conditions on the events that a symptom counts; none where it is about all events of its services."""
    if lead.kind in ("errors", "state", "share"):
        return ("cluster_id!=",)
    if not lead.key:
        return ()
    if lead.kind in ("problem", "critical"):
        return (f"cluster_id={lead.key}",)
    if lead.kind in ("template", "queue", "silence"):  # a silence has a key where one message did not come again
        return (f"template_id={lead.key}",)
    request = _REQUEST.fullmatch(lead.key) if lead.kind == "duration" else None
    named = {} if request is None else {METHOD: request["method"], ROUTE: request["route"]}
    return tuple(f"{field}={value}" for field, value in named.items() if value)


def _detail(story: Story, log_lines: LogLines | None, tz: str) -> str:
    """Return how long it lasted, where it began if the times of the events say so, and what was restarted before."""
    lead = story.lead
    length = span(story.end - story.start)
    detail = [f"Still going on at the end of the log, after {length}."] if lead.is_ongoing else []
    if not lead.is_ongoing and story.end - story.start >= timedelta(seconds=1):
        detail = [f"Lasted {length}."]
    later = [symptom for symptom in story.sure if symptom.start - lead.start >= sentences.MIN_PRECEDENCE]
    names = [name for symptom in later for name in symptom.services if name not in lead.services]
    earlier = [symptom for symptom in story.sure if symptom.start < lead.start]
    if names and lead.services and not earlier:
        reached = listing(list(dict.fromkeys(names)))
        detail.append(
            f"It began in {listing(list(lead.services))} at {moment(lead.start, tz=tz)} and reached {reached} later."
        )
    detail += log_lines.restarts_before(story.start) if log_lines else []
    return " ".join(detail)


def _chance(story: Story) -> tuple[str, ...]:
    e_value = story.e_value
    if e_value >= 1:
        return ()
    number = f"{e_value:.0e}" if e_value >= 1e-99 else "under 1e-99"
    certainty = (
        "Not chance" if e_value <= MAX_CRITICAL_E else "Hardly chance" if e_value <= MAX_WARNING_E else "May be chance"
    )
    return (f"{certainty} (E {number}).",)
