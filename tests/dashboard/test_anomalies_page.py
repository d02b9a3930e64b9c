"""Anomalies: stretches of time first, one line each, with why and how strongly; their events and their incident."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from loganalytics.view import View

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOSTILE = "<b>refused</b> **x** [y](javascript:z)\x1b[31m"


@pytest.fixture
def outburst(tmp_path):
    """Write eight hours of two services, with ten minutes in which the calls of one fail."""
    path = tmp_path / "app.jsonl"
    rows = (
        {
            "timestamp": (NOON + timedelta(seconds=12 * n)).isoformat(), "service": ("web", "api")[n % 2],
            "level": "ERROR" if 1500 < n < 1550 and n % 2 else "INFO",
            "message": HOSTILE if 1500 < n < 1550 and n % 2 else f"GET /{n}",
        }
        for n in range(2400)
    )  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_what_is_unusual_comes_first(outburst, open_app):
    """One line for the ten minutes: its service, its score, and which features were unlike the usual."""
    app = open_app(View((outburst,), every="5m"), "anomalies")
    assert not app.exception
    texts = [element.value for element in app.text]
    assert texts[0] == "api"
    assert texts[1].startswith("score 0.")
    assert "usually" in texts[1]
    assert not any("\x1b" in text for text in texts)
    assert "unusual stretch" in app.caption[0].value
    assert "windows of 5m, of each service. Times in UTC." in app.caption[0].value
    assert json.loads(app.get("vega_lite_chart")[0].proto.spec)["description"].endswith("of time shaded.")


def test_the_events_of_a_line_are_those_of_its_service_and_time(outburst, open_app):
    """The button leads to them."""
    app = open_app(View((outburst,), every="5m"), "anomalies")
    app.get_by_key("finding-0-events").click().run()
    assert app.query_params["services"] == "api"
    assert app.query_params["since"] == "2026-03-10T17:00:00Z"


def test_windows_that_are_cut_in_another_zone_are_labelled(outburst, open_app):
    """Hours of UTC begin at half past in Kolkata."""
    app = open_app(View((outburst,), every="1h"), "anomalies", zone="Asia/Kolkata")
    assert "of 1h, of each service, cut in UTC. Times in Asia/Kolkata." in app.caption[0].value


def test_services_may_be_scored_together(outburst, open_app):
    """By the link."""
    app = open_app(View((outburst,), every="5m"), "anomalies", by="all together")
    assert not app.exception
    assert "of each service" not in app.caption[0].value
    assert app.text[0].value == "–"


def test_a_log_without_times_says_so(open_app, tmp_path):
    """And is no all-clear."""
    (tmp_path / "app.jsonl").write_text('{"message": "x"}\n' * 30)
    app = open_app(View((str(tmp_path / "app.jsonl"),)), "anomalies")
    assert not app.exception
    assert not app.success
    assert app.caption[0].value == "These events have no timestamps."
