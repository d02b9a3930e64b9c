"""Log text made safe to show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loganalytics import sanitize


@given(st.text(st.characters()), st.integers(2, 60))
def test_printable_text_is_short_and_free_of_controls(text: str, limit: int) -> None:
    """Whatever comes in, no control or escape comes out, and never more than the limit."""
    shown = sanitize.printable(text, limit)
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
    assert sanitize.printable(text) == shown


def test_line_breaks_stay_where_asked_for() -> None:
    """A stack trace keeps its lines."""
    assert sanitize.printable("a\r\n  b\n", lines=True) == "a\n  b"


def test_a_cut_is_marked() -> None:
    """Text that was cut ends in an ellipsis, also where only escapes were cut."""
    assert sanitize.printable("x" * 100_000, 10) == "x" * 9 + "…"
