"""Small frames of the pages: hostile text made safe, the lines around an event, the fields of an event."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from loganalytics import schema
from loganalytics.dashboard import summaries
from loganalytics.sanitize import printable

HOSTILE = ["=1+1", "\x1b[31mred\x1b[0m", "<script>x</script>", "a\u202eb", "x" * 5000, "a\nb"]


@given(st.lists(st.none() | st.text(max_size=40) | st.sampled_from(HOSTILE), max_size=20))
def test_tables_show_safe_text(messages):
    """No escape, control or bidirectional mark is left; it is what printable() makes of each text."""
    table = pl.DataFrame({"message": messages}, schema={"message": pl.String})
    for message, safe in zip(messages, summaries.safe_table(table)["message"], strict=True):
        assert (message is None) == (safe is None)
        if safe is not None:
            assert len(safe) <= 400
            assert not set(safe) & {"\x1b", "\x00", "\x9b", "\u202e", "\n"}
            assert safe == printable(message, 400)


def test_surrounding_lines_are_those_of_the_same_source():
    """In the source's own order, as many as there are."""
    logs = schema.conform(
        pl.DataFrame({"message": [f"m{n}" for n in range(30)], "source": "a", "offset": [str(n) for n in range(30)]})
    )

    def offsets(source: str, offset: str) -> list[str]:
        return summaries.surrounding_lines(logs, source, offset, 2)["offset"].to_list()

    assert offsets("a", "15") == ["13", "14", "15", "16", "17"]
    assert offsets("a", "1") == ["0", "1", "2", "3"]
    assert offsets("a", "29") == ["27", "28", "29"]
    assert offsets("b", "1") == []


def test_the_fields_of_an_event_leave_out_what_is_empty():
    """The core first, then the event's own fields; message and helper columns stay out, text is safe."""
    event = {"user_id": 7, "message": "m", "level": "INFO", "service": None, "logger": "a\x1b[31mb", "__ms": 1.0}
    assert summaries.field_table(event).to_dicts() == [
        {"field": "level", "value": "INFO"},
        {"field": "logger", "value": "ab"},
        {"field": "user_id", "value": "7"},
    ]
