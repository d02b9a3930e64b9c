"""JSON lines: fields by sample, and what the sample did not show."""

from __future__ import annotations

import json

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from loganalytics.formats import json_lines
from loganalytics.formats.timestamps import Clock


def read(sample: list[object], more: list[object] | None = None) -> pl.DataFrame:
    """Parse records by what the sample among them shows."""
    lines = [json.dumps(record, ensure_ascii=False) for record in [*sample, *(more or [])]]
    layout = json_lines.learn(lines[: len(sample)])
    assert layout is not None
    frame = pl.DataFrame({"n": range(len(lines)), "line": lines}, schema={"n": pl.UInt64, "line": pl.String})
    events, rest = json_lines.read(frame, layout, Clock())
    assert rest.is_empty()
    return events


def test_nested_objects_flatten_to_dotted_names():
    """labels: {env: …} is the column labels.env, and keeps its type."""
    events = read([{"msg": "a", "labels": {"env": "prod", "n": 3}}])
    assert events.select("labels.env", "labels.n").row(0) == ("prod", 3)


def test_a_list_is_kept_as_json_text():
    """What is no single value stays whole."""
    assert read([{"msg": "a", "tags": ["x", {"y": 1}]}])["tags"].to_list() == ['["x",{"y":1}]']


def test_a_late_key_is_kept_in_attributes():
    """A field that the sample did not have is not lost."""
    events = read([{"msg": "a"}], [{"msg": "b", "new": {"q": 1}}])
    assert [text and json.loads(text) for text in events["attributes"].to_list()] == [None, {"new": {"q": 1}}]


def test_a_value_of_another_type_is_kept_in_attributes():
    """user_id: "anonymous" among numbers is null in its column and whole in attributes."""
    events = read([{"msg": "a", "user_id": 7}], [{"msg": "b", "user_id": "anonymous"}])
    assert events["user_id"].to_list() == [7, None]
    assert json.loads(events["attributes"][1]) == {"user_id": "anonymous"}


def test_text_where_the_sample_had_an_object_is_kept():
    """error: "text" among error: {…} is not lost."""
    events = read([{"msg": "a", "err": {"code": 1}}], [{"msg": "b", "err": "boom"}])
    assert json.loads(events["attributes"][1]) == {"err": "boom"}


def test_a_field_named_like_a_core_column_does_not_replace_it():
    """A record's own `source` and `offset` stand beside ours."""
    assert read([{"msg": "a", "source": "s3"}])["attributes.source"].to_list() == ["s3"]


def test_dialects_agree_on_the_core():
    """The message, level and logger are found under the names that each library uses."""
    for record in (
        {"@timestamp": "2026-01-01T00:00:00Z", "log.level": "error", "message": "m", "log": {"logger": "x"}},
        {"ts": 1767225600.5, "level": "error", "msg": "m", "logger": "x"},
        {"timestamp": "2026-01-01T00:00:00Z", "level": "ERROR", "fields": {"message": "m"}, "target": "x"},
        {"t": {"$date": "2026-01-01T00:00:00.000+00:00"}, "s": "E", "c": "x", "msg": "m"},
    ):
        event = read([record]).row(0, named=True)
        assert (event["level"], event["message"], event["logger"]) == ("ERROR", "m", "x")
        assert event["timestamp"] is not None


def test_a_message_of_many_lines_keeps_its_first():
    """The message is the first line; the rest is the exception."""
    event = read([{"msg": "failed\nTraceback:\n  x"}]).row(0, named=True)
    assert (event["message"], event["exception"]) == ("failed", "Traceback:\n  x")


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


KEYS = st.sampled_from(["msg", "a", "A", "b.c", "b"]) | st.text(max_size=4)


@given(st.lists(st.dictionaries(KEYS, JSON), min_size=1))
def test_any_objects_are_read(records):
    """Whatever the objects hold, each line is an event."""
    assert read([{"msg": "first"}, *records]).height == len(records) + 1
