"""Messages that are templates with properties, and exceptions that are objects."""

from __future__ import annotations

import json
import re

import polars as pl
import pytest

import loganalytics as la

TIME = "2024-03-10T12:34:56.789Z"


def load(tmp_path, *records: dict[str, object]) -> pl.DataFrame:
    """Load records as JSON lines."""
    (tmp_path / "app.log").write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))
    return la.load(tmp_path / "app.log")


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"@mt": "Order {Id} failed", "Id": 17}, "Order 17 failed"),
        ({"@mt": "took {Elapsed:0.000} ms", "Elapsed": 1.23456}, "took 1.235 ms"),
        ({"@mt": "took {Elapsed:0.0} ms", "@r": ["9.9"], "Elapsed": 9.87654}, "took 9.9 ms"),
        ({"@mt": "[{Name,6}] [{Name,-6}]", "Name": "ab"}, "[    ab] [ab    ]"),
        ({"@mt": "{{literal}} {Id}", "Id": 1}, "{literal} 1"),
        ({"@mt": "no {Such} property", "Id": 1}, "no {Such} property"),
        ({"@mt": "basket {@Basket}", "Basket": {"Id": 1, "Size": 2}}, 'basket {"Id":1,"Size":2}'),
        ({"@m": "rendered", "@mt": "template {A}", "A": 1}, "rendered"),
        ({"MessageTemplate": "ok {N}", "Properties": {"N": 3}}, "ok 3"),
        ({"MessageTemplate": "ok {N}", "RenderedMessage": "ok three", "Properties": {"N": 3}}, "ok three"),
        ({"State": {"{OriginalFormat}": "Order {Id} sent", "Id": 5}}, "Order 5 sent"),
        ({"message": "user {} has {}", "arguments": ["kim", "3"]}, "user kim has 3"),
        ({"log_format": "id={id} in {secs!r}s", "id": 4, "secs": 2}, "id=4 in 2s"),
    ],
)
def test_templates_are_rendered(tmp_path, record, message):
    """As Serilog, .NET, logback and Twisted render them."""
    assert load(tmp_path, {"@t": TIME, **record})["message"][0] == message


def test_the_template_and_its_properties_stay(tmp_path):
    """What a message was made of is not lost."""
    logs = load(tmp_path, {"@t": TIME, "@mt": "Order {Id} failed", "Id": 17})
    assert logs.select("@mt", "Id").row(0) == ("Order {Id} failed", 17)


def test_each_record_has_its_own_template(tmp_path):
    """They come in any order."""
    rows = [{"@t": TIME, "@mt": f"{kind} {{Id}}", "Id": n} for n, kind in enumerate(["a", "b", "a", "c", "b"])]
    assert load(tmp_path, *rows)["message"].to_list() == ["a 0", "b 1", "a 2", "c 3", "b 4"]


def test_messages_that_the_journal_writes_as_bytes(tmp_path):
    """Since they hold what JSON text cannot."""
    record = {"__REALTIME_TIMESTAMP": "1710074096789000", "MESSAGE": list("Größe".encode())}
    assert load(tmp_path, record, {**record, "MESSAGE": "plain"})["message"].to_list() == ["Größe", "plain"]


@pytest.mark.parametrize(
    ("record", "exception"),
    [
        ({"err": {"type": "E", "message": "m", "stack": "E: m\n    at f (a.js:1:2)"}}, "E: m\n    at f (a.js:1:2)"),
        ({"error": {"kind": "E", "message": "m", "stack": "at f"}}, "E: m\nat f"),
        ({"exception": {"class": "E", "message": "m", "backtrace": ["a.rb:1", "b.rb:2"]}}, "E: m\na.rb:1\nb.rb:2"),
        (
            {"thrown": {"name": "E", "message": "m", "extendedStackTrace": [
                {"class": "A", "method": "f", "file": "A.java", "line": 3}
            ]}},
            "E: m\n\tat A.f(A.java:3)",
        ),
        (
            {"exception": [{"exc_type": "E", "exc_value": "m", "frames": [
                {"filename": "a.py", "lineno": 3, "name": "f"}
            ]}]},
            'E: m\n  File "a.py", line 3, in f',
        ),
        (
            {"throwable": {"className": "E", "message": "m", "stepArray": [
                {"className": "A", "methodName": "f", "fileName": "A.java", "lineNumber": 3}
            ]}},
            "E: m\n\tat A.f(A.java:3)",
        ),
        ({"exception": {"type": "E", "message": "m"}}, "E: m"),
        ({"error": {"stack_trace": "E: m\n\tat A.f(A.java:3)"}}, "E: m\n\tat A.f(A.java:3)"),
    ],
)  # fmt: skip
def test_exceptions_in_objects_are_text(tmp_path, record, exception):
    """As pino, Datadog, Ruby, log4j 2, structlog, logback and ECS write them."""
    assert load(tmp_path, {"time": TIME, "level": "error", "message": "x", **record})["exception"][0] == exception


def test_messages_that_are_lists_of_words(tmp_path):
    """As loggers of JavaScript write their arguments."""
    assert load(tmp_path, {"time": TIME, "args": ["order", "failed"]})["message"][0] == "order failed"


def test_what_the_text_leaves_out_stays(tmp_path):
    """A frame's local variables."""
    frame = {"filename": "a.py", "lineno": 3, "name": "f", "locals": {"secret": "QZ"}}
    logs = load(tmp_path, {"message": "x", "exception": [{"exc_type": "E", "exc_value": "m", "frames": [frame]}]})
    assert "QZ" in logs["attributes.exception"][0]


def test_loguru_writes_the_traceback_into_its_text(tmp_path):
    """Below the line that a terminal would show."""
    record = {
        "level": {"name": "ERROR", "no": 40},
        "message": "failed",
        "time": {"repr": "2024-03-10 12:34:56.789012+00:00"},
    }
    record["exception"] = {"type": "KeyError", "value": "'x'", "traceback": True}
    logs = load(tmp_path, {"text": "12:34 | ERROR - failed\nTraceback:\n  f\nKeyError: 'x'\n", "record": record})
    assert logs["exception"][0] == "Traceback:\n  f\nKeyError: 'x'"
    assert (logs["message"][0], logs["timestamp"][0].microsecond) == ("failed", 789012)


def test_a_field_in_two_spellings_is_one(tmp_path):
    """Of records with dots in their keys and of records with objects, as Elastic's agents mix them."""
    logs = load(tmp_path, {"log.level": "error", "message": "a"}, {"log": {"level": "info"}, "message": "b"})
    assert logs["level"].to_list() == ["ERROR", "INFO"]


@pytest.mark.parametrize(
    ("records", "column", "values"),
    [
        ([{"http.status_code": "500"}, {"http": {"status_code": 200}}], "http.status_code", ["500", "200"]),
        ([{"http.t": 1.5}, {"http": {"t": 2}}], "http.t", [1.5, 2.0]),
        ([{"x.y": 1, "x": {"y": 2}}, {"x": {"y": 3}}, {"x.y": 4}], "x.y", [1, 3, 4]),
        ([{"x.y": 1}, {"x": {"y": 2}}] * 2000 + [{"x.y": 3, "x": {"y": 4}}], "x.y", [*[1, 2] * 2000, 3]),
        ([{"log.level": None, "log": {"level": "error"}}, {"log.level": "info"}], "level", ["ERROR", "INFO"]),
        ([{"a.b": {"c": 1}}, {"a": {"b.c": 2}}, {"a": {"b": {"c": 3}}}, {"a.b.c": 4}], "a.b.c", [1, 2, 3, 4]),
        ([{"service": "x"}, {"service": {"name": "y", "version": "1"}}, {"service.name": "z"}], "service", list("xyz")),
        ([{"trace": "x"}, {"trace": {"id": "y"}}], "trace_id", ["x", "y"]),
    ],
)
def test_a_dotted_key_and_an_object_are_one_column(tmp_path, records, column, values):
    """Whatever their types, in one record or in several; of two values in one record the other is in attributes."""
    logs = load(tmp_path, *({"message": "m", **record} for record in records))
    assert logs[column].to_list() == values
    for row, record in zip(logs.rows(named=True)[-4:], records[-4:], strict=True):
        words = set(re.findall(r"[a-z0-9.]+", str(row.values()).lower().replace(".0", "")))
        assert {str(value) for value in leaves(record)} <= words


def leaves(value):
    """Return the values within an object, but nothing for null."""
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    return [] if value is None else [value]


def test_the_program_is_the_service_where_a_logger_is_named(tmp_path):
    """As bunyan's heirs write it."""
    logs = load(tmp_path, {"name": "shop", "hostname": "h", "pid": 1, "logger": "api", "level": "info", "msg": "x"})
    assert logs.select("service", "logger").row(0) == ("shop", "api")
