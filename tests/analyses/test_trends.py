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
