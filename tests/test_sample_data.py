"""The sample data: reproducible, small, and every planted incident visible by a plain count."""

from __future__ import annotations

import gzip
import json
import re
import statistics
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

SAMPLE = Path(__file__).parent.parent / "sample_data"
LOGS = (
    "web.log.1.gz",
    "web.log",
    "api.log",
    "celery-worker.log",
    "nginx-access.log.1.gz",
    "nginx-access.log",
    "postgresql.log",
    "syslog",
)
# How each file's events begin: the text of the time, and its form.
TIMES = {
    "web.log": (r'\{"timestamp":"([^"]{23})Z', "%Y-%m-%dT%H:%M:%S.%f"),
    "api.log": (r"(\d{4}-\d\d-\d\d \S{12}) ", "%Y-%m-%d %H:%M:%S,%f"),
    "celery-worker.log": (r"\[(\d{4}-\d\d-\d\d \S{12}): ", "%Y-%m-%d %H:%M:%S,%f"),
    "nginx-access.log": (r"\S+ - - \[(\S+) \+0000\] ", "%d/%b/%Y:%H:%M:%S"),
    "postgresql.log": (r"(\d{4}-\d\d-\d\d \S{12}) UTC ", "%Y-%m-%d %H:%M:%S.%f"),
    "syslog": (r"(\w{3} \d\d \S{8}) ", "%Y %b %d %H:%M:%S"),
}
Line = tuple[datetime, str]
Span = tuple[datetime, datetime]
Incidents = dict[str, dict[str, Any]]


def text_of(path: Path) -> str:
    """Return a file's text, unpacked."""
    raw = path.read_bytes()
    return (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()


def lines_of(name: str) -> list[Line]:
    """Return the lines of a log, rotated part first, with their times; continuation lines are left out."""
    pattern, form = TIMES[name]
    paths = [path for path in (SAMPLE / f"{name}.1.gz", SAMPLE / name) if path.exists()]
    lines = []
    for line in "".join(text_of(path) for path in paths).splitlines():
        if match := re.match(pattern, line):
            stamp = f"2026 {match[1]}" if name == "syslog" else match[1]
            lines.append((datetime.strptime(stamp, form).replace(tzinfo=UTC), line))
    return lines


@pytest.fixture(scope="module")
def logs() -> dict[str, list[Line]]:
    """The committed logs."""
    return {name: lines_of(name) for name in TIMES}


@pytest.fixture(scope="module")
def incidents() -> Incidents:
    """The incidents of truth.json by id."""
    return {one["id"]: one for one in json.loads((SAMPLE / "truth.json").read_text())["incidents"]}


def span(incident: dict[str, Any]) -> Span:
    """Return start and end."""
    return datetime.fromisoformat(incident["start"]), datetime.fromisoformat(incident["end"])


def count(lines: list[Line], pattern: str, within: Span) -> tuple[int, int]:
    """Return how many lines match inside and outside of the span."""
    times = [time for time, line in lines if re.search(pattern, line)]
    inside = sum(within[0] <= time < within[1] for time in times)
    return inside, len(times) - inside


def median_ms(lines: list[Line], path: str, start: datetime, minutes: int) -> float:
    """Return the median duration of the api's GET calls under a path."""
    found = [
        float(match[1])
        for time, line in lines
        if start <= time < start + timedelta(minutes=minutes)
        and (match := re.search(rf"GET {path}\S* \d+ in ([\d.]+)ms", line))
    ]
    return statistics.median(found)


def test_generator_writes_what_is_committed(tmp_path: Path) -> None:
    """Running the generator gives the committed files, and the same bytes each time."""
    runs = [tmp_path / "first", tmp_path / "second"]
    for out in runs:
        subprocess.run([sys.executable, "-B", SAMPLE / "generate.py", "--out", out], check=True)
    assert sorted(path.name for path in runs[0].iterdir()) == sorted((*LOGS, "truth.json"))
    for path in runs[0].iterdir():
        assert path.read_bytes() == (runs[1] / path.name).read_bytes(), path.name
        # Deflate's output may differ between zlib builds, so packed files are compared by what they hold.
        assert text_of(path) == text_of(SAMPLE / path.name), path.name


def test_sample_is_small() -> None:
    """The folder stays under 5 MB and holds 30,000 to 45,000 events."""
    assert sum((SAMPLE / name).stat().st_size for name in (*LOGS, "truth.json")) < 5_000_000
    assert 30_000 < sum(len(lines_of(name)) for name in TIMES) < 45_000


def test_truth_is_well_formed(incidents: Incidents) -> None:
    """Each incident has its keys, lies within the two days and names logs that exist."""
    whole = json.loads((SAMPLE / "truth.json").read_text())
    assert set(whole) == {"seed", "start", "end", "incidents"}
    assert len(incidents) == len(whole["incidents"]) == 4
    for one in whole["incidents"]:
        assert set(one) == {"id", "kind", "service", "start", "end", "description", "evidence", "files"}
        start, end = span(one)
        assert span(whole)[0] <= start < end <= span(whole)[1]
        assert set(one["files"]) <= set(LOGS)


def test_evidence_occurs_in_the_files(incidents: Incidents) -> None:
    """Each piece of evidence is lower case and occurs in one of the incident's files."""
    for one in incidents.values():
        text = "".join(text_of(SAMPLE / name) for name in one["files"]).lower()
        assert [found for found in one["evidence"] if found not in text] == []


def test_lines_are_in_order_of_time(logs: dict[str, list[Line]]) -> None:
    """No line of a file is older than the one before, and all lie within the two days."""
    for name, lines in logs.items():
        times = [time for time, _ in lines]
        assert times == sorted(times), name
        assert {time.day for time in times} == {10, 11}, name


def test_messages_vary(logs: dict[str, list[Line]]) -> None:
    """There are at least 25 kinds of messages once ids, numbers, names and times are masked."""
    seen: Counter[str] = Counter()
    for name in ("api.log", "celery-worker.log", "postgresql.log", "syslog"):
        for _, line in logs[name]:
            seen[" ".join(re.findall(r"\b[A-Za-z]{3,}\b", line)[:6])] += 1
    assert sum(times >= 3 for times in seen.values()) >= 25


def test_traffic_follows_the_day(logs: dict[str, list[Line]]) -> None:
    """There are about five times as many requests around 14:00 as around 04:00, and no other peak."""
    hours = Counter(time.hour for time, line in logs["nginx-access.log"] if "203.0.113.66" not in line)
    assert 3.5 < (hours[13] + hours[14]) / (hours[3] + hours[4]) < 6.5


def test_errors_are_a_low_steady_noise(logs: dict[str, list[Line]], incidents: Incidents) -> None:
    """Outside of the dry pool there are a few errors an hour, on both days."""
    within = span(incidents["database-pool-runs-dry"])
    hours: Counter[tuple[int, int]] = Counter()
    for name in ("web.log", "api.log", "celery-worker.log", "postgresql.log"):
        for time, line in logs[name]:
            if re.search(r'"ERROR"| ERROR[ :]|: ERROR/', line) and not within[0] <= time < within[1]:
                hours[time.day, time.hour] += 1
    assert len(hours) == 48
    assert max(hours.values()) <= 9


def test_requests_cross_services(logs: dict[str, list[Line]]) -> None:
    """Most of the api's request ids are known to web, and those of pipeline runs to Celery."""
    ids = {name: set(re.findall("req_[0-9a-f]{8}", str(lines))) for name, lines in logs.items()}
    assert len(ids["api.log"] & ids["web.log"]) > 3000
    assert len(ids["celery-worker.log"]) > 200
    assert ids["celery-worker.log"] <= ids["api.log"] & ids["web.log"]
    assert len(ids["postgresql.log"] & ids["api.log"]) > 500


def test_database_pool_runs_dry(logs: dict[str, list[Line]], incidents: Incidents) -> None:
    """The dry pool's errors occur in its 25 minutes only, and api calls take several times as long."""
    within = span(incidents["database-pool-runs-dry"])
    for name, pattern, least in (
        ("postgresql.log", "FATAL:  sorry, too many clients already", 200),
        ("api.log", "ERROR .*Unhandled exception", 30),
        ("web.log", "upstream api failed: .* 503", 30),
        ("nginx-access.log", r'HTTP/1.1" 50[23] ', 30),
        ("celery-worker.log", "retry: Retry in 10s", 20),
    ):
        inside, outside = count(logs[name], pattern, within)
        assert inside >= least, name
        assert outside == 0, name
    last = [line for line in text_of(SAMPLE / "api.log").splitlines() if line.startswith("sqlalchemy.exc")]
    assert set(last) == {
        "sqlalchemy.exc.TimeoutError: QueuePool limit of size 5 overflow 10 reached, "
        "connection timed out, timeout 30.00"
    }
    usual = median_ms(logs["api.log"], "/builds/", within[0] - timedelta(hours=1), 60)
    through = [
        float(match[1])
        for time, line in logs["api.log"]
        if within[0] + timedelta(minutes=4) <= time < within[1]
        and (match := re.search(r"GET /builds/\d+ 200 in ([\d.]+)ms", line))
    ]
    assert 6 < statistics.median(through) / usual < 15


def test_celery_worker_falls_silent(logs: dict[str, list[Line]], incidents: Incidents) -> None:
    """The worker writes no line for 20 minutes, at least one in 32 seconds otherwise, and catches up after."""
    start, end = span(incidents["celery-worker-silent"])
    assert count(logs["celery-worker.log"], "", (start, end))[0] == 0
    times = [time for time, _ in logs["celery-worker.log"]]
    gaps = sorted(later - time for time, later in pairwise(times))
    assert gaps[-1] >= end - start
    assert gaps[-2] < timedelta(seconds=32)
    burst = (end, end + timedelta(seconds=10))
    assert count(logs["celery-worker.log"], " received$", burst)[0] >= 10


def test_failed_logins_burst(logs: dict[str, list[Line]], incidents: Incidents) -> None:
    """One address fails to log in hundreds of times in seven minutes, all others about twice an hour."""
    within = span(incidents["failed-login-burst"])
    web = count(logs["web.log"], r"Failed login for user \w+ from 203\.0\.113\.66", within)
    ssh = count(logs["syslog"], r"Failed password for invalid user \w+ from 203\.0\.113\.66 port \d+ ssh2", within)
    assert web == (240, 0)
    assert ssh == (80, 0)
    noise = sum(
        count(logs[name], r"Failed (login|password) for (?!.*203\.0\.113\.66)", within)[1]
        for name in ("web.log", "syslog")
    )
    assert 1 <= noise / 48 <= 3
    names = {found for _, line in logs["web.log"] for found in re.findall(r"user (\w+) from 203", line)}
    assert len(names) > 20


def test_artifact_latency_creeps(logs: dict[str, list[Line]], incidents: Incidents) -> None:
    """Artifacts take 60 ms at 16:00, about ten times that before the restart at 22:00, and 60 ms after."""
    start, end = span(incidents["artifact-latency-creep"])
    assert 40 < median_ms(logs["api.log"], "/artifacts/", start - timedelta(hours=1), 60) < 80
    middle = median_ms(logs["api.log"], "/artifacts/", start + timedelta(hours=2, minutes=30), 60)
    assert 130 < middle < 270
    assert 400 < median_ms(logs["api.log"], "/artifacts/", end - timedelta(minutes=40), 40) < 700
    assert 40 < median_ms(logs["api.log"], "/artifacts/", end + timedelta(seconds=5), 90) < 80
    assert count(logs["api.log"], "Uvicorn running", (end, end + timedelta(seconds=5))) == (1, 0)
    others = median_ms(logs["api.log"], "/builds/", end - timedelta(minutes=40), 40)
    assert others < 60
