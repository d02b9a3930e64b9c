"""The command line for people: tables that can be read, and what is told when there is nothing to show."""

from __future__ import annotations

import sqlite3

from test_cli import folder, run

__all__ = ["folder"]


def test_a_field_that_no_event_has_is_told(folder):
    """A condition on a missing field keeps nothing, or all when negated, and the field is named."""
    none = run("errors", "app.log", "--where", "colour=red", cwd=folder)
    assert (none.returncode, none.stdout) == (0, "Nothing found.\n")
    assert "No event has the field 'colour'" in none.stderr
    every = run("coverage", "app.log", "--where", "colour!=red", "--format", "csv", cwd=folder)
    assert ",600," in every.stdout


def test_an_unknown_trace_is_told(folder):
    """A trace that is not there is named, with where to find those that are."""
    result = run("trace", "app.log", "r-17", cwd=folder)
    assert result.stdout == "Nothing found.\n"
    assert "No event has the trace id 'r-17'" in result.stderr


def test_times_stay_in_one_piece_at_120_columns(folder):
    """The table of errors keeps times and counts whole in a narrow terminal."""
    lines = run("errors", "app.log", cwd=folder, COLUMNS="120").stdout.splitlines()
    assert max(map(len, lines)) <= 120
    assert any("2026-03-10 12:00:00   2026-03-10 12:09:10" in line for line in lines)


def test_numbers_are_never_cut_off(folder):
    """A table with more columns than the terminal holds folds its cells and loses none of their digits."""
    lines = run("coverage", "app.log", cwd=folder, COLUMNS="80").stdout.splitlines()
    rule = next(number for number, line in enumerate(lines) if "────" in line)
    digits = sorted("".join(filter(str.isdigit, "".join(lines[rule + 1 :]))))
    wide = run("coverage", "app.log", cwd=folder, COLUMNS="300").stdout.splitlines()
    assert digits == sorted(filter(str.isdigit, wide[-2]))


def test_tables_of_a_database_are_no_files(folder):
    """What was read of a server is called a source."""
    with sqlite3.connect(folder / "app.db") as database:
        database.execute("create table logs (timestamp text, level text, message text)")
        database.execute("insert into logs values ('2026-03-10 12:00:00', 'ERROR', 'disk full')")
    assert "of 1 source: 1 events" in run("trend", "sqlite:///app.db", cwd=folder).stderr


def test_events_without_a_time_are_told_first(folder):
    """When more than half of the events have no time, the first line says so; at half it does not."""
    (folder / "odd.jsonl").write_text('{"level": "error", "msg": "disk full"}\n' * 3)
    result = run("errors", "odd.jsonl", cwd=folder)
    assert result.stderr.startswith("None of 3 events has a time, so nothing can be said of when they happened.")
    half = '{"msg": "a"}\n{"time": "2026-03-10T12:00:00Z", "msg": "b"}\n'
    (folder / "half.jsonl").write_text(half)
    assert run("errors", "half.jsonl", cwd=folder).stderr.startswith("Read 2 lines")


def test_a_report_of_events_without_a_time_gives_no_all_clear(folder):
    """The verdict says that most events have no time before it says anything else."""
    (folder / "odd.jsonl").write_text('{"level": "info", "msg": "up"}\n' * 4)
    result = run("report", "odd.jsonl", "-o", "page.md", cwd=folder)
    assert "None of 4 events has a time" in (folder / "page.md").read_text().split("\n## ")[0]
    assert result.stdout.startswith("None of 4 events has a time")
    assert result.returncode == 0
