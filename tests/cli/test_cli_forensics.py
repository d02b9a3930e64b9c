"""The verbs that look into an incident and follow things through the logs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

CALM = [
    {
        "timestamp": f"2026-03-10T{11 + i // 60:02}:{i % 60:02}:00Z", "level": "INFO", "service": "web",
        "message": "ok", "trace_id": f"req-{i // 4:06}", "user_id": i % 3,
        "job_run_id": i // 8, "step": ["build", "test"][i // 4 % 2],
    }
    for i in range(120)
]  # fmt: skip
BROKEN = [
    {
        "timestamp": f"2026-03-10T12:{i % 30:02}:{i % 60:02}Z", "level": "ERROR", "service": "db",
        "message": "disk full", "trace_id": f"req-{i:06}",
    }
    for i in range(60)
]  # fmt: skip
RANGE = ["--from", "2026-03-10 12:00", "--to", "2026-03-10 12:30"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with a log."""
    folder = tmp_path_factory.mktemp("logs")
    (folder / "app.log").write_text("".join(json.dumps(line) + "\n" for line in CALM + BROKEN))
    return folder


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line in a folder."""
    command = [sys.executable, "-m", "loganalytics.cli", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("arguments", "column", "rows"),
    [
        (["change-points", "app.log", "--every", "5m"], "window", None),
        (["compare", "app.log", *RANGE], "subject", None),
        (["compare", "app.log", *RANGE, "--baseline", "2026-03-10 11:00", "2026-03-10 11:30"], "subject", None),
        (["trace", "app.log", "req-000003"], "gap_ms", 5),
        (["traces", "app.log"], "duration_ms", 60),
        (["context", "app.log", "--at", "app.log", "50", "-B", "2", "-A", "1"], "distance", 4),
        (["context", "app.log", "--at", "app.log", "50", "-B", "2", "-A", "1", "--across"], "distance", 4),
        (["steps", "app.log"], "usual_ms", 30),
        (["sessions", "app.log", "--gap", "1h"], "session", 3),
        (["sql", "app.log", "select level, count(*) as n from logs group by 1"], "n", 2),
    ],
)  # fmt: skip
def test_each_verb_answers(folder: Path, arguments: list[str], column: str, rows: int | None) -> None:
    """With rows that have the column."""
    result = run(*arguments, "--format", "json", cwd=folder)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert rows is None or len(found) == rows
    assert all(column in row for row in found)


def test_tables_are_cut_to_what_a_screen_shows(folder: Path) -> None:
    """The request's events without its wide columns."""
    result = run("trace", "app.log", "req-000003", cwd=folder)
    assert result.returncode == 0
    assert "gap_ms" in result.stdout
    assert "job_run_id" not in result.stdout


def test_incident_prints_and_writes_a_page(folder: Path) -> None:
    """The verdict goes to standard output, the page to the file, the rest to standard error."""
    result = run("incident", "app.log", *RANGE, "-o", "incident.html", cwd=folder)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("Likely cause: db: new error “disk full”")
    assert "Incident: incident.html" in result.stderr
    assert "disk full" in (folder / "incident.html").read_text()
    told = run("incident", "app.log", *RANGE, "--format", "json", cwd=folder)
    assert json.loads(told.stdout)["findings"][0]["kind"] == "new_error"
    assert run("incident", "app.log", *RANGE, "--format", "md", cwd=folder).stdout.startswith("# Incident")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["incident", "app.log", "--from", "13:00 ", "--to", "soon"], "'soon' is not a time of incident"),
        (["incident", "app.log", "--from", "2026-03-10 13:00", "--to", "2026-03-10 12:00"], "earlier time first"),
        (["incident", "app.log", *RANGE, "--baseline", "last_year"], "no baseline 'last_year'"),
        (["incident", "app.log", *RANGE, "--baseline", "a", "b", "c"], "baseline is not a pair of times"),
        (["incident", "app.log", *RANGE, "-o", "x.docx"], "docx"),
        (["compare", "app.log", "--from", "2026-03-10"], "--to"),
        (["trace", "app.log", " "], "trace id is empty"),
        (["context", "app.log", "--at", "app.log", "9999"], "no event at offset '9999'"),
        (["steps", "app.log", "--by", "run"], "no column 'run'"),
        (["sql", "app.log", "select * from read_text('/etc/hostname')"], "disabled by configuration"),
        (["sql", "app.log", "drop table logs"], "Only one query"),
    ],
)  # fmt: skip
def test_a_users_mistake_is_told_without_a_traceback(folder: Path, arguments: list[str], message: str) -> None:
    """Exit code 2, and one line that names it."""
    result = run(*arguments, cwd=folder)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
