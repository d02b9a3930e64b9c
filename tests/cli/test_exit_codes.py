"""What a user gets wrong is one line, and exit code 2 or 3; 1 means findings, 70 a bug."""

from __future__ import annotations

import subprocess
import sys

import pytest

from loganalytics.cli import main as module
from loganalytics.cli.main import main

VERBS = [
    ["report"], ["export", "-o", "out.csv"], ["patterns"], ["errors"], ["trend"], ["anomalies"], ["sequences"],
    ["latency"],
    ["change-points"], ["coverage"], ["incident", "--window", "12:00", "12:01"],
    ["compare", "--baseline", "11:00", "12:00", "--incident", "12:00", "13:00"], ["trace", "req-1"], ["traces"],
    ["context", "--at", "app.log", "1"], ["steps"], ["sessions"], ["sql", "select 1"], ["sources"],
]  # fmt: skip
BAD = [
    "redis://127.0.0.1:abc",
    "redis+cluster://127.0.0.1:1",
    "none.log",
    "redis:/me:pw@host",
    "x://y",
    "postgresql://127.0.0.1:1/x",
]


def run(arguments: list[str]) -> int:
    """Run a command; argparse ends the process for what it cannot read."""
    try:
        return main(arguments)
    except SystemExit as error:
        return int(error.code or 0)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
def test_every_verb_refuses_a_source_that_is_none(verb, tmp_path, monkeypatch, capsys):
    """With 2 or 3, and without a traceback."""
    monkeypatch.chdir(tmp_path)
    for source in BAD:
        assert run([verb[0], source, *verb[1:]]) in (2, 3), source
    assert "Traceback" not in capsys.readouterr().err


def test_a_table_of_a_database_that_is_away(capsys):
    """Is unreachable, not a table with a note."""
    assert run(["sources", "postgresql://127.0.0.1:1/x?table=t"]) == 3
    assert "Connection refused" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["tail", "dashboard"])
@pytest.mark.parametrize("source", ["redis://127.0.0.1:abc", "redis:/me:pw@host", "x://y"])
def test_tail_and_dashboard_refuse_it_too(verb, source):
    """They read it in other ways; the dashboard before it starts."""
    command = [sys.executable, "-m", "loganalytics.cli", verb, source]
    process = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert process.returncode in (2, 3)
    assert "pw" not in process.stderr


FORMAT = "[[format]]\nname = 'x'\npattern = '(?P<timestamp>a)(?P<message>b)'\n"
FORMATS = [
    "pattern = 5", "format = 5", "format = ['x']", "[format]\nname = 'x'", "[[format]]\nname = 'x'\npattern = 5",
    "[[format]]\nname = 5\npattern = 'x'", "[[format]]\nname = 'x'\npattern = '('", "[[format]]\nname = 'x'\ntime = 5",
    "[[format]]\nname = 'x'\nlog_format = 5", f"{FORMAT}levels = 5", f"{FORMAT}levels = {{a = 5}}",
    f"{FORMAT}message = 'm'", f"{FORMAT}multiline = 'no'", "tz = 5", "tz = 'Nowhere'", "duration = {a = 5}",
    "duration = {a = ['us']}", "dayfirst = 'x'", "encoding = 5", "time = '%Q'", "x", "a = 1\na = 2", "\x00", "",
]  # fmt: skip


@pytest.mark.parametrize("content", FORMATS)
def test_formats_of_ones_own_that_are_none(content, tmp_path, capsys):
    """Wrong types, broken expressions, no TOML: the file is named."""
    (tmp_path / "app.log").write_text("2026-03-10 12:00:00 INFO started\n")
    (tmp_path / "own.toml").write_text(content)
    assert run(["trend", str(tmp_path / "app.log"), "--formats", str(tmp_path / "own.toml")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("loganalytics: ")
    assert "bug" not in error


@pytest.mark.parametrize("content", ["x", "'127.0.0.1' = 5", "['127.0.0.1']\npassword = ['a']", "\xff\xfe"])
def test_a_credentials_file_that_is_none(content, tmp_path, monkeypatch, capsys):
    """Is told, whoever asks."""
    file = tmp_path / "credentials.toml"
    file.write_text(content)
    file.chmod(0o600)
    monkeypatch.setenv("LOGANALYTICS_CREDENTIALS", str(file))
    for source in ("redis://127.0.0.1:1", "elasticsearch://127.0.0.1:1/x", "postgresql://127.0.0.1:1/x?table=t"):
        assert run(["sources", source]) == 2
    assert "bug" not in capsys.readouterr().err


def test_a_folder_in_the_place_of_a_file(tmp_path, monkeypatch, capsys):
    """Of formats, of credentials."""
    (tmp_path / "app.log").write_text("2026-03-10 12:00:00 INFO started\n")
    assert run(["trend", str(tmp_path / "app.log"), "--formats", str(tmp_path)]) == 2
    tmp_path.chmod(0o700)
    monkeypatch.setenv("LOGANALYTICS_CREDENTIALS", str(tmp_path))
    assert run(["sources", "redis://127.0.0.1:1"]) == 2
    assert "bug" not in capsys.readouterr().err


def test_a_bug_is_one_line_and_not_findings(monkeypatch, capsys):
    """With exit code 70; LOGANALYTICS_DEBUG shows where it happened."""

    def fail(_: object) -> int:
        raise RuntimeError("no\nidea")

    monkeypatch.setattr(module.formats, "_run_formats", fail)
    monkeypatch.delenv("LOGANALYTICS_DEBUG", raising=False)
    assert main(["formats", "app.log"]) == 70
    error = capsys.readouterr().err
    assert error.startswith("loganalytics: RuntimeError: no. This is a bug")
    assert error.count("\n") == 1
    monkeypatch.setenv("LOGANALYTICS_DEBUG", "1")
    assert main(["formats", "app.log"]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_formats_are_those_of_files(capsys):
    """A server has none, which is said rather than nothing."""
    assert main(["formats", "redis://127.0.0.1:1/0"]) == 2
    assert "is a server" in capsys.readouterr().err


def test_an_empty_name_is_no_folder(capsys):
    """It is a shell's variable that is not set."""
    assert main(["errors", ""]) == 2
    assert "is empty" in capsys.readouterr().err
