"""What stories of symptoms say: a title with who, what and when, and the lines under it."""

from __future__ import annotations

from datetime import timedelta

from loganalytics.findings.groups import Story
from loganalytics.findings.queues import is_queue_behind, queue_clause, queue_growth
from loganalytics.findings.quoting import without_name
from loganalytics.findings.silences import MAX_SILENT_SHARE
from loganalytics.findings.symptoms import FROM_THE_START, NAME_LENGTH, Symptom
from loganalytics.humanize import count, listing, moment, span, time_range
from loganalytics.sanitize import printable

LABEL_LENGTH, SHORT_LABEL_LENGTH, LINE_LENGTH = 160, 90, 300  # characters
MAX_CONSEQUENCES = 3  # named in a title
MIN_LENGTH = timedelta(seconds=1)  # of what is said to have lasted
MIN_PRECEDENCE = timedelta(seconds=30)  # by which one service must fail before another to say so
MIN_SEVERAL = 1.5  # times the errors of the greatest problem: then it is not what they are
ALIKE = 1.05  # of two numbers: up to this ratio they are one


def title(story: Story, tz: str = "UTC") -> str:
    """Return who did what and when (in the zone `tz`), and what followed from it."""
    lead = story.lead
    everything = all_errors(story)
    if everything is None:
        return f"{_who(lead)}{clause(lead, LABEL_LENGTH)}, {_when(lead, tz)}{_consequences(story, tz)}"
    statement = f"{clause(everything)}, most often {_problems_of(story)}"
    return f"{_who(lead)}{statement}, {_when(everything, tz)}{_consequences(story, tz)}"


def all_errors(story: Story) -> Symptom | None:
    """Return all errors of the service of the likeliest cause, where no problem is most of them; else None."""
    lead = story.lead
    if lead.kind != "problem":
        return None
    same = [symptom for symptom in story.symptoms if set(symptom.services) <= set(lead.services)]
    return next((s for s in same if s.kind == "errors" and s.observed >= MIN_SEVERAL * lead.observed), None)


def _problems_of(story: Story) -> str:
    """Return the two greatest problems of the service of the likeliest cause."""
    same = [symptom for symptom in story.symptoms if set(symptom.services) <= set(story.lead.services)]
    problems = sorted((s for s in same if s.kind == "problem"), key=lambda s: (-s.observed, s.subject))
    labels = [f"“{printable(s.subject, SHORT_LABEL_LENGTH)}” ({count(round(s.observed))})" for s in problems[:2]]
    return listing(labels)


def clause(symptom: Symptom, length: int = SHORT_LABEL_LENGTH) -> str:
    """Return what a symptom says, with its numbers and the usual ones."""
    quoted = f"“{printable(without_name(symptom.subject, symptom.services), length) or '(no text)'}”"
    lasted = symptom.end - symptom.start
    number = "once" if round(symptom.observed) == 1 else count(round(symptom.observed), "time")
    times = number + (f" in {span(lasted)}" if lasted >= MIN_LENGTH else "")
    if symptom.kind == "problem" and symptom.text == FROM_THE_START:
        return f"error {quoted} {times}, {FROM_THE_START}"
    if symptom.kind == "problem":
        return f"new error {quoted} {times}" if symptom.is_new else f"error {quoted} {times}, {usual(symptom)}"
    if symptom.kind == "critical":
        return f"CRITICAL {quoted}" + (f" {times}" if symptom.observed > 1 else "")
    if symptom.kind == "errors":
        return f"{count(round(symptom.observed), 'error')} in {span(symptom.end - symptom.start)}, {usual(symptom)}"
    if symptom.kind == "template":
        return f"{quoted} {times}, {usual(symptom)}"
    if symptom.kind == "duration":
        ratio = f"{symptom.observed / symptom.expected:.1f} times as long as usual" if symptom.expected else "slower"
        numbers = f"median {milliseconds(symptom.observed)}, usually {milliseconds(symptom.expected)}"
        return f"{printable(symptom.subject, length) or 'requests'} slow: {numbers} ({ratio})"
    if symptom.kind == "events":
        return _fewer(symptom)
    if symptom.kind == "silence":
        return _silence(symptom)
    if symptom.kind == "queue":
        return queue_clause(symptom)
    return printable(symptom.text, LINE_LENGTH)


def _fewer(symptom: Symptom) -> str:
    """Return that a service, one of its loggers or all of them log less than is usual."""
    subject = printable(symptom.subject, NAME_LENGTH)
    is_logger = subject and subject not in symptom.services
    who = f"its logger {subject} " if is_logger and symptom.services else f"{subject} " if is_logger else ""
    if symptom.observed <= MAX_SILENT_SHARE * symptom.expected:
        said = ", as it said before" if symptom.text == "planned" else ""
        return f"{who}silent{said}" if symptom.services else f"nothing was logged{said}"
    in_all = "" if symptom.services else " in all"
    return f"{who}logged less: only {count(round(symptom.observed), 'event')}{in_all}, {usual(symptom)}"


def usual(symptom: Symptom) -> str:
    """Return what is usual in so long a time: nine tenths of such times lie within."""
    low, high = round(symptom.low), round(symptom.high)
    if high == 0:
        return "usually none"
    if low == 0:
        return f"usually at most {count(high)}"
    return f"usually {count(high)}" if high <= low * ALIKE else f"usually {count(low)} to {count(high)}"


def milliseconds(value: float) -> str:
    """Return a duration as people say it: 40 ms, 1,060 ms, 12.5 s."""
    if value >= 10_000:
        return f"{value / 1000:,.1f} s"
    return f"{value:,.0f} ms" if value >= 10 else f"{value:.2g} ms"


def line(symptom: Symptom, tz: str = "UTC") -> str:
    """Return a symptom as a line of evidence, its time in the zone `tz`."""
    return f"{_who(symptom)}{clause(symptom, LINE_LENGTH)}, {_when(symptom, tz)}"


def _when(symptom: Symptom, tz: str) -> str:
    return (
        f"since {moment(symptom.start, tz=tz)}" if symptom.is_ongoing else time_range(symptom.start, symptom.end, tz=tz)
    )


def _who(symptom: Symptom) -> str:
    names = listing(list(symptom.services))
    is_named = symptom.kind == "silence" or (symptom.kind == "duration" and symptom.subject == names)
    return f"{names}: " if names and not is_named else ""


def _silence(symptom: Symptom) -> str:
    names = listing(list(symptom.services))
    length = span(symptom.end - symptom.start)
    if symptom.text == "overdue":
        quoted = f"“{printable(symptom.subject, SHORT_LABEL_LENGTH)}”"
        period = span(timedelta(milliseconds=symptom.expected))
        came = f"did not come for {length}, after {count(round(symptom.observed), 'time')} every {period}"
        return f"{names}: {quoted} {came}" if names else f"{quoted} {came}"
    if symptom.text == "file":
        return f"{names} ends {length} before the others"
    if symptom.text == "planned":
        return f"{names} ended as it said, {length} before the others"
    if symptom.is_ongoing:
        return f"{names} silent for {length}"
    one_of_several = f", one of {round(symptom.observed)} gaps" if symptom.observed > 1 else ""
    return f"{names} silent for {length}{one_of_several}"


def _consequences(story: Story, tz: str) -> str:
    """Return what else failed, slowed down or stopped, in a few words."""
    lead = story.lead
    queues = [symptom for symptom in story.symptoms[1:] if is_queue_behind(symptom, lead)]
    others = [symptom for symptom in story.symptoms[1:] if symptom not in queues]
    seen, clauses = {(lead.kind, lead.services)}, [queue_growth(queues)] if queues else []
    for verb, kinds in (
        ("failed with it", ("problem", "errors", "critical")), ("became slow", ("duration",)),
        ("logged less", ("events",)), ("fell silent", ("silence",)),
    ):  # fmt: skip
        names = [
            name for symptom in others
            if symptom.kind in kinds and (symptom.kind, symptom.services) not in seen
            for name in symptom.services if name not in lead.services
        ]  # fmt: skip
        earlier = [s for s in others if s.kind in kinds and lead.start - s.start >= MIN_PRECEDENCE]
        before = [name for symptom in earlier for name in symptom.services if name in names]
        after = [name for name in names if name not in before]
        if after:
            clauses.append(f"{listing(list(dict.fromkeys(after)))} {verb}")
        if before:
            since = moment(min(symptom.start for symptom in earlier), zone=False, tz=tz)
            clauses.append(f"{listing(list(dict.fromkeys(before)))} {verb.split(' with ')[0]} before, from {since}")
    return "; " + "; ".join(clauses[:MAX_CONSEQUENCES]) if clauses else ""
