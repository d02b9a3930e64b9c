"""The demo names what was planted in the sample platform's logs, when it was, and little else."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import pytest

import loganalytics as la

SAMPLE = Path(__file__).parents[1] / "sample_data"
INCIDENTS = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))["incidents"]


@pytest.fixture(scope="module")
def findings():
    """Return the findings of the report on the sample data."""
    return la.report(la.load(SAMPLE)).findings


def overlap(finding, incident) -> float:
    """Return the share of the incident's time that the finding covers."""
    start, end = (dt.datetime.fromisoformat(incident[name]) for name in ("start", "end"))
    covered = min(end, finding.end) - max(start, finding.start)
    return max(covered / (end - start), 0.0)


def text(finding) -> str:
    """Return all that a finding says, in lower case."""
    return " ".join((finding.title, finding.detail, *finding.evidence)).lower()


@pytest.mark.parametrize("incident", INCIDENTS, ids=lambda incident: incident["id"])
def test_each_incident_is_named_with_its_time_and_cause(findings, incident):
    """One finding covers most of the incident's time, names its service, and shows its evidence."""
    named = [
        finding
        for finding in findings
        if overlap(finding, incident) > 0.5
        and incident["service"] in finding.service
        and any(clue in text(finding) for clue in incident["evidence"])
    ]
    assert named, [finding.title for finding in findings]


def test_nothing_else_is_found(findings):
    """Four findings, one for each incident; what follows from an incident is told with it."""
    assert len(findings) == len(INCIDENTS)
    for incident in INCIDENTS:
        assert sum(overlap(finding, incident) > 0.5 for finding in findings) == 1


def test_the_demo_prints_the_findings_and_writes_the_report(tmp_path):
    """The command of `make demo`, where people run it."""
    command = [sys.executable, "-m", "loganalytics.cli", "demo", "-o", str(tmp_path / "report.html")]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    for clue in ("too many clients", "celery-worker silent", "Failed login for user", "/artifacts/"):
        assert clue in result.stdout
    assert (tmp_path / "report.html").stat().st_size > 500_000
