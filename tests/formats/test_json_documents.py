"""JSON that is not an object a line: the same records as in JSON lines, whatever is around them."""

from __future__ import annotations

import json
from collections.abc import Sequence

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loganalytics.formats import detect, parse
from loganalytics.formats.framing import Framing, frame_all

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12) | st.sampled_from(
    ['}{"', "},{", '\\"', "[{", "a\nb", "# x", '"]}', "\\", "data: {"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
RECORDS = st.lists(
    st.fixed_dictionaries({"time": st.just("2024-03-10T12:00:00Z"), "msg": TEXTS}, optional={"x": VALUES, "y": VALUES}),
    min_size=2,
    max_size=6,
)


def compact(value: object) -> str:
    """Return JSON without white space."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


SHAPES = {
    "compact array": compact,
    "array, a record a line": lambda records: "[\n" + ",\n".join(map(compact, records)) + "\n]\n",
    "array, commas first": lambda records: "[" + "\n,".join(map(compact, records)) + "]",
    "pretty array": lambda records: json.dumps(records, indent=2, ensure_ascii=False),
    "pretty objects": lambda records: "\n".join(json.dumps(r, indent=4, ensure_ascii=False) for r in records),
    "pretty objects with tabs": lambda records: "\n".join(json.dumps(r, indent="\t") for r in records),
    "concatenated": lambda records: "".join(map(compact, records)),
    "concatenated with blanks": lambda records: " ".join(map(compact, records)) + "\n",
    "record separators": lambda records: "".join(f"\x1e{compact(r)}\n" for r in records),
    "server-sent events": lambda records: "".join(f"data: {compact(r)}\n\n" for r in records),
    "envelope": lambda records: compact({"records": records}),
    "pretty envelope": lambda records: json.dumps({"events": records}, indent=2, ensure_ascii=False),
    "an envelope a record": lambda records: "\n".join(compact({"Records": [r]}) for r in records),
    "nested envelope": lambda records: compact({"hits": {"hits": [{"_source": r} for r in records]}}),
}


def framed(framing: Framing | None, lines: Sequence[str], block: int = 10**6) -> list[str]:
    """Return the records of lines that come in blocks of so many."""
    frame = pl.DataFrame({"n": range(1, len(lines) + 1), "line": lines}, schema={"n": pl.UInt64, "line": pl.String})
    if framing is None:
        return lines
    framer = framing.framer()
    frames = [framer.feed(frame.slice(start, block)) for start in range(0, len(lines), block)]
    records = pl.concat([*frames, framer.finish()])
    assert records["n"].is_unique().all()
    assert records["n"].is_sorted()
    return records["line"].to_list()


@pytest.mark.parametrize("shape", SHAPES)
@given(records=RECORDS, block=st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_records_are_those_of_json_lines(shape: str, records: list[dict[str, object]], block: int):
    """Any records in any shape, read in any blocks, are the records that were written."""
    lines = SHAPES[shape](records).split("\n")
    framing = detect(lines).framing
    assert framing is not None
    assert [json.loads(record) for record in framed(framing, lines)] == records
    assert framed(framing, lines, block) == framed(framing, lines)


def records_of(text: str) -> list[str]:
    """Return the records of a text."""
    lines = text.split("\n")
    return framed(detect(lines).framing, lines)


RECORD = {"time": "2024-03-10T12:34:56Z", "level": "error", "msg": "boom"}


def test_fields_around_records_are_written_into_them():
    """What comes before a list is in each of its records, what follows in the last; its own level stays apart."""
    text = compact({"owner": "me", "status": "ok", "level": "x", "logs": [RECORD, RECORD], "next": "token"})
    first, last = map(json.loads, records_of(text))
    assert first == {**RECORD, "owner": "me", "status": "ok", "envelope": {"level": "x"}}
    assert last["next"] == "token"
    assert "next" not in first


def test_text_between_pretty_objects_stays():
    """Lines that are not JSON are events, whatever brackets and quotes they hold."""
    pretty = json.dumps(RECORD, indent=2)
    records = records_of(f'Listening on :80\n{pretty}\nGET "/ [{{ 200\n{pretty}\n')
    assert [record for record in records if not record.startswith("{")] == ["Listening on :80", 'GET "/ [{ 200']
    assert [json.loads(record) for record in records if record.startswith("{")] == [RECORD, RECORD]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_broken_record_keeps_its_text_and_the_others_are_read(indent: int | None):
    """A bracket that is missing spoils its own record only."""
    text = json.dumps([RECORD, {**RECORD, "ctx": {"a": 1}}, RECORD, RECORD], indent=indent)
    records = records_of(text.replace('{"a": 1}', '{"a": 1').replace('"a": 1\n    }', '"a": 1'))
    assert [json.loads(records[index]) for index in (0, 2, 3)] == [RECORD] * 3
    assert '"ctx"' in records[1]


def test_a_string_over_two_lines_keeps_its_words():
    """A line's end within a string, which JSON does not allow, becomes an escape."""
    text = json.dumps([RECORD, {**RECORD, "msg": "one two"}], indent=2).replace("one two", "one\nsecond line")
    assert json.loads(records_of(text)[1])["msg"] == "one\nsecond line"


def test_opentelemetry_attributes_are_fields():
    """Lists of keys and typed values become objects; the resource is in each record."""
    value = {"key": "n", "value": {"intValue": "17"}}
    record = {"timeUnixNano": "1710074096789000000", "body": {"stringValue": "paid"}, "attributes": [value]}
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    text = compact({"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record, record]}]}]})
    for line in records_of(text):
        assert json.loads(line)["attributes"] == {"n": 17}
        assert json.loads(line)["resource"] == {"attributes": {"service.name": "shop"}}


def test_server_sent_events_keep_their_other_fields():
    """`id` and `event` are fields of the record that follows."""
    records = records_of(f"id: 7\nevent: log\ndata: {compact(RECORD)}\n\ndata: {compact(RECORD)}\n\n")
    assert json.loads(records[0]) == {**RECORD, "sse": {"id": "7", "event": "log"}}
    assert json.loads(records[1]) == RECORD


def test_streams_of_loki_are_lines():
    """Each pair of time and line is a record with the labels of its stream."""
    stream = {"stream": {"app": "web"}, "values": [["1710074096789000000", "one"], ["1710074096789000001", "two"]]}
    records = [json.loads(line) for line in records_of(compact({"data": {"result": [stream]}}))]
    assert [(record["app"], record["message"]) for record in records] == [("web", "one"), ("web", "two")]


@pytest.mark.parametrize(
    "lines",
    [
        [compact(RECORD)] * 3,
        [compact({**RECORD, "items": [{"message": "x"}]})] * 3,
        ["2024-03-10 12:34:56 INFO request", "{", '  "a": 1', "}", "2024-03-10 12:34:57 INFO done"],
        json.dumps({"name": "pkg", "scripts": {"a": "b"}}, indent=2).split("\n"),
        ["[2024-03-10 12:34:56] INFO started", "[2024-03-10 12:34:57] INFO {done}"],
    ],
    ids=["JSON lines", "lists in records", "a body below a line", "settings", "times in brackets"],
)
def test_what_is_no_document_is_not_framed(lines: list[str]):
    """JSON lines, text that holds JSON and files of settings stay as they are."""
    assert detect(lines).framing is None


def test_given_back_lines_are_fed_again():
    """A framer that gives lines back returns each record once when it gets them again."""
    lines = json.dumps([RECORD, RECORD], indent=2).replace("},\n  {", "}, {").split("\n")
    framing = detect(lines).framing
    assert framing is not None
    framer = framing.framer()
    frame = pl.DataFrame({"n": range(1, len(lines) + 1), "line": lines}, schema={"n": pl.UInt64, "line": pl.String})
    records, start = [], 0
    for end in range(1, len(lines) + 1):
        records += framer.feed(frame.slice(start, end - start))["line"].to_list()
        start = end - framer.give_back()
    records += framer.finish()["line"].to_list()
    assert [json.loads(record) for record in records] == [RECORD, RECORD]


def test_records_of_fields_and_values():
    """A query's answer that lists fields and values has records as others have."""
    rows = [
        [{"field": "@timestamp", "value": "2024-03-10 12:34:56.789"}, {"field": "@message", "value": text}]
        for text in ("one", "two")
    ]
    records = [json.loads(line) for line in records_of(json.dumps({"results": rows, "status": "Complete"}, indent=4))]
    assert [record["@message"] for record in records] == ["one", "two"]
    assert records[1]["status"] == "Complete"


def test_messages_of_cloudwatch_are_read():
    """A message that is JSON gives its fields, one that begins with a time and a level its level."""
    texts = ["2024-03-10 12:34:56,789 ERROR boom\n", '{"level":"info","msg":"ok"}', "plain"]
    events = [{"timestamp": 1710074096789, "message": text, "ingestionTime": 1710074097000} for text in texts]
    records = [json.loads(line) for line in records_of(json.dumps({"events": events, "nextForwardToken": "f/1"}))]
    assert records[0] == {**events[0], "level": "ERROR"}
    assert records[1] == {"timestamp": 1710074096789, "ingestionTime": 1710074097000, "level": "info", "msg": "ok"}
    assert records[2] == {**events[2], "nextForwardToken": "f/1"}


@pytest.mark.parametrize("behind", [{}, {"sort": [1]}])
@pytest.mark.parametrize("beside", [{"_id": "a{b"}, {"_id": "a", "_score": 1.5}, {}])
def test_an_object_around_each_record(beside: dict[str, object], behind: dict[str, object]):
    """The fields beside a wrapped record are fields of it, whatever they hold."""
    lines = [compact({**beside, "_source": RECORD, **behind})] * 4
    assert [json.loads(record) for record in records_of("\n".join(lines))] == [{**RECORD, **beside, **behind}] * 4


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.dictionaries(TEXTS, VALUES, max_size=2), VALUES), min_size=2, max_size=4),
    st.sampled_from([None, 2]),
    st.booleans(),
    st.integers(1, 30),
)
def test_wrapped_records_lose_nothing(rows: list[tuple[dict[str, object], object]], indent, in_list, block):
    """What is beside each record is a field of it, or of its `envelope` where the record has such a field itself."""
    besides = [{name: value for name, value in beside.items() if name != "_source"} for beside, _ in rows]
    documents = [{**beside, "_source": RECORD | {"x": x}} for beside, (_, x) in zip(besides, rows, strict=True)]
    written = [documents] if in_list else documents
    text = "\n".join(json.dumps(value, indent=indent, ensure_ascii=False) for value in written)
    framing = detect(text.split("\n")).framing
    assert framing is not None
    records = [json.loads(record) for record in framed(framing, text.split("\n"), block)]
    for record, beside, (_, x) in zip(records, besides, rows, strict=True):
        assert {name: record.get(name) for name in (*RECORD, "x")} == RECORD | {"x": x}
        envelope = record.get("envelope", {})
        assert all(envelope.get(name, record.get(name)) == value for name, value in beside.items())


def test_the_format_is_named_by_its_framing():
    """The load report says how the records were written."""
    assert detect(["[", compact(RECORD) + ",", compact(RECORD), "]"]).name == "JSON array"
    assert detect([compact({"Records": [RECORD]})]).name == "JSON envelope (Records)"


MISNAMED = (
    '{"hits":[{"_source":{"time":"2024-03-10T12:34:56Z","msg":"a"}},{"_sorce":{"msg":"lost"}},{"_source":{"time":"2'
)
MISCLOSED = json.dumps([RECORD, {**RECORD, "msg": "lost"}, RECORD], indent=1).replace('"msg": "lost"', ']"msg": "lost"')


@pytest.mark.parametrize("text", [MISNAMED, MISCLOSED])
def test_no_word_of_a_broken_document_is_lost(text: str):
    """What is in no record, because a name or a bracket is wrong, is found in the text of another."""
    assert "lost" in "".join(records_of(text))


LISTED = (
    "2024-05-01 08:00:00.5 ERROR disk full",
    "2024-05-01 08:00:01 WARN cache is cold",
    "2024-05-01 08:00:02 INFO ok",
)


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("size", [1, 2, 100])
def test_list_of_lines(indent: int | None, size: int):
    """Each string of a list is a line, however the list is written and whatever blocks it comes in."""
    written = json.dumps(LISTED, indent=indent).split("\n")
    detection = detect(written)
    assert detection.framing is not None
    framer = detection.framing.framer()
    numbered = pl.DataFrame({"line": written}).with_row_index("n", 1).cast({"n": pl.UInt64})
    records = pl.concat([*(framer.feed(block) for block in numbered.iter_slices(size)), framer.finish()])
    assert records["line"].to_list() == list(LISTED)
    assert parse(records, detection).events["level"].to_list() == ["ERROR", "WARNING", "INFO"]


def test_traceback_in_a_list_of_lines():
    """A string of several lines is as many, and escapes are undone."""
    lines = ['2024-05-01 08:00:00 ERROR boom\nTraceback (most recent call last):\n  File "a.py", line 1\nE: \u00fc']
    detection = detect([json.dumps(lines)])
    records = frame_all(pl.DataFrame({"n": [1], "line": [json.dumps(lines)]}).cast({"n": pl.UInt64}), detection.framing)
    assert records["line"].to_list() == lines[0].split("\n")


def test_lists_of_lists_of_lines():
    """Lines in lists of a list are lines."""
    written = json.dumps([[LISTED[0]], list(LISTED[1:])])
    detection = detect([written])
    records = frame_all(pl.DataFrame({"n": [1], "line": [written]}).cast({"n": pl.UInt64}), detection.framing)
    assert records["line"].to_list() == list(LISTED)


def test_lists_of_lists():
    """Records in lists of a list, as pages that were put together, are records."""
    pages = [[{"time": "2024-05-01T08:00:00Z", "level": "error", "msg": "a"}], [{"level": "info", "msg": "b"}]]
    detection = detect([json.dumps(pages)])
    records = frame_all(pl.DataFrame({"n": [1], "line": [json.dumps(pages)]}).cast({"n": pl.UInt64}), detection.framing)
    assert parse(records, detection).events["message"].to_list() == ["a", "b"]


TABLE = {
    "columns": [{"name": "TimeGenerated"}, {"name": "Level"}, {"name": "Message"}],
    "rows": [["2024-05-01T08:00:00Z", "Error", "boom"], ["2024-05-01T08:00:01Z", "Information", "ok"]],
}


@pytest.mark.parametrize(
    "document",
    [
        {"tables": [{"name": "PrimaryResult", **TABLE}]},
        {"Tables": [{"Columns": [{"ColumnName": c["name"]} for c in TABLE["columns"]], "Rows": TABLE["rows"]}]},
        {"results": [{"series": [{"columns": ["time", "level", "message"], "values": TABLE["rows"]}]}]},
        {"meta": TABLE["columns"], "data": TABLE["rows"], "statistics": {"elapsed": 0.1}},
        TABLE,
    ],
)
def test_rows_of_tables(document: dict[str, object]):
    """Each row of a table is a record of the columns that the table names."""
    line = json.dumps(document)
    detection = detect([line])
    records = frame_all(pl.DataFrame({"n": [1], "line": [line]}).cast({"n": pl.UInt64}), detection.framing)
    events = parse(records, detection).events
    assert events["message"].to_list() == ["boom", "ok"]
    assert events["level"].to_list() == ["ERROR", "INFO"]
    assert events["timestamp"].dt.second().to_list() == [0, 1]


def test_what_else_a_table_says_is_kept():
    """Fields of each row, and types of columns and other lists of the first."""
    columns = [{"name": "time", "type": "datetime"}, {"name": "msg", "type": "string"}]
    rows = [["2024-05-01T08:00:00Z", "a"], ["2024-05-01T08:00:01Z", "b"]]
    line = json.dumps({"tables": [{"name": "T", "columns": columns, "rows": rows, "hints": ["x"]}]})
    detection = detect([line])
    records = frame_all(pl.DataFrame({"n": [1], "line": [line]}).cast({"n": pl.UInt64}), detection.framing)
    events = parse(records, detection).events
    assert events["table.name"].to_list() == ["T", "T"]
    assert [json.loads(events[f"table.{name}"][0]) for name in ("columns", "hints")] == [columns, ["x"]]
    assert events["table.columns"][1] is None


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "document",
    [
        {"lines": list(LISTED)},
        {"container": "web", "lines": list(LISTED), "truncated": False},
        {"logs": "\n".join(LISTED) + "\n"},
        {"status": "ok", "data": {"console": list(LISTED)}},
        [{"lines": list(LISTED)}],
    ],
)
def test_an_object_with_a_list_of_lines(document: object, indent: int | None):
    """Each line is an event, with the fields beside the list."""
    written = json.dumps(document, indent=indent).split("\n")
    detection = detect(written)
    numbered = pl.DataFrame({"line": written}).with_row_index("n", 1).cast({"n": pl.UInt64})
    events = parse(frame_all(numbered, detection.framing), detection).events
    assert events["level"].to_list() == ["ERROR", "WARNING", "INFO"]
    assert events["message"].to_list()[1:] == ["cache is cold", "ok"]
    if isinstance(document, dict) and "container" in document:
        assert events["container"].to_list() == ["web"] * 3


def test_lines_without_times_are_events_by_the_name_of_their_list():
    """But lists of words in a record, or of names in another object, are fields."""
    line = json.dumps({"job": 7, "messages": ["a", "b"]})
    detection = detect([line])
    records = frame_all(pl.DataFrame({"n": [1], "line": [line]}).cast({"n": pl.UInt64}), detection.framing)
    assert parse(records, detection).events["message"].to_list() == ["a", "b"]
    for other in ({"files": ["a", "b"]}, {"time": "2024-05-01T08:00:00Z", "msg": "hi", "messages": ["a", "b"]}):
        assert detect([json.dumps(other)]).framing is None


def test_lines_that_a_dashboard_exports():
    """Grafana's download calls the text of each line so; level and message are read from within it."""
    rows = [
        {"line": f'level={level} msg="disk full"', "timestamp": "1773144000123000000"} for level in ("error", "info")
    ]
    line = json.dumps(rows)
    detection = detect([line])
    records = frame_all(pl.DataFrame({"n": [1], "line": [line]}).cast({"n": pl.UInt64}), detection.framing)
    events = parse(records, detection).events
    assert events.select("level", "message").rows() == [("ERROR", "disk full"), ("INFO", "disk full")]


def test_records_deep_within_an_answer():
    """As GraphQL nests them."""
    results = [{"timestamp": 1773144000123 + n, "level": "ERROR", "message": "Boom"} for n in range(2)]
    line = json.dumps({"data": {"actor": {"account": {"nrql": {"results": results}}}}})
    detection = detect([line])
    records = frame_all(pl.DataFrame({"n": [1], "line": [line]}).cast({"n": pl.UInt64}), detection.framing)
    assert parse(records, detection).events["message"].to_list() == ["Boom", "Boom"]
