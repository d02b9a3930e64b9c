"""Causes before consequences, and the weights by which they are ranked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from loganalytics.analyses.compare.term_counts import PROBLEM
from loganalytics.findings.cause_sentences import Cause, render_detail
from loganalytics.findings.causes import KIND_WEIGHTS, MAX_CAUSES, in_order_of_time, rank_causes

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LATE = NOON + HOUR / 2
TICK = timedelta(microseconds=1)


def change(value: str, score: float = 100.0, **columns: Any) -> dict[str, Any]:
    """Return a row of a comparison: a new template of 10 events, all of them errors, that begins late."""
    row = {
        "kind": "new", "field": "template", "value": value, "scope": "events", "template_id": value, "score": score,
        "baseline_count": 0, "incident_count": 10, "baseline_rate": 0.0, "incident_rate": 1.0, "ratio": None,
        "p_value": 0.001, "example": value, "errors": 10, "severity_number": 17, "services": ["web"],
        "first_seen": LATE, "last_seen": LATE,
    }  # fmt: skip
    return {**row, **columns}


def more(value: str, score: float = 100.0, **columns: Any) -> dict[str, Any]:
    """Return an error that became more frequent: a kind that weighs 1 less than a new error."""
    return change(value, score, **{"kind": "more", "ratio": 4.0, **columns})


def silence(hours: float, usual: timedelta | None = HOUR) -> dict[str, Any]:
    """Return a service that is silent for so many hours, from the middle of the incident."""
    end = LATE + hours * HOUR
    return {"service": "job", "start": LATE, "end": end, "expected_gap": usual, "lasts": False}


def ranked(*changes: dict[str, Any], silent: list[dict[str, Any]] | None = None) -> list[Cause]:
    """Return the causes of an incident from noon to one o'clock."""
    return rank_causes(list(changes), silent or [], NOON, NOON + HOUR)


def values(causes: list[Cause]) -> list[str | None]:
    """Return the values of causes, in their order."""
    return [cause.value for cause in causes]


def test_a_weight_of_one_more_makes_up_for_half_the_score() -> None:
    """A new error weighs 4, one that became more 3: with less than twice the score it comes second."""
    assert values(ranked(change("new", 99.0), more("more", 198.0))) == ["new", "more"]
    assert values(ranked(change("new", 99.0), more("more", 200.0))) == ["more", "new"]


@pytest.mark.parametrize(("kind", "weight"), sorted(KIND_WEIGHTS.items()))
def test_new_errors_and_silences_weigh_more_than_other_kinds(kind: str, weight: float) -> None:
    """By 1, in the logarithm of the score; requests that failed, which says nothing of why, by 3.5."""
    assert weight == {"new_error": 4.0, "silence": 4.0, "failed_requests": 0.5}.get(kind, 3.0)


def test_what_begins_within_the_first_tenth_comes_before_what_begins_later() -> None:
    """Six minutes of an hour are early, and a microsecond more is not; without that, titles decide."""
    tenth = NOON + timedelta(minutes=6)
    assert values(ranked(change("a"), change("b", first_seen=tenth))) == ["b", "a"]
    assert values(ranked(change("a"), change("b", first_seen=tenth + TICK))) == ["a", "b"]


def test_an_early_change_makes_up_for_a_score_of_nearly_three_times() -> None:
    """2 to the power of 1.5 is 2.83."""
    early = change("early", 99.0, first_seen=NOON)
    assert values(ranked(early, change("late", 281.0))) == ["early", "late"]
    assert values(ranked(early, change("late", 284.0))) == ["late", "early"]


def test_a_second_cause_of_one_kind_comes_after_one_of_another_kind() -> None:
    """Unless its weight is more than 2 higher: here 4 with 100 against 3 with 50, less 2."""
    first, second = change("a", 400.0), change("b", 99.0)
    assert values(ranked(first, second, more("c", 50.0))) == ["a", "c", "b"]
    assert values(ranked(first, second, more("c", 48.0))) == ["a", "b", "c"]


def test_attempts_that_say_that_they_failed_come_first() -> None:
    """They weigh 1.5 more than warnings of the same score."""
    warning = {"severity_number": 13, "errors": 0}
    failed, slow = change("login failed", 99.0, **warning), change("queue is long", 281.0, **warning)
    assert values(ranked(failed, slow)) == ["login failed", "queue is long"]
    assert values(ranked(failed, {**slow, "score": 284.0})) == ["queue is long", "login failed"]


@pytest.mark.parametrize(("errors", "kind"), [(5, "new_error"), (4, "attempts")])
def test_a_template_is_an_error_when_half_of_its_events_are(errors: int, kind: str) -> None:
    """With less, it is one of attempts, or of warnings."""
    assert [cause.kind for cause in ranked(change("job done", errors=errors))] == [kind]


@pytest.mark.parametrize(("severity", "roles"), [(13, ["cause"]), (12, ["consequence"])])
def test_warnings_are_causes_and_plain_messages_are_not(severity: int, roles: list[str]) -> None:
    """A warning has severity 13 or more."""
    assert [cause.role for cause in ranked(change("job done", severity_number=severity, errors=0))] == roles


def test_a_silence_scores_by_its_length_against_the_usual_gap() -> None:
    """40 for one as long as the longest usual gap, 80 for one of twice that."""
    scores = {hours: ranked(silent=[silence(hours)])[0].score for hours in (1, 2)}
    assert scores == {1: 40.0, 2: 80.0}
    assert ranked(silent=[silence(1, usual=None)])[0].score == 400.0


def test_fewer_events_of_a_silent_service_are_not_repeated() -> None:
    """The silence says it; of another service they are a consequence."""
    gone = change("job", kind="gone", field="service", template_id=None, incident_count=0)
    assert [cause.kind for cause in ranked(gone, silent=[silence(2)])] == ["silence"]
    assert [cause.role for cause in ranked({**gone, "value": "web"}, silent=[silence(2)])] == ["cause", "consequence"]


def test_an_address_is_a_culprit_and_a_status_is_a_consequence() -> None:
    """A field that identifies someone may be to blame; one that says what came of it may not."""
    by_address = change("10.0.0.7", field="client.ip", template_id=None)
    by_state = change("stale", field="state", template_id=None)
    assert [(cause.kind, cause.role) for cause in ranked(by_state, by_address)] == [
        ("culprit", "cause"), ("new", "consequence")
    ]  # fmt: skip


@pytest.mark.parametrize(("events", "role"), [(8, "cause"), (7, "consequence")])
def test_a_few_events_blame_nobody(events: int, role: str) -> None:
    """An address with fewer than eight may be new by chance."""
    row = change("10.0.0.7", field="client.ip", template_id=None, incident_count=events)
    assert [cause.role for cause in ranked(row)] == [role]


@pytest.mark.parametrize(
    ("status", "kind", "title"),
    [
        ("503", "failed_requests", "web: requests failed with 503"),
        ("429", "attempts", "web: requests were refused with 429"),
        ("304", "new", "http.status_code = 304: new"),
    ],
)
def test_a_status_says_that_requests_failed_or_were_refused(status: str, kind: str, title: str) -> None:
    """From 500 on they failed, from 400 on they were refused."""
    (cause,) = ranked(change(status, field="http.status_code", template_id=None))
    assert (cause.kind, cause.title) == (kind, title)


def test_a_level_says_what_its_services_did_and_that_of_another_field_is_not_told() -> None:
    """What a program called it is not one more fact."""
    row = change("WARNING", field="level", template_id=None, example="queue is long", severity_number=13)
    (cause,) = ranked(row, {**row, "field": "attributes.level"})
    assert (cause.role, cause.title) == ("consequence", "web warned 10 times, never before: “queue is long”")
    more_of = {**row, "kind": "more", "baseline_rate": 0.25, "frequent_template": "web: queue <*> is long"}
    assert ranked(more_of)[0].title == "web warned 10 times, usually 2: “queue <*> is long”"


def test_the_queue_behind_a_silent_service_is_no_cause_of_its_own() -> None:
    """The silence tells of it; a queue before the silence, or of the silent service, is another matter."""
    queue = change("queue depth <*>", services=["beat"], severity_number=13, errors=0)
    silent = [{**silence(1), "queue": "the queue behind it grew: beat “queue depth <*>” 10 times"}]
    cause, consequence = ranked(queue, silent=silent)
    assert (cause.kind, consequence.role) == ("silence", "consequence")
    assert cause.detail.endswith(" The queue behind it grew: beat “queue depth <*>” 10 times.")
    earlier = {**queue, "first_seen": LATE - 2 * MINUTE}
    for other in (earlier, {**queue, "services": ["job"]}, {**queue, "value": "disk is full"}):
        assert [one.role for one in ranked(other, silent=silent)] == ["cause", "cause"]


def test_only_the_first_causes_are_returned() -> None:
    """Ten, however many there are."""
    assert len(ranked(*[change(f"error {letter}") for letter in "abcdefghijklmno"])) == MAX_CAUSES == 10


def test_a_detail_names_the_first_three_common_values() -> None:
    """Those of a field with its name, those of a message as such."""
    (cause,) = ranked(change("disk full"))
    common = [("host", "db-1", 1.0), ("message", "/var/lib", 0.75), ("user", "root", 0.7), ("zone", "a", 0.7)]
    assert render_detail(cause, []) == cause.detail
    assert render_detail(cause, common) == (
        f"{cause.detail} In common: db-1 as host (100 %), /var/lib in the message (75 %) and root as user (70 %)."
    )


def duration(value: str = "db", **columns: Any) -> dict[str, Any]:
    """Return a row of a comparison: an operation that takes longer."""
    quantiles = {"baseline_p50": 12.0, "incident_p50": 1234.0, "baseline_p95": 4.56, "incident_p95": 12_345.0}
    return change(value, kind="slower", field="duration_ms", template_id=None, ratio=25.4, **{**quantiles, **columns})


def test_a_slower_operation_is_described_by_its_quantiles() -> None:
    """With two digits below ten milliseconds, and in seconds from ten of them on."""
    (cause,) = ranked(duration())
    assert (cause.kind, cause.title) == ("slower", "db slower: median 12 ms → 1,234 ms")
    assert cause.detail == "P95 4.6 ms → 12.3 s."


@pytest.mark.parametrize(("median", "quantile"), [(15.0, "median 12 ms → 15 ms"), (14.9, "p95 4.6 ms → 12.3 s")])
def test_a_median_that_hardly_rose_is_not_what_became_slower(median: float, quantile: str) -> None:
    """By a quarter it did."""
    assert ranked(duration(incident_p50=median))[0].title == f"db slower: {quantile}"


@pytest.mark.parametrize(
    ("milliseconds", "rendered"),
    [(9.96, "10 ms"), (10.4, "10 ms"), (9_999.0, "9,999 ms"), (10_000.0, "10.0 s"), (None, "–")],
)
def test_milliseconds_are_rendered_by_their_size(milliseconds: float | None, rendered: str) -> None:
    """Whole from ten on, in seconds from ten thousand on."""
    (cause,) = ranked(duration(incident_p95=milliseconds))
    assert cause.detail.endswith(f" → {rendered}.")


def test_a_faster_operation_is_a_consequence() -> None:
    """Its title says how much; what is not of an operation is of the whole log."""
    (cause,) = ranked({**duration(), "kind": "faster", "value": None})
    assert (cause.role, cause.title) == (
        "consequence", "the log faster: p95 4.6 ms → 12.3 s"
    )  # fmt: skip


def test_a_measure_that_shifted_is_a_consequence_with_its_medians() -> None:
    """With three digits, or whole from a hundred on; a median that is missing is a dash."""
    row = {**change("size", kind="shifted", field="size", baseline_p50=99.94), "value": None}
    assert ranked({**row, "incident_p50": 100.4})[0].title == "size shifted: median 99.9 → 100"
    assert ranked({**row, "incident_p50": -1234.0})[0].title == "size shifted: median 99.9 → -1,234"
    assert ranked({**row, "incident_p50": None})[0].title == "size shifted: median 99.9 → –"


@pytest.mark.parametrize(
    ("ratio", "rendered"),
    [
        (1.0, "1.0 times as many"), (0.99, "down to 99 %"), (None, "down to 0 %"), (9.94, "9.9 times as many"),
        (10.0, "10 times as many"), (1234.0, "1,234 times as many"), (float("inf"), "many times as many"),
    ],
)  # fmt: skip
def test_a_ratio_is_rendered_as_times_or_as_what_is_left(ratio: float | None, rendered: str) -> None:
    """A decimal below ten, none from there on."""
    (row,) = ranked(change("", kind="more", field=None, ratio=ratio))
    assert row.title == (f"events in all {rendered}" if "down" in rendered else f"{rendered} events in all")


@pytest.mark.parametrize(
    ("columns", "detail"),
    [
        ({}, "10 events in 1 h, usually none."),
        ({"baseline_rate": 5.1, "incident_rate": 10 / 60}, "10 events in 1 h, usually 306."),
        ({"baseline_rate": 0.01, "incident_rate": 10 / 60}, "10 events in 1 h, usually fewer than 1."),
        ({"baseline_rate": 5.1, "incident_rate": 10 / 30}, "10 events in 1 h, usually 153."),
        ({"incident_count": None, "incident_rate": None}, "0 events in 1 h, usually none."),
    ],
)
def test_a_detail_has_the_count_and_what_is_usual(columns: dict[str, Any], detail: str) -> None:
    """By the rate of the baseline, in as many minutes as the incident was compared for."""
    (cause,) = ranked(change("a", **columns))
    assert cause.detail == detail


def test_a_change_without_a_score_has_a_score_of_zero() -> None:
    """Where the baseline held no event, nothing was compared and no row has one; it ranks by its kind alone."""
    causes = ranked(more("a", kind="top", score=None, ratio=None), more("b", kind="top", score=1.0, ratio=None))
    assert [(cause.value, cause.score) for cause in causes] == [("b", 1.0), ("a", 0.0)]


def test_a_silence_is_described_with_its_length_and_the_usual_gap() -> None:
    """And whether it lasted to the end of the incident."""
    (cause,) = ranked(silent=[silence(2)])
    assert cause.title == "job silent for 2 h"
    assert cause.detail == "No event from 2026-03-10 12:30 UTC; usually it is never silent for longer than 1 h."
    assert (cause.service, cause.field, cause.value, cause.events) == ("job", "service", "job", 0)
    (lasting,) = ranked(silent=[{**silence(2), "lasts": True, "service": None}])
    assert lasting.title == "unknown service silent for 2 h, to the end of the incident"


@pytest.mark.parametrize(
    ("columns", "service"),
    [
        ({"services": ["db", "web"]}, "db"),
        ({"services": [], "field": "service", "value": "mail"}, "mail"),
        ({"services": None, "field": "zone", "value": "eu"}, None),
    ],
)
def test_a_cause_is_of_the_first_service_of_its_events(columns: dict[str, Any], service: str | None) -> None:
    """Or of the one that its field names."""
    assert ranked({**change("x"), **columns})[0].service == service


def test_a_title_names_three_services() -> None:
    """Of more, two and how many others there are."""
    for services, named in (("abc", "a, b and c"), ("abcd", "a, b and 2 more")):
        (cause,) = ranked(change("disk full", services=list(services)))
        assert cause.title == f"{named}: new error “disk full”"


def test_consequences_come_by_score_and_then_by_title_and_are_twenty_at_most() -> None:
    """After all causes."""
    rows = [change(f"{i:02}", float(i // 2), field="status", template_id=None) for i in range(24)]
    consequences = ranked(*rows, change("disk full", 0.0))
    assert consequences[0].value == "disk full"
    assert values(consequences[1:4]) == ["22", "23", "20"]
    assert len(consequences) == 21


@pytest.mark.parametrize("kind", ["gone", "fewer"])
def test_an_error_that_became_rare_is_a_consequence(kind: str) -> None:
    """However grave it was."""
    (row,) = ranked(change("disk full", kind=kind, ratio=0.25))
    assert (row.role, row.title) == ("consequence", f"web: “disk full” {'gone' if kind == 'gone' else 'down to 25 %'}")


def test_a_host_among_the_errors_is_a_culprit_and_named_so() -> None:
    """Among the errors."""
    (cause,) = ranked(change("db-1", kind="more", field="host.name", scope="errors", template_id=None, ratio=4.0))
    assert cause.title == "host.name = db-1 among the errors: 4.0 times as many"
    assert (cause.kind, cause.scope) == ("culprit", "errors")


def test_long_names_and_messages_are_cut() -> None:
    """To 60 characters and 160."""
    (error,) = ranked(change("x" * 200, services=["s" * 100]))
    assert error.title == f"{'s' * 59}…: new error “{'x' * 159}…”"
    (host,) = ranked({**change("h" * 100, field="host"), "template_id": None})
    assert host.title == f"host = {'h' * 59}…: new"


@pytest.mark.parametrize("name", ["host", "client.ip", "user_id", "k8s.pod.name", "user_agent.original", "VERSION"])
def test_a_field_that_identifies_someone_may_be_to_blame(name: str) -> None:
    """Whatever its writing; a field that only holds such a word may not."""
    assert [cause.kind for cause in ranked(change("x", field=name), change("x", field=f"{name}_count"))] == [
        "culprit", "new"
    ]  # fmt: skip


def test_a_host_that_became_rare_is_a_consequence() -> None:
    """It cannot have caused anything."""
    assert [cause.role for cause in ranked(change("x", field="host", kind="fewer", ratio=0.5))] == ["consequence"]


def failed(**columns: Any) -> dict[str, Any]:
    """Return a row of a comparison: a route at which more requests failed."""
    return more("/orders/<*>", field="http.route", scope="errors", template_id=None, **columns)


@pytest.mark.parametrize(
    ("columns", "kind", "title"),
    [
        ({"endpoint": "GET /orders/<*>", "status": 500}, "failed_requests",
         "web: GET /orders/<*> failed with 500 4.0 times as many"),
        ({"endpoint": "GET /orders/<*>", "status": None, "services": ["app", "web"]}, "failed_requests",
         "app and web: GET /orders/<*> failed 4.0 times as many"),
        ({"kind": "new", "endpoint": None, "services": None}, "failed_requests", "/orders/<*> failed"),
    ],
)  # fmt: skip
def test_a_route_with_more_errors_is_a_cause(columns: dict[str, Any], kind: str, title: str) -> None:
    """The sentence names services, endpoint and status."""
    (cause,) = ranked(failed(**columns))
    assert (cause.role, cause.kind, cause.title) == ("cause", kind, title)


def test_a_route_with_fewer_errors_or_more_requests_is_a_consequence() -> None:
    """As of any other field."""
    fewer, requests = ranked({**failed(), "kind": "gone"}, {**failed(), "scope": "events"})
    assert {fewer.role, requests.role} == {"consequence"}
    assert "http.route = /orders/<*> among the errors: gone" in (fewer.title, requests.title)


def test_a_slower_endpoint_comes_with_its_services() -> None:
    """A logger or a service says enough by itself."""
    (cause,) = ranked(duration("GET /orders", endpoint="GET /orders", services=["app", "web"]))
    assert cause.title == "app and web: GET /orders slower: median 12 ms → 1,234 ms"


def problem(value: str, score: float = 100.0, **columns: Any) -> dict[str, Any]:
    """Return a row of a comparison: a problem that is new."""
    return change(value, score, field=PROBLEM, template_id=None, **columns)


def request(endpoint: str, status: int, **columns: Any) -> dict[str, Any]:
    """Return a row of a comparison: requests of an endpoint that failed with a status."""
    facts = {"endpoint": endpoint, "status": status, "is_request": True, "requests": 40}
    return problem(f"{endpoint} (HTTP {status})", **{**facts, **columns})


def test_failed_requests_of_a_service_are_one_cause() -> None:
    """With the statuses and the endpoints, the most frequent first, and of how many requests."""
    rows = [request("GET /a", 502), request("GET /a", 503), request("GET /b", 503), request("GET /c", 503)]
    (cause,) = ranked(*rows, request("GET /d", 503, incident_count=30))
    assert cause.title == "web: requests failed with 503 and 502: GET /d, GET /a and 2 more"
    assert cause.detail == "70 of 160 requests in 1 h, usually none."
    assert (cause.events, len(cause.values), cause.field) == (70, 5, PROBLEM)


def test_failed_requests_of_other_endpoints_with_another_status_or_of_other_services_are_others() -> None:
    """They may have other causes."""
    rows = [request("GET /a", 500), request("GET /b", 504), request("GET /a", 500, services=["shop"])]
    assert sorted(cause.title for cause in ranked(*rows)) == [
        "shop: GET /a failed with 500", "web: GET /a failed with 500", "web: GET /b failed with 504"
    ]  # fmt: skip


def test_slow_endpoints_of_a_service_are_one_cause() -> None:
    """Two are named, the surest first."""
    rows = [duration(f"GET /{name}", endpoint=f"GET /{name}", score=score) for score, name in enumerate("cba")]
    (cause,) = ranked(*rows)
    assert cause.title == "web: GET /a slower: median 12 ms → 1,234 ms; GET /b: median 12 ms → 1,234 ms; 1 more"
    assert cause.values == ("GET /a", "GET /b", "GET /c")


def test_who_says_what_broke_comes_before_who_got_no_answer() -> None:
    """Also with a fifth of the score; without the words the score decides."""
    broken, waiting = problem("too many clients", 100.0), problem("api: connection refused", 500.0)
    assert values(ranked(broken, waiting)) == ["too many clients", "api: connection refused"]
    assert values(ranked(problem("no clients", 100.0), problem("api: broken", 500.0))) == ["api: broken", "no clients"]


def test_who_quotes_the_error_of_another_service_comes_after_it() -> None:
    """A quote has twelve characters or more; within a service there is nobody to quote."""

    def order(quoted: str, services: list[str]) -> list[str | None]:
        return values(ranked(problem(quoted, 99.0), problem(f"DbError: {quoted}", 250.0, services=services)))

    assert order("abcdefghijkl", ["db"])[0] == "abcdefghijkl"
    assert order("abcdefghijk", ["db"])[0] == "DbError: abcdefghijk"
    assert order("abcdefghijkl", ["web"])[0] == "DbError: abcdefghijkl"


def test_the_next_causes_are_in_the_order_of_time() -> None:
    """The likeliest first, then four by their begin, then the rest as they are."""
    causes = [ranked(change(name, first_seen=NOON + minute * MINUTE))[0] for name, minute in
              (("a", 9), ("b", 5), ("c", 3), ("d", 8), ("e", 1), ("f", 0))]  # fmt: skip
    assert values(in_order_of_time(causes)) == ["a", "e", "c", "b", "d", "f"]


def test_a_title_never_quotes_what_says_nothing() -> None:
    """But an example of it."""
    (cause,) = ranked(problem("<*> <*> connecting to <*>", example="Error 111 connecting to 10.0.0.6:6379"))
    assert cause.title == "web: new error “Error 111 connecting to 10.0.0.6:6379”"


@pytest.mark.parametrize(("addresses", "role"), [(3, "cause"), (4, "consequence")])
def test_many_addresses_are_more_traffic_and_nobody_is_to_blame(addresses: int, role: str) -> None:
    """Up to three of a field may be."""
    rows = [more(f"10.0.0.{number}", field="client.ip", template_id=None) for number in range(addresses)]
    assert {cause.role for cause in ranked(*rows)} == {role}


def test_a_host_that_is_gone_is_a_cause_unless_another_has_come() -> None:
    """As at a deployment; that a user is gone says nothing."""
    gone = change("node-4", kind="gone", field="host.name", template_id=None, incident_count=0)
    assert [(cause.role, cause.title) for cause in ranked(gone)] == [("cause", "host.name = node-4: gone")]
    come = change("node-6", field="host.name", template_id=None)
    assert [(cause.role, cause.value) for cause in ranked(gone, come)] == [
        ("cause", "node-6"), ("consequence", "node-4")
    ]  # fmt: skip
    assert [cause.role for cause in ranked({**gone, "field": "user.name"})] == ["consequence"]


def test_a_gateway_without_an_answer_comes_after_who_did_not_answer() -> None:
    """With 502, 503 and 504, also with many times the score; with 500 it is by far the surest that counts."""
    crash = problem("it broke", 100.0)
    assert values(ranked(crash, request("GET /a", 502, score=5000.0)))[0] == "it broke"
    assert values(ranked(crash, request("GET /a", 500, score=5000.0)))[0] == "GET /a (HTTP 500)"
