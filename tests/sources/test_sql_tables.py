"""SQL tables to log frames, from real databases: PostgreSQL, MariaDB, SQLite and DuckDB."""

from __future__ import annotations

import datetime as dt
import json
import os
import sqlite3
from pathlib import Path

import duckdb
import polars as pl
import pytest
from servers.databases import MariaDB
from servers.valkey import free_port

import loganalytics as la
from loganalytics.cli import main as cli
from loganalytics.exceptions import InvalidArgumentError, SourceNotFoundError, UnreachableSourceError
from loganalytics.sources.sql.address import parse_address

COLUMNS = "id, created_at, level, service, msg, details, took"
TABLE = (
    "create table logs(id {key}, created_at {time}, level {text}, service {text}, msg {text}, details {json}, "
    "took {number});"
)
ROWS = [
    (1, "2026-03-10 12:00:00.250", "info", "api", "it's 'quoted' \\ \"so\"", '{"user": {"id": 7}, "ok": true}', 1.5),
    (2, "2026-03-10 12:30:00.000", "ERROR", "jobs", "disk full\nTraceback", None, None),
    (3, "2026-03-10 13:00:00.000", "Warning", "api", "naïve ☃", '{"user": {"id": 8, "name": "ann"}}', 0.25),
    (7, None, None, None, "no time", None, None),
]  # fmt: skip


def literal(value: object) -> str:
    """Return a value for an INSERT."""
    return (
        "null"
        if value is None
        else repr(value)
        if isinstance(value, int | float)
        else "'" + value.replace("'", "''") + "'"
    )


def values(rows, escape: bool = False) -> str:
    """Return the VALUES of an INSERT."""
    rows_sql = ", ".join("(" + ", ".join(map(literal, row)) + ")" for row in rows)
    return rows_sql.replace("\\", "\\\\") if escape else rows_sql


class Filed:
    """A database in a file."""

    def __init__(self, kind: str, path: Path) -> None:
        self.kind, self.path = kind, path
        time = "text" if kind == "sqlite" else "timestamp"
        self.run(TABLE.format(key="integer primary key", time=time, text="varchar", json="varchar", number="double"))
        self.insert(ROWS)

    @property
    def address(self) -> str:
        """Where it is."""
        return f"{self.kind}:///{self.path}?"

    def run(self, statement: str) -> None:
        """Run a statement."""
        with {"sqlite": sqlite3, "duckdb": duckdb}[self.kind].connect(str(self.path)) as connection:
            connection.execute(statement)

    def insert(self, rows) -> None:
        """Add rows."""
        self.run(f"insert into logs({COLUMNS}) values {values(rows)}")


class Served:
    """A table on a server."""

    def __init__(self, server, address: str) -> None:
        self.server, self.address = server, address
        self.run("drop table if exists logs")
        if isinstance(server, MariaDB):
            key, json, number = "bigint auto_increment primary key", "json", "double"
        else:
            key, json, number = "bigserial primary key", "jsonb", "float8"
        time = "datetime(6)" if isinstance(server, MariaDB) else "timestamp"
        self.run(TABLE.format(key=key, time=time, text="text", json=json, number=number))
        self.insert(ROWS)

    def run(self, statement: str) -> None:
        """Run a statement as its owner."""
        self.server.run(statement)

    def insert(self, rows) -> None:
        """Add rows."""
        self.run(f"insert into logs({COLUMNS}) values {values(rows, isinstance(self.server, MariaDB))};")


@pytest.fixture(params=["sqlite", "duckdb", "postgresql", "mariadb"])
def database(request, tmp_path, servers):
    """A database with a table `logs` of four rows."""
    if request.param in ("sqlite", "duckdb"):
        return Filed(request.param, tmp_path / f"logs.{request.param}")
    server = servers(request.param)
    return Served(server, f"{server.address}?" if request.param == "mariadb" else f"{server.address()}&")


def logs_at(database, options: str = "") -> str:
    """Return the address of the table with its columns named."""
    return f"{database.address}table=logs&timestamp=created_at&message=msg{options}"


def test_rows_become_the_log_frame(database):
    """Columns by name or as the address says, JSON flattened, naive times in the zone given, the key as offset."""
    logs = la.load(logs_at(database), tz="Europe/Berlin")
    rows = logs.select(
        "timestamp", "level", "severity_number", "service", "message", "exception", "source", "offset"
    ).rows()
    assert rows == [
        (dt.datetime(2026, 3, 10, 11, 0, 0, 250_000, tzinfo=dt.UTC), "INFO", 9, "api", ROWS[0][4], None, "logs", "1"),
        (dt.datetime(2026, 3, 10, 11, 30, tzinfo=dt.UTC), "ERROR", 17, "jobs", "disk full", "Traceback", "logs", "2"),
        (dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC), "WARNING", 13, "api", "naïve ☃", None, "logs", "3"),
        (None, None, None, None, "no time", None, "logs", "7"),
    ]
    assert logs["details.user.id"].to_list() == [7, None, 8, None]
    assert logs["took"].to_list() == [1.5, None, 0.25, None]
    assert la.load_report(logs).select("source", "lines", "no_timestamp").row(0) == ("logs", 4, 1)


def test_the_time_is_found_without_being_named(database):
    """By a usual name, where no column is called as loggers call it."""
    assert la.load(f"{database.address}table=logs&message=msg")["timestamp"].null_count() == 1


def test_what_is_not_wanted_is_left_out_by_the_database(database):
    """Time range, level and condition come to the same as filters over all rows, in any zone."""
    options = {"since": "2026-03-10 12:10", "until": "2026-03-10 13:00", "level": "warning", "tz": "Europe/Berlin"}
    logs = la.load(logs_at(database), **options, query="took is null or took < 1")
    assert logs["offset"].to_list() == ["2"]
    assert la.load_report(logs)["lines"][0] < 4


def test_a_query_of_ones_own_is_read_like_a_table(database):
    """With its key, if one is named."""
    address = f"{database.address}query=select id, created_at, msg as message from logs where id < 3;&key=id"
    logs = la.load(address)
    assert logs.select("message", "source", "offset").rows()[1] == ("disk full", "query", "2")


def test_large_tables_come_in_batches(database, monkeypatch):
    """Of bounded size, in the order of the key, with columns that are the same in each."""
    from loganalytics.sources.read_options import ReadOptions
    from loganalytics.sources.schemes import open_store
    from loganalytics.sources.sql.database import Database

    monkeypatch.setattr(Database, "batch_size", 100)
    database.insert([(n, "2026-03-11 00:00:00", "info", "api", f"m{n}", None, float(n)) for n in range(10, 1010)])
    batches = list(open_store(logs_at(database)).batches(ReadOptions()))
    assert len(batches) > 1
    assert pl.concat(batches)["offset"].to_list() == ["1", "2", "3", "7", *map(str, range(10, 1010))]


def test_scan_is_lazy_and_can_be_run_twice(database):
    """As any source."""
    lazy = la.scan(logs_at(database)).filter(pl.col("level") == "ERROR").select("message")
    assert [lazy.collect().item() for _ in range(2)] == ["disk full"] * 2


def test_a_tail_goes_by_the_key_and_waits_for_gaps(database):
    """New rows once each, also those whose number was given out earlier than it was committed."""
    with la.tail(logs_at(database), idle=0.1) as tail:
        assert list(tail) == []
        database.insert([(8, None, "info", "api", "m8", None, None), (10, None, "info", "api", "m10", None, None)])
        assert tail.read(5)["message"].to_list() == ["m8", "m10"]
        database.insert([(9, None, "info", "api", "m9", None, None)])
        assert tail.read(5)["message"].to_list() == ["m9"]
        cursor = json.loads(json.dumps(tail.cursor))
    database.insert([(11, None, "info", "api", "m11", None, None)])
    with la.tail(logs_at(database), cursor=cursor, idle=0.1) as tail:
        assert [message for batch in tail for message in batch["message"]] == ["m11"]
    assert "s3cr" not in json.dumps(cursor)


def test_a_tail_needs_a_key(tmp_path):
    """A table of SQLite always has one, a view has none: nothing says what is new."""
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.execute("create table logs(message text)")
        connection.execute("create view seen as select message from logs")
    with la.tail(f"sqlite:///{tmp_path}/x.db?table=logs", idle=0.1) as tail:
        with sqlite3.connect(tmp_path / "x.db") as connection:
            connection.execute("insert into logs values ('a')")
        assert tail.read(5).select("message", "offset").row(0) == ("a", "1")
    with pytest.raises(InvalidArgumentError, match="key=id"):
        la.tail(f"sqlite:///{tmp_path}/x.db?table=seen")


def test_describe_lists_tables(database):
    """Rows, times and who writes."""
    database.run("create table if not exists other(x integer)")
    tables = la.describe(database.address.rstrip("?&"))
    assert tables["note"].to_list() == [None, None]
    rows = tables.select("source", "kind", "entries", "services").rows()
    assert rows == [("logs", "table", 4, ["api", "jobs"]), ("other", "table", 0, [])]
    database.run("drop table other")


def test_what_is_not_there_is_an_error(database):
    """A table, a column in the address and one in the query."""
    with pytest.raises(SourceNotFoundError, match="nowhere"):
        la.load(f"{database.address}table=nowhere")
    with pytest.raises(InvalidArgumentError, match=r"'made'.*created_at"):
        la.load(f"{database.address}table=logs&timestamp=made")
    with pytest.raises(InvalidArgumentError, match="bogus"):
        la.load(logs_at(database), query="bogus = 1")


def test_nothing_is_written(database):
    """Not even by a statement that somebody passes for a query."""
    for statement in ("delete from logs returning id", "select 1); delete from logs; --"):
        with pytest.raises((InvalidArgumentError, SourceNotFoundError, UnreachableSourceError, ValueError)):
            la.load(f"{database.address}query={statement}")
    assert la.load(logs_at(database)).height == 4


def test_the_error_for_a_wrong_password_does_not_show_it(servers, capfd):
    """Exit code 3; drivers quote the address that they were given."""
    address = servers("postgresql").address("wr0ng") + "&table=x"
    with pytest.raises(UnreachableSourceError, match="password authentication failed") as caught:
        la.load(address)
    assert cli.main(["patterns", address]) == 3
    assert "wr0ng" not in str(caught.value) + capfd.readouterr().err


def test_a_server_that_is_not_there_is_an_error_at_once():
    """Drivers try for half a minute."""
    with pytest.raises(UnreachableSourceError, match="refused"):
        la.load(f"mysql://me:secret@127.0.0.1:{free_port()}/app?table=x")


def test_times_that_bear_a_zone_are_read_as_they_are(servers):
    """PostgreSQL's timestamptz and MariaDB's timestamp mean a moment, whatever tz= says."""
    postgres, maria = servers("postgresql"), servers("mariadb")
    postgres.run(
        "drop table if exists zoned; create table zoned(timestamp timestamptz, message text);"
        "insert into zoned values ('2026-03-10 12:00:00+01', 'a');"
    )
    maria.run(
        "drop table if exists zoned",
        "create table zoned(timestamp timestamp, message text)",
        "set time_zone = '+01:00'",
    )
    maria.run("insert into zoned values (from_unixtime(1773140400), 'a')")
    for address in (f"{postgres.address()}&table=zoned", f"{maria.address}?table=zoned"):
        logs = la.load(address, tz="Asia/Tokyo", since="2026-03-10 19:00", until="2026-03-10 21:00")
        assert logs["timestamp"].to_list() == [dt.datetime(2026, 3, 10, 11, tzinfo=dt.UTC)]


def test_bytes_and_wide_tables_of_sqlite_are_read(tmp_path):
    """Blobs as hexadecimal digits; more columns than a function takes arguments; values not of the type declared."""
    names = [f"c{n}" for n in range(150)]
    with sqlite3.connect(tmp_path / "wide.db") as connection:
        connection.execute(f"create table logs(message text, {', '.join(f'{n} integer' for n in names)})")
        connection.execute("insert into logs(message, c0, c1, c149) values ('a', x'00ff', 'text', 3), ('b', 1, 2, 4)")
    logs = la.load(f"sqlite:///{tmp_path}/wide.db")
    assert logs.select("c0", "c1", "c149").rows() == [("00FF", "text", 3), ("1", "2", 4)]


def test_files_are_found_as_they_are_written(tmp_path, monkeypatch):
    """Relative with three slashes, absolute with four or three; what is not there is not made."""
    (tmp_path / "here.db").touch()
    monkeypatch.chdir(tmp_path)
    for address in ("sqlite:///here.db", f"sqlite:///{tmp_path}/here.db", f"sqlite://{tmp_path}/here.db"):
        assert Path(parse_address(address).path).resolve() == tmp_path / "here.db"
    with pytest.raises(SourceNotFoundError):
        la.load("duckdb:///absent.duckdb?table=x")
    assert os.listdir(tmp_path) == ["here.db"]
