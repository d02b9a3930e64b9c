"""What leads from a finding to the tables and the chart it rests on."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

import loganalytics as la
from loganalytics.reports.finding_links import MAX_ANOMALIES, link_findings
from loganalytics.schema import conform

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def made() -> la.Report:
    """Return the report of a day in which a disk was full for half an hour."""
    times = [NOON + timedelta(minutes=minute) for minute in range(1440)]
    calm = pl.DataFrame({"timestamp": times, "service": "api", "severity_number": 9, "message": "GET /orders 200"})
    full = [NOON + timedelta(minutes=600, seconds=20 * number) for number in range(90)]
    failed = pl.DataFrame({"timestamp": full, "service": "db", "severity_number": 17, "message": "no space left: wal"})
    return la.report(conform(pl.concat([calm, failed]).sort("timestamp")))


def test_a_finding_leads_to_its_problem_and_its_windows(made: la.Report) -> None:
    """By the numbers of their rows."""
    links, windows = link_findings(made, max_problems=20, max_patterns=20)
    assert links[0].problems == (1,)
    assert links[0].anomalies
    shown = [windows[number - 1]["window"] for number in links[0].anomalies]
    assert all(NOON + timedelta(hours=9.5) < window < NOON + timedelta(hours=11) for window in shown)
    assert len(windows) <= MAX_ANOMALIES


def test_what_is_not_shown_is_not_linked(made: la.Report) -> None:
    """A table that shows no rows has none to lead to."""
    links, _ = link_findings(made, max_problems=0, max_patterns=0)
    assert (links[0].problems, links[0].patterns) == ((), ())


def test_every_link_of_the_page_leads_somewhere(made: la.Report) -> None:
    """Within the page."""
    html = made.to_html()
    targets = set(re.findall(r' id="([^"]+)"', html))
    linked = set(re.findall(r'href="#([^"]+)"', html))
    assert {"trend", "error-1", "anomaly-1"} <= linked <= targets


def test_the_chart_has_the_times_of_findings(made: la.Report) -> None:
    """With the number that the finding has in the list."""
    specs = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', made.to_html(), re.S)
    bands = [spec for spec in map(json.loads, specs) if "layer" in spec and '"severity"' in json.dumps(spec)]
    assert '"number": "1"' in json.dumps(bands[0])


def test_json_and_markdown_name_what_a_finding_rests_on(made: la.Report) -> None:
    """Its problem by identifier, its windows by their start; in Markdown by the number of the row."""
    finding = json.loads(made.to_json())["findings"][0]
    assert finding["cluster_ids"] == [made.tables["errors"]["cluster_id"][0]]
    assert finding["windows"]
    assert "See [error 1](#errors)" in made.to_markdown()
