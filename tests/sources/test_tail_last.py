"""A tail that begins with the last lines, whatever their times."""

from __future__ import annotations

import datetime as dt
import sqlite3

import polars as pl
import pytest

import loganalytics as la
from loganalytics.exceptions import InvalidArgumentError


def lines_of(tail) -> list[str]:
    """Return the messages of all that comes until nothing comes."""
    return [message for batch in tail for message in batch["message"].to_list()]


def write_lines(path, count: int, *, encoding: str = "utf-8", first: int = 0) -> None:
    """Write numbered lines, of years ago."""
    with path.open("a", encoding=encoding) as file:
        file.writelines(f"2019-03-10 12:00:00 INFO line {n}\n" for n in range(first, first + count))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_file_begins_with_its_last_lines(tmp_path, encoding):
    """However old they are, with their numbers in the file; what is written later follows."""
    path = tmp_path / "app.log"
    write_lines(path, 500, encoding=encoding)
    with la.tail(path, last=3, idle=0.5, encoding=encoding) as tail:
        events = pl.concat(list(tail))
        assert events["message"].to_list() == ["line 497", "line 498", "line 499"]
        assert events["offset"].to_list() == ["498", "499", "500"]
        write_lines(path, 2, encoding=encoding, first=500)
        assert lines_of(tail) == ["line 500", "line 501"]


def test_a_file_of_fewer_lines_is_read_as_a_whole(tmp_path):
    """From its first line on."""
    path = tmp_path / "app.log"
    write_lines(path, 2)
    with la.tail(path, last=100, idle=0.5) as tail:
        assert lines_of(tail) == ["line 0", "line 1"]


def test_of_very_long_lines_fewer_come_and_none_is_cut(tmp_path):
    """A file is not read back without end for them."""
    path = tmp_path / "app.log"
    path.write_text("".join(f"2019-03-10 12:00:00 INFO line {n} {'x' * 900_000}\n" for n in range(10)))
    with la.tail(path, last=100, idle=0.5) as tail:
        messages = lines_of(tail)
    assert 3 <= len(messages) < 10
    assert {len(message) for message in messages} == {len("line 0 ") + 900_000}
    assert messages[-1].startswith("line 9 ")


def test_lines_without_a_time_come(tmp_path):
    """A beginning in time would leave them out, and those that come later as well."""
    path = tmp_path / "app.log"
    path.write_text("one\ntwo\n")
    with la.tail(path, last=1, idle=0.5) as tail:
        assert next(iter(tail))["message"].to_list() == ["two"]
        with path.open("a") as file:
            file.write("three\n")
        assert lines_of(tail) == ["three"]


def test_a_stream_begins_with_its_last_entries(redis, valkey):
    """Also of those whose time is long past; none counts as lost."""
    ids = [redis.xadd("s", {"message": f"m{n}", "timestamp": "2019-03-10T12:00:00Z"}).decode() for n in range(150)]
    with la.tail(f"{valkey.address}?stream=s", last=100, idle=0.3) as tail:
        assert [offset for batch in tail for offset in batch["offset"].to_list()] == ids[-100:]
        assert tail.status["lost"] == 0


def test_an_empty_stream_is_waited_for(redis, valkey):
    """All its entries were deleted."""
    redis.xtrim("s", maxlen=0) if redis.xadd("s", {"message": "gone"}) else None
    with la.tail(f"{valkey.address}?stream=s", last=4, idle=0.3) as tail:
        redis.xadd("s", {"message": "new"})
        assert lines_of(tail) == ["new"]


def test_a_table_begins_shortly_before_its_last_event(tmp_path):
    """A quarter of an hour; the rows before it are not read."""
    path = tmp_path / "logs.sqlite"
    start = dt.datetime(2019, 3, 10, 12, tzinfo=dt.UTC)
    with sqlite3.connect(path) as database:
        database.execute("create table logs (id integer primary key, timestamp text, message text)")
        rows = [(n, (start + n * dt.timedelta(minutes=10)).isoformat(), f"row {n}") for n in range(20)]
        database.executemany("insert into logs values (?, ?, ?)", rows)
    with la.tail(f"sqlite://{path}?table=logs", last=5, idle=1.0) as tail:
        assert lines_of(tail) == ["row 18", "row 19"]


def test_a_cursor_is_gone_on_from(tmp_path):
    """What was read does not come again."""
    path = tmp_path / "app.log"
    write_lines(path, 10)
    with la.tail(path, last=5, idle=0.5) as tail:
        assert len(lines_of(tail)) == 5
    write_lines(path, 1, first=10)
    with la.tail(path, last=5, cursor=tail.cursor, idle=0.5) as tail:
        assert lines_of(tail) == ["line 10"]


def test_two_beginnings_are_refused(tmp_path):
    """Which of them was meant is not guessed."""
    with pytest.raises(InvalidArgumentError, match="last="):
        la.tail(tmp_path / "app.log", last=5, since="1h")
