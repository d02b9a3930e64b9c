"""Endpoints, steps and heartbeats: what latency and coverage find by themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from loganalytics.analyses.coverage.coverage import coverage
from loganalytics.analyses.requests.endpoints import answered_endpoint, endpoint, with_routes
from loganalytics.analyses.requests.latency import latency
from loganalytics.exceptions import MissingColumnError
from loganalytics.schema import conform

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"message": "GET /builds/17/log?x=1 200 in 5ms"}, "GET /builds/<*>/log"),
        ({"message": 'x "POST /login HTTP/1.1" 302'}, "POST /login"),
        ({"message": 'Started GET "/builds/17" for 10.0.0.1'}, "GET /builds/<*>"),
        ({"message": "PUT /builds/17, took 5 ms"}, "PUT /builds/<*>"),
        ({"message": "请求 GET /builds/17，耗时5毫秒"}, "GET /builds/<*>"),
        ({"message": "Exception on /builds/17 [PATCH]"}, "PATCH /builds/<*>"),
        ({"message": "Internal Server Error: /builds/17/"}, "/builds/<*>/"),
        ({"message": "Method Not Allowed (GET): /login"}, "GET /login"),
        ({"message": "Loaded plugin: /opt/plugin"}, None),
        ({"message": "", "http.request.method": "get", "url.path": "/a/0f3c2d/b"}, "GET /a/<*>/b"),
        ({"message": "", "url.full": "https://host:8080/shop/cart?id=3#top"}, "/shop/cart"),
        ({"message": "", "http.route": "/users/{id}", "method": "PUT"}, "PUT /users/{id}"),
        ({"message": "", "http.route": "/users/{id}", "url.path": "/users/17"}, "/users/{id}"),
        ({"message": "", "http.method": "GET", "http.target": "/a/17?x=1"}, "GET /a/<*>"),
        ({"message": "", "labels.method": "GET", "labels.path": "/a"}, "GET /a"),
        ({"message": "", "method": "GET", "uri": "/a"}, "GET /a"),
        ({"message": "", "path": "/var/log/syslog"}, None),
        ({"message": "", "method": "handle", "path": "/var/log/syslog"}, None),
        ({"message": "", "labels.method": "GET", "file.path": "/var/log/syslog"}, None),
        ({"message": "GET /b 200", "method": None, "url.path": None}, "GET /b"),
        ({"message": "GETTING /there"}, None),
        ({"message": "GET up"}, None),
        ({"message": "started"}, None),
        ({"message": None}, None),
    ],
)
def test_the_endpoint_of_an_event(fields: dict[str, str | None], expected: str | None) -> None:
    """From the fields of HTTP, else from the message; ids are taken out."""
    logs = pl.DataFrame([fields], schema=dict.fromkeys(fields, pl.String))
    assert with_routes(logs).select(endpoint())["endpoint"].item() == expected


def test_routes_are_columns_of_their_own() -> None:
    """All else stays, in its order; a LazyFrame stays lazy, and a second time changes nothing."""
    logs = pl.DataFrame({"message": ["GET /a/1 200", "no request", None, "PUT /a/2 500"], "n": [4, 3, 2, 1]})
    routed = with_routes(logs)
    assert routed.columns == ["message", "n", "http.route", "http.request.method"]
    assert routed["http.route"].to_list() == ["/a/<*>", None, None, "/a/<*>"]
    assert routed.select("message", "n").equals(logs)
    assert with_routes(logs.lazy()).collect().equals(routed)
    assert with_routes(routed).equals(routed)
    assert with_routes(logs.clear()).schema == routed.schema
    with pytest.raises(MissingColumnError, match="'message'"):
        with_routes(logs.drop("message"))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"path": "/api/orders/7", "duration_ms": 12.0}, "/api/orders/<*>"),
        ({"path": "/api/orders/7", "status": 200}, "/api/orders/<*>"),
        ({"path": "/api/orders/7"}, None),
        ({"path": "/var/lib/7", "duration_ms": 12.0}, None),
        ({"path": "/orders/7.log", "duration_ms": 12.0}, None),
        ({"path": "orders", "duration_ms": 12.0}, None),
        ({"file.path": "/api/orders/7", "duration_ms": 12.0}, None),
    ],
)
def test_a_path_beside_a_status_or_a_duration_is_that_of_a_request(
    fields: dict[str, object], expected: str | None
) -> None:
    """Without a method; the path of a file, or of an object, is none."""
    logs = pl.DataFrame({"message": ["request handled"], **{name: [value] for name, value in fields.items()}})
    routed = with_routes(logs)
    assert routed.select(endpoint())["endpoint"].item() == expected
    assert routed.select(answered_endpoint(routed.schema))["endpoint"].item() == expected


@pytest.mark.parametrize(("message", "answers"), [("request handled", True), ("cache filled", False)])
def test_an_event_that_says_how_long_the_request_took_answers_it(message: str, answers: bool) -> None:
    """How long something else took during the request, does not."""
    routed = with_routes(pl.DataFrame({"message": [message], "path": ["/a"], "duration_ms": [12.0]}))
    assert (routed.select(answered_endpoint(routed.schema))["endpoint"].item() == "/a") is answers


def test_the_routes_of_all_events_are_learnt_together() -> None:
    """Whoever logs a request, and with few names of his own: what others log shows that they are names."""
    names = [first + vowel + last for first in "klmn" for vowel in "aeiou" for last in "rst"]
    server = pl.DataFrame({"message": "", "url.original": [f"/users/{name}" for name in names]})
    program = pl.DataFrame({"message": [f"GET /users/{name} failed" for name in names[:3]]})
    assert set(with_routes(pl.concat([server, program], how="diagonal"))["http.route"]) == {"/users/<*>"}
    assert set(with_routes(program)["http.route"]) == {f"/users/{name}" for name in names[:3]}


def test_latency_by_endpoint_and_by_step() -> None:
    """Both are found under other names; a column of that name goes first."""
    logs = conform(pl.DataFrame({"message": [f"GET /builds/{n} 200 in {n}ms" for n in range(1, 6)] + ["boot in 9 s"]}))
    assert latency(logs, by="endpoint").select("endpoint", "count", "max").rows() == [("GET /builds/<*>", 5, 5.0)]
    renamed = logs.with_columns(endpoint=pl.lit("builds"), stage=pl.lit("test"))
    assert latency(renamed.lazy(), by="endpoint")["endpoint"].to_list() == ["builds"]
    assert latency(renamed, by="step").select("step", "count").rows() == [("test", 6)]
    with pytest.raises(MissingColumnError, match="'step'"):
        latency(logs, by="step")


def beats(seconds: list[float], service: str = "worker") -> pl.DataFrame:
    """Return heartbeats of a service at these times."""
    times = [NOON + timedelta(seconds=s) for s in seconds]
    return conform(pl.DataFrame({"timestamp": times, "service": service, "message": "heartbeat: 3 of 8 busy"}))


def test_late_heartbeats_are_counted() -> None:
    """Two are late, and at the end of the log one is missing; other events do not matter."""
    seconds = [30.0 * i for i in range(20)] + [640, 670, 760, 790]
    tasks = beats([0, 7, 1000]).with_columns(message=pl.lit("task done"))
    row = coverage(pl.concat([beats(seconds), tasks])).row(0, named=True)
    assert (row["heartbeat"], row["late"]) == (timedelta(seconds=30), 3)


def test_without_a_regular_interval_none_is_late() -> None:
    """Irregular ones have no interval, services without any have none either, and messages may be missing."""
    web = beats([0.0], "web").with_columns(message=pl.lit("hello"))
    table = coverage(pl.concat([beats([0, 5, 60, 61, 200, 201, 900]), web]))
    assert table.select("service", "heartbeat", "late").rows() == [
        ("web", None, None), ("worker", None, None)
    ]  # fmt: skip
    assert coverage(beats([0, 30, 60]).select("timestamp", "service"))["late"].to_list() == [None]


@pytest.mark.parametrize(("interval", "late"), [(45.0, 0), (45.1, 1)])
def test_an_interval_over_one_and_a_half_times_the_usual_is_late(interval: float, late: int) -> None:
    """One of exactly that is not."""
    seconds = [30.0 * i for i in range(20)]
    assert coverage(beats([*seconds, seconds[-1] + interval]))["late"].to_list() == [late]
    assert coverage(pl.concat([beats(seconds), beats([seconds[-1] + interval], "x")]))["late"].to_list()[0] == late


@pytest.mark.parametrize(("count", "heartbeat"), [(5, timedelta(seconds=30)), (4, None)])
def test_five_heartbeats_show_an_interval(count: int, heartbeat: timedelta | None) -> None:
    """Fewer do not."""
    assert coverage(beats([30.0 * i for i in range(count)]))["heartbeat"].to_list() == [heartbeat]


@pytest.mark.parametrize(
    ("intervals", "is_regular"),
    [([40, 40, 40, 51], True), ([40, 40, 51, 51, 29], False), ([40, 40, 40, 50, 30, 51], True)],
)
def test_three_of_four_intervals_must_be_within_a_quarter_of_the_usual(intervals: list[int], is_regular: bool) -> None:
    """30 and 50 seconds are within a quarter of 40, 29 and 51 are not."""
    seconds = [float(sum(intervals[:i])) for i in range(len(intervals) + 1)]
    assert (coverage(beats(seconds))["heartbeat"].item() is not None) is is_regular
