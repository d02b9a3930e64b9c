"""The command line, as a process: what people see, and exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

LOG = "".join(
    f"2026-03-10 12:{n // 60:02d}:{n % 60:02d},000 {'ERROR' if n % 50 == 0 else 'INFO'} [app.db] hello {n}\n"
    for n in range(600)
)


@pytest.fixture
def folder(tmp_path):
    """Make a folder with one log."""
    (tmp_path / "app.log").write_text(LOG)
    return tmp_path


def run(*arguments: str, cwd, stdin: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a folder."""
    command = [sys.executable, "-m", "loganalytics.cli", *arguments]
    return subprocess.run(
        command, cwd=cwd, input=stdin, capture_output=True, text=True, env=os.environ | environment, check=False
    )


def test_report_writes_a_file_and_prints_the_findings(folder):
    """`report` prints findings on standard output, what was read on standard error, and writes the report."""
    result = run("report", "app.log", "-o", "r.html", cwd=folder)
    assert result.returncode == 0, result.stderr
    assert "600 events" in result.stderr
    assert (folder / "r.html").stat().st_size > 100_000
    assert "Report: r.html" in result.stdout


@pytest.mark.parametrize("verb", ["trend", "patterns", "errors", "anomalies", "latency", "coverage"])
def test_every_table_verb_answers_in_every_format(folder, verb):
    """Each verb gives a table, JSON, JSON lines, CSV and Parquet."""
    for form in ("table", "csv"):
        assert run(verb, "app.log", "--format", form, cwd=folder).returncode == 0
    rows = json.loads(run(verb, "app.log", "--format", "json", cwd=folder).stdout)
    lines = run(verb, "app.log", "--format", "ndjson", cwd=folder).stdout.splitlines()
    assert [json.loads(line) for line in lines] == rows
    assert run(verb, "app.log", "--format", "parquet", "-o", "x.parquet", cwd=folder).returncode == 0
    assert (folder / "x.parquet").exists()


@pytest.mark.parametrize("by", ["http.route", "http.request.method"])
def test_windows_by_route(folder, by):
    """The routes are learnt where the log has no such column."""
    (folder / "requests.log").write_text(
        "".join(f"2026-03-10 12:00:{second:02} INFO app: GET /items/{second} 200\n" for second in range(30))
    )
    result = run("trend", "requests.log", "--by", by, "--every", "1m", "--format", "json", cwd=folder)
    assert [(row[by], row["events"]) for row in json.loads(result.stdout)] == [
        ({"http.route": "/items/<*>"}.get(by, "GET"), 30)
    ]


def test_selection(folder):
    """Time range, level, service and text cut down what is analysed."""
    options = ["--since", "2026-03-10 12:01", "--until", "2026-03-10 12:02", "--level", "error", "--service", "app"]
    result = run("trend", "app.log", *options, "--grep", "hello 1", "--every", "1m", "--format", "json", cwd=folder)
    assert [(row["events"], row["errors"]) for row in json.loads(result.stdout)] == [(1, 1)]


def test_standard_input(folder):
    """A dash reads a pipe."""
    result = run("trend", "-", "--every", "1h", "--format", "json", cwd=folder, stdin=LOG)
    assert json.loads(result.stdout)[0]["events"] == 600


def test_nothing_but_results_on_standard_output(folder):
    """In a pipe there is no progress bar and no colour, on either stream."""
    result = run("trend", "app.log", cwd=folder)
    assert "\x1b" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["report", "nothing.log"], "no file or folder 'nothing.log'"),
        (["trend", "app.log", "--every", "soon"], "'soon'"),
        (["trend", "app.log", "--since", "soon"], "'soon'"),
        (["trend", "app.log", "--level", "loud"], "no level 'loud'"),
        (["trend", "app.log", "--grep", "("], "not a valid regular expression"),
        (["trend", "app.log", "--tz", "Mars/Olympus"], "Mars/Olympus"),
        (["trend", "app.log", "--by", "colour"], "colour"),
        (["trend", "app.log", "--format", "parquet"], "Parquet is binary"),
        (["report", "app.log", "-o", "r.docx"], "docx"),
        (["export", "app.log", "-o", "r.docx"], "docx"),
        (["export", "app.log", "-o", "missing/r.csv"], "missing"),
        (["trend", "ftp://me:hunter2@host/app.log"], "ftp://host/app.log"),
        (["report", "app.log", "-o", "missing/r.html"], "missing/r.html"),
        (["dashboard", "nothing.log"], "no file or folder 'nothing.log'"),
    ],
)
def test_a_users_mistake_is_told_without_a_traceback(folder, arguments, message):
    """Usage and data errors exit with 2 and one line that names what was wrong."""
    result = run(*arguments, cwd=folder)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_fail_on(folder):
    """With --fail-on a finding of that severity exits with 1, else with 0."""
    assert run("report", "app.log", "--fail-on", "critical", cwd=folder).returncode == 0
    broken = "".join(f"2026-03-10 13:00:{n % 60:02d},000 CRITICAL [app.db] disk full\n" for n in range(400))
    (folder / "app.log").write_text(LOG + broken)
    assert run("report", "app.log", "--fail-on", "critical", cwd=folder).returncode == 1


def test_an_incomplete_source_exits_with_3(folder):
    """A broken archive is analysed as far as it goes, told, and not passed off as whole."""
    import gzip

    packed = gzip.compress((LOG + os.urandom(100_000).hex()).encode())
    (folder / "app.log.gz").write_bytes(packed[:-5000])
    result = run("trend", "app.log.gz", cwd=folder)
    assert result.returncode == 3
    assert "unreadable after" in result.stderr


def test_export(folder):
    """`export` writes what the selection keeps, tells how much, and what it wrote is a source again."""
    result = run("export", "app.log", "--level", "error", "-o", "lake/", cwd=folder)
    assert (result.returncode, result.stdout) == (0, "Export: lake/ (12 events in 1 file)\n"), result.stderr
    assert "600 events" in result.stderr
    assert (folder / "lake" / "date=2026-03-10" / "part-0.parquet").exists()
    again = run("export", "lake", "-o", "-", "--format", "ndjson", cwd=folder)
    assert {json.loads(line)["level"] for line in again.stdout.splitlines()} == {"ERROR"}
    assert run("export", "app.log", "-o", "lake", cwd=folder).returncode == 2
    assert run("export", "app.log", "-o", "lake", "--append", cwd=folder).returncode == 0
    assert (
        run("export", "-", "-o", "all.csv", cwd=folder, stdin=LOG).stdout == "Export: all.csv (600 events in 1 file)\n"
    )


def test_what_was_skipped_is_summed_up(folder):
    """Doubles and files outside the time range are one line each, not one a file."""
    (folder / "copy.log").symlink_to(folder / "app.log")
    for day in (1, 2, 3):
        (folder / f"app.log-2026030{day}").write_text(LOG.replace("2026-03-10", f"2026-03-0{day}"))
    result = run("trend", ".", "--since", "2026-03-10", "--format", "csv", cwd=folder)
    assert "Skipped 3 that lie outside the time range: app.log-20260301" in result.stderr
    assert "Skipped 1 that repeat another: copy.log." in result.stderr


def test_csv_guards_against_formulas(folder):
    """Text that a spreadsheet would run as a formula gets an apostrophe."""
    (folder / "app.log").write_text("2026-03-10 12:00:00,000 INFO [app.db] =cmd|'/c calc'!A0\n")
    assert "'=cmd" in run("patterns", "app.log", "--format", "csv", cwd=folder).stdout


def test_version(tmp_path):
    """--version names the version of the package."""
    import loganalytics

    assert run("--version", cwd=tmp_path).stdout.strip() == f"loganalytics {loganalytics.__version__}"


def test_a_catalogue_marks_what_earlier_runs_have_not_seen(folder):
    """Made with --update, read by the next run; a catalogue that is not there is told."""
    options = ["--catalogue", "seen.parquet", "--format", "json"]
    missing = run("patterns", "app.log", *options, cwd=folder)
    assert missing.returncode == 2
    assert "no catalogue" in missing.stderr
    first = run("patterns", "app.log", *options, "--update", cwd=folder)
    assert [row["is_known"] for row in json.loads(first.stdout)] == [False]
    (folder / "new.log").write_text(LOG + "2026-03-10 13:00:00,000 ERROR [app.db] disk full\n")
    later = run("patterns", "new.log", *options, cwd=folder)
    assert {row["template"]: row["is_known"] for row in json.loads(later.stdout)} == {
        "hello <*>": True,
        "disk full": False,
    }
    errors = run("errors", "new.log", *options, cwd=folder)
    assert {row["label"]: row["is_new"] for row in json.loads(errors.stdout)} == {"hello <*>": False, "disk full": True}


def test_values_behind_the_wildcards_of_a_pattern(folder):
    """By the id that `patterns` shows; another id is a mistake that is told."""
    (pattern,) = json.loads(run("patterns", "app.log", "--format", "json", cwd=folder).stdout)
    (row,) = json.loads(
        run("patterns", "app.log", "--values", pattern["template_id"], "--format", "json", cwd=folder).stdout
    )
    assert (row["kind"], row["distinct"], row["max"]) == ("integer", 600, 599.0)
    assert run("patterns", "app.log", "--values", "none", cwd=folder).returncode == 2
    assert run("patterns", "app.log", "--update", cwd=folder).returncode == 2
