"""SQL over frames, and what it must not reach."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from loganalytics.analyses.sql import sql
from loganalytics.cli.main import main
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.schema import conform

LOGS = conform(
    pl.DataFrame(
        {
            "timestamp": [datetime(2026, 3, 10, hour, tzinfo=UTC) for hour in (1, 2, 2)],
            "level": ["INFO", "ERROR", "INFO"],
            "message": ["a", "b", "c"],
            "http.status": [200, 500, 200],
        }
    )
)


def test_a_query_over_the_frame() -> None:
    """Counts come back as a Polars frame, times in UTC as they were."""
    table = sql("select level, count(*) as n, max(timestamp) as last from logs group by 1 order by 1", logs=LOGS)
    assert table["n"].to_list() == [1, 2]
    assert table["last"].dtype == pl.Datetime("us", "UTC")
    assert sql("select date_trunc('hour', min(timestamp)) h from logs", logs=LOGS).item() == datetime(
        2026, 3, 10, 1, tzinfo=UTC
    )


def test_several_frames_lazy_or_not() -> None:
    """Each is a table under its name; columns with a dot and SQL's words go in quotes."""
    codes = pl.LazyFrame({"code": [500], "meaning": ["broken"]})
    query = 'select message, meaning, "offset" from logs join codes on "http.status" = code'
    assert sql(query, logs=LOGS, codes=codes).rows() == [("b", "broken", None)]


@pytest.mark.parametrize(
    "query",
    ["from logs", "with x as (select 1) select * from x", "describe logs", "explain select 1", "values (1)",
     "pivot logs on level using count(*)", "select * from logs where false"],
)  # fmt: skip
def test_other_ways_to_ask(query: str) -> None:
    """DuckDB's short forms are queries too."""
    assert sql(query, logs=LOGS).width > 0


@pytest.mark.parametrize(
    "query",
    [
        "copy logs to '{out}'", "attach '{out}' as d", "create table t as select 1", "drop view logs",
        "set enable_external_access = true", "install httpfs", "load httpfs", "pragma version",
        "export database '{out}'",
        "select 1; copy logs to '{out}'", "", "-- nothing", "call pragma_version()", "insert into logs values (1)",
    ],
)  # fmt: skip
def test_nothing_but_a_query_is_run(query: str, tmp_path: Path) -> None:
    """Statements that change or write anything are refused before they run."""
    out = tmp_path / "out"
    with pytest.raises(InvalidArgumentError, match="Only one query can be run"):
        sql(query.format(out=out), logs=LOGS)
    assert not out.exists()


@pytest.mark.parametrize(
    "source",
    ["read_text('{file}')", "read_csv('{file}')", "'{file}'", "glob('{folder}/*')", "read_parquet('https://127.0.0.1/x')",
     "secret_frame", "query('select * from read_text(''{file}'')')", "sniff_csv('{file}')"],
)  # fmt: skip
def test_nothing_outside_the_frames_can_be_read(source: str, tmp_path: Path) -> None:
    """Neither files nor addresses, nor the variables of the program."""
    secret_frame = pl.DataFrame({"x": ["hunter2"]})
    (tmp_path / "secret.txt").write_text("hunter2")
    query = f"select * from {source.format(file=tmp_path / 'secret.txt', folder=tmp_path)}"
    with pytest.raises(InvalidArgumentError) as refused:
        sql(query, logs=LOGS)
    assert secret_frame.item() not in str(refused.value)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("selec 1", 'syntax error at or near "selec". Hint: the table is logs'),
        ("select nothing from logs", "nothing"),
        ("select * from nothing", "Hint: the table is logs; its columns are timestamp"),
        ("select max(timestamp) - min(timestamp) from logs", "Hint: cast it"),
        ("select error('boom')", "boom"),
    ],
)
def test_a_mistake_is_told(query: str, message: str) -> None:
    """With DuckDB's reason in a line, and the columns there are."""
    with pytest.raises(InvalidArgumentError) as refused:
        sql(query, logs=LOGS)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("query", "limits", "message"),
    [
        ("select count(*) from range(1000000) a, range(1000000) b where a.range * b.range % 7 = 1", {"timeout": 0.2},
         r"longer than 0.2 seconds.* timeout= \(--timeout\)"),
        ("select a.range, b.range from range(1000000) a, range(1000000) b", {"timeout": 0.3, "max_rows": None},
         r"longer than 0.3 seconds|more than 2,000,000,000 bytes"),
        ("select list(range) from range(100000000)", {"memory_limit": "100MB"},
         r"more memory than 100MB.* memory_limit= \(--memory-limit\)"),
        ("select repeat('x', 1000000) from range(150)", {"memory_limit": "100MB"}, "result of more than 100,000,000"),
        ("select range from range(1000000000)", {"max_rows": 5000}, r"more than 5,000 rows.* max_rows= \(--max-rows\)"),
        ("select range from range(1000001)", {}, "more than 1,000,000 rows"),
        ("select range, if(range = 500000, error('boom'), 1) from range(1000000)", {}, "boom"),
        ("select 1", {"memory_limit": "much"}, "'much' is not a size of memory"),
        ("select 1", {"memory_limit": "0GB"}, "not a size"),
    ],
)  # fmt: skip
def test_limits(query: str, limits: dict[str, object], message: str) -> None:
    """An exceeded one is an error that says which, and how to set another; it comes soon."""
    begun = time.monotonic()
    with pytest.raises(InvalidArgumentError, match=message):
        sql(query, logs=LOGS, **limits)
    assert time.monotonic() - begun < 20


def test_within_the_limits() -> None:
    """Right up to them, in the order of the query."""
    ordered = sql("select range from range(25000) order by range desc", max_rows=25_000, logs=LOGS)
    assert ordered["range"].to_list() == list(range(24_999, -1, -1))
    assert sql("select 1", timeout=None, max_rows=None, memory_limit="64 MiB", logs=LOGS).item() == 1


def test_nothing_is_written_to_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit into memory makes no temporary files."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidArgumentError):
        sql("select * from range(30000000) order by hash(range)", memory_limit="80MB", logs=LOGS)
    assert list(tmp_path.iterdir()) == []


def test_the_command_sets_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And says which one was exceeded, with the exit code of a mistake."""
    log = tmp_path / "app.log"
    log.write_text("2026-03-10 12:00:00 ERROR disk full\n" * 3)
    endless = "select count(*) from range(1000000) a, range(1000000) b where a.range * b.range % 7 = 1"
    assert main(["sql", str(log), "select * from logs", "--max-rows", "2"]) == 2
    assert main(["sql", str(log), endless, "--timeout", "200ms"]) == 2
    assert main(["sql", str(log), "select list(range) from range(100000000)", "--memory-limit", "100MB"]) == 2
    errors = capsys.readouterr().err
    for message in ("more than 2 rows", "longer than 0.2 seconds", "more memory than 100MB"):
        assert message in errors
    assert main(["sql", str(log), "select count(*) from logs", "--max-rows", "1"]) == 0
