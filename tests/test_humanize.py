"""Times, spans and counts as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from loganalytics import humanize

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.02, "20 ms"), (59, "59 s"), (60, "1 min"), (3661, "1 h 1 min"), (3605, "1 h"), (90_000, "1 d 1 h")],
)
def test_spans_are_told_in_their_two_greatest_units(seconds: float, text: str) -> None:
    """A span reads at a glance."""
    assert humanize.span(timedelta(seconds=seconds)) == text


def test_a_range_tells_the_second_date_only_where_it_differs() -> None:
    """Within a day the date is told once."""
    assert humanize.time_range(NOON, NOON + timedelta(minutes=5)) == "2026-07-01 12:00–12:05 UTC"
    assert humanize.time_range(NOON, NOON + timedelta(days=1)) == "2026-07-01 12:00 – 2026-07-02 12:00 UTC"
    assert humanize.time_range(NOON, NOON) == "2026-07-01 12:00 UTC"
    assert humanize.time_range(NOON, NOON + timedelta(milliseconds=900)) == "2026-07-01 12:00 UTC"
    assert humanize.time_range(None, None) == ""


def test_counts_shares_and_lists_read_well() -> None:
    """Numbers agree with their nouns, small shares are not zero, long lists are counted."""
    assert [humanize.count(1, "event"), humanize.count(1234, "event")] == ["1 event", "1,234 events"]
    assert [humanize.percent(share) for share in (0.125, 1.0, 0.0, 0.0004, None)] == [
        "12.5 %", "100 %", "0 %", "under 0.1 %", "–",
    ]  # fmt: skip
    assert humanize.listing(list("abcdef")) == "a, b, c and 3 more"


def test_most_events_without_a_time_are_a_warning() -> None:
    """At one more than half the warning counts them; at half there is none."""
    assert humanize.undated(5, 10) is None
    assert str(humanize.undated(6, 10)).startswith("6 of 10 events have no time, so")
    assert str(humanize.undated(1, 1)).startswith("None of 1 event has a time, so")
    assert humanize.undated(0, 0) is None


def test_times_are_shown_in_the_zone_of_the_reader_and_the_zone_is_named() -> None:
    """Also where the clocks change, and for a time without a zone, which is one of UTC."""
    shown = {"tz": "Asia/Shanghai"}
    assert humanize.moment(NOON, **shown) == "2026-07-01 20:00 Asia/Shanghai"
    assert humanize.moment(NOON.replace(tzinfo=None), zone=False, **shown) == "2026-07-01 20:00"
    assert humanize.time_range(NOON, NOON + timedelta(hours=5), **shown) == (
        "2026-07-01 20:00 – 2026-07-02 01:00 Asia/Shanghai"
    )  # fmt: skip
    assert humanize.time_range(NOON, NOON + timedelta(hours=1), zone=False) == "2026-07-01 12:00–13:00"
    berlin = [humanize.moment(datetime(2026, 3, 29, hour, tzinfo=UTC), tz="Europe/Berlin") for hour in (0, 1)]
    assert berlin == ["2026-03-29 01:00 Europe/Berlin", "2026-03-29 03:00 Europe/Berlin"]
