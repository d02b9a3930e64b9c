"""A reader's SQL runs in a process that the server outlives: memory, time, and several at once."""

from __future__ import annotations

import threading
from pathlib import Path

import polars as pl
import pytest

from loganalytics.dashboard import sql_process, stopping
from loganalytics.exceptions import InvalidArgumentError, QueryStoppedError


@pytest.fixture(scope="module")
def events():
    """Return the file of some events."""
    logs = pl.DataFrame(
        {"level": ["INFO", "ERROR", "INFO"], "message": ["a", None, "é" * 50], "tags": [["x"], [], None]}
    )
    return sql_process.write_events(logs)


def test_a_query_has_its_result(events):
    """With text, lists and nulls."""
    table = sql_process.run("select level, count(*) as events from logs group by 1 order by 2", events)
    assert table.rows() == [("ERROR", 1), ("INFO", 2)]
    assert sql_process.run("select * from logs", events)["tags"].to_list() == [["x"], [], None]


@pytest.mark.parametrize(
    "query",
    [
        "select length(repeat('a', 3000000000)) from logs", "select printf('%2000000000d', 1)",
        "select message || repeat('x', 50000000) from logs, range(1000)",
        "with recursive t(x) as (select 'aaaa' union all select x || x from t) select max(length(x)) from t",
    ],
)  # fmt: skip
def test_what_needs_too_much_memory_is_stopped(events, query):
    """Single values too, which DuckDB's own limit leaves out; the server goes on."""
    with pytest.raises(QueryStoppedError, match="memory"):
        sql_process.run(query, events)
    assert sql_process.run("select 1 as one", events)["one"].to_list() == [1]


def test_what_takes_too_long_is_stopped(events, monkeypatch):
    """Though nothing in it can be interrupted."""
    monkeypatch.setattr(stopping.Deadline.__init__, "__defaults__", (1.0,))
    with pytest.raises(QueryStoppedError, match="takes longer than 1 seconds"):
        sql_process.run("select sum(a.range * b.range) from range(1000000) a, range(1000000) b", events)


@pytest.mark.parametrize(
    "query",
    [
        "select * from nothing", "select * from read_csv('/etc/passwd')", "copy logs to '/tmp/x.csv'",
        "select 1; select 2", "select * from '/etc/passwd'", "attach '/tmp/x.db'", "install httpfs",
        "select * from glob('/*')", "",
        "select * from read_text('/proc/self/environ')", "set memory_limit = '100GB'", "pragma version",
    ],
)  # fmt: skip
def test_a_query_reaches_nothing_but_the_events(events, query):
    """And says what is wrong."""
    with pytest.raises(InvalidArgumentError):
        sql_process.run(query, events)


def test_the_process_has_none_of_the_server_s_logins(events, monkeypatch):
    """Should a query reach its environment, it finds no address and no password there."""
    monkeypatch.setenv("REDIS_PASSWORD", "hunter2")
    monkeypatch.setenv("LOGANALYTICS_SOURCE", "redis://:hunter2@host/0")
    seen = []
    with sql_process._started("select count(*) from range(100000000000)", events, events) as process:
        environment = Path(f"/proc/{process.pid}/environ")
        seen.append(environment.read_bytes() if environment.exists() else b"")
    assert b"hunter2" not in seen[0]
    assert process.poll() is not None


def test_no_setting_of_the_database_names_a_folder_of_the_server(events):
    """Neither where the server runs nor whose it is."""
    settings = sql_process.run("select coalesce(value::varchar, '') as value from duckdb_settings()", events)["value"]
    assert not settings.str.contains(str(Path.cwd()), literal=True).any()
    assert not settings.str.contains(str(Path.home()) + "/", literal=True).any()


def test_two_readers_at_once_have_their_own_results(events):
    """None stops another's query."""
    answers: dict[int, object] = {}

    def ask(number: int) -> None:
        query = f"select {number} as n" if number else "select length(repeat('a', 3000000000))"
        try:
            answers[number] = sql_process.run(query, events)["n"].item()
        except QueryStoppedError as error:
            answers[number] = error

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert isinstance(answers.pop(0), QueryStoppedError)
    assert answers == {number: number for number in range(1, 5)}
