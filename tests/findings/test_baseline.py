"""The baseline is a time in which nothing was wrong yet, and where it is not, that is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from loganalytics.analyses.compare.ranges import TimeRange
from loganalytics.findings.baseline import baseline_note, choose_baseline
from loganalytics.reports.incident import incident
from loganalytics.schema import conform

START = datetime(2026, 3, 10, 6, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def logged(service: str, since: float, until: float, every: float, message: str = "ok", **fields) -> pl.DataFrame:
    """Return events of a service, from one hour after the start to another, every so many seconds."""
    first, last = (START + timedelta(hours=hours) for hours in (since, until))
    times = pl.datetime_range(first, last, timedelta(seconds=every), eager=True, time_unit="us", closed="left")
    row = {"service": service, "message": message, "severity_number": 9, **fields}
    return pl.DataFrame({"timestamp": times}).with_columns(pl.lit(value).alias(name) for name, value in row.items())


def joined(*frames: pl.DataFrame) -> pl.DataFrame:
    """Return events in the order of time."""
    return conform(pl.concat(frames, how="diagonal_relaxed").sort("timestamp"))


def at(hour: float, minutes: float) -> TimeRange:
    """Return the range that begins so many hours after the start."""
    return TimeRange(START + timedelta(hours=hour), START + timedelta(hours=hour) + minutes * MINUTE)


CALM = [logged("web", 0, 7, 15), logged("db", 0, 7, 20)]
DISK = logged("db", 4, 7, 10, "no space left on device", severity_number=17)
FULL = joined(*CALM, DISK)
SILENT = joined(CALM[0], CALM[1], logged("worker", 0, 4, 15))
REFUSED = [logged("db", hour, hour + 0.3, 10, "deadlock", severity_number=17) for hour in (3, 4)]


@pytest.mark.parametrize("hour", [4.2, 5, 6.5])
def test_a_range_within_an_outage_is_compared_with_the_time_before_it(hour):
    """However long it has been going on; the incident then says what is new."""
    baseline = choose_baseline(FULL, at(hour, 20))
    assert baseline.is_moved
    assert baseline.disturbance == "db: “no space left on device”"
    assert baseline.time_range == TimeRange(START + 3 * HOUR, START + 4 * HOUR)
    report = incident(FULL, *(at(hour, 20).start, at(hour, 20).end))
    assert report.findings["title"][0] == "db: new error “no space left on device”"
    note = (
        "Baseline: 2026-03-10 09:00–10:00 UTC, before this began, 2026-03-10 10:00 UTC: db: “no space left on device”."
    )
    assert report.facts["baseline_note"] == note
    assert note in report.verdict
    assert note in report.to_html().replace("&#34;", '"')


def test_a_range_that_begins_with_the_outage_keeps_the_time_before():
    """And so does one of a calm log."""
    for logs, hour in ((FULL, 4), (joined(*CALM), 4)):
        baseline = choose_baseline(logs, at(hour, 20))
        assert baseline.disturbance is None
        assert baseline.time_range.end == START + 4 * HOUR
        assert baseline_note(baseline) is None


def test_a_service_that_was_silent_already_is_compared_with_the_time_in_which_it_spoke():
    """So that its silence is the cause."""
    report = incident(SILENT, at(5, 20).start, at(5, 20).end)
    assert report.facts["is_baseline_moved"]
    assert report.findings["title"][0].startswith("worker silent for 1 h 20 min")


def test_the_same_trouble_shortly_before_is_left_out_of_the_baseline():
    """Of two outages in an hour the second is as new as the first."""
    logs = joined(*CALM, *REFUSED)
    baseline = choose_baseline(logs, at(4, 18))
    assert baseline.time_range.end == START + 3 * HOUR
    assert incident(logs, at(4, 18).start, at(4, 18).end).findings["title"][0] == "db: new error “deadlock”"


def test_the_trouble_of_another_service_that_is_over_moves_nothing():
    """Its events are gone, and that is no cause of anything."""
    other = logged("mail", 0, 7, 20), logged("mail", 3.2, 3.5, 5, "refused", severity_number=17)
    assert not choose_baseline(joined(*CALM, *other, REFUSED[1]), at(4, 18)).is_moved


def test_a_baseline_that_was_chosen_stays_with_a_warning_and_a_better_one():
    """Drawn, or of the day before."""
    drawn = (START + 4 * HOUR, START + 4 * HOUR + 20 * MINUTE)
    baseline = choose_baseline(FULL, at(4.5, 20), drawn)
    assert baseline.time_range == TimeRange(*drawn)
    assert baseline.better == TimeRange(START + 3 * HOUR, START + 4 * HOUR)
    assert "Undisturbed: 2026-03-10 09:00–10:00 UTC." in str(baseline_note(baseline))
    assert choose_baseline(FULL, at(4.5, 20), (START + HOUR, START + 2 * HOUR)).disturbance is None


def test_the_day_before_may_be_disturbed_too():
    """By something else than the incident."""
    days = [logged(name, 0, 48, 60) for name in ("web", "db")]
    logs = joined(*days, logged("db", 10, 11, 10, "deadlock", severity_number=17))
    baseline = choose_baseline(logs, at(34, 60), "previous_day")
    assert baseline.disturbance == "db: “deadlock”"
    assert baseline.better == TimeRange(START + 33 * HOUR, START + 34 * HOUR)


def test_an_outage_from_the_start_of_the_log_leaves_nothing_to_compare_with():
    """It is said, as far as anything shows that it is one."""
    logs = joined(
        logged("web", 0, 7, 15), logged("db", 0, 1, 5, "deadlock", severity_number=17), logged("db", 0, 7, 60)
    )
    note = baseline_note(choose_baseline(logs, at(0.5, 20)))
    assert note is None or "no undisturbed time" in note
