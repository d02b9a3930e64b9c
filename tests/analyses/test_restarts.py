"""Restarts, reloads and deployments, as logs of many programs say them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from loganalytics.analyses.restarts import restarts
from loganalytics.schema import conform

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TICK = timedelta(microseconds=1)

MESSAGES = {
    "crash": (
        "Out of memory: Killed process 2211 (java) total-vm:8123456kB", "worker 3 (pid: 17) was sent SIGKILL!",
        "WORKER TIMEOUT (pid:17)", "main process exited, code=killed, status=9/KILL", "api[17]: segfault at 0 ip 0",
        "Back-off restarting failed container",
    ),
    "deploy": (
        "Deploying release abc", "Deployed commit 3fa9c12 to production", "Release 2026-03-11.2 deployed",
        "Rolling out revision 42 of api", "Scaled up replica set api-7f6 to 3", "开始部署版本 v2.4.1",
    ),
    "version": (
        "started version 2.4.1", "Starting gunicorn 21.2.0", "starting PostgreSQL 15.3 on x86_64-pc-linux-gnu",
        "Starting OrderService v2.4.1 using Java 17 on host-1", "api version 3.1.0 starting", "Redis 7.0.5 starting",
    ),
    "reload": ("signal 1 (SIGHUP) received from 17, reconfiguring", "config reloaded", "重新加载配置"),
    "start": (
        "Booting worker with pid: 17", "Server started", "listening on :8080", "Tomcat started on port(s): 8080 (http)",
        "Started OrderApplication in 4.213 seconds (JVM running for 5.1)", "Uvicorn running on http://0.0.0.0:8000",
        "database system is ready to accept connections", "celery@worker1 ready.", "[KafkaServer id=0] started",
        "spawned: 'api' with pid 123", "订单服务启动成功",
    ),
    "stop": ("Handling signal: term", "received fast shutdown request", "Shutting down: Master", "received signal 15",
             "User requested shutdown..."),
}  # fmt: skip


def logs(*rows: tuple[datetime | None, str], service: str | None = "api", severity: int = 9) -> pl.DataFrame:
    """Return the events of one service."""
    frame = pl.DataFrame(rows, schema={"timestamp": pl.Datetime("us", "UTC"), "message": pl.String}, orient="row")
    offsets = pl.int_range(pl.len()).cast(pl.String)
    return conform(frame.with_columns(service=pl.lit(service, pl.String), severity_number=severity, offset=offsets))


@pytest.mark.parametrize(("kind", "message"), [(kind, text) for kind, texts in MESSAGES.items() for text in texts])
def test_a_line_says_that_a_service_was_restarted_and_how(kind: str, message: str) -> None:
    """As servers of the web, databases, runtimes and people write it."""
    assert restarts(logs((NOON, message))).select("kind", "message").rows() == [(kind, message)]


@pytest.mark.parametrize(
    "message",
    [
        "GET /start 200", "starting download of file 17", "Starting job nightly-export", "user 17 started session",
        "Started Session 123 of user root.", "checkpoint starting: time", "starting backup of 12.5 GB",
        "connection to node 3 ready", "query started 1.2.3.4", "build 17 started", "Listening to queue orders",
        'Started POST "/orders" for 10.0.0.1 at 2026-03-01 10:00:00', "shutting down node card 7", "用户启动了任务",
    ],
)  # fmt: skip
def test_a_line_about_the_start_of_something_else_is_none(message: str) -> None:
    """Requests, jobs and downloads start all the time."""
    assert restarts(logs((NOON, message))).is_empty()


def test_lines_within_a_minute_are_one_restart_told_by_the_most_telling() -> None:
    """From the first line on; a microsecond more makes it two."""
    rows = [(NOON, "Handling signal: term"), (NOON + MINUTE, "Starting gunicorn 21.2.0"),
            (NOON + 2 * MINUTE, "Booting worker with pid: 7")]  # fmt: skip
    columns = ("timestamp", "service", "kind", "message", "events", "offset")
    assert restarts(logs(*rows)).select(columns).rows() == [
        (NOON, "api", "version", "Starting gunicorn 21.2.0", 3, "1")
    ]
    later = [rows[0], (NOON + MINUTE + TICK, "Server started")]
    assert restarts(logs(*later))["kind"].to_list() == ["stop", "start"]


def test_services_are_restarted_one_by_one() -> None:
    """Also one without a name."""
    frame = pl.concat([logs((NOON, "Server started"), service=name) for name in ("web", None, "api")])
    assert restarts(frame).select("service", "events").rows() == [("api", 1), ("web", 1), (None, 1)]


def test_only_those_of_the_range_are_returned() -> None:
    """Its start counts, its end does not; events without a time are left out."""
    rows = [(NOON, "Server started"), (NOON + 5 * MINUTE, "Server started"), (None, "Server started")]
    assert restarts(logs(*rows), NOON, NOON + 5 * MINUTE)["timestamp"].to_list() == [NOON]
    assert restarts(logs(*rows)).height == 2


def test_a_start_that_failed_is_an_error_and_no_restart() -> None:
    """Severity 17 and above."""
    assert restarts(logs((NOON, "Server started"), severity=17)).is_empty()
    assert restarts(logs((NOON, "Server started"), severity=16)).height == 1
    assert restarts(logs((NOON, "Out of memory: Killed process 7 (java)"), severity=17)).height == 1


@pytest.mark.parametrize(("before", "hours", "found"), [(3, 2.0, 0), (2, 2.0, 1), (3, 2.01, 1)])
def test_a_restart_of_a_service_that_restarts_regularly_is_no_news(before: int, hours: float, found: int) -> None:
    """Three times before, every two hours."""
    rows = [(NOON - i * timedelta(hours=hours), "Server started") for i in range(before + 1)]
    assert restarts(logs(*rows), NOON, NOON + MINUTE).height == found
