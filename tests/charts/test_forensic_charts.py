"""Charts of changes, comparisons, requests, steps and sessions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import altair as alt
import polars as pl
import pytest

from loganalytics import charts
from loganalytics.analyses.change_points.detect import change_points
from loganalytics.analyses.compare.compare import compare
from loganalytics.analyses.requests.sessions import sessions
from loganalytics.analyses.requests.steps import steps
from loganalytics.analyses.requests.traces import trace, traces
from loganalytics.exceptions import MissingColumnError
from loganalytics.schema import conform

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOSTILE = "\x1b[31m</script><img src=x onerror=alert(1)>\u202e datum.x '[0]' " + "x" * 5_000

Draw = Callable[[pl.DataFrame], Any]


def logs(service: str = "web", requests: int = 20) -> pl.DataFrame:
    """Return requests of three events each, one of them with an error, before and after noon."""
    rows = [
        {
            "timestamp": NOON + timedelta(minutes=10 * (i - requests // 2), milliseconds=200 * k),
            "severity_number": 17 if i == requests - 1 and k == 2 else 9, "service": service,
            "message": f"{service} step done in {10 * k + i}ms", "trace_id": f"{service}-{i:06}", "user_id": service,
            "job_run_id": f"{service}{i}", "step": f"{service} {k}", "status": service,
        }
        for i in range(requests)
        for k in range(3)
    ]  # fmt: skip
    return conform(pl.DataFrame(rows))


def trend(service: str | None = None) -> pl.DataFrame:
    """Return a trend with one spike."""
    counts = [20 + i % 5 for i in range(60)]
    counts[30] = 500
    windows = [NOON + timedelta(minutes=5 * i) for i in range(60)]
    table = pl.DataFrame({"window": windows, "events": counts})
    return table if service is None else table.insert_column(1, pl.lit(service).alias("labels.x[0]"))


def compared(service: str = "web") -> pl.DataFrame:
    """Return the differences between the time before noon and a flood after it."""
    flood = [
        {"timestamp": NOON + timedelta(seconds=i), "message": f"{service} failed", "severity_number": 17}
        for i in range(90)
    ]
    both = pl.concat(
        [logs(service), conform(pl.DataFrame(flood)).with_columns(service=pl.lit(service))], how="diagonal"
    )
    return compare(both, baseline=(NOON - timedelta(hours=2), NOON), incident=(NOON, NOON + timedelta(hours=2)))


CASES: dict[str, tuple[Draw, Callable[[str], pl.DataFrame]]] = {
    "change_points": (charts.chart_change_points, lambda name: change_points(trend(name))),
    "compare": (charts.chart_compare, compared),
    "trace": (charts.chart_trace, lambda name: trace(logs(name), f"{name}-000019")),
    "traces": (charts.chart_traces, lambda name: traces(logs(name))),
    "steps": (charts.chart_steps, lambda name: steps(logs(name))),
    "sessions": (charts.chart_sessions, lambda name: sessions(logs(name))),
}


def drawn(chart: Any) -> list[dict[str, Any]]:
    """Return the rows that a chart draws, having checked that Vega-Lite accepts it."""
    spec = chart.to_dict()
    assert chart.to_json()
    return [row for rows in spec["datasets"].values() for row in rows]


@pytest.mark.parametrize("name", CASES)
def test_each_draws_something(name: str) -> None:
    """An Altair chart with rows, from a frame that is eager or lazy."""
    draw, frame = CASES[name]
    chart = draw(frame("web"))
    assert isinstance(chart, alt.Chart | alt.LayerChart)
    assert drawn(chart)
    assert draw(frame("web").lazy()).to_dict() == chart.to_dict()


@pytest.mark.parametrize("name", CASES)
def test_each_draws_nothing_of_an_empty_frame(name: str) -> None:
    """No error, and no rows."""
    draw, frame = CASES[name]
    assert [row for row in drawn(draw(frame("web").clear())) if row.get("kind") != "line"] == []


@pytest.mark.parametrize("name", CASES)
def test_hostile_text_stays_short_text(name: str) -> None:
    """No escapes, nothing beyond 300 characters, and no column of the log as a field of Vega's."""
    draw, frame = CASES[name]
    chart = draw(frame(HOSTILE))
    texts = [value for row in drawn(chart) for value in row.values() if isinstance(value, str)]
    assert all(len(text) <= 300 and "\x1b" not in text and "\u202e" not in text for text in texts)
    fields = {str(value) for value in _values(chart.to_dict(), "field")}
    assert all(field.isidentifier() for field in fields), fields


def _values(spec: Any, key: str) -> list[Any]:
    if isinstance(spec, dict):
        return [v for k, v in spec.items() if k == key] + [
            x for k, v in spec.items() if k != "datasets" for x in _values(v, key)
        ]
    return [x for item in spec for x in _values(item, key)] if isinstance(spec, list) else []


@pytest.mark.parametrize("name", CASES)
def test_a_missing_column_is_named(name: str) -> None:
    """A frame of another kind is refused."""
    with pytest.raises(MissingColumnError, match="has no column"):
        CASES[name][0](pl.DataFrame({"other": [1]}))


def test_changes_are_drawn_over_their_trend() -> None:
    """The line is there, the mark is at its peak, and the range is shaded."""
    table = trend()
    chart = charts.chart_change_points(change_points(table), trend=table, within=(NOON, NOON + timedelta(hours=1)))
    kinds = [row["kind"] for row in drawn(chart)]
    assert kinds.count("line") == 60
    assert [row["level"] for row in drawn(chart) if row["kind"] == "spike"] == [500]
    assert kinds.count("within") == 1


def test_a_long_trend_is_put_together() -> None:
    """At most 600 points, whose mean stays."""
    windows = [NOON + timedelta(minutes=i) for i in range(5000)]
    table = pl.DataFrame({"window": windows, "events": [10] * 5000})
    line = [
        row for row in drawn(charts.chart_change_points(change_points(table), trend=table)) if row["kind"] == "line"
    ]
    assert len(line) <= 600
    assert {row["level"] for row in line} == {10}


def test_factors_have_an_edge() -> None:
    """What is new is drawn at a thousand times, what is gone at a thousandth."""
    factors = {row["kind"]: row["factor"] for row in drawn(charts.chart_compare(compared()))}
    assert factors["new"] == 1000


def test_a_waterfall_keeps_errors_and_the_longest() -> None:
    """Of 500 events 60 are drawn, the one error among them, in order of begin."""
    many = pl.concat([logs(requests=20).with_columns(trace_id=pl.lit("t-000001"))] * 9)
    bars = drawn(charts.chart_trace(trace(many, "t-000001")))
    assert len(bars) == 60
    assert sum(bar["failed"] for bar in bars) == 9
    assert [bar["rank"] for bar in bars] == list(range(60))
    assert all(bar["to"] > bar["from"] for bar in bars)


def test_slow_steps_stand_out() -> None:
    """A step that took twice as long as usual is marked."""
    table = (
        steps(logs())
        .drop("executions")
        .with_columns(ratio=pl.when(pl.int_range(pl.len()) == 59).then(5.0).otherwise(1.0), errors=0)
    )
    assert [row["state"] for row in drawn(charts.chart_steps(table))].count("▲ slow") == 1


def parallel_and_looping() -> pl.DataFrame:
    """Return the events of a run in which one step runs three times beside another, and its second time fails."""
    spans = [("index", 0, 300, "success"), *(("load", 100 * k, 50, ("success", "failed")[k == 1]) for k in range(3))]
    events = [
        {"timestamp": NOON + timedelta(seconds=second), "step": step, "status": status, "severity_number": 9}
        for step, start, length, outcome in spans
        for second, status in ((start, "running"), (start + length, outcome))
    ]
    return pl.DataFrame(events).with_columns(job_run_id=1)


def test_steps_that_run_side_by_side_stand_below_one_another() -> None:
    """No bar covers another; each time that a step ran is a bar, the one that failed is marked by a sign, too."""
    rows = drawn(charts.chart_steps(steps(parallel_and_looping())))
    assert [(row["name"], row["from"], row["nth"]) for row in rows] == [
        ("index", 0.0, "1 of 1"), ("load", 0.0, "1 of 3"), ("load", 100.0, "2 of 3"), ("load", 200.0, "3 of 3"),
    ]  # fmt: skip
    assert [row["group"].strip() for row in rows] == ["1", "", "", ""]
    assert len({row["group"] for row in rows}) == 2
    assert [row["state"] for row in rows] == ["as usual", "as usual", "✕ failed", "as usual"]
    assert rows[2]["label"].startswith("✕")


def test_a_label_is_no_longer_than_its_bar() -> None:
    """Names of short bars are cut, so that they do not run into the next."""
    names = [f"a step with a long name {number}" for number in range(20)]
    events = [
        {"timestamp": NOON + timedelta(seconds=10 * number + part), "step": name, "severity_number": 9, "job_run_id": 1}
        for number, name in enumerate(names) for part in (0, 9)
    ]  # fmt: skip
    labels = [row["label"] for row in drawn(charts.chart_steps(steps(pl.DataFrame(events))))]
    assert all(len(label) <= 6 for label in labels)
