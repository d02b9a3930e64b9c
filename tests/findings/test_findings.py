"""Findings: symptoms that belong together are one story, and the gravest comes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganalytics.findings.ranking import MAX_CRITICAL_E, MAX_WARNING_E, SEVERITIES, Finding, rank_findings
from loganalytics.findings.symptoms import FROM_THE_START, Symptom

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
WINDOW = timedelta(minutes=1)


def at(minutes: float) -> datetime:
    """Return the time so many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def problem(start: float = 0, end: float = 20, service: str = "api", **options: Any) -> Symptom:
    """Return a problem of a service between two minutes that chance does not explain."""
    values: dict[str, Any] = {
        "kind": "problem", "services": (service,), "start": at(start), "end": at(end), "e_value": 1e-9,
        "subject": f"{service} broke", "key": f"{service} broke", "observed": 40.0, "low": 0.0, "high": 2.0,
        "expected": 1.0, **options,
    }  # fmt: skip
    return Symptom(**values)


def find(*symptoms: Symptom) -> list[Finding]:
    """Return the findings of symptoms."""
    return rank_findings(list(symptoms), window=WINDOW)


def test_a_title_says_who_what_how_often_and_when() -> None:
    """With the usual number beside it."""
    (finding,) = find(problem())
    assert finding.title == "api: error “api broke” 40 times in 20 min, usually at most 2, 2026-07-01 12:00–12:20 UTC"
    assert (finding.kind, finding.service, finding.severity) == ("errors", "api", "critical")
    assert (finding.start, finding.end, finding.detail) == (at(0), at(20), "Lasted 20 min.")


def test_an_error_of_the_first_minutes_is_not_said_to_be_new() -> None:
    """What was before the log began is not known."""
    (finding,) = find(problem(is_new=False, text=FROM_THE_START))
    assert finding.title.startswith(
        "api: error “api broke” 40 times in 20 min, from the start of the log on, 2026-07-01"
    )


def test_a_new_error_is_said_to_be_new() -> None:
    """There is no usual number of it."""
    (finding,) = find(problem(is_new=True))
    assert finding.title.startswith("api: new error “api broke” 40 times in 20 min, 2026-07-01")
    assert finding.kind == "new_error"


def test_what_is_still_going_on_says_since_when_and_comes_first() -> None:
    """Before what is less probable and over."""
    over, ongoing = problem(0, 10, e_value=1e-14), problem(200, 400, "web", e_value=1e-5, is_ongoing=True)
    first, second = find(over, ongoing)
    assert first.title.endswith("since 2026-07-01 15:20 UTC")
    assert first.detail == "Still going on at the end of the log, after 3 h 20 min."
    assert second.service == "api"


def test_what_is_over_and_far_less_probable_comes_before_what_goes_on() -> None:
    """By more than ten powers of ten; the unusual windows of a failure do not count."""
    ongoing = problem(200, 400, "web", e_value=1e-5, is_ongoing=True)
    window = problem(200, 400, "web", kind="window", e_value=1e-50, is_harm=True)
    assert find(problem(0, 10, e_value=1e-16), ongoing, window)[0].service == "api"


@pytest.mark.parametrize(
    ("services", "subject", "observed", "title"),
    [
        (("web",), "web", 40.0, "web: logged less: only 40 events, usually 90 to 110"),
        (("web",), "mailer", 40.0, "web: its logger mailer logged less: only 40 events, usually 90 to 110"),
        ((), "", 40.0, "logged less: only 40 events in all, usually 90 to 110"),
        (("web",), "web", 2.0, "web: silent"),
        ((), "", 2.0, "nothing was logged"),
    ],
)
def test_fewer_events_are_told_of_a_service_a_logger_or_all(
    services: tuple[str, ...], subject: str, observed: float, title: str
) -> None:
    """With how many are usual."""
    symptom = problem(kind="events", subject=subject, observed=observed, expected=100.0, low=90.0, high=110.0)
    (finding,) = find(replace(symptom, services=services))
    assert finding.title == f"{title}, 2026-07-01 12:00–12:20 UTC"


@pytest.mark.parametrize(
    ("e_value", "severity"),
    [(MAX_CRITICAL_E, "critical"), (MAX_CRITICAL_E * 1.1, "warning"), (MAX_WARNING_E, "warning")],
)
def test_how_improbable_decides_the_severity(e_value: float, severity: str) -> None:
    """A warning is what chance gives in one of fifty logs, critical in one of a thousand."""
    assert find(problem(e_value=e_value))[0].severity == severity


def test_what_chance_may_explain_is_no_finding() -> None:
    """Unless it is told anyway, as a note."""
    assert find(problem(e_value=MAX_WARNING_E * 1.1)) == []
    assert find(problem(e_value=1.0, is_told_anyway=True))[0].severity == "info"


@pytest.mark.parametrize(("observed", "severity"), [(10, "critical"), (9, "warning")])
def test_few_errors_are_not_worth_a_phone_call(observed: float, severity: str) -> None:
    """Ten are."""
    assert find(problem(observed=observed))[0].severity == severity


def test_services_that_fail_at_the_same_time_are_one_incident() -> None:
    """The title names the cause, then who failed with it; the log names the order."""
    (finding,) = find(problem(1, 20, "web"), problem(0, 21, "postgres"), problem(2, 19, "api"))
    assert (finding.kind, finding.service) == ("incident", "postgres, web, api")
    assert finding.title.endswith("; web and api failed with it")
    assert "It began in postgres at 2026-07-01 12:00 UTC and reached web and api later." in finding.detail


def test_the_service_that_others_name_is_the_cause() -> None:
    """Whoever began first."""
    named = problem(0, 20, "web", subject="upstream orders answered 502")
    (finding,) = find(named, problem(1, 20, "orders"))
    assert finding.title.startswith("orders: ")


def test_who_failed_before_the_cause_is_said_to_have_done_so() -> None:
    """Never that it failed with it."""
    (finding,) = find(problem(-5, 20, "web"), problem(0, 20, "postgres"))
    assert finding.title.endswith("; web failed before, from 2026-07-01 11:55")


def test_where_no_problem_is_most_of_the_errors_all_are_told() -> None:
    """With the two greatest."""
    everything = problem(kind="errors", subject="api", key="api", observed=90)
    parts = [problem(subject=f"p{n}", key=f"p{n}", observed=30 + n, is_new=True) for n in range(3)]
    (finding,) = find(everything, *parts)
    assert finding.title.startswith("api: 90 errors in 20 min, usually at most 2, most often “p2” (32) and “p1” (31)")


def test_troubles_at_different_times_are_two_findings() -> None:
    """And a burst in the midst of a long one is a story of its own."""
    assert len(find(problem(0, 20), problem(60, 80, "web"))) == 2
    assert len(find(problem(0, 600), problem(300, 310, "web"))) == 2


def test_what_is_harmless_is_no_more_than_a_warning() -> None:
    """A flood of messages."""
    (finding,) = find(problem(kind="template", e_value=1e-30))
    assert (finding.kind, finding.severity) == ("flood", "warning")


def test_an_ended_silence_is_a_warning_and_one_that_lasts_critical() -> None:
    """Nobody is to be called for what is over."""
    silence = problem(kind="silence", subject="", observed=1.0, e_value=1e-4)
    assert find(silence)[0].severity == "warning"
    (lasting,) = find(replace(silence, is_ongoing=True))
    assert lasting.severity == "critical"
    assert lasting.title.startswith("api silent for 20 min, since")


def test_the_ends_of_files_are_a_note() -> None:
    """They say by how much."""
    end = problem(kind="silence", text="file", e_value=1.0, is_ongoing=True, is_told_anyway=True)
    (finding,) = find(end)
    assert (finding.severity, finding.title[:37]) == ("info", "api ends 20 min before the others, si")


def test_that_most_of_a_log_is_errors_is_said_where_no_graver_finding_says_which() -> None:
    """It is in the verdict anyway."""
    share = problem(0, 2000, kind="share", e_value=0.02, text="90 of 99 events are errors", is_told_anyway=True)
    assert find(share)[0].title.startswith("api: 90 of 99 events are errors")
    assert [finding.kind for finding in find(share, problem(50, 60, "web"))] == ["errors"]
    note = problem(50, 60, "web", e_value=1.0, is_told_anyway=True)
    assert len(find(share, note)) == 2


def test_unusual_times_that_are_no_warning_are_one_note() -> None:
    """The most unusual one, with the others under it."""
    windows = [
        problem(200 * n, 200 * n + 20, kind="window", e_value=10.0**-n, text=f"errors: {n}", is_harm=True)
        for n in (3, 4, 5)
    ]
    (finding,) = find(*windows)
    assert finding.title.startswith("api: errors: 5, ")
    assert [line for line in finding.evidence if line.startswith("Also")] == [
        "Also unusual: api: errors: 4, 2026-07-02 01:20–01:40 UTC",
        "Also unusual: api: errors: 3, 2026-07-01 22:00–22:20 UTC",
    ]  # fmt: skip


def test_many_kinds_of_rare_critical_events_are_one_finding() -> None:
    """Three are told apart."""
    rare = [problem(60 * n, 60 * n, f"s{n}", kind="critical", observed=1, is_told_anyway=True) for n in range(4)]
    assert len(find(*rare[:3])) == 3
    (finding,) = find(*rare)
    assert "4 kinds of CRITICAL events" in finding.title


def test_a_window_of_errors_is_a_warning() -> None:
    """Each of them."""
    windows = [problem(100 * n, 100 * n + 5, kind="window", text="many errors", is_harm=True) for n in range(2)]
    assert [finding.severity for finding in find(*windows)] == ["warning", "warning"]


def test_only_the_most_unusual_harmless_window_is_told() -> None:
    """If it is very unusual."""
    windows = [
        problem(100 * n, 100 * n + 5, kind="window", text="many events", e_value=10.0 ** -(7 + n)) for n in range(2)
    ]
    (finding,) = find(*windows)
    assert (finding.severity, finding.kind, finding.start) == ("info", "anomaly", at(100))
    assert find(problem(kind="window", text="many events", e_value=1e-5)) == []


def test_text_of_a_log_is_made_harmless() -> None:
    """In titles, and cut."""
    (finding,) = find(problem(subject="\x1b[31mred\u202e" + "x" * 500))
    assert "\x1b" not in finding.title
    assert "\u202e" not in finding.title
    assert len(finding.title) < 300


def test_a_finding_says_how_often_chance_gives_one() -> None:
    """In the last line of its evidence."""
    assert find(problem())[0].evidence[-1] == ("Not chance (E 1e-09).")


@given(
    st.permutations([problem(0, 20), problem(5, 15, "web"), problem(90, 99, "db"), problem(40, 50, "x", e_value=1e-3)])
)
def test_the_order_of_symptoms_does_not_matter(symptoms: list[Symptom]) -> None:
    """Nor is a symptom in two findings."""
    findings = find(*symptoms)
    assert findings == find(*sorted(symptoms, key=lambda symptom: symptom.subject))
    ranks = [SEVERITIES.index(finding.severity) for finding in findings]
    assert ranks == sorted(ranks)
