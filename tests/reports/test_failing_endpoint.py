"""One endpoint fails, and others do not: report and incident say which, whoever logs the requests."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import loganalytics as la

START = datetime(2026, 3, 11, 12, tzinfo=UTC)
BROKEN = (START + timedelta(minutes=150), START + timedelta(minutes=165))
PATHS = ("/api/orders/O20261129{:06}", "/api/users/{}", "/api/items/{}/reviews?page=2", "/api/cart", "/health")
ENDPOINT = "GET /api/orders/<*>"

Line = Callable[[datetime, str, int], str]
LINES: dict[str, Line] = {
    "nginx": lambda time, path, status: (
        f'10.0.0.7 - - [{time:%d/%b/%Y:%H:%M:%S} +0000] "GET {path} HTTP/1.1" {status} 512 "-" "curl/8.0"'
    ),
    "uvicorn": lambda time, path, status: (
        f'{time:%Y-%m-%d %H:%M:%S},000 INFO uvicorn.access 10.0.0.7:50123 - "GET {path} HTTP/1.1" {status}'
    ),
    "application": lambda time, path, status: (
        f"{time:%Y-%m-%d %H:%M:%S},000 {'ERROR' if status == 500 else 'INFO'} [shop.web] GET {path} -> {status}"
    ),
    "records": lambda time, path, status: json.dumps(
        {"timestamp": time.isoformat(), "level": "error" if status == 500 else "info", "message": "handled",
         "http.method": "GET", "http.target": path, "http.status_code": status}
    ),
}  # fmt: skip


@pytest.fixture(scope="module", params=LINES)
def log(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a log of four hours in which four of five orders fail for a quarter of an hour."""
    lines = []
    for number in range(2400):
        time, path = START + timedelta(seconds=6 * number), PATHS[number % 5].format(number)
        is_broken = number % 5 == 0 and BROKEN[0] <= time < BROKEN[1] and number % 25
        lines.append(LINES[request.param](time, path, 500 if is_broken or number % 397 == 0 else 200))
    file = tmp_path_factory.mktemp(request.param) / f"{request.param}.log"
    file.write_text("\n".join(lines) + "\n")
    return file


def test_the_errors_name_it(log: Path) -> None:
    """It is the most frequent problem."""
    assert la.cluster_errors(la.load(log))["label"][0].startswith(ENDPOINT)


def test_the_report_names_it(log: Path) -> None:
    """In the title of the gravest finding, with how many of the errors are there."""
    gravest = la.report(la.load(log), every="5m").findings[0]
    assert ENDPOINT in gravest.title
    assert "times" in gravest.title
    assert any("/api/orders/" in line for line in gravest.evidence)


def test_the_incident_names_it(log: Path) -> None:
    """First, and the events behind the sentence are its failed requests."""
    found = la.incident(la.load(log), *BROKEN)
    assert f"{ENDPOINT} failed" in found.verdict[0]
    failed = found.findings.filter(found.findings["kind"] == "failed_requests").row(0, named=True)
    assert set(found.rows(failed["rank"])["http.route"]) == {"/api/orders/<*>"}
    assert found.rows(failed["rank"]).height == failed["events"]
