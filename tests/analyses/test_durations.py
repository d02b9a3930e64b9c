"""How long it took, read from fields and from text."""

import polars as pl
import pytest

from loganalytics.analyses.requests.durations import duration_ms


def _read(message: str, **fields: object) -> float | None:
    frame = pl.DataFrame([{"message": message, **fields}])
    value = frame.select(duration_ms(frame.columns)).item()
    assert value is None or isinstance(value, float)
    return value


@pytest.mark.parametrize(
    ("message", "ms"),
    [
        ("GET /orders in 35.2ms", 35.2),
        ("Task shop.tasks.bill[17] succeeded in 1.234s: None", 1234.0),
        ("LOG:  duration: 123.456 ms  statement: SELECT 1", 123.456),
        ("import took 12 s", 12_000.0),
        ("done duration_ms=12 rows=3", 12.0),
        ("generated 2381 bytes in 129 msecs (HTTP/1.1 200)", 129.0),
        ("Completed 200 OK in 1,035ms (Views: 12.1ms)", 1035.0),
        ('{"elapsed_seconds": 1.5}', 1500.0),
        ("latency=250µs", 0.25),
        ("request timed out after 30s", 30_000.0),
        ("backup took 2 hours", 7_200_000.0),
        ("build finished in 5 minutes", 300_000.0),
        ("Größe geprüft in 7ms", 7.0),
        ("done in 1m30s", 90_000.0),
        ("took 2 min 5 s", 125_000.0),
        ("took PT1.25S", 1250.0),
        ("elapsed 00:00:01.25", 1250.0),
        ("restarted in 1000ms", 1000.0),
        ("next step done in 12ms", 12.0),
        ("订单处理完成，耗时0.25秒", 250.0),
        ("导入完成，用时3分20秒", 200_000.0),
        ("处理时间: 35毫秒", 35.0),
        ("処理時間 1.2秒", 1200.0),
        ("소요시간: 3초", 3000.0),
        ("Sicherung dauerte 3 Sek.", 3000.0),
    ],
)
def test_reads_what_the_message_says(message: str, ms: float) -> None:
    """As web servers, task queues, databases and people write it."""
    assert _read(message) == pytest.approx(ms)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "user 12 logged in",
        "Retry in 180s",
        "retrying in 5 seconds",
        "timeout=30s",
        "timeout of 5000ms exceeded",
        "restart in 1000ms",
        "restarting worker in 1000ms",
        "next attempt in 250ms",
        "shutting down in 10 seconds",
        "将在5秒后重试",
        "1000毫秒后重启",
        "每30秒检查一次",
        "3 of 12 steps done",
        "version 3.14",
        "listening on 10.0.0.1:8000",
    ],
)
def test_a_plan_or_a_number_is_no_duration(message: str) -> None:
    """Only what was measured counts."""
    assert _read(message) is None


def test_a_field_wins_over_the_text() -> None:
    """First duration_ms, then a dotted name that ends so, then the message."""
    assert _read("in 3ms", duration_ms=1, **{"http.duration_ms": 2}) == 1.0
    assert _read("in 3ms", duration_ms=None, **{"http.duration_ms": 2}) == 2.0
    assert _read("in 3ms", duration_ms=None, **{"http.duration_ms": None}) == 3.0


@pytest.mark.parametrize("value", ["n/a", float("nan"), float("inf"), -1.0])
def test_a_field_that_is_no_duration_is_none(value: object) -> None:
    """Text, NaN and negative values would spoil every quantile."""
    assert _read("no time", duration_ms=value) is None
