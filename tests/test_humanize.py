"""Wording: times, spans and counts as people write them, and log text made fit to show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganalytics import humanize

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@given(st.text(st.characters()), st.integers(2, 60))
def test_printable_text_is_short_and_free_of_controls(text: str, limit: int) -> None:
    """Whatever comes in, no control or escape comes out, and never more than the limit."""
    shown = humanize.printable(text, limit)
    assert len(shown) <= limit
    assert all(ord(char) >= 32 and not 0x7F <= ord(char) < 0xA0 for char in shown)
    assert not set(shown) & set("\u202a\u202e\u2066\u2069\ufeff")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;owned\x07title", "title"),
        ("\x1b]0;never ended", "0;never ended"),
        ("two\n\tlines", "two lines"),
        ("family 👨‍👩‍👧 ok", "family 👨‍👩‍👧 ok"),
        (None, ""),
    ],
)
def test_escapes_go_and_text_stays(text: str | None, shown: str) -> None:
    """Terminal escapes vanish whole; what was said stays, emoji too."""
    assert humanize.printable(text) == shown


def test_line_breaks_stay_where_asked_for() -> None:
    """A stack trace keeps its lines."""
    assert humanize.printable("a\r\n  b\n", lines=True) == "a\n  b"


def test_a_cut_is_marked() -> None:
    """Text that was cut ends in an ellipsis, also where only escapes were cut."""
    assert humanize.printable("x" * 100_000, 10) == "x" * 9 + "…"


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
    assert humanize.time_range(None, None) == ""


def test_counts_shares_and_lists_read_well() -> None:
    """Numbers agree with their nouns, small shares are not zero, long lists are counted."""
    assert [humanize.count(1, "event"), humanize.count(1234, "event")] == ["1 event", "1,234 events"]
    assert [humanize.percent(share) for share in (0.125, 1.0, 0.0, 0.0004, None)] == [
        "12.5 %", "100 %", "0 %", "under 0.1 %", "–",
    ]  # fmt: skip
    assert humanize.listing(list("abcdef")) == "a, b, c and 3 more"
