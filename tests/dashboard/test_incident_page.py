"""Incident: one cause, what came with it in the order of time, both ranges on the chart."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from loganalytics.sources.files.discovery import sample_data
from loganalytics.view import View

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
POOL = "2026-03-11T14:10:00Z/2026-03-11T14:35:00Z"


def shaded_ranges(app) -> int:
    """Return how many ranges the description of the first chart says are shaded."""
    description = json.loads(app.get("vega_lite_chart")[0].proto.spec)["description"]
    return int(description.rsplit(".", 2)[1].split()[0]) if "of time shaded" in description else 0


@pytest.mark.parametrize("baseline", [None, ("2026-03-10T14:10:00Z", "2026-03-10T14:35:00Z")])
def test_the_baseline_is_shaded_whether_drawn_or_the_time_before(baseline, open_app):
    """Two ranges, and both are named above the chart."""
    app = open_app(View((sample_data(),), baseline=baseline), "incident", incident=POOL)
    assert not app.exception
    assert shaded_ranges(app) == 2
    expected = "2026-03-10 14:10–14:35 UTC" if baseline else "2026-03-11 13:10–14:10 UTC"
    assert f"Baseline {expected}" in [element.value for element in app.text]


def test_causes_are_lines_in_the_order_of_time(open_app):
    """The likely cause leads, and what came with it says how much later it began."""
    app = open_app(View((sample_data(),)), "incident", incident=POOL)
    texts = [element.value for element in app.text]
    clocks = [text for text in texts if len(text) == 8 and text[2] == text[5] == ":"]
    assert clocks[0] == "14:10:04"
    assert clocks == sorted(clocks)
    assert len(clocks) >= 3
    assert any(text.startswith("+") and text.endswith(" s") for text in texts)


def test_what_was_found_is_offered_to_start_with(open_app):
    """A click on one opens it with its range."""
    app = open_app(View((sample_data(),)), "incident")
    button = next(button for button in app.button if button.key == "finding-0-incident")
    button.click().run()
    assert "2026-03-11T14:10:04Z/" in str(app.query_params["incident"])


def test_new_errors_are_not_headed_by_no_cause(open_app, tmp_path):
    """One new error is too few to be a cause, and yet it leads."""
    path = tmp_path / "app.jsonl"
    rows = [
        {"timestamp": (NOON + timedelta(minutes=n)).isoformat(), "level": "INFO", "service": "web", "message": "served"}
        for n in range(120)
    ]
    rows.append(rows[90] | {"level": "ERROR", "message": "disk sda failed"})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    app = open_app(View((str(path),)), "incident", incident="2026-03-10T13:00:00Z/2026-03-10T14:00:00Z")
    texts = [element.value for element in app.text]
    assert not any("No cause stands out" in text for text in texts)
    assert any("disk sda failed" in text for text in texts)


def write(path, *streams):
    """Write events of services: name, minutes after noon at which each comes, message, level; return the path."""
    rows = [
        {
            "timestamp": (NOON + timedelta(minutes=minute)).isoformat(),
            "service": service,
            "message": text,
            "level": level,
        }
        for service, minutes, text, level in streams
        for minute in minutes
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in sorted(rows, key=lambda row: row["timestamp"])))
    return str(path)


@pytest.fixture
def outage(tmp_path):
    """Return a log of six hours, in the last three of which the disk of the database is full."""
    minutes = [n / 4 for n in range(1440)]
    full = [180 + n / 6 for n in range(1080)]
    streams = [
        ("web", minutes, "served", "INFO"),
        ("db", minutes, "written", "INFO"),
        ("db", full, "disk full", "ERROR"),
    ]
    return write(tmp_path / "app.jsonl", *streams)


def test_a_range_within_an_outage_is_compared_with_the_time_before(open_app, outage):
    """Above the chart, on it, and in words."""
    app = open_app(View((outage,)), "incident", incident="2026-03-10T15:40:00Z/2026-03-10T16:00:00Z")
    texts = [element.value for element in app.text]
    assert "Baseline 2026-03-10 14:00–15:00 UTC" in texts
    assert any(text.startswith("Baseline: 2026-03-10 14:00–15:00 UTC, before this began") for text in texts)
    assert any(text.startswith("db: new error “disk full”") for text in texts)
    assert shaded_ranges(app) == 2


def test_a_disturbed_baseline_that_was_drawn_leads_to_a_better_one(open_app, outage):
    """A warning with a button."""
    drawn = ("2026-03-10T15:10:00Z", "2026-03-10T15:40:00Z")
    app = open_app(View((outage,), baseline=drawn), "incident", incident="2026-03-10T15:40:00Z/2026-03-10T16:00:00Z")
    assert [element.value for element in app.warning] == ["The baseline is disturbed."]
    assert sum("is disturbed, since" in element.value for element in app.text) == 1
    app.get_by_key("better-baseline").click().run()
    assert not app.warning
    assert "Baseline 2026-03-10 14:00–15:00 UTC" in [element.value for element in app.text]


def test_without_a_baseline_the_errors_are_listed(open_app, outage):
    """All of the log is the incident."""
    app = open_app(View((outage,)), "incident", incident="2026-03-10T12:00:00Z/2026-03-10T18:00:00Z")
    texts = [element.value for element in app.text]
    assert any("what is new or silent cannot be told" in text for text in texts)
    assert "error “disk full” 1,080 times" in texts
    assert not any("usually" in text for text in texts)
    assert "Likely cause" not in [element.value for element in app.subheader]


def test_a_range_outside_of_the_log_leads_back_to_it(open_app, outage):
    """Nothing is compared, and nothing is said to be the same."""
    app = open_app(View((outage,)), "incident", incident="2025-03-10T12:00:00Z/2025-03-10T18:00:00Z")
    assert [element.value for element in app.warning] == ["The incident holds no event."]
    assert any("the log lies from 2026-03-10 12:00 UTC" in element.value for element in app.text)
    assert not app.expander
    app.get_by_key("incident-within").click().run()
    assert "incident" not in app.query_params


@pytest.mark.parametrize(("start", "is_listed"), [("12:50", True), ("13:19", False)])
def test_what_was_found_at_this_time_is_listed_in_one_way_or_another(open_app, tmp_path, start, is_listed):
    """As a cause or, where the comparison does not say it, as what was found in the whole log."""
    minutes, calm = [60 + n / 6 for n in range(120)], [n / 2 for n in range(600)]
    streams = [("web", calm, "served", "INFO"), ("db", calm, "written", "INFO"), ("web", minutes, "refused", "ERROR")]
    path = write(tmp_path / "app.jsonl", *streams)
    app = open_app(View((path,)), "incident", incident=f"2026-03-10T{start}:30Z/2026-03-10T14:00:00Z")
    assert ("Also found at this time" in [element.value for element in app.subheader]) is not is_listed
    assert any("new error “refused”" in element.value for element in app.text)


def test_events_without_times_have_no_incident(open_app, tmp_path):
    """The page says so, and asks for no range."""
    path = tmp_path / "plain.log"
    path.write_text("".join(f"[ERROR] worker failed to open file {n}\n" for n in range(50)))
    app = open_app(View((str(path),)), "incident")
    assert [element.value for element in app.info] == [
        "No event has a time, so no range of time can be looked into. Overview counts the errors."
    ]
    assert not app.get("vega_lite_chart")
