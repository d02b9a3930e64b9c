"""Measures as lines, and ranges of time shaded behind charts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from loganalytics import charts
from loganalytics.charts.bands import Band, with_bands
from loganalytics.charts.lines import POINTS, chart_lines

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
BAND = Band(start=NOON, end=NOON + timedelta(minutes=5), kind="critical", text="\x1b[31mdb failed " + "x" * 1000)


def measures(windows: int) -> pl.DataFrame:
    """Return p50 and p95 by minute; p95 is highest in the third last."""
    starts = [NOON + number * timedelta(minutes=1) for number in range(windows)]
    p95 = [900.0 if number == windows - 3 else 20.0 for number in range(windows)]
    return pl.DataFrame({"window": starts, "p50": [10.0] * windows, "p95": p95})


def test_a_band_is_drawn_behind_the_bars_and_its_text_is_safe() -> None:
    """The first layer is the shade; both keep their own colours, and an escape is gone."""
    trend = pl.DataFrame({"window": [NOON, NOON + timedelta(minutes=5)], "events": [5, 6], "errors": [0, 1]})
    chart = with_bands(charts.chart_trend(trend), [BAND]).to_dict()
    assert [layer["mark"]["type"] for layer in chart["layer"]] == ["rect", "bar"]
    assert chart["resolve"]["scale"]["color"] == "independent"
    texts = [row["text"] for rows in chart["datasets"].values() for row in rows if "text" in row]
    assert "\x1b" not in texts[0]
    assert len(texts[0]) < 200
    assert chart["description"].endswith("1 range of time shaded.")


def test_a_long_line_is_put_together_and_keeps_its_peak() -> None:
    """Ten thousand windows become at most a few hundred points; the highest value stays."""
    spec = chart_lines(measures(10_000), {"p50": "#4c7fd9", "p95": "#dc4b3e"}, form="~r", unit=" ms").to_dict()
    rows = next(iter(spec["datasets"].values()))
    assert len(rows) <= 2 * POINTS
    assert max(row["level"] for row in rows) == 900.0


def test_a_sentence_tells_the_middle_and_the_peak_of_each_line() -> None:
    """Median and highest, with the unit and the time."""
    chart = chart_lines(measures(10), {"p95": "#dc4b3e"}, form="~r", unit=" ms")
    assert chart.description == "p95 over time: median 20 ms, highest 900 ms, 2026-03-10 12:07."
