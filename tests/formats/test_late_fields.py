"""Fields that the sample of a file did not show: what means a core column reaches it wherever it stands."""

from __future__ import annotations

import json

import polars as pl
import pytest

import loganalytics as la
from loganalytics.formats.json import late_keys, reader
from loganalytics.formats.timestamps import Clock
from loganalytics.sources.files import reader as files

SAMPLE = {"ts": "2026-03-10T12:00:00Z", "msg": "healthy"}
LATE: list[tuple[dict[str, object], dict[str, object]]] = [
    ({"exception": "KeyError: 'a'"}, {"exception": "KeyError: 'a'"}),
    ({"error": {"stack_trace": "at a.b", "type": "E"}}, {"exception": "E\nat a.b"}),
    ({"err": {"stack": "Error: x"}}, {"exception": "Error: x"}),
    ({"traceId": "4bf9"}, {"trace_id": "4bf9"}),
    ({"request_id": 17}, {"trace_id": "17"}),
    ({"level": "error"}, {"level": "ERROR", "severity_number": 17}),
    ({"level": 50, "pid": 1, "hostname": "h"}, {"level": "ERROR"}),
    ({"severityNumber": 17}, {"level": "ERROR"}),
    ({"logger": "app.pay"}, {"logger": "app.pay"}),
    ({"service": {"name": "pay"}}, {"service": "pay"}),
    ({"duration_ms": 12}, {"duration_ms": 12.0}),
    ({"response_time_s": 0.25}, {"duration_ms": 250.0}),
    ({"stats": {"elapsed_us": 1500}}, {"duration_ms": 1.5}),
]


def read(lines: list[str], count: int) -> pl.DataFrame:
    """Parse lines by what the first ones show."""
    form = reader.infer(lines[:count])
    assert form is not None
    frame = pl.DataFrame({"n": range(len(lines)), "line": lines}, schema={"n": pl.UInt64, "line": pl.String})
    return reader.read(frame, form, Clock())[0]


@pytest.mark.parametrize("max_python_lines", [0, 500])
@pytest.mark.parametrize(("late", "expected"), LATE)
def test_a_late_field_reaches_its_column(monkeypatch, max_python_lines, late, expected):
    """Each core column and the duration, nested or not, for a few such lines or many."""
    monkeypatch.setattr(late_keys, "MAX_PYTHON_LINES", max_python_lines)
    event = read([json.dumps(SAMPLE), json.dumps(SAMPLE | late)], 1).row(1, named=True)
    assert {name: event[name] for name in expected} == expected
    assert event["message"] == "healthy"


def test_what_moved_is_not_in_attributes_and_the_rest_is():
    """The parts of an object part."""
    late = {"error": {"stack_trace": "at a.b", "type": "E"}, "more": 1, "exc_info": None}
    events = read([json.dumps(SAMPLE), json.dumps(SAMPLE | late), json.dumps(SAMPLE | {"exception": "E"})], 1)
    assert json.loads(events["attributes"][1]) == {"error": {"type": "E"}, "more": 1}
    assert events["attributes"][2] is None


def test_a_column_that_has_its_value_keeps_it():
    """Of two names for one column the sample's goes first; the other stays in attributes."""
    sample = SAMPLE | {"stack": "first"}
    event = read([json.dumps(sample), json.dumps(sample | {"exception": "second"})], 1).row(1, named=True)
    assert (event["exception"], json.loads(event["attributes"])) == ("first", {"exception": "second"})


def test_a_message_and_a_time_that_come_late():
    """A record without a message is its line until it has one; times are read in any of the known ways."""
    events = read(['{"a": 1}', '{"a": 2, "msg": "hello", "@timestamp": "2026-03-10T12:00:00Z"}'], 1)
    assert events["message"].to_list() == ['{"a": 1}', "hello"]
    assert events["timestamp"][1].isoformat() == "2026-03-10T12:00:00+00:00"


def test_serilog_writes_a_level_for_what_is_no_information():
    """The level that a record without one has does not hide the one that another writes."""
    healthy = {"@t": "2026-03-10T12:00:00Z", "@mt": "a"}
    assert read([json.dumps(healthy), json.dumps(healthy | {"@l": "Error"})], 1)["level"].to_list() == ["INFO", "ERROR"]


def test_a_failing_request_among_messages_is_an_error():
    """The status of a late web request makes its level where no field does."""
    request = {"ts": SAMPLE["ts"], "method": "GET", "path": "/", "status": 500}
    event = read(['{"ts": "2026-03-10T12:00:00Z", "method": "x"}', json.dumps(request)], 1).row(1, named=True)
    assert (event["level"], event["message"]) == ("ERROR", "GET / 500")


def test_keys_that_look_like_data_are_no_hindrance(monkeypatch):
    """A line with its own key each, and an exception among them."""
    monkeypatch.setattr(late_keys, "MAX_PYTHON_LINES", 10)
    lines = [json.dumps(SAMPLE)] + [json.dumps(SAMPLE | {f"key{n}": {"x": n}, "exception": f"E{n}"}) for n in range(99)]
    events = read(lines, 1)
    assert events["exception"].to_list() == [None, *(f"E{n}" for n in range(99))]
    assert json.loads(events["attributes"][5]) == {"key4": {"x": 4}}


@pytest.fixture
def late_log(tmp_path):
    """A log that is healthy in its head, its middle and its end."""
    healthy = [json.dumps(SAMPLE)] * 1500
    failing = [
        json.dumps(SAMPLE | {"exception": f"KeyError: {n}", "request_id": f"r{n}", "took_ms": n}) for n in range(30)
    ]
    path = tmp_path / "shop.log"
    path.write_text("\n".join([*healthy, *failing, *healthy]) + "\n")
    return path


@pytest.mark.parametrize("block_bytes", [8 * 1024 * 1024, 2000])
def test_load_and_scan_agree(monkeypatch, late_log, block_bytes):
    """Wherever blocks end, whole or lazily."""
    monkeypatch.setattr(files, "BLOCK_BYTES", block_bytes)
    loaded, scanned = la.load(late_log), la.scan(late_log).collect()
    for logs in (loaded, scanned):
        assert [logs[name].count() for name in ("exception", "trace_id", "duration_ms")] == [30, 30, 30]
        assert logs["exception"][1500] == "KeyError: 0"
    assert set(loaded.columns) <= set(scanned.columns)


def test_no_column_that_nothing_needs(tmp_path):
    """A log without durations has none."""
    path = tmp_path / "app.log"
    path.write_text(json.dumps(SAMPLE) + "\n")
    assert "duration_ms" not in la.load(path).columns
    assert la.scan(path).collect()["duration_ms"].to_list() == [None]


def test_a_time_that_is_none_is_kept(tmp_path):
    """It stands in attributes as it was written."""
    path = tmp_path / "app.log"
    path.write_text(json.dumps(SAMPLE) + "\n" + json.dumps(SAMPLE | {"ts": "yesterday", "new": 1}) + "\n")
    assert json.loads(la.load(path)["attributes"][1]) == {"ts": "yesterday"}
    events = read([json.dumps(SAMPLE), json.dumps(SAMPLE | {"ts": "yesterday", "new": 1})], 1)
    assert json.loads(events["attributes"][1]) == {"ts": "yesterday", "new": 1}


def test_a_key_that_stands_twice(tmp_path):
    """The first value has the column, the others are in attributes, and the load report counts them."""
    path = tmp_path / "app.log"
    line = '{"ts": "2026-03-10T12:00:00Z", "user": "first", "user": "second", "o": {"k": 1, "k": 2, "k": 3}'
    line += ', "msg": "a", "l": [{"m": 1, "m": 2}]}\n'
    path.write_text(line)
    logs = la.load(path)
    assert logs.select("user", "o.k").row(0) == ("first", 1)
    assert json.loads(logs["attributes"].item()) == {"user": "second", "o.k": [2, 3]}
    assert la.load_report(logs)["note"].item() == "3 times a key stood twice: the second value is in attributes"


def test_all_of_a_message_of_many_lines_stays():
    """What follows its first line goes before the exception that the record has, unless that holds it."""
    own = {"msg": "failed:\nselect x", "exception": "DatabaseError: y"}
    same = {"msg": "failed\nTraceback: z", "exception": "Traceback: z\n"}
    events = read([json.dumps(own), json.dumps(same)], 2)
    assert events["message"].to_list() == ["failed:", "failed"]
    assert events["exception"].to_list() == ["select x\nDatabaseError: y", "Traceback: z\n"]


def test_an_object_nested_without_end_is_kept_as_text():
    """What no JSON parser reads by recursion stays as it was written."""
    deep = '{"a":' * 2000 + '"QZ"' + "}" * 2000
    events = read([json.dumps(SAMPLE), json.dumps(SAMPLE)[:-1] + f', "new": {deep}, "n": [1]}}'], 1)
    assert json.loads(events["attributes"][1]) == {"new": deep, "n": "[1]"}


@pytest.mark.parametrize("form", ["json", "logfmt"])
def test_what_the_user_says_of_fields_holds_for_late_ones(tmp_path, form):
    """The level, a duration's unit, the order of a date and the zone, of fields that the sample does not show."""
    late = {"msg": "late", "prio": "error", "spent": 1500, "when": "03/10/2024 12:00:00"}

    def write(record):
        return json.dumps(record) if form == "json" else " ".join(f'{key}="{text}"' for key, text in record.items())

    path = tmp_path / "app.log"
    healthy = [write({"msg": "healthy", "state": "fine", "id": n}) for n in range(9000)]
    path.write_text("\n".join([*healthy[:3000], write(late), *healthy[3000:]]) + "\n")
    hints = {"level_field": "prio", "duration": "spent=us", "time": "when", "dayfirst": True, "tz": "Europe/Berlin"}
    for logs in (la.load(path, **hints), la.scan(path, **hints).collect()):
        event = logs.row(3000, named=True)
        assert (event["level"], event["duration_ms"]) == ("ERROR", 1.5)
        assert event["timestamp"].isoformat() == "2024-10-03T10:00:00+00:00"
