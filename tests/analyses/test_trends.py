"""Events and errors, window by window."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from loganalytics.analyses.trends import finish, merge, partial, trend
from loganalytics.exceptions import InvalidArgumentError, MissingColumnError
from loganalytics.schema import conform, empty

START = datetime(2025, 1, 1, tzinfo=UTC)


def _logs(*events: tuple[float | None, int | None, str | None]) -> pl.DataFrame:
    """Return events given as minutes after the start, severity and level."""
    return conform(
        pl.DataFrame(
            {
                "timestamp": [None if m is None else START + timedelta(minutes=m) for m, _, _ in events],
                "severity_number": [severity for _, severity, _ in events],
                "level": [level for _, _, level in events],
            },
            schema_overrides={"timestamp": pl.Datetime("us", "UTC"), "level": pl.String},
        )
    )


def test_counts_events_and_errors_and_fills_empty_windows() -> None:
    """The window in the middle is a row of zeros, and its rate is zero, not NaN."""
    table = trend(_logs((0, 9, "INFO"), (4, 17, "ERROR"), (12, 21, "CRITICAL")), every="5m")
    assert table["window"].to_list() == [START, START + timedelta(minutes=5), START + timedelta(minutes=10)]
    assert table["events"].to_list() == [2, 0, 1]
    assert table["errors"].to_list() == [1, 0, 1]
    assert table["error_rate"].to_list() == [0.5, 0.0, 1.0]


def test_every_value_has_every_window() -> None:
    """A value with one event is there, with zeros, all the time; the missing level is a value too."""
    table = trend(_logs((0, 9, "INFO"), (11, None, None)), every="5m", by="level")
    assert table.columns == ["window", "level", "events", "errors", "error_rate"]
    assert table.height == 6
    assert table.filter(pl.col("level").is_null())["events"].to_list() == [0, 0, 1]


def test_events_without_a_time_are_not_counted() -> None:
    """They belong to no window."""
    assert trend(_logs((0, 9, "INFO"), (None, 9, "INFO")))["events"].sum() == 1


@pytest.mark.parametrize("logs", [empty(), _logs((None, 17, "ERROR"))])
def test_a_log_without_times_has_no_windows(logs: pl.DataFrame) -> None:
    """The columns are there all the same."""
    table = trend(logs, by="service")
    assert table.is_empty()
    assert table.columns == ["window", "service", "events", "errors", "error_rate"]


def test_a_lazy_frame_gives_the_same() -> None:
    """What is lazy is collected once counted."""
    logs = _logs((0, 9, "INFO"), (7, 17, "ERROR"))
    assert_frame_equal(trend(logs.lazy(), by="level"), trend(logs, by="level"))


def test_a_missing_column_is_named() -> None:
    """A slip in `by` says which name was not found."""
    with pytest.raises(MissingColumnError, match="'levle'"):
        trend(empty(), by="levle")


def test_windows_without_number_are_refused() -> None:
    """One stray time stamp of 1970 must not eat the memory."""
    with pytest.raises(InvalidArgumentError, match=r"1970-01-01.*Hint"):
        trend(pl.concat([_logs((0, 9, "INFO")), _logs((-60 * 24 * 365.25 * 55, 9, "INFO"))]), every="10s")


def in_zone(tz: str, every: str, *hours: float, start: datetime) -> list[tuple[str, int]]:
    """Return the starts of the windows of events so many hours after a start, as the clock of a zone shows them."""
    times = [start + timedelta(hours=hour) for hour in hours]
    table = trend(conform(pl.DataFrame({"timestamp": times})), every=every, display_tz=tz)
    assert table.schema["window"] == pl.Datetime("us", tz)
    return [(f"{window:%d %H:%M %z}", events) for window, events in table.select("window", "events").rows()]


def test_days_begin_at_midnight_of_the_zone() -> None:
    """Five events of one day in Shanghai lie in two of UTC."""
    start = datetime(2026, 3, 1, 16, 30, tzinfo=UTC)
    assert in_zone("Asia/Shanghai", "1d", 0, 7, 8, 15, 23, 24, start=start) == [
        ("02 00:00 +0800", 5), ("03 00:00 +0800", 1)
    ]  # fmt: skip
    assert in_zone("UTC", "1d", 0, 7, 8, 15, 23, start=start) == [("01 00:00 +0000", 2), ("02 00:00 +0000", 3)]


def test_days_have_23_and_25_hours_where_the_clock_is_changed() -> None:
    """An event every hour counts them; empty days are rows too."""
    spring = in_zone("Europe/Berlin", "1d", *range(72), start=datetime(2026, 3, 27, 23, tzinfo=UTC))
    assert spring == [("28 00:00 +0100", 24), ("29 00:00 +0100", 23), ("30 00:00 +0200", 24), ("31 00:00 +0200", 1)]
    autumn = in_zone("Europe/Berlin", "1d", *range(72), start=datetime(2026, 10, 23, 22, tzinfo=UTC))
    assert autumn == [("24 00:00 +0200", 24), ("25 00:00 +0200", 25), ("26 00:00 +0100", 23)]
    assert in_zone("Europe/Berlin", "1d", 0, 71, start=datetime(2026, 3, 27, 23, tzinfo=UTC)) == [
        ("28 00:00 +0100", 1), ("29 00:00 +0100", 0), ("30 00:00 +0200", 0), ("31 00:00 +0200", 1)
    ]  # fmt: skip


def test_a_day_whose_midnight_is_left_out_begins_an_hour_later() -> None:
    """In Beirut the clock goes from midnight to one."""
    start = datetime(2026, 3, 28, 20, tzinfo=UTC)
    assert in_zone("Asia/Beirut", "1d", 0, 2, 25, start=start) == [
        ("28 00:00 +0200", 1), ("29 01:00 +0300", 1), ("30 00:00 +0300", 1)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("every", "hours", "expected"),
    [
        ("1h", (0, 1, 2), [("25 02:00 +0200", 1), ("25 02:00 +0100", 1), ("25 03:00 +0100", 1)]),
        ("6h", (-3, 0, 1, 6), [("24 18:00 +0200", 1), ("25 00:00 +0200", 2), ("25 06:00 +0100", 1)]),
    ],
)
def test_an_hour_that_comes_twice_is_two_windows_of_an_hour(
    every: str, hours: tuple[float, ...], expected: list[tuple[str, int]]
) -> None:
    """Longer windows are those of the clock."""
    assert in_zone("Europe/Berlin", every, *hours, start=datetime(2026, 10, 25, 0, 30, tzinfo=UTC)) == expected


def test_hours_of_a_zone_that_is_half_an_hour_off() -> None:
    """In Kolkata the hour begins at half past; weeks begin on Mondays everywhere."""
    start = datetime(2026, 3, 2, 0, 20, tzinfo=UTC)
    assert in_zone("Asia/Kolkata", "1h", 0, 0.5, start=start) == [("02 05:00 +0530", 1), ("02 06:00 +0530", 1)]
    assert in_zone("Asia/Kolkata", "1w", 0, start=start) == [("02 00:00 +0530", 1)]


def test_an_unknown_zone_is_refused() -> None:
    """With what to write."""
    with pytest.raises(InvalidArgumentError, match="no time zone 'Mars'"):
        trend(_logs((0, 9, "INFO")), display_tz="Mars")


EVENTS = st.tuples(
    st.one_of(st.none(), st.integers(0, 90)),
    st.sampled_from([None, 9, 17]),
    st.sampled_from([None, "INFO", "ERROR"]),
)


@given(st.lists(st.tuples(EVENTS, st.integers(0, 3)), max_size=40), st.permutations(range(4)))
def test_any_split_in_any_order_gives_the_same(
    events: list[tuple[tuple[int | None, int | None, str | None], int]], order: list[int]
) -> None:
    """The merge law: a batch, a tail and a cluster count alike."""
    expected = trend(_logs(*[event for event, _ in events]), by="level")
    partials = [partial(_logs(*[event for event, at in events if at == shard]), by="level") for shard in order]
    folded = partials[0]
    for shard in partials[1:]:
        folded = merge([folded, shard])
    assert_frame_equal(finish(folded), expected)
    assert_frame_equal(finish(merge(partials)), expected)
