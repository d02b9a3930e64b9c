"""Tails of files: rotation, truncation, copies, restarts; nothing lost, nothing twice."""

from __future__ import annotations

import gzip
import os
import random
import shutil
from pathlib import Path

import polars as pl
import pytest

import loganalytics as la
from loganalytics.exceptions import InvalidArgumentError


def line(number, text="message"):
    """Return one line in a known format."""
    return f"2026-03-10 12:{number // 60 % 60:02d}:{number % 60:02d},123 INFO [app.jobs] {text} {number}\n"


def append(path, text):
    """Write to the end of a file, as a logger does that opens it anew."""
    with path.open("a") as file:
        file.write(text)


def drain(tail, idle=0.45):
    """Return the messages and the offsets of all that comes until nothing comes."""
    found = []
    while (batch := tail.read(idle)).height:
        found += batch.select("message", "offset").rows()
    return found


def numbers(rows):
    """Return the numbers in messages."""
    return [int(message.rsplit(" ", 1)[1]) for message, _ in rows]


@pytest.fixture
def log(tmp_path):
    """A log with one line that is not new."""
    path = tmp_path / "app.log"
    path.write_text(line(0))
    return path


def test_new_lines(log):
    """From the end on, typed, numbered as load() numbers them."""
    with la.tail(log) as tail:
        append(log, line(1) + line(2))
        batch = tail.read(3)
        assert batch["message"].to_list() + [m for m, _ in drain(tail)] == ["message 1", "message 2"]
        assert batch.row(0, named=True)["logger"] == "app.jobs"
    whole = la.load(log)
    assert batch.select("source", "offset").rows() == whole.select("source", "offset").rows()[1 : 1 + batch.height]


def test_since_begins_at_the_beginning(log):
    """And keeps what is not older."""
    append(log, line(1) + line(2))
    with la.tail(log, since="2026-03-10 12:00:02", idle=0.4) as tail:
        assert [row for batch in tail for row in batch["message"]] == ["message 2"]


def test_a_file_that_is_not_there_yet(tmp_path):
    """Is read from its beginning when it comes."""
    with la.tail(tmp_path / "new.log") as tail:
        assert tail.read(0.1).is_empty()
        append(tmp_path / "new.log", '{"level": "error", "msg": "x"}\n')
        assert tail.read(3).select("level", "message").row(0) == ("ERROR", "x")


def test_half_a_line_is_held(log):
    """Until its end comes; bytes of a character that is cut in two are not broken."""
    text = line(1, "caffè").encode()
    with la.tail(log) as tail, log.open("ab", buffering=0) as file:
        cut = text.index("è".encode()) + 1
        file.write(text[:cut])
        assert tail.read(0.5).is_empty()
        file.write(text[cut:])
        assert tail.read(3)["message"].to_list() == ["caffè 1"]


def test_containers_that_write_at_once_keep_their_stack_traces(tmp_path):
    """Lines of one come between those of another, read at different times."""
    log = tmp_path / "compose.log"
    log.write_text("".join(f"web-1  | {line(n)}" for n in range(3)))
    with la.tail(log) as tail:
        append(log, f"web-1  | {line(3).replace('INFO', 'ERROR')}web-1  | Traceback (most recent call last):\n")
        append(log, f"api-1  | {line(4)}")
        rows = drain(tail, 0.05)
        append(log, f"web-1  | KeyError: 'sku'\nweb-1  | {line(5)}")
        rows += drain(tail, 2)
    assert sorted(numbers(rows)) == [3, 4, 5]


def test_an_event_of_several_lines_is_held(log):
    """Until the next begins or nothing came for a moment."""
    with la.tail(log) as tail:
        append(log, line(1).replace("INFO", "ERROR") + "Traceback (most recent call last):\n")
        append(log, '  File "x"\nValueError: y\n')
        row = tail.read(3)
        assert row["exception"].to_list() == ['Traceback (most recent call last):\n  File "x"\nValueError: y']
        append(log, line(2) + "Traceback:\n  a\n" + line(3))
        assert numbers(drain(tail)) == [2, 3]


def test_rotation_by_rename(log):
    """What is still written to the renamed file comes too, and line numbers go on."""
    with la.tail(log) as tail, log.open("a") as old:
        for generation in range(1, 4):
            log.rename(log.with_name(f"app.log.{generation}"))
            old.write(line(2 * generation))
            old.flush()
            append(log, line(2 * generation + 1))
            found = drain(tail)
            assert numbers(found) == [2 * generation, 2 * generation + 1]
            old.close()
            old = log.open("a")
        old.close()
    places = tail.cursor["readers"]["files"]["files"]
    assert len({(place["device"], place["inode"]) for place in places}) == len(places)


def test_copy_and_truncate(log):
    """What was written before the copy and not read yet is read from the copy."""
    with la.tail(log.parent) as tail:
        append(log, line(1))
        assert numbers(drain(tail)) == [1]
        append(log, line(2))
        shutil.copy(log, log.with_name("app.log.1"))
        os.truncate(log, 0)
        append(log, line(3))
        found = drain(tail, 1.3)
        assert numbers(found) == [2, 3]
        assert tail.status["truncated"] == 0


def test_truncation_without_a_copy(log):
    """Is read from the beginning and counted."""
    append(log, line(1) * 10)
    with la.tail(log) as tail:
        log.write_text(line(2))
        assert numbers(drain(tail)) == [2]
        assert tail.status["truncated"] == 1


def test_a_folder_with_new_files(tmp_path):
    """New files are read from their beginning; packed ones, and renamed ones, not again."""
    append(tmp_path / "a.log", line(0))
    with la.tail(tmp_path) as tail:
        append(tmp_path / "b.log", line(1))
        (tmp_path / "a.log").rename(tmp_path / "a.log.1")
        with gzip.open(tmp_path / "a.log.2.gz", "wt") as packed:
            packed.write(line(7))
        assert numbers(drain(tail, 1.3)) == [1]


def test_what_looks_like_no_log_in_a_folder(tmp_path):
    """Is not followed, as load() does not read it; one that is named is, and so is one that turns out to be a log."""
    append(tmp_path / "a.log", line(0))
    append(tmp_path / "notes.md", "# Notes\n")
    with la.tail(tmp_path) as tail, la.tail(tmp_path / "notes.md") as named:
        append(tmp_path / "notes.md", "Buy milk, and call the office about the new desks.\n" * 40)
        append(tmp_path / "todo", "Water the plants.\n" * 100)
        append(tmp_path / "worker", line(1))
        append(tmp_path / "a.log", line(2))
        assert sorted(numbers(drain(tail, 1.3))) == [1, 2]
        assert named.read(2)["message"].str.contains("Buy milk").all()
        assert {Path(name).name for name in la.load(tmp_path)["source"].unique()} == {"a.log", "worker"}


@pytest.mark.parametrize("packed", [False, True])
def test_going_on_after_a_rotation_in_between(log, packed):
    """The rest of the file that was being read, the files between, and the new one; also where the first was packed."""
    with la.tail(log) as tail:
        append(log, line(1))
        seen = drain(tail)
    append(log, line(2))
    if packed:
        with log.open("rb") as plain, gzip.open(log.with_name("app.log.2.gz"), "wb") as out:
            shutil.copyfileobj(plain, out)
        log.unlink()
    else:
        log.rename(log.with_name("app.log.2"))
        append(log, line(3))
        log.rename(log.with_name("app.log.1"))
    append(log, line(4))
    with la.tail(log, cursor=tail.cursor) as tail:
        seen += drain(tail)
        assert tail.status["missing"] == 0
    assert numbers(seen) == ([1, 2, 4] if packed else [1, 2, 3, 4])
    assert len({offset for _, offset in seen}) == len(seen)


def test_a_file_of_the_cursor_that_is_gone_is_counted(log):
    """Its rest is lost, and the status says so."""
    with la.tail(log) as tail:
        append(log, line(1))
        drain(tail)
    log.unlink()
    append(log, line(2, "another beginning"))
    with la.tail(log, cursor=tail.cursor) as tail:
        assert numbers(drain(tail)) == [2]
        assert tail.status["missing"] == 1


def test_rotated_at_random_and_restarted(log):
    """Whatever the order of writing, rotating, reading and restarting: each line once, in order."""
    rng = random.Random(5)
    tail, seen, written, rotated = la.tail(log), [], 0, 0
    for _ in range(60):
        step = rng.random()
        if step < 0.5:
            count = rng.randrange(1, 6)
            append(log, "".join(line(written + n + 1) for n in range(count)))
            written += count
        elif step < 0.65:
            rotated += 1
            for number in range(rotated, 1, -1):
                log.with_name(f"app.log.{number - 1}").rename(log.with_name(f"app.log.{number}"))
            log.rename(log.with_name("app.log.1"))
            append(log, line(written + 1))
            written += 1
        elif step < 0.9:
            seen += tail.read(0.02).select("message", "offset").rows()
        else:
            tail.close()
            tail = la.tail(log, cursor=tail.cursor)
    seen += drain(tail)
    tail.close()
    assert rotated > 3
    assert numbers(seen) == list(range(1, written + 1))
    assert len({offset for _, offset in seen}) == written


def test_bytes_that_are_not_utf8_are_counted(log):
    """As load() does."""
    with la.tail(log) as tail, log.open("ab") as file:
        file.write(line(1).encode().replace(b"message", b"caf\xff\x80\x81"))
        file.flush()
        assert tail.read(3)["message"].to_list() == ["caf\ufffd\ufffd\ufffd 1"]
        assert tail.status["invalid_utf8"] == 1


def test_what_cannot_be_followed():
    """Object stores, and a standard input that is no file."""
    for source in ("-", "s3://bucket/app.log"):
        with pytest.raises(InvalidArgumentError, match="be followed"):
            la.tail(source)


def test_batches_fit_together(log):
    """Their core columns have one schema."""
    with la.tail([log, log.parent / "other.log"]) as tail:
        append(log, line(1))
        append(log.parent / "other.log", "2026-03-10T12:00:00Z level=info msg=x n=1\n")
        frames = [tail.read(3), tail.read(1.5)]
        assert pl.concat(frames, how="diagonal_relaxed").height == 2


def test_the_second_hour_of_a_night_when_clocks_go_back_is_known_after_a_restart(tmp_path):
    """The cursor holds the time of the last event: 01:10 after 01:40 is an hour later, not earlier."""
    path = tmp_path / "app.log"
    path.write_text("2024-11-03 01:40:00,000 INFO [app] before\n2024-11-03 01:10:00,000 INFO [app] after\n")
    with la.tail(path, since="2024-01-01", tz="America/New_York") as tail:
        assert len(drain(tail, 2)) == 2
        cursor = tail.cursor
    append(path, "2024-11-03 01:20:00,000 INFO [app] later\n")
    with la.tail(path, cursor=cursor, tz="America/New_York") as tail:
        batch = tail.read(9)
    assert batch["timestamp"].dt.strftime("%H:%M").to_list() == ["06:20"]
    assert batch["timestamp"].to_list() == la.load(path, tz="America/New_York")["timestamp"].to_list()[2:]


def test_a_crash_has_the_time_of_the_event_before_that_was_handed_out(tmp_path):
    """In a log of several containers, each has that of its own, as in load()."""
    path = tmp_path / "app.log"
    path.write_text("web-1  | " + line(1) + "api-1  | " + line(7))
    with la.tail(path, since="2026-01-01") as tail:
        assert len(drain(tail, 2)) == 2
        append(path, "web-1  | panic: boom\nweb-1  | \nweb-1  | goroutine 1 [running]:\n")
        crash = tail.read(9).row(0, named=True)
    assert (crash["message"], crash["timestamp"].second, crash["timestamp.inferred"]) == ("panic: boom", 1, True)
    loaded = la.load(path).row(2, named=True)
    assert {name: loaded[name] for name in crash} == crash
