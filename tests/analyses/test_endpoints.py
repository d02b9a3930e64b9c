"""Endpoints, steps and heartbeats: what latency and coverage find by themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from loganalytics.analyses.coverage.coverage import coverage
from loganalytics.analyses.requests.endpoints import endpoint
from loganalytics.analyses.requests.latency import latency
from loganalytics.exceptions import MissingColumnError
from loganalytics.schema import conform

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"message": "GET /builds/17/log?x=1 200 in 5ms"}, "GET /builds/<*>/log"),
        ({"message": 'x "POST /login HTTP/1.1" 302'}, "POST /login"),
        ({"message": "", "http.request.method": "get", "url.path": "/a/0f3c2d/b"}, "GET /a/<*>/b"),
        ({"message": "", "url.full": "https://host:8080/shop/cart?id=3#top"}, "/shop/cart"),
        ({"message": "", "http.route": "/users/{id}", "method": "PUT"}, "PUT /users/{id}"),
        ({"message": "GETTING /there"}, None),
        ({"message": "started"}, None),
    ],
)
def test_the_endpoint_of_an_event(fields: dict[str, str], expected: str | None) -> None:
    """From the fields of HTTP, else from the message; ids are taken out."""
    assert pl.DataFrame([fields]).select(endpoint(fields))["endpoint"].item() == expected


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
