"""Filters on times, fields and messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from loganalytics.exceptions import InvalidArgumentError
from loganalytics.filters.expressions import Where, check_regex, in_text, time_range_filter, within_times
from loganalytics.sources.read_options import ReadOptions

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@pytest.fixture
def logs() -> pl.DataFrame:
    """Return events just before, at and just after noon and one o'clock, and one without a time."""
    hours = (NOON, NOON + timedelta(hours=1))
    times = [hour + tick for hour in hours for tick in (-TICK, timedelta(0), TICK)]
    return pl.DataFrame({"timestamp": [*times, None], "event": range(7)}, schema_overrides={"event": pl.Int64})


@pytest.mark.parametrize(
    ("since", "until", "events"),
    [
        (NOON, None, [1, 2, 3, 4, 5]),
        (None, NOON + timedelta(hours=1), [0, 1, 2, 3]),
        (NOON, NOON + timedelta(hours=1), [1, 2, 3]),
        (NOON, NOON, []),
        (None, None, [0, 1, 2, 3, 4, 5, 6]),
    ],
)
def test_since_is_included_and_until_is_not(
    logs: pl.DataFrame, since: datetime | None, until: datetime | None, events: list[int]
) -> None:
    """An event at `since` is kept, one at `until` is not, and one without a time only where there is no limit."""
    assert logs.filter(time_range_filter(since, until))["event"].to_list() == events
    assert within_times(logs, since, until)["event"].to_list() == events


def test_without_a_limit_the_frame_itself_is_returned(logs: pl.DataFrame) -> None:
    """So that who caches a frame knows that nothing was filtered."""
    assert within_times(logs, None, None) is logs


def test_read_options_filter_by_the_same_time_range(logs: pl.DataFrame) -> None:
    """Also together with a severity, and there is no filter where all events are wanted."""
    with_severity = logs.with_columns(severity_number=pl.when(pl.col("event") == 2).then(9).otherwise(17))
    options = ReadOptions(since=NOON, until=NOON + timedelta(hours=1))
    assert options.predicate is not None
    assert with_severity.filter(options.predicate)["event"].to_list() == [1, 2, 3]
    options = ReadOptions(until=NOON + timedelta(hours=1), severity=17)
    assert options.predicate is not None
    assert with_severity.filter(options.predicate)["event"].to_list() == [0, 1, 3]
    assert ReadOptions().predicate is None


def test_a_condition_on_a_field_compares_its_text() -> None:
    """Null is the empty text, and a field that the logs do not have is empty in all events."""
    frame = pl.DataFrame({"status": [200, 503, None]})

    def matches(condition: str) -> list[int | None]:
        return frame.filter(Where.parse(condition).expression(frame.columns))["status"].to_list()

    assert matches("status=503") == [503]
    assert matches("status!=503") == [200, None]
    assert matches("status=") == [None]
    assert matches("user=") == [200, 503, None]
    assert matches("user!=") == []
    assert matches("user=root") == []


@pytest.mark.parametrize("condition", ["status", "=503", "!=503", ""])
def test_a_condition_without_field_or_equals_sign_is_refused(condition: str) -> None:
    """The message shows it, and how to write one."""
    with pytest.raises(InvalidArgumentError, match=r"is not a valid condition. Hint: write field=value"):
        Where.parse(condition)


def test_in_text_looks_at_message_and_exception() -> None:
    """Null matches nothing."""
    frame = pl.DataFrame({"message": ["disk full", "ok", None], "exception": [None, "disk error", None]})
    assert frame.select(in_text(lambda column: column.str.contains("disk")))["message"].to_list() == [True, True, False]


def test_a_broken_regular_expression_is_named_with_its_error() -> None:
    """And what to do about it."""
    check_regex(r"a\(b")
    with pytest.raises(InvalidArgumentError, match=r"'a\(b' is not a valid regular expression \(error: unclosed group"):
        check_regex("a(b")
