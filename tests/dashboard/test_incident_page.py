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
