"""Charts show the clock of the zone that the times of their frame have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from loganalytics import charts
from loganalytics.analyses.trends import trend
from loganalytics.charts.clock import shown_time, tick_times
from loganalytics.schema import conform

NIGHT_OF_SPRING = datetime(2026, 3, 28, 22, tzinfo=UTC)  # at 01:00 UTC the clocks of Berlin go from 02:00 to 03:00
NIGHT_OF_AUTUMN = datetime(2026, 10, 24, 22, tzinfo=UTC)  # at 01:00 UTC they go from 03:00 back to 02:00
BERLIN = "Europe/Berlin"


def hourly(start: datetime, hours: int, tz: str) -> pl.DataFrame:
    """Return the trend of a log with an event every ten minutes, in windows of an hour of that zone."""
    times = pl.datetime_range(start, start + timedelta(hours=hours), "10m", closed="left", eager=True)
    return trend(conform(pl.DataFrame({"timestamp": times})), every="1h", display_tz=tz)


def clocks(start: datetime, hours: int) -> list[str]:
    """Return the clock in Berlin at each tick."""
    times = tick_times(start, start + timedelta(hours=hours), BERLIN)
    return [f"{time.astimezone(pl.Series([time]).dt.convert_time_zone(BERLIN)[0].tzinfo):%H:%M}" for time in times]


def axis_of(chart: Any) -> tuple[str, str]:
    """Return the title of the time axis, and the expression of its labels."""
    x = chart.to_dict()["encoding"]["x"]
    return x["title"], x["axis"]["labelExpr"]


def test_axis_and_tooltips_are_in_the_zone_of_the_frame() -> None:
    """The title names the zone, the labels are eight hours ahead, and so is the tooltip."""
    chart = charts.chart_trend(hourly(datetime(2026, 3, 10, 20, tzinfo=UTC), 3, "Asia/Shanghai"))
    title, label = axis_of(chart)
    assert title == "2026-03-11 Asia/Shanghai"
    assert "datum.value + (28800000)" in label
    whens = {row["when"] for rows in chart.to_dict()["datasets"].values() for row in rows}
    assert "2026-03-11 04:00–05:00 Asia/Shanghai" in whens


def test_times_stay_true_so_that_a_range_drawn_is_one() -> None:
    """The chart's own milliseconds are those of UTC whatever the zone."""
    frame = hourly(NIGHT_OF_SPRING, 3, BERLIN)
    rows = next(iter(charts.chart_trend(frame).to_dict()["datasets"].values()))
    assert min(datetime.fromisoformat(row["start"]) for row in rows) == NIGHT_OF_SPRING


def test_ticks_leave_out_the_hour_that_the_clock_leaves_out() -> None:
    """In spring 02:00 does not come, and no tick says it does."""
    expected = "23:00 23:30 00:00 00:30 01:00 01:30 03:00 03:30 04:00 04:30 05:00"
    assert clocks(NIGHT_OF_SPRING, 5) == expected.split()


def test_ticks_show_the_hour_twice_that_comes_twice() -> None:
    """In autumn 02:00 comes twice, an hour apart."""
    assert clocks(NIGHT_OF_AUTUMN, 10).count("02:00") == 2


def test_labels_change_their_offset_when_the_clock_does() -> None:
    """One hour before 01:00 UTC on the day of the change, two from then on."""
    change = datetime(2026, 3, 29, 1, tzinfo=UTC).timestamp() * 1000
    expression = shown_time(NIGHT_OF_SPRING, NIGHT_OF_SPRING + timedelta(hours=5), BERLIN)
    assert expression == f"datum.value + (datum.value < {change:.0f} ? 3600000 : 7200000)"


@pytest.mark.parametrize("days", [1, 30, 400, 4000])
def test_ticks_are_few_and_at_midnights_of_the_zone(days: int) -> None:
    """As many as fit on a page; from days on they stand at the zone's midnight, on days of 23 hours too."""
    start = datetime(2025, 1, 1, 5, tzinfo=UTC)
    ticks = tick_times(start, start + timedelta(days=days), "America/New_York")
    assert 5 <= len(ticks) <= 20
    if days > 20:
        zoned = pl.Series(ticks).dt.convert_time_zone("America/New_York")
        assert zoned.dt.hour().unique().to_list() == [0]


@pytest.mark.parametrize("minutes", [20, 60, 90])
def test_the_repeated_hour_has_a_few_ticks(minutes: int) -> None:
    """Its end has the clock of its beginning, but is later."""
    start = NIGHT_OF_AUTUMN + timedelta(hours=2, minutes=30)
    times = pl.datetime_range(start, start + timedelta(minutes=minutes), "1m", closed="left", eager=True)
    counts = trend(conform(pl.DataFrame({"timestamp": times})), every="1m", display_tz=BERLIN)
    values = charts.chart_trend(counts).to_dict()["encoding"]["x"]["axis"]["values"]["expr"]
    assert 2 <= len(values.split(",")) <= 25


@pytest.mark.parametrize("name", ["chart_coverage", "chart_errors", "chart_change_points", "chart_traces"])
def test_other_charts_name_the_zone_too(name: str) -> None:
    """Axis or tooltips, whichever the chart has."""
    start = datetime(2026, 3, 10, 20, tzinfo=UTC)
    times = {"first_seen": [start], "last_seen": [start + timedelta(hours=1)], "window": [start]}
    frame = pl.DataFrame(
        {
            **times, "service": ["web"], "label": ["refused"], "kind": ["spike"], "before": [1.0], "after": [9.0],
            "trace_id": ["a"], "duration_ms": [5.0], "events": [3], "errors": [1],
        }
    ).with_columns(pl.col(list(times)).dt.convert_time_zone("Asia/Tokyo"))  # fmt: skip
    columns = {
        "chart_change_points": ["window", "kind", "before", "after"],
        "chart_traces": ["trace_id", "first_seen", "duration_ms", "events", "errors"],
    }.get(name, frame.columns)
    assert "Asia/Tokyo" in getattr(charts, name)(frame.select(columns)).to_json()
