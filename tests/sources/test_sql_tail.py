"""Tails of tables: no row is missed, whatever its key is and however late it is committed."""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from contextlib import closing, contextmanager
from pathlib import Path
from typing import ClassVar

import pymysql
import pytest
from adbc_driver_postgresql import dbapi
from hypothesis import given
from hypothesis import strategies as st

import loganalytics as la
from loganalytics.exceptions import InvalidArgumentError
from loganalytics.sources.sql.address import parse_address
from loganalytics.sources.sql.connection import open_database
from loganalytics.sources.sql.known_rows import KnownRows
from loganalytics.sources.sql.transactions import Horizon

UUID_TABLE = "(id {uuid} primary key, created_at {time}, level varchar(20), message text)"
NUMBER_TABLE = "(id {serial} primary key, created_at {time}, level varchar(20), message text)"


class PostgreSQLTables:
    """Tables of PostgreSQL."""

    words: ClassVar = {"serial": "bigserial", "uuid": "uuid", "time": "timestamptz"}
    now = "clock_timestamp()"
    empty = "truncate table logs restart identity"

    def __init__(self, server) -> None:
        self.address = f"{server.address()}&"

    def connect(self):
        """Open a connection, in whose transaction statements run."""
        return dbapi.connect(self.address.rstrip("&"))


class MariaDBTables:
    """Tables of MariaDB."""

    words: ClassVar = {"serial": "bigint auto_increment", "uuid": "char(36)", "time": "datetime(6)"}
    now = "utc_timestamp(6)"
    empty = "truncate table logs"

    def __init__(self, server) -> None:
        self.address, self._server = f"{server.address}?", server

    def connect(self):
        """Open a connection, in whose transaction statements run."""
        return pymysql.connect(unix_socket=str(self._server.socket), user="root", database="app")


class SQLiteTables:
    """Tables of a SQLite file."""

    words: ClassVar = {"serial": "integer", "uuid": "text", "time": "text"}
    now = "strftime('%Y-%m-%d %H:%M:%f', 'now')"
    empty = "delete from logs"

    def __init__(self, path: Path) -> None:
        self.address, self._path = f"sqlite:///{path}?", path

    def connect(self):
        """Open a connection, in whose transaction statements run."""
        return sqlite3.connect(self._path)


def run(connection, *statements: str) -> None:
    """Run statements in the transaction of a connection."""
    cursor = connection.cursor()
    for statement in statements:
        cursor.execute(statement)
    cursor.close()


def commit(tables, *statements: str) -> None:
    """Run statements in a transaction of their own."""
    with closing(tables.connect()) as connection:
        run(connection, *statements)
        connection.commit()


def create(tables, columns: str) -> None:
    """Make the table anew."""
    commit(tables, "drop table if exists logs")
    commit(tables, f"create table logs{columns.format(**tables.words)}")


def rows(tables, *messages: str, level: str = "info", at: str | None = None) -> str:
    """Return the statement that adds rows with numbers as their keys."""
    values = ", ".join(f"({at or tables.now}, '{level}', '{message}')" for message in messages)
    return f"insert into logs(created_at, level, message) values {values}"


def uuid_rows(tables, *messages: str) -> str:
    """Return the statement that adds rows with random keys."""
    return "insert into logs(id, created_at, message) values " + ", ".join(
        f"('{uuid.uuid4()}', {tables.now}, '{message}')" for message in messages
    )


def follow(tables, **options) -> la.Tail:
    """Follow the table."""
    return la.tail(f"{tables.address}table=logs", **options)


def read(tail, count: int, seconds: float = 60) -> list[str]:
    """Return the messages that come, sorted, once there are so many, and what comes right after them."""
    messages: list[str] = []
    deadline = time.monotonic() + seconds
    while len(messages) < count and time.monotonic() < deadline:
        messages += tail.read(0.2)["message"].to_list()
    messages += tail.read(0.1)["message"].to_list()
    return sorted(messages)


@contextmanager
def open_transaction(tables, *statements: str):
    """Run statements in a transaction, and leave it open."""
    with closing(tables.connect()) as connection:
        run(connection, *statements)
        yield connection


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def tables(request, tmp_path, servers):
    """A database."""
    if request.param == "sqlite":
        return SQLiteTables(tmp_path / "logs.db")
    kinds = {"postgresql": PostgreSQLTables, "mariadb": MariaDBTables}
    return kinds[request.param](servers(request.param))


@pytest.fixture(params=["postgresql", "mariadb"])
def served(request, servers):
    """A database in which several write at once."""
    kinds = {"postgresql": PostgreSQLTables, "mariadb": MariaDBTables}
    return kinds[request.param](servers(request.param))


def test_keys_that_do_not_grow(tables):
    """Random keys are followed by the transaction or the time: all rows come, once, also after a break."""
    create(tables, UUID_TABLE)
    commit(tables, uuid_rows(tables, *[f"old{number}" for number in range(20)]))
    messages = sorted(f"new{number}" for number in range(100))
    with follow(tables) as tail:
        for message in messages[:50]:
            commit(tables, uuid_rows(tables, message))
        assert read(tail, 50) == messages[:50]
        cursor = json.loads(json.dumps(tail.cursor))
    commit(tables, uuid_rows(tables, *messages[50:]))
    with follow(tables, cursor=cursor) as tail:
        assert read(tail, 50) == messages[50:]


@pytest.mark.parametrize("level", [None, "error"])
def test_transactions_that_are_committed_late(served, level):
    """One row and 5,000, with others before and after them, and where most rows are left out by their level."""
    create(served, NUMBER_TABLE)
    many = sorted(f"many{number}" for number in range(5_000))
    others = sorted(f"other{number}" for number in range(100))
    with (
        follow(served, level=level) as tail,
        open_transaction(served, rows(served, "one", level="error")) as first,
        open_transaction(served, rows(served, *many, level="error")) as second,
    ):
        commit(served, rows(served, *[f"debug{number}" for number in range(2_000)], level="debug"))
        commit(served, *[rows(served, other, level="error") for other in others])
        wanted = len(others) + (0 if level else 2_000)
        assert [message for message in read(tail, wanted) if message.startswith("other")] == others
        first.commit()
        assert read(tail, 1) == ["one"]
        second.commit()
        assert read(tail, 5_000) == many


def test_a_transaction_that_began_before_the_tail(served):
    """What it commits is new, also what a savepoint in it wrote."""
    create(served, NUMBER_TABLE)
    savepoint = ["savepoint a", rows(served, "inner"), "release savepoint a"]
    with open_transaction(served, rows(served, "outer"), *savepoint) as connection:
        commit(served, rows(served, "before"))
        with follow(served) as tail:
            commit(served, rows(served, "after"))
            assert read(tail, 1) == ["after"]
            connection.commit()
            assert read(tail, 2) == ["inner", "outer"]


def test_a_cursor_knows_open_transactions(served):
    """What was open when it was saved comes when the next reader reads."""
    create(served, NUMBER_TABLE)
    with open_transaction(served, rows(served, "late")) as connection:
        commit(served, rows(served, "seen"))
        with follow(served, since="2000-01-01") as tail:
            assert read(tail, 1) == ["seen"]
            cursor = json.loads(json.dumps(tail.cursor))
        connection.commit()
    with follow(served, cursor=cursor) as tail:
        assert read(tail, 1) == ["late"]


def test_keys_that_begin_anew(tables):
    """Rows with keys that others had before come, also when they are more than those; and it is counted."""
    create(tables, NUMBER_TABLE)
    commit(tables, rows(tables, *[f"old{number}" for number in range(50)]))
    with follow(tables) as tail:
        for number, count in enumerate((5, 200), 1):
            messages = sorted(f"{number}-{row}" for row in range(count))
            commit(tables, tables.empty)
            commit(tables, rows(tables, *messages))
            assert read(tail, count) == messages
        assert tail.status["restarted"] >= 1


def test_numbers_of_deleted_rows_are_used_again(tmp_path):
    """SQLite gives the number of the last row again when that was deleted."""
    tables = SQLiteTables(tmp_path / "logs.db")
    create(tables, NUMBER_TABLE)
    commit(tables, rows(tables, *[f"old{number}" for number in range(100)]))
    with follow(tables) as tail:
        commit(tables, "delete from logs where id > 90", rows(tables, "a", "b"))
        assert read(tail, 2) == ["a", "b"]
        assert tail.status["restarted"] == 1


def test_deleted_rows_do_not_bring_others_again(tables):
    """Neither the last one, nor the old ones, nor all."""
    create(tables, NUMBER_TABLE)
    commit(tables, rows(tables, *[f"old{number}" for number in range(50)]))
    with follow(tables) as tail:
        for condition in ("id = 50", "id < 20", "id > 0"):
            commit(tables, f"delete from logs where {condition}")
            assert read(tail, 1, seconds=2.5) == []
        commit(tables, rows(tables, "new"))
        assert read(tail, 1) == ["new"]


def test_rows_of_another_time(tables):
    """One of next century does not hide those of today, and one without a time comes."""
    create(tables, UUID_TABLE)
    with follow(tables) as tail:
        commit(tables, f"insert into logs values ('{uuid.uuid4()}', '2099-01-01 00:00:00', 'info', 'future')")
        assert read(tail, 1) == ["future"]
        commit(tables, uuid_rows(tables, "today"))
        assert read(tail, 1) == ["today"]
        commit(tables, f"insert into logs values ('{uuid.uuid4()}', null, 'info', 'never')")
        assert read(tail, 1) == ["never"]


def test_a_view_of_postgresql_is_followed_by_its_key(servers):
    """Its rows do not say which transaction wrote them."""
    tables = PostgreSQLTables(servers("postgresql"))
    create(tables, NUMBER_TABLE)
    commit(tables, "create or replace view visible as select * from logs")
    address = f"{tables.address}table=visible&key=id"
    with la.tail(address) as tail, open_transaction(tables, rows(tables, "late")) as connection:
        commit(tables, rows(tables, "new"))
        assert read(tail, 1) == ["new"]
        connection.commit()
        assert read(tail, 1) == ["late"]
    commit(tables, "drop view visible")


def test_equal_rows_without_a_key_all_come(tmp_path):
    """They are counted."""
    tables = SQLiteTables(tmp_path / "logs.db")
    commit(tables, "create table logs(a text, b text, created_at text, message text, primary key (a, b))")
    row = "'2026-03-10 12:00:00', 'same')"
    with la.tail(f"{tables.address}query=select created_at, message from logs") as tail:
        commit(tables, f"insert into logs values ('1', '1', {row}, ('1', '2', {row}")
        assert read(tail, 2) == ["same", "same"]
        commit(tables, f"insert into logs values ('1', '3', {row}")
        assert read(tail, 1) == ["same"]


def test_a_condition_of_ones_own(served):
    """It leaves out rows, and loses none that are committed late."""
    create(served, NUMBER_TABLE)
    with (
        follow(served, query="level = 'error'") as tail,
        open_transaction(served, rows(served, "late", level="error")) as late,
    ):
        commit(served, rows(served, "other"), rows(served, "new", level="error"))
        assert read(tail, 1) == ["new"]
        late.commit()
        assert read(tail, 1) == ["late"]


def test_what_cannot_be_followed_is_refused_in_one_line(tmp_path):
    """A key that does not grow, and no time."""
    tables = SQLiteTables(tmp_path / "logs.db")
    commit(tables, "create table logs(id text primary key, message text)")
    with pytest.raises(InvalidArgumentError, match=r"key 'id' does not grow.*key=id or \?timestamp=") as error:
        follow(tables)
    assert "\n" not in str(error.value)


def test_a_writer_of_sqlite_is_not_held_up(tmp_path):
    """Between two reads nothing is locked."""
    tables = SQLiteTables(tmp_path / "logs.db")
    create(tables, NUMBER_TABLE)
    commit(tables, rows(tables, *map(str, range(100))))
    with follow(tables, since="2000-01-01") as tail:
        assert tail.read(5).height == 100
        with closing(sqlite3.connect(tmp_path / "logs.db", timeout=0)) as connection:
            run(connection, "begin exclusive", rows(tables, "new"))
            connection.commit()
        assert read(tail, 1) == ["new"]


@given(st.lists(st.tuples(st.integers(3, 60), st.booleans()), max_size=30), st.integers(3, 60))
def test_a_horizon_forgets_only_what_lies_before_it(transactions, number):
    """Numbers that were read stay so; those before the horizon need not be noted."""
    read_now = sorted({xid for xid, is_read in transactions if is_read})
    horizon = Horizon(number=3).advance(number, read_now)
    assert horizon.later == tuple(xid for xid in read_now if xid >= number)


def test_known_rows_are_bounded(monkeypatch):
    """When the oldest are forgotten, it is said from where on all are known."""
    import polars as pl

    monkeypatch.setattr("loganalytics.sources.sql.known_rows._MAX_ROWS", 10)
    known = KnownRows()
    lines = pl.DataFrame({"line": [f"l{n}" for n in range(15)], "key_text": [str(n) for n in range(15)]})
    places = lines.with_columns(order_text=pl.Series([str(n // 2) for n in range(15)]))
    nothing = pl.repeat(None, 15, dtype=pl.Float64, eager=True)
    assert known.add(known.identify(places), nothing, is_lasting=pl.repeat(False, 15, eager=True)) == "3"
    assert known.identify(places)["is_known"].sum() == 10


def test_the_overlap_is_as_long_as_the_oldest_transaction(servers):
    """Where the user may see the transactions of MariaDB: PROCESS."""
    server = servers("mariadb")
    tables = MariaDBTables(server)
    create(tables, NUMBER_TABLE)
    database = open_database(parse_address(f"{tables.address}table=logs"))
    with open_transaction(tables, rows(tables, "open")):
        assert database.open_transaction_seconds() is None
        server.run("grant process on *.* to 'me'@'localhost'")
        time.sleep(1)
        seen = open_database(parse_address(f"{tables.address}table=logs")).open_transaction_seconds()
        server.run("revoke process on *.* from 'me'@'localhost'")
        assert 1 <= seen < 60


def test_a_table_that_changes_is_read_on(tables):
    """A column is added, one is dropped, and the table is made anew under its name."""
    create(tables, NUMBER_TABLE)
    with follow(tables) as tail:
        commit(tables, "alter table logs add column extra varchar(20)", rows(tables, "more"))
        assert read(tail, 1) == ["more"]
        commit(tables, "alter table logs drop column level")
        tail.read(0.1)
        commit(tables, f"insert into logs(created_at, message) values ({tables.now}, 'less')")
        assert read(tail, 1) == ["less"]
        commit(tables, "drop table logs")
        tail.read(0.1)
        create(tables, NUMBER_TABLE)
        commit(tables, rows(tables, "a", "b"))
        assert read(tail, 2) == ["a", "b"]


def test_a_condition_that_cannot_be_read_is_an_error(served):
    """It is no table that changed."""
    create(served, NUMBER_TABLE)

    def follow_and_read() -> None:
        with follow(served, query="no_such_column = 1") as tail:
            commit(served, rows(served, "new"))
            read(tail, 1)

    with pytest.raises(InvalidArgumentError, match="cannot read the SQL"):
        follow_and_read()


@pytest.mark.parametrize("numbers", [(1, 21), (101, 121)])
def test_a_partition_that_is_attached_later_is_read_as_a_whole(servers, numbers):
    """Its rows were written before, by transactions that are long over; their keys are low or high."""
    tables = PostgreSQLTables(servers("postgresql"))
    commit(tables, "drop table if exists parts, part_1, part_2, part_3")
    columns = "(id bigint, message text)"
    commit(tables, f"create table parts{columns} partition by list (message)", f"create table part_2{columns}")
    commit(tables, "create table part_1 partition of parts for values in ('a')")
    commit(tables, "insert into parts values (50, 'a')")
    commit(tables, f"insert into part_2 select n, 'b' from generate_series({numbers[0]}, {numbers[1] - 1}) n")
    with la.tail(f"{tables.address}table=parts&key=id") as tail:
        commit(tables, "insert into parts values (51, 'a')")
        assert read(tail, 1) == ["a"]
        commit(tables, "alter table parts attach partition part_2 for values in ('b')")
        assert read(tail, 20) == ["b"] * 20
        commit(
            tables, "create table part_3 partition of parts for values in ('c')", "insert into parts values (1, 'c')"
        )
        assert read(tail, 1) == ["c"]
        cursor = json.loads(json.dumps(tail.cursor))
    commit(tables, "insert into parts values (52, 'a')")
    with la.tail(f"{tables.address}table=parts&key=id", cursor=cursor) as tail:
        assert read(tail, 1) == ["a"]


def test_a_table_that_took_the_name_is_read_as_a_whole(servers):
    """Its rows were written under another name before; and it is counted that it is another."""
    tables = PostgreSQLTables(servers("postgresql"))
    create(tables, NUMBER_TABLE)
    commit(tables, rows(tables, "old"), "drop table if exists logs_next, logs_old")
    commit(tables, "create table logs_next (like logs including all)")
    commit(tables, "insert into logs_next(id, created_at, message) values (1, now(), 'a'), (2, now(), 'b')")
    with follow(tables) as tail:
        commit(tables, rows(tables, "new"))
        assert read(tail, 1) == ["new"]
        commit(tables, "alter table logs rename to logs_old", "alter table logs_next rename to logs")
        assert read(tail, 2) == ["a", "b"]
        assert tail.status["restarted"] == 1
    commit(tables, "drop table logs", "drop table logs_old")


def test_nobody_waits_for_a_tail_that_waits(served):
    """Between two reads it holds no lock: a table can be emptied and altered."""
    create(served, NUMBER_TABLE)
    with follow(served) as tail:
        commit(served, rows(served, "a"))
        assert tail.read(20)["message"].to_list() == ["a"]
        timeout = "set lock_timeout = 5000" if isinstance(served, PostgreSQLTables) else "set lock_wait_timeout = 5"
        commit(served, timeout, "alter table logs add column extra varchar(20)")
