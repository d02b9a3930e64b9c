"""`report -` with --every: what changed in what comes through a pipe."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys

import polars as pl
import pytest

from loganalytics import schema
from loganalytics.cli import report_stream
from loganalytics.cli.report_stream import Stream, differences, follows
from loganalytics.findings.ranking import Finding
from loganalytics.view import View

COMMAND = [sys.executable, "-m", "loganalytics.cli", "report", "-"]
START = dt.datetime(2026, 3, 10, 12)


def lines(first: int, count: int, text: str) -> str:
    """Return lines, one a second."""
    return "".join(f"{START + dt.timedelta(seconds=first + n)} {text.format(n % 3)}\n" for n in range(count))


def finding(title: str, *, cluster: str = "", severity: str = "critical") -> Finding:
    """Return a finding."""
    return Finding(
        kind="errors", service="api", start=None, end=None, severity=severity, title=title, detail="", evidence=(),
        cluster_ids=(cluster,) if cluster else (),
    )  # fmt: skip


def keyed(*findings: Finding) -> dict:
    """Return findings by what stays the same of them."""
    return {report_stream._key(item): item for item in findings}


def test_what_changed_is_printed_while_the_writer_goes_on(tmp_path):
    """A finding is new once; at the end the report says all, with the exit code of any other."""
    output = tmp_path / "r.json"
    process = subprocess.Popen(
        [*COMMAND, "--every", "1s", "-o", str(output), "--fail-on", "critical"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    process.stdin.write(lines(0, 2_000, "INFO order {} stored") + lines(2_000, 60, "ERROR connection to db-{} refused"))
    process.stdin.flush()
    seen = ""
    while "new      critical new error “connection to <*> refused”" not in seen:
        line = process.stdout.readline()
        assert line, seen
        seen += line
    assert output.exists()
    rest, _ = process.communicate(lines(2_060, 100, "ERROR connection to db-{} refused"), timeout=60)
    assert process.returncode == 1
    assert "1. new error “connection to <*> refused” 160 times" in rest
    assert json.loads(output.read_text())["facts"]["errors"] == 160


def test_a_finding_is_the_same_while_its_counts_grow():
    """By the problem it is about, or by its title without numbers; what is worse is said again."""
    before = keyed(finding("x 2 times"), finding("a failed 3 times", cluster="c1"), finding("gone"))
    now = keyed(finding("x 2 times"), finding("b failed 9 times", cluster="c1"), finding("y"))
    assert differences(before, now) == [
        "changed  critical b failed 9 times", "new      critical y", "over     critical gone",
    ]  # fmt: skip
    worse = keyed(finding("x 2 times", severity="warning"))
    assert differences(worse, keyed(finding("x 5 times"))) == ["changed  critical x 5 times"]
    assert differences(worse, worse) == []


def test_titles_are_made_safe():
    """Log text cannot reach the terminal as it is."""
    assert "\x1b" not in differences({}, keyed(finding("\x1b[2Jx")))[0]


def test_only_the_newest_events_are_kept(monkeypatch, tmp_path):
    """And it is counted what was left out."""
    monkeypatch.setattr(report_stream, "MAX_EVENTS", 100)
    stream = Stream(View(source=("-",)), title="t", every="5m", path=str(tmp_path / "r.json"))
    batch = schema.conform(pl.DataFrame({"timestamp": [START.replace(tzinfo=dt.UTC)] * 60, "message": ["x"] * 60}))
    for _ in range(4):
        stream.add(batch)
    assert (stream.logs().height, stream.dropped) == (120, 120)


@pytest.mark.parametrize(("sources", "every", "expected"), [(["-"], None, False), (["a.log"], "5m", False)])
def test_files_and_reports_without_an_interval_are_read_to_the_end(sources, every, expected):
    """As before: --every is the window's length."""
    assert follows(sources, every) is expected


def test_a_file_as_standard_input_is_read_as_one(tmp_path):
    """Not as a pipe: it may be packed."""
    log = tmp_path / "a.log"
    log.write_text(lines(0, 100, "INFO order {} stored"))
    with log.open() as stdin:
        options = ["--every", "1m", "-o", str(tmp_path / "r.md")]
        result = subprocess.run([*COMMAND, *options], stdin=stdin, capture_output=True, text=True, check=True)
    assert "Read 100 lines of 1 file" in result.stderr
