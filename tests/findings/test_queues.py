"""The queue behind a silent worker: what speaks of it, when it grew, and that it is no finding of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from loganalytics.findings.queues import Quiet, queue_growth, queue_symptoms, speaks_of_queue
from loganalytics.findings.ranking import rank_findings
from loganalytics.findings.symptoms import Symptom
from loganalytics.reports.incident import incident
from loganalytics.reports.report import report
from loganalytics.schema import TIMESTAMP, conform

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
WINDOW = timedelta(minutes=1)
QUIET = Quiet(services=("worker",), start=NOON, end=NOON + timedelta(minutes=20))


def at(minutes: float) -> datetime:
    """Return the time so many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def logged(texts: dict[float, str], service: str = "beat", template: str = "queue depth <*>") -> pl.DataFrame:
    """Return messages of one template by the minute, between two events of six hours."""
    rows = [{"timestamp": at(minute), "service": service, "message": text} for minute, text in texts.items()]
    edges = [{"timestamp": at(minute), "service": "web", "message": "ok"} for minute in (-180, 180)]
    frame = pl.DataFrame([*rows, *edges], schema_overrides={"timestamp": TIMESTAMP})
    named = pl.when(pl.col("message") == "ok").then(pl.lit("ok")).otherwise(pl.lit(template))
    return frame.with_columns(template=named, template_id=named)


@pytest.mark.parametrize(
    ("text", "is_about"),
    [
        ("queue mail depth 62", True),
        ("backlog of 12", True),
        ("62 tasks waiting", True),
        ("consumer lag=120 topic=orders", True),
        ("celery queue_length 9", True),
        ("队列 mail 积压 6 条", True),
        ("消息堆积 300 条", True),
        ("QueuePool limit of size 5 overflow 10 reached", False),
        ("task enqueued", False),
        ("waiting for connection", False),
        ("flags reset", False),
        (None, False),
    ],
)
def test_some_words_speak_of_a_queue(text: str | None, is_about: bool) -> None:
    """A pool of connections is none."""
    assert speaks_of_queue(text) is is_about


@pytest.mark.parametrize(("messages", "symptoms"), [(3, 1), (2, 0)])
def test_a_queue_grew_where_others_speak_of_it_three_times(messages: int, symptoms: int) -> None:
    """And never otherwise."""
    texts = {float(minute): f"queue depth {minute}" for minute in range(5, 5 + messages)}
    assert len(queue_symptoms(logged(texts), [QUIET])) == symptoms


@pytest.mark.parametrize(("longest", "growth"), [(12, "up to 12, usually at most 4"), (11, None)])
def test_a_queue_of_three_times_its_usual_length_grew(longest: int, growth: str | None) -> None:
    """Though it is told of at all times, every five minutes."""
    usual = {float(minute): f"queue depth {minute % 2 * 4}" for minute in range(-175, 180, 5)}
    symptoms = queue_symptoms(logged(usual | {15.0: f"queue depth {longest}"}), [QUIET])
    assert [symptom.text for symptom in symptoms] == ([growth] if growth else [])


@pytest.mark.parametrize(
    "text",
    [
        "mail backlog: {}",
        "{} jobs are waiting",
        "lag={} topic=orders",
        "queue size is {}",
        "队列积压 {} 条",
        "{} 条待处理",
    ],
)
def test_the_length_of_a_queue_is_the_number_beside_its_words(text: str) -> None:
    """Before or after them."""
    texts = {float(minute): text.format(10 * minute) for minute in (2, 4, 6)}
    (symptom,) = queue_symptoms(logged(texts, template=text.format("<*>")), [QUIET])
    assert symptom.text == "up to 60"


def test_the_length_of_a_queue_may_be_a_field() -> None:
    """Numbers whose name says so."""
    frame = logged({2.0: "queue checked", 4.0: "queue checked", 6.0: "queue checked"}, template="queue checked")
    (symptom,) = queue_symptoms(frame.with_columns(**{"queue.depth": pl.lit(70)}), [QUIET])
    assert queue_growth([symptom]) == "the queue behind it grew: beat “queue checked” 3 times, up to 70, usually none"


def test_what_a_service_says_of_its_own_queue_is_not_behind_it() -> None:
    """It is not silent then; nor is what began after the silence."""
    texts = {float(minute): f"queue depth {minute}" for minute in (5, 10, 15)}
    assert queue_symptoms(logged(texts, service="worker"), [QUIET]) == []
    late = {minute + 16: text for minute, text in texts.items()}
    assert queue_symptoms(logged(late), [QUIET]) == []


def test_words_of_a_queue_in_ordinary_times_change_nothing() -> None:
    """As often as otherwise, and as long."""
    usual = {float(minute): f"queue depth {minute % 3}" for minute in range(-175, 180, 5)}
    assert queue_symptoms(logged(usual), [QUIET]) == []


def silence(**options: Any) -> Symptom:
    """Return the silence of a worker for twenty minutes."""
    values: dict[str, Any] = {"services": ("worker",), "e_value": 1e-4, "is_told_anyway": True, **options}
    return Symptom(kind="silence", start=at(0), end=at(20), observed=1.0, **values)


def queue_errors(start: float, **options: Any) -> Symptom:
    """Return errors about a queue, from a minute on."""
    values: dict[str, Any] = {"services": ("beat",), "subject": "queue mail is long", "key": "q", **options}
    return Symptom(kind="problem", start=at(start), end=at(30), e_value=1e-30, observed=40.0, is_new=True, **values)


@pytest.mark.parametrize(("start", "is_behind"), [(-1, True), (-1.1, False), (20, True), (20.1, False)])
def test_errors_about_a_queue_are_behind_a_silence_that_they_begin_in(start: float, is_behind: bool) -> None:
    """From a minute before it to its end."""
    ranked = rank_findings([silence(), queue_errors(start)], window=WINDOW)
    growth = "the queue behind it grew: beat “queue mail is long” 40 times, usually none"
    assert ranked[0].title.endswith(growth) is is_behind
    assert ranked[0].service.startswith("worker") is is_behind


def test_a_silence_is_the_cause_and_the_queue_behind_it_the_consequence() -> None:
    """However improbable the errors of the queue are, and though a database is said to be a cause."""
    (finding,) = rank_findings([silence(), queue_errors(8, services=("rabbitmq",))], window=WINDOW)
    assert finding.title == (
        "worker silent for 20 min, 2026-05-04 12:00–12:20 UTC; "
        "the queue behind it grew: rabbitmq “queue mail is long” 40 times, usually none"
    )


def test_the_end_of_a_file_has_no_queue_behind_it() -> None:
    """Nor has a planned end: they are told, and are no cause."""
    ranked = rank_findings([silence(e_value=1.0, text="file"), queue_errors(8)], window=WINDOW)
    assert not any("behind it" in finding.title for finding in ranked)


def platform(depth: Any) -> pl.DataFrame:
    """Return six hours of a worker that is silent from noon for twenty minutes, and of who watches its queue."""
    seconds = range(-3 * 3600, 3 * 3600, 10)
    work = [(s, 9, "worker", f"task mail.send[{s}] done") for s in seconds if not 0 < s < 1200]
    web = [(s + 3, 9, "web", f"GET /items/{s} 200") for s in seconds]
    rows = sorted([*work, *web, *depth])
    frame = pl.DataFrame(rows, schema=["second", "severity_number", "service", "message"], orient="row")
    time = pl.lit(NOON).cast(TIMESTAMP) + pl.duration(seconds=pl.col("second"))
    level = pl.when(pl.col("severity_number") > 9).then(pl.lit("WARNING")).otherwise(pl.lit("INFO"))
    return conform(frame.with_columns(timestamp=time, level=level).drop("second"))


def test_a_report_tells_of_a_silence_and_its_queue_in_one_finding() -> None:
    """Whether the scheduler warns of it only then, or logs its length all the time."""
    warned = platform([(s, 13, "beat", f"queue mail depth {s // 20}") for s in range(120, 1200, 35)])
    measured = platform(
        [(s, 9, "beat", f"queue mail depth {s // 20 if 0 < s < 1200 else s % 5}") for s in range(-10_800, 10_800, 20)]
    )
    told = "; the queue behind it grew: beat “queue mail depth <*>” "
    for logs, growth in ((warned, "31 times, up to 58, usually none"), (measured, "up to 59, usually at most 0")):
        (finding,) = report(logs).findings
        assert finding.title == f"worker silent for 20 min, 2026-05-04 12:00–12:20 UTC{told}{growth}"
        assert "2026-05-04 12:19" in "\n".join(finding.evidence)


def test_an_incident_tells_of_the_queue_with_the_silence() -> None:
    """And not as another cause."""
    logs = platform([(s, 13, "beat", f"queue mail depth {s // 20}") for s in range(120, 1200, 35)])
    silent = incident(logs, at(0), at(20))
    causes = silent.findings.filter(pl.col("role") == "cause")
    assert causes["kind"].to_list() == ["silence"]
    assert causes["detail"][0].endswith(
        "The queue behind it grew: beat “queue mail depth <*>” 31 times, up to 58, usually none."
    )
