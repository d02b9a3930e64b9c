"""Overview: what was found leads, and nothing is called fine that was not looked at."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from loganalytics.dashboard import found_lines, summaries
from loganalytics.dashboard.components.finding_list import opened_range, short_range
from loganalytics.view import View

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def outburst(tmp_path):
    """Write two hours of logs of two services, with five minutes in which every call of one fails."""
    path = tmp_path / "app.jsonl"
    rows = (
        {
            "timestamp": (NOON + timedelta(seconds=3 * n)).isoformat(), "service": ("web", "api")[n % 2],
            "level": "ERROR" if 1200 < n < 1300 and n % 2 else "INFO",
            "message": "connection to db-1 refused" if 1200 < n < 1300 and n % 2 else f"GET /orders/{n} served",
        }
        for n in range(2400)
    )  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def finding_buttons(app, name):
    """Return the buttons of findings with this label."""
    return [button for button in app.button if button.label == name and button.key.startswith("finding-")]


def test_a_finding_has_its_line_and_its_ways(outburst, open_app):
    """When, who and what are text; both buttons are there."""
    app = open_app(View((outburst,)))
    assert not app.exception
    assert any("connection to" in element.value and "refused" in element.value for element in app.text)
    assert finding_buttons(app, "Incident")
    assert finding_buttons(app, "Events")


def test_zoomed_into_its_time_the_finding_still_leads(outburst, open_app):
    """In these minutes alone nothing is unusual: the whole log knows what is."""
    view = View((outburst,), since="2026-03-10T13:00:30Z", until="2026-03-10T13:03:30Z")
    app = open_app(view)
    assert not app.exception
    assert not app.success
    assert finding_buttons(app, "Incident")


def test_a_log_too_long_to_analyse_unasked_is_not_called_fine(outburst, open_app, monkeypatch):
    """A button in the place of the findings, no word that all is well; a click and they are there."""
    monkeypatch.setattr(found_lines, "AUTOMATIC_EVENTS", 100)
    app = open_app(View((outburst,)))
    assert not app.success
    assert not finding_buttons(app, "Incident")
    assert any("Not analysed yet" in element.value for element in app.text)
    app.get_by_key("analyse").click().run()
    assert finding_buttons(app, "Incident")
    assert not any("Not analysed yet" in element.value for element in app.text)
    assert "analyse" not in [button.key for button in app.button]


def test_numbers_say_how_they_changed(outburst, open_app):
    """Against the half before, of which it is said that it is only that; the errors are all in the second."""
    app = open_app(View((outburst,)))
    deltas = {metric.label: metric.delta for metric in app.metric}
    assert deltas["Events"] == "+0 %"
    assert deltas["Error rate"] == "new"
    assert any("second half against the first" in caption.value for caption in app.caption)


def colours(app):
    """Return the colours of the changes by the labels of their cards."""
    return {metric.label: metric.proto.MetricColor.Name(metric.proto.color) for metric in app.metric}


@pytest.mark.parametrize("since", [None, "2026-03-10T13:00:00Z"])
def test_nothing_is_green_above_a_critical_finding(outburst, open_app, since):
    """Neither against the half before nor against the period before."""
    app = open_app(View((outburst,), since=since))
    assert any("critical" in caption.value for caption in app.caption)
    assert "GREEN" not in colours(app).values()


def test_a_log_of_errors_is_never_steady(open_app, tmp_path):
    """Every event is an error, as in the half before: high, and nothing is green."""
    path = tmp_path / "app.jsonl"
    rows = (
        {"timestamp": (NOON + timedelta(seconds=3 * n)).isoformat(), "level": "ERROR", "message": f"disk {n % 3} full"}
        for n in range(600)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    for since in (None, "2026-03-10T12:15:00Z"):
        app = open_app(View((str(path),), since=since))
        assert {metric.label: metric.delta for metric in app.metric}["Error rate"].endswith("high")
        assert "GREEN" not in colours(app).values()


def test_a_calm_log_is_green_against_the_period_before(open_app, tmp_path):
    """Where it was looked and nothing found."""
    path = tmp_path / "app.jsonl"
    rows = (
        {"timestamp": (NOON + timedelta(seconds=3 * n)).isoformat(), "level": "INFO", "message": f"order {n} served"}
        for n in range(2400)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    app = open_app(View((str(path),), since="2026-03-10T13:00:00Z", until="2026-03-10T14:00:00Z"))
    assert colours(app)["Events"] == "GREEN"


def test_errors_without_a_level_or_a_time_are_in_the_rate(open_app, tmp_path):
    """The card has the number of the findings beside it."""
    path = tmp_path / "app.log"
    path.write_text(
        "".join(f"ERROR could not open file {n}\n" if n % 7 == 0 else f"read file {n}\n" for n in range(490))
    )
    app = open_app(View((str(path),)))
    assert {metric.label: metric.value for metric in app.metric}["Error rate"] == "14.3 %"
    assert any("70 errors (14.3 %)" in element.value for element in app.text)


def test_charts_of_the_overview_have_the_findings_behind_them(outburst, open_app):
    """Events, error rate and rate per second: each shades ranges of time."""
    app = open_app(View((outburst,)))
    specs = [json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart")]
    shaded = [spec for spec in specs if any(layer["mark"]["type"] == "rect" for layer in spec.get("layer", ()))]
    assert len(shaded) == 3


def test_windows_that_the_log_cuts_off_are_left_out():
    """The first and the last stand for a part of their time, and would seem to fall."""
    windows = pl.datetime_range(NOON, NOON + timedelta(minutes=50), "10m", eager=True)
    frame = pl.DataFrame({"window": windows})
    ends = (NOON + timedelta(minutes=4), NOON + timedelta(minutes=52))
    whole = summaries.whole_windows(frame, timedelta(minutes=10), ends)
    assert whole["window"].to_list() == windows.to_list()[1:5]


def test_a_window_that_lacks_a_moment_counts_as_whole():
    """The last event is a second before its end."""
    windows = pl.datetime_range(NOON, NOON + timedelta(minutes=50), "10m", eager=True)
    ends = (NOON, NOON + timedelta(minutes=59, seconds=59))
    assert summaries.whole_windows(pl.DataFrame({"window": windows}), timedelta(minutes=10), ends).height == 6


def test_a_range_is_short_and_in_the_zone():
    """Minutes suffice, the year is on the charts; a night has both days."""
    end = NOON + timedelta(minutes=24, seconds=52)
    assert short_range(NOON, end, "UTC") == "03-10 12:00–12:24"
    assert short_range(NOON, NOON + timedelta(hours=8), "Asia/Shanghai") == "03-10 20:00 – 03-11 04:00"
    assert short_range(NOON, NOON, "UTC") == "03-10 12:00"
    assert short_range(None, None, "UTC") == ""


def test_a_moment_is_opened_as_a_minute():
    """An incident has a length, and its last event lies within."""
    moment = NOON + timedelta(seconds=1, milliseconds=500)
    assert opened_range(moment, moment) == (NOON + timedelta(seconds=1), NOON + timedelta(seconds=61))


def test_a_page_that_finds_nothing_in_windows_does_not_say_that_all_is_well(open_app, tmp_path):
    """A service that fails for a minute in windows of an hour stands out in none, and yet was found."""
    path = tmp_path / "app.jsonl"
    rows = (
        {
            "timestamp": (NOON + timedelta(seconds=4 * n)).isoformat(), "service": ("web", "api", "db")[n % 3],
            "level": "ERROR" if 1500 < n < 1560 else "INFO", "duration_ms": float(n % 90),
            "message": "connection refused" if 1500 < n < 1560 else f"order {n} done in {n % 90} ms",
        }
        for n in range(3000)
    )  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    app = open_app(View((str(path),), every="1h"), "anomalies")
    assert not app.exception
    assert not app.success
    assert any(finding_buttons(app, "Incident"))


def test_rates_of_many_windows_are_put_together():
    """Of a thousand windows with an event each, every tenth an error, ten to a point: a tenth, not all or nothing."""
    windows = pl.datetime_range(NOON, NOON + timedelta(seconds=999), "1s", eager=True)
    trend = pl.DataFrame({"window": windows, "events": [1] * 1000})
    errors = trend.gather_every(10)
    measures = summaries.measures(trend, errors, timedelta(seconds=1), (NOON, NOON + timedelta(seconds=1000)))
    assert measures.height <= summaries.MEASURE_POINTS
    assert measures["error_rate"].max() < 0.3
    assert measures["per_second"].unique().to_list() == [1.0]


def test_a_finding_without_a_time_keeps_its_words(open_app, tmp_path):
    """In a log without times the title has none to leave out, and its commas stay."""
    path = tmp_path / "app.jsonl"
    rows = (
        {"service": ("api", "auth", "web")[n % 3], "level": "ERROR" if n % 20 == 0 else "INFO", "message": f"call {n}"}
        for n in range(600)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    app = open_app(View((str(path),)))
    assert not app.exception
    texts = [element.value for element in app.text]
    assert not any("apiauth" in text for text in texts)
    assert any("30 errors among 600 events" in text for text in texts)


def write_lines(path, *streams):
    """Write events of services: name, seconds after noon at which each comes, level; return the path."""
    rows = [
        {
            "timestamp": (NOON + timedelta(seconds=second)).isoformat(),
            "service": name,
            "level": level,
            "message": "handled",
        }
        for name, seconds, level in streams
        for second in seconds
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in sorted(rows, key=lambda row: row["timestamp"])))
    return str(path)


def test_a_steady_share_of_errors_is_no_all_clear(open_app, tmp_path):
    """Three tenths from start to end: no change, and nothing is green."""
    errors, others = ([n * 10 + offset for n in range(600)] for offset in (3, 7))
    path = write_lines(tmp_path / "app.jsonl", ("api", errors[::2] + errors[1::10], "ERROR"), ("api", others, "INFO"))
    app = open_app(View((path,)))
    assert not app.success
    assert any("a high share without a change that stands out" in element.value for element in app.text)
    rate = next(metric for metric in app.metric if metric.label == "Error rate")
    assert "still high" in rate.delta
    assert "green" not in str(rate.proto.color).lower()


@pytest.mark.parametrize("until", ["2026-03-10T12:44:00Z", "2026-03-10T13:08:00Z"])
def test_a_pause_that_a_range_cuts_off_is_no_silence(open_app, tmp_path, until):
    """The service pauses every 45 minutes for 20: at the end of a range and within it, as in the rest of the log."""
    calm = range(0, 12 * 3600, 15)
    at_times = [second for second in range(0, 12 * 3600, 20) if second // 60 % 45 < 25]
    path = write_lines(tmp_path / "app.jsonl", ("web", calm, "INFO"), ("sshd", at_times, "INFO"))
    app = open_app(View((path,), since="2026-03-10T12:00:00Z", until=until))
    assert not app.exception
    assert not any("silent" in element.value for element in [*app.text, *app.warning])


def test_a_silence_that_the_whole_log_shows_stays_in_a_range(open_app, tmp_path):
    """A service that has stopped for good, looked at soon afterwards."""
    calm, stopped = range(0, 6 * 3600, 15), range(0, 3 * 3600, 15)
    path = write_lines(tmp_path / "app.jsonl", ("web", calm, "INFO"), ("sshd", stopped, "INFO"))
    app = open_app(View((path,), since="2026-03-10T14:00:00Z", until="2026-03-10T16:00:00Z"))
    assert any("sshd silent" in element.value for element in app.text)
