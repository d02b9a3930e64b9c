"""Charts: what they draw, how little of it, and that the text of a log stays text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from loganalytics import charts
from loganalytics.charts.levels import BRIGHT_LEVEL_COLOURS, DARK_LEVEL_COLOURS
from loganalytics.charts.theme import DARK_PAGE_INK, LIGHT_PAGE_INK, with_ink
from loganalytics.charts.trends import MAX_UNKNOWN_LEVELS
from loganalytics.exceptions import MissingColumnError

START = datetime(2026, 7, 1, 6, tzinfo=UTC)
STEP = timedelta(minutes=5)
TIME = pl.Datetime("us", "UTC")
REASON = pl.Struct({"feature": pl.String, "text": pl.String, "contribution": pl.Float64})
GAPS = pl.List(pl.Struct({"start": TIME, "end": TIME}))
HOSTILE = "\x1b[31m</script><img src=x onerror=alert(1)>\u202e **bold** " + "x" * 100_000


def rows(chart: Any) -> list[dict[str, Any]]:
    """Return the rows that the chart draws."""
    datasets = chart.to_dict()["datasets"]
    assert len(datasets) == 1
    return list(next(iter(datasets.values())))


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours, as WCAG defines it."""
    luminances = []
    for colour in (first, second):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        luminances.append(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    return (max(luminances) + 0.05) / (min(luminances) + 0.05)


def trend(windows: int, levels: dict[str | None, int], by: str = "level") -> pl.DataFrame:
    """Return what trend() returns: the same counts in every window."""
    return pl.DataFrame(
        [
            {"window": START + i * STEP, by: level, "events": events, "errors": 0, "error_rate": 0.0}
            for i in range(windows)
            for level, events in levels.items()
        ],
        schema={"window": TIME, by: pl.String, "events": pl.Int64, "errors": pl.Int64, "error_rate": pl.Float64},
    )


def anomalies(windows: int, loud: set[int], service: str | None = None) -> pl.DataFrame:
    """Return what detect_anomalies() returns, with these windows anomalous."""
    reason = [{"feature": "errors", "text": "54 errors where 0 to 4 are usual", "contribution": 1.0}]
    table = pl.DataFrame(
        {
            "window": [START + i * STEP for i in range(windows)],
            "score": [0.97 if i in loud else 0.3 for i in range(windows)],
            "is_anomaly": [i in loud for i in range(windows)],
            "reasons": [reason if i in loud else [] for i in range(windows)],
        },
        schema={"window": TIME, "score": pl.Float64, "is_anomaly": pl.Boolean, "reasons": pl.List(REASON)},
    )
    return table if service is None else table.insert_column(1, pl.lit(service).alias("service"))


def clusters(labels: list[str | None], name: str = "label") -> pl.DataFrame:
    """Return what cluster_errors() or patterns() returns."""
    size = len(labels)
    return pl.DataFrame(
        {
            name: labels,
            "events": list(range(size, 0, -1)),
            "share": [0.1] * size,
            "services": [["web"]] * size,
            "first_seen": [START] * size,
            "last_seen": [START] * size,
        },
        schema={
            name: pl.String, "events": pl.Int64, "share": pl.Float64, "services": pl.List(pl.String),
            "first_seen": TIME, "last_seen": TIME,
        },
    )  # fmt: skip


def coverage(gaps: list[tuple[int, int]], service: str | None = "web") -> pl.DataFrame:
    """Return what coverage() returns for one service with these gaps, in windows."""
    ended = [{"start": START + a * STEP, "end": START + b * STEP} for a, b in gaps]
    return pl.DataFrame(
        [(service, 100, START, START + 90 * STEP, 10 * STEP, True, ended)],
        schema={
            "service": pl.String, "events": pl.Int64, "first_seen": TIME, "last_seen": TIME,
            "silent_for": pl.Duration("us"), "is_silent": pl.Boolean, "gaps": GAPS,
        },
        orient="row",
    )  # fmt: skip


def latency(groups: dict[str | None, float]) -> pl.DataFrame:
    """Return what latency() returns for these medians."""
    return pl.DataFrame(
        [(name, 10, p50, p50 * 3, p50 * 9, p50 * 10) for name, p50 in groups.items()],
        schema={
            "logger": pl.String, "count": pl.Int64, "p50": pl.Float64, "p95": pl.Float64, "p99": pl.Float64,
            "max": pl.Float64,
        },
        orient="row",
    )  # fmt: skip


CASES = {
    "trend": (charts.chart_trend, trend(3, {"INFO": 5, "ERROR": 1})),
    "anomalies": (charts.chart_anomalies, anomalies(3, {1}, "web")),
    "errors": (charts.chart_errors, clusters(["a", "b"])),
    "patterns": (charts.chart_patterns, clusters(["a", "b"], "template")),
    "coverage": (charts.chart_coverage, coverage([(3, 5)])),
    "latency": (charts.chart_latency, latency({"db": 10.0})),
}


def test_trend_counts_survive_when_windows_are_put_together() -> None:
    """A thousand windows become at most 120 bars a level, and no event is lost or counted twice."""
    drawn = rows(charts.chart_trend(trend(1000, {"INFO": 5, "ERROR": 2})))
    assert len(drawn) <= 240
    assert sum(row["events"] for row in drawn if row["group"] == "INFO") == 5000
    assert sum(row["events"] for row in drawn if row["group"] == "ERROR") == 2000


def test_the_axis_of_few_events_has_whole_numbers() -> None:
    """Between 0 and 1 there is no count, and no label of its own."""
    assert charts.chart_trend(trend(2, {"INFO": 1})).to_dict()["encoding"]["y"]["axis"]["tickMinStep"] == 1


def test_trend_stacks_levels_from_the_worst_in_their_own_colours() -> None:
    """Errors stand on the base line; a level has the same colour whatever other levels there are."""
    scale = charts.chart_trend(trend(2, {"DEBUG": 1, "ERROR": 1, None: 1})).to_dict()["encoding"]["color"]["scale"]
    assert scale["domain"] == ["ERROR", "DEBUG", "unknown"]
    assert scale["range"][0] == charts.LEVEL_COLOURS["ERROR"]


def test_a_level_that_is_none_of_ours_recolours_no_other() -> None:
    """It is grey; ERROR stays red and INFO blue, and a level of ours is drawn however few events it has."""
    unknown: dict[str | None, int] = {f"级别{i}": 1000 for i in range(20)}
    chart = charts.chart_trend(trend(2, {"INFO": 5, "ERROR": 1, **unknown}))
    scale = chart.to_dict()["encoding"]["color"]["scale"]
    colours = dict(zip(scale["domain"], scale["range"], strict=True))
    assert {name: colours.pop(name) for name in ("ERROR", "INFO")} == {
        name: charts.LEVEL_COLOURS[name] for name in ("ERROR", "INFO")
    }
    assert set(colours.values()) == {charts.LEVEL_COLOURS["unknown"]}
    assert len(colours) <= MAX_UNKNOWN_LEVELS + 1  # and other
    assert sum(row["events"] for row in rows(chart)) == 2 * 20_006


@pytest.mark.parametrize(
    ("colours", "other"),
    [
        (DARK_LEVEL_COLOURS, "#ffffff"), (DARK_LEVEL_COLOURS, "#f3f5f8"),
        (BRIGHT_LEVEL_COLOURS, "#10141a"), (BRIGHT_LEVEL_COLOURS, "#1f2630"),
    ],
)  # fmt: skip
def test_text_on_or_of_the_colour_of_a_level_can_be_read(colours: dict[str, str], other: str) -> None:
    """WCAG asks for 4.5:1: white text on a dark one, and text of it on a page of the theme."""
    assert set(colours) == set(charts.LEVEL_COLOURS)
    assert all(contrast(colour, other) >= 4.5 for colour in colours.values())


def test_trend_by_many_services_keeps_the_greatest_and_counts_the_rest() -> None:
    """Of thirty services seven get a colour; the others add up in one."""
    services: dict[str | None, int] = {f"service-{i}": i for i in range(1, 31)}
    drawn = rows(charts.chart_trend(trend(1, services, by="service")))
    assert {row["group"] for row in drawn} == {f"service-{i}" for i in range(24, 31)} | {"other"}
    assert sum(row["events"] for row in drawn) == sum(services.values())  # type: ignore[arg-type]


def test_trend_without_a_third_column_sets_errors_apart() -> None:
    """Without a column to split by, errors and other events are the two parts of a bar."""
    frame = pl.DataFrame({"window": [START], "events": [10], "errors": [3], "error_rate": [0.3]})
    assert {row["group"]: row["events"] for row in rows(charts.chart_trend(frame))} == {"errors": 3, "other events": 7}


def test_trend_windows_end_where_the_next_begins() -> None:
    """A bar is as wide as its window, so that none is a hairline."""
    drawn = rows(charts.chart_trend(trend(3, {"INFO": 5})))
    starts = [datetime.fromisoformat(row["start"]) for row in drawn]
    ends = [datetime.fromisoformat(row["end"]) for row in drawn]
    assert starts[1:] == ends[:-1]
    assert ends[-1] - starts[-1] == STEP


def test_anomalous_windows_keep_mark_and_reason_when_put_together() -> None:
    """One anomalous window among a thousand is still there, with its reason in words."""
    drawn = rows(charts.chart_anomalies(anomalies(1000, {777})))
    loud = [row for row in drawn if row["anomalous"]]
    assert len(loud) == 1
    assert loud[0]["reasons"] == "54 errors where 0 to 4 are usual"
    assert len(drawn) <= 120


def test_anomalies_by_service_show_the_services_that_have_some() -> None:
    """Of twenty services eight rows are drawn, and the one with the anomaly is among them."""
    frame = pl.concat([anomalies(10, {5} if i == 19 else set(), f"service-{i:02}") for i in range(20)])
    groups = {row["group"] for row in rows(charts.chart_anomalies(frame))}
    assert "service-19" in groups
    assert len(groups) == 8


def test_errors_and_patterns_are_cut_to_the_greatest() -> None:
    """Long lists become their top, the greatest first."""
    labels: list[str | None] = [f"problem {i}" for i in range(100)]
    assert [row["name"] for row in rows(charts.chart_errors(clusters(labels)))] == labels[:12]
    assert len(rows(charts.chart_patterns(clusters(labels, "template")))) == 15


def test_what_is_new_is_marked() -> None:
    """A problem that is new, and a template that the catalogue does not know; nothing where that was not asked."""
    errors = clusters(["old", "fresh"]).with_columns(is_new=pl.Series([False, True]))
    templates = clusters(["old", "fresh"], "template").with_columns(is_known=pl.Series([True, False]))
    for chart in (charts.chart_errors(errors), charts.chart_patterns(templates)):
        assert ["new" in row["shown"] for row in rows(chart)] == [False, True]
    assert not any("new" in row["shown"] for row in rows(charts.chart_patterns(clusters(["old"], "template"))))


def test_coverage_draws_gaps_and_the_silence_at_the_end() -> None:
    """Each service has what was heard, each unusual gap and the silence that lasts."""
    drawn = rows(charts.chart_coverage(coverage([(10, 12), (40, 70)])))
    assert [row["kind"] for row in drawn] == ["heard", "silent", "gap", "gap"]
    assert drawn[2]["lasting"] == "2 h 30 min"


def test_coverage_makes_a_moment_wide_enough_to_see() -> None:
    """A gap of a second in a day is drawn wider than it was; its words tell the truth."""
    frame = coverage([]).with_columns(
        gaps=pl.lit([{"start": START + STEP, "end": START + STEP + timedelta(seconds=1)}], dtype=GAPS)
    )
    gap = next(row for row in rows(charts.chart_coverage(frame)) if row["kind"] == "gap")
    drawn = datetime.fromisoformat(gap["end"]) - datetime.fromisoformat(gap["start"])
    assert drawn > timedelta(minutes=1)
    assert gap["lasting"] == "1 s"


def test_latency_of_zero_still_fits_a_logarithmic_scale() -> None:
    """Zero has no logarithm: it is drawn at a microsecond, and told as zero."""
    row = rows(charts.chart_latency(latency({"cache": 0.0})))[0]
    assert row["p50"] > 0
    assert row["p50_text"] == "0.0 ms"


@pytest.mark.parametrize("name", CASES)
def test_empty_frames_draw_nothing_and_raise_nothing(name: str) -> None:
    """Every chart takes a frame without rows."""
    draw, frame = CASES[name]
    assert rows(draw(frame.clear())) == []


@pytest.mark.parametrize("name", CASES)
def test_lazy_frames_draw_the_same(name: str) -> None:
    """Every chart takes a LazyFrame where it takes a DataFrame, and the same input gives the same chart."""
    draw, frame = CASES[name]
    assert draw(frame.lazy()).to_dict() == draw(frame).to_dict()


@pytest.mark.parametrize("name", CASES)
def test_a_missing_column_is_named(name: str) -> None:
    """A frame of another kind is refused with the column it lacks."""
    with pytest.raises(MissingColumnError, match="has no column"):
        CASES[name][0](pl.DataFrame({"other": [1]}))


@pytest.mark.parametrize(
    ("draw", "frame"),
    [
        (charts.chart_trend, trend(2, {HOSTILE: 4, None: 1}, by="service")),
        (charts.chart_anomalies, anomalies(2, {1}, HOSTILE)),
        (charts.chart_errors, clusters([HOSTILE, None])),
        (charts.chart_patterns, clusters([HOSTILE, None], "template")),
        (charts.chart_coverage, coverage([(1, 2)], HOSTILE)),
        (charts.chart_latency, latency({HOSTILE: 3.0, None: 4.0})),
    ],
)
def test_hostile_text_is_shortened_and_its_escapes_taken_away(draw: Any, frame: pl.DataFrame) -> None:
    """A line of 100 kB, terminal escapes and turned writing cannot spoil a chart."""
    drawn = rows(draw(frame))
    texts = [value for row in drawn for value in row.values() if isinstance(value, str)]
    assert any("</script>" in text for text in texts)
    assert all(len(text) <= 300 and "\x1b" not in text and "\u202e" not in text for text in texts)


def test_names_that_begin_alike_stay_apart() -> None:
    """Shortening never makes one row of two services."""
    frame = pl.concat([anomalies(2, {1}, "service-" + "x" * 40 + end) for end in "ab"])
    assert len({row["group"] for row in rows(charts.chart_anomalies(frame))}) == 2


def test_field_names_of_a_log_mean_nothing_to_vega() -> None:
    """A column such as `labels.env[0]` is a path to Vega; the chart names it otherwise."""
    chart = charts.chart_trend(trend(2, {"prod": 3}, by="labels.env[0]")).to_dict()
    assert chart["encoding"]["color"]["field"] == "group"


@pytest.mark.parametrize("name", CASES)
def test_a_sentence_describes_each_chart(name: str) -> None:
    """Whoever cannot see a chart is told its figures, in a line without controls."""
    draw, frame = CASES[name]
    description = draw(frame).to_dict()["description"]
    assert any(letter.isdigit() for letter in description)
    assert description.endswith(".")
    assert len(description) <= 400


def test_the_description_of_a_trend_has_its_figures() -> None:
    """All events, each level and the highest bar."""
    description = charts.chart_trend(trend(2, {"INFO": 5, "ERROR": 1})).to_dict()["description"]
    assert description == (
        "12 events 2026-07-01 06:00–06:10 UTC: INFO 10 and ERROR 2; most in one bar, 6, 2026-07-01 06:00–06:05 UTC."
    )


@pytest.mark.parametrize(("ink", "page"), [(LIGHT_PAGE_INK, "#ffffff"), (DARK_PAGE_INK, "#10141a")])
def test_words_of_a_chart_can_be_read_on_a_page_that_is_known(ink: str, page: str) -> None:
    """Axes and layers of text have the colour for it."""
    chart = with_ink(charts.chart_errors(clusters(["refused"])), ink).to_dict()
    assert contrast(ink, page) >= 4.5
    assert chart["config"]["axis"]["labelColor"] == ink
    texts = [layer["mark"] for layer in chart["layer"] if layer["mark"]["type"] == "text"]
    assert {mark["color"] for mark in texts[:2]} == {ink}
