"""JSON lines: fields by sample, and what the sample did not show."""

from __future__ import annotations

import json

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

import loganalytics as la
from loganalytics.formats.json import reader
from loganalytics.formats.timestamps import Clock


def read(sample: list[object], further: list[object] | None = None) -> pl.DataFrame:
    """Parse records by what the sample among them shows."""
    lines = [json.dumps(record, ensure_ascii=False) for record in [*sample, *(further or [])]]
    form = reader.infer(lines[: len(sample)])
    assert form is not None
    frame = pl.DataFrame({"n": range(len(lines)), "line": lines}, schema={"n": pl.UInt64, "line": pl.String})
    events, unread = reader.read(frame, form, Clock())
    assert unread.is_empty()
    return events


def test_nested_objects_flatten_to_dotted_names():
    """labels: {env: …} is the column labels.env, and keeps its type."""
    events = read([{"msg": "a", "labels": {"env": "prod", "n": 3}}])
    assert events.select("labels.env", "labels.n").row(0) == ("prod", 3)


def test_a_list_stays_json_text():
    """A value of several stays whole."""
    assert read([{"msg": "a", "tags": ["x", {"y": 1}]}])["tags"].to_list() == ['["x", {"y": 1}]']


def test_a_late_key_goes_to_attributes():
    """A field that the sample did not have is not lost."""
    events = read([{"msg": "a"}], [{"msg": "b", "new": {"q": 1}}])
    assert [attributes and json.loads(attributes) for attributes in events["attributes"].to_list()] == [
        None,
        {"new": {"q": 1}},
    ]


def test_a_value_of_another_type_goes_to_attributes():
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


def test_libraries_agree_on_the_core():
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
    """The message is the first line; the unread is the exception."""
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


def test_a_list_is_written_alike_on_both_roads():
    """A line that Polars' reader refuses does not change how the lists of its block are written."""
    sample = [{"msg": "a", "n": 1, "tags": ["x", {"y": [1]}]}]
    assert read(sample, [{"msg": "b", "n": 1.5, "tags": []}])["tags"].to_list() == ['["x", {"y": [1]}]', "[]"]


def test_keys_with_nulls_hide_no_late_key():
    """Values that are missing, null or new in one block are told from each other."""
    events = read([{"msg": "a", "n": 1}], [{"msg": "b", "n": None}, {"msg": "c", "new": 1}, {"msg": "d", "gone": None}])
    assert events["attributes"].to_list() == [None, None, '{"new": 1}', None]


def read_text(sample: list[str], further: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Parse lines as they stand."""
    form = reader.infer(sample)
    assert form is not None
    lines = [*sample, *further]
    frame = pl.DataFrame({"n": range(len(lines)), "line": lines}, schema={"n": pl.UInt64, "line": pl.String})
    return reader.read(frame, form, Clock())


SAMPLE = ['{"msg": "a", "n": 1}', '{"msg": "b", "n": 2}']


def test_a_blank_before_the_colon_hides_no_late_key():
    """Keys are found however they are written."""
    events, _ = read_text(SAMPLE, ['{"msg" : "c", "new" : 1}', '{"msg":"d","new": 2}'])
    assert events["attributes"].to_list() == [None, None, '{"new": 1}', '{"new": 2}']


def test_text_that_looks_like_a_key_hides_no_late_key():
    """Quotes and colons within a message are not counted as keys that are known."""
    events, _ = read_text(SAMPLE, ['{"msg": "c \\": null", "new": 1}', '{"msg": "\\": 1", "n": 3}'])
    assert events["attributes"].to_list() == [None, None, '{"new": 1}', None]


def test_broken_lines_keep_their_text_among_the_others():
    """A line cut in the middle is an event of its own, in its place, and known for what it is."""
    events, unread = read_text(SAMPLE, ['{"msg": "c", "n', '{"msg": "d", "n": 4}'])
    assert unread.is_empty()
    assert events["message"].to_list() == ["a", "b", '{"msg": "c", "n', "d"]
    assert events["parsed"].to_list() == [True, True, False, True]
    assert events["n"].to_list() == [0, 1, 2, 3]


def test_a_broken_line_in_chinese():
    """The error of what reads a block of broken lines quotes the first bytes, which may end within a character."""
    broken = '{"mdc":{"traceId":"abc123"},"@versi 读取论文4448详情'
    form = reader.infer(SAMPLE)
    assert form is not None
    lines = pl.DataFrame({"n": [1], "line": [broken]}, schema={"n": pl.UInt64, "line": pl.String})
    events, unread = reader.read(lines, form, Clock())
    assert (events.height, unread["line"].to_list()) == (0, [broken])


def test_a_broken_line_that_ends_like_an_object():
    """What only a JSON parser sees is found too, and does not take the other lines with it."""
    events, unread = read_text(SAMPLE, ['{"msg": "c" "n": 3}', '{"msg": "d", "n": 4}', "plain text"])
    assert events["message"].to_list() == ["a", "b", "d"]
    assert unread["line"].to_list() == ['{"msg": "c" "n": 3}', "plain text"]


def test_an_object_followed_by_blanks():
    """It is an object all the same."""
    events, unread = read_text(SAMPLE, ['{"msg": "c", "n": 3}  ', '{"msg": "d", "n": 4}\t'])
    assert events["n"].len() == 4
    assert events["message"].to_list() == ["a", "b", "c", "d"]
    assert unread.is_empty()


def test_half_of_a_surrogate_pair_is_not_made_up():
    """A character that does not exist stays the escape that was written; a whole pair is read."""
    events, unread = read_text(SAMPLE, [r'{"msg": "\ud83d\ude00", "n": 3}', r'{"msg": "\ud83d \\ud83d", "n": 4}'])
    assert unread.is_empty()
    assert events["message"].to_list() == ["a", "b", "😀", r"\ud83d \ud83d"]
    assert events["n"].len() == 4


def test_bytes_that_nginx_escapes_stay_as_written():
    """They are no JSON, which is no reason to read nothing of the line; an escaped backslash is one."""
    lines = [r'{"msg": "curl \xE4\xB8", "n": 3}', r'{"msg": "C:\\x41", "n": 4}']
    events, unread = read_text(SAMPLE, lines)
    assert unread.is_empty()
    assert events["message"].to_list() == ["a", "b", r"curl \xE4\xB8", r"C:\x41"]


def test_lists_keep_their_escapes():
    """What is JSON text remains so, on both roads."""
    lists = [["C:\\new", 'say "hi"'], ["line\nend", "\x01"], [{"path": "\\\\host"}]]
    sample = [{"msg": "a", "tags": tags, "n": 1} for tags in lists]
    for further in ([], [{"msg": "b", "n": "text"}]):
        events = read(sample, further)
        assert [json.loads(tags) for tags in events["tags"].head(3)] == lists


def test_numbers_beyond_64_bits_are_kept():
    """They do not fit the column, and stand in attributes as they were written."""
    events, _ = read_text(SAMPLE, ['{"msg": "c", "n": 123456789012345678901234567890}'])
    assert events["n"].len() == 3
    assert json.loads(events["attributes"][2]) == {"n": 123456789012345678901234567890}


def test_crlf_and_a_missing_end(tmp_path):
    """How lines end does not matter, with a broken line among them either."""
    content = '{"msg": "a", "id": 1}\r\n{"msg": "b", "id\r\n\r\n{"msg": "c", "id": 3}'
    (tmp_path / "app.log").write_bytes(content.encode())
    logs = la.load(tmp_path / "app.log")
    assert logs.select("message", "id", "offset").rows() == [
        ("a", 1, "1"),
        ('{"msg": "b", "id', None, "2"),
        ("c", 3, "4"),
    ]


@settings(max_examples=25)
@given(st.lists(st.dictionaries(KEYS, JSON), min_size=1, max_size=6), st.lists(st.dictionaries(KEYS, JSON), max_size=6))
def test_both_readers_give_the_same_events(sample, later):
    """A block that Polars' reader takes gives what DuckDB gives of it, line by line."""
    lines = [json.dumps(record) for record in [{"msg": "first"}, *sample, *later]]
    form = reader.infer(lines[: len(sample) + 1])
    assert form is not None
    frame = pl.DataFrame({"n": range(len(lines)), "line": lines}, schema={"n": pl.UInt64, "line": pl.String})
    quick, _ = reader.read(frame, form, Clock())
    slow, _ = reader._read_each(frame, form.record_schema, Clock())
    assert list(map(_meaning, quick.to_dicts())) == list(map(_meaning, slow.to_dicts()))


def _meaning(event: dict[str, object]) -> dict[str, object]:
    """Return an event with the JSON text in it read, since its spelling (1e3, 1000.0) may differ."""
    return {name: _value(value) for name, value in event.items() if name != "parsed" and value is not None}


def _value(value: object) -> object:
    try:
        return json.loads(value, parse_int=float) if isinstance(value, str) else value
    except ValueError:
        return value
