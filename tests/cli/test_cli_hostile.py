"""Hostile logs on the command line: nothing in them reaches the terminal, a page or a spreadsheet but text."""

from __future__ import annotations

import csv
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from loganalytics.cli.main import main

ESCAPES = "\x1b[31mred\x1b]8;;https://evil.example\x07link\x1b]8;;\x07 \x9b2J"
MARKS = "a\rb\u202egnp.exe\u202c\u2066x\u2069\u200e\0\x7f"
HOSTILE = f"{ESCAPES} {MARKS} [bold]markup[/bold] [/]"
FORBIDDEN = {*"\x1b\x9b\r\0\x7f\u202e\u202c\u2066\u2069\u200e\x07"}
NAME = "app-\x1b[31m\u202e\u2066.log"
FIELD = "=cmd()[/]"  # a formula, and broken markup; a name with controls is not made a column
COLUMN = "\u202e=cmd()\x1b[31m[/]"  # but a query can name one


def unsafe(output: str) -> set[str]:
    """Return the characters of an output that a terminal would obey, and lone surrogates."""
    return {character for character in output if character in FORBIDDEN or 0xD800 <= ord(character) < 0xE000}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write an hour of calm and one of hostile errors, in a file whose name is hostile too."""
    folder = tmp_path_factory.mktemp("hostile")
    rows = [
        {"timestamp": f"2026-03-10T11:{n:02}:{second:02}Z", "level": "INFO", "service": "web", "message": "ok",
         "trace_id": f"calm-{n}"}
        for n in range(60) for second in (0, 30)
    ] + [
        {"timestamp": f"2026-03-10T12:{n % 60:02}:{n % 50:02}Z", "level": "ERROR", "service": HOSTILE,
         "logger": HOSTILE, "message": HOSTILE, "exception": f"Error: {HOSTILE}\n  at x\n    {HOSTILE}",
         "trace_id": f"r-{n // 4} {HOSTILE}", "duration_ms": n, FIELD: HOSTILE}
        for n in range(120)
    ]  # fmt: skip
    (folder / NAME).write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "\x1b[31m\u202eimage.log").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    return folder


INCIDENT = ["--from", "2026-03-10 12:00", "--to", "2026-03-10 13:00"]
TABLES = [
    "patterns",
    "errors",
    "trend",
    "anomalies",
    "sequences",
    "latency",
    "coverage",
    "traces",
    "compare",
    "sources",
]


def arguments_of(verb: str, log: Path) -> list[str]:
    """Return a command line for a verb."""
    options = {"compare": INCIDENT, "incident": INCIDENT, "sources": ["--tz", "UTC"]}
    return [verb, str(log), *options.get(verb, [])]


@pytest.mark.parametrize("verb", [*TABLES, "incident", "formats", "tail"])
def test_nothing_hostile_reaches_the_terminal(log, verb, capsys):
    """Neither in the answer nor in what is said of the files, of which one cannot be read."""
    options = {"tail": ["--since", "2026-01-01", "--until-idle", "0.2s"]}
    assert main([*arguments_of(verb, log), *options.get(verb, [])]) == 0
    printed = capsys.readouterr()
    assert unsafe(printed.out) == set()
    assert unsafe(printed.err) == set()
    if verb in ("tail", "errors", "patterns", "incident"):
        assert "[bold]markup[/bold]" in " ".join(printed.out.split())


def test_following_a_request_and_its_context(log, capsys):
    """Also the id of a request, which comes from the log, and a column of a query."""
    assert main(["traces", str(log), "--format", "json"]) == 0
    request = next(row["trace_id"] for row in json.loads(capsys.readouterr().out) if row["errors"])
    assert main(["trace", str(log), request]) == 0
    assert main(["sql", str(log), f"""select *, 1 as "{COLUMN}" from logs where level = 'ERROR'"""]) == 0
    assert main(["sql", str(log), "select source, \"offset\" from logs where level = 'ERROR'", "--format", "json"]) == 0
    place = json.loads(capsys.readouterr().out.rpartition("[{")[2].join(("[{", "")))[0]
    assert main(["context", str(log), "--at", place["source"], place["offset"]]) == 0
    printed = capsys.readouterr()
    assert unsafe(printed.out + printed.err) == set()


@pytest.mark.parametrize("suffix", [".html", ".md", ".json"])
@pytest.mark.parametrize("verb", ["report", "incident"])
def test_nothing_hostile_is_in_a_page(log, verb, suffix, tmp_path, capsys):
    """In the title, which names the file, as little as in the tables."""
    page = tmp_path / f"page{suffix}"
    assert main([verb, str(log / NAME), *(INCIDENT if verb == "incident" else []), "-o", str(page)]) == 0
    assert unsafe(page.read_text(encoding="utf-8")) == set()
    printed = capsys.readouterr()
    assert unsafe(printed.out + printed.err) == set()


def test_a_spreadsheet_shows_text_only(log, tmp_path, capsys):
    """Cells and header alike: no controls, no formula; in a table as in an export."""
    query = f"""select *, 1 as "{COLUMN}" from logs where level = 'ERROR'"""
    assert main(["sql", str(log), query, "--format", "csv", "-o", str(tmp_path / "table.csv")]) == 0
    assert main(["export", str(log), "-o", str(tmp_path / "export.csv")]) == 0
    for name in ("table.csv", "export.csv"):
        content = (tmp_path / name).read_text(encoding="utf-8")
        assert unsafe(content) == set()
        header = next(csv.reader(content.splitlines()))
        assert header.count("'=cmd()[/]") == 1
        assert ("'=cmd()[/] (2)" in header) == (name == "table.csv")
        assert not [cell for cell in header if cell.startswith(("=", "+", "-", "@"))]


def test_json_is_data_and_still_harmless(log, capsys):
    """Nothing is lost: what a terminal would obey is escaped."""
    assert main(["sql", str(log), "select message from logs where level = 'ERROR'", "--format", "ndjson"]) == 0
    output = capsys.readouterr().out
    assert unsafe(output) == set()
    assert {json.loads(line)["message"] for line in output.splitlines()} == {HOSTILE}


def test_json_exported_to_a_terminal_is_escaped(log):
    """Into a file it is written as it is; on a terminal it would be obeyed."""
    leader, terminal = pty.openpty()
    command = [sys.executable, "-m", "loganalytics.cli", "export", str(log), "-o", "-", "--format", "ndjson"]
    with subprocess.Popen([*command, "--level", "error", "--until", "2026-03-10 12:03"], stdout=terminal) as process:
        os.close(terminal)
        output = b""
        while not output.endswith(b"}\r\n") or process.poll() is None:
            try:
                output += os.read(leader, 65536)
            except OSError:
                break
    os.close(leader)
    lines = output.decode().split("\r\n")[:-1]
    assert unsafe("".join(lines)) == set()
    assert {json.loads(line)["message"] for line in lines} == {HOSTILE}


@pytest.mark.parametrize(
    "arguments",
    [
        ["trend", "missing-\x1b[31m\u202e.log"],
        ["trend", "missing-\udcff.log"],
        ["trend", "ftp://host/\x1b[31m\u202e"],
        ["report", "{log}", "-o", "/no/such/\x1b[31m\u202e/r.html"],
        ["trend", "{log}", "--where", "\x1b[31m\u202e=1"],
        ["context", "{log}", "--at", "\x1b[31m\u202e", "1"],
        ["trace", "{log}", "\x1b[31m\u202e"],
    ],
)  # fmt: skip
def test_an_error_quotes_nothing_hostile(log, arguments, capsys):
    """What is wrong may be the name of a file or of a field."""
    main([argument.format(log=log) for argument in arguments])
    printed = capsys.readouterr()
    assert printed.err
    assert unsafe(printed.out + printed.err) == set()
