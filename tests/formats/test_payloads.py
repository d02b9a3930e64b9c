"""What is behind a known head: JSON at the end of messages, pairs behind a router's name, records behind a tag."""

from __future__ import annotations

from typing import Any

import polars as pl

from loganalytics.formats import detect, parse


def events_of(*lines: str) -> list[dict[str, Any]]:
    """Detect and parse lines; return the events."""
    frame = pl.DataFrame({"line": lines}).with_row_index("n", 1).cast({"n": pl.UInt64})
    return parse(frame, detect(lines)).events.to_dicts()


def test_json_behind_a_text():
    """The fields of an object behind a message's text become columns; the text stays as it was written."""
    first, second, third = events_of(
        '2024-05-01T08:00:00.250Z\tERROR\tstore/disk.go:42\tcannot write\t{"disk": "sda", "tries": 3}',
        '2024-05-01T08:00:01.250Z\tINFO\tstore/disk.go:50\twritten\t{"disk": "sdb", "tries": 1}',
        "2024-05-01T08:00:02.250Z\tINFO\tstore/disk.go:60\tclosing",
    )
    assert (first["level"], first["disk"], first["tries"]) == ("ERROR", "sda", 3)
    assert first["message"] == 'cannot write\t{"disk": "sda", "tries": 3}'
    assert (second["disk"], third["disk"], third["message"]) == ("sdb", None, "closing")


def test_list_of_monolog():
    """The empty list that Monolog writes behind the context is no hindrance."""
    event, _ = events_of(
        '[2024-05-01 08:00:00] shop.WARNING: stock is low {"article":"A7","left":2} []',
        '[2024-05-01 08:00:01] shop.INFO: sold {"article":"A7","left":1} []',
    )
    assert (event["level"], event["article"], event["left"]) == ("WARNING", "A7", 2)


def test_two_objects():
    """The context and the extra fields that Monolog writes are read both."""
    event, _ = events_of(
        '[2024-05-01 08:00:00] shop.ERROR: not sent {"to":"ann","tries":{"n":3}} {"uid":"8f3"}',
        '[2024-05-01 08:00:01] shop.INFO: sent {"to":"bob","tries":{"n":1}} {"uid":"8f4"}',
    )
    assert (event["to"], event["tries.n"], event["uid"]) == ("ann", 3, "8f3")


def test_empty_values_of_routers():
    """A router that leaves its service empty for some requests does not make the durations of others a name."""
    ok, crashed = events_of(
        "2024-05-01T08:00:00.0+00:00 heroku[router]: at=info method=GET path=/ dyno=web.1 service=18ms status=200",
        "2024-05-01T08:00:01.0+00:00 heroku[router]: at=error method=GET path=/ dyno= service= status=503",
    )
    assert (ok["service"], ok["duration_ms"], crashed["service"]) == ("router", 18.0, "router")


def test_time_and_level_around_an_object():
    """An object behind a text does not change the event's own time and level."""
    (event,) = events_of('2024-05-01 08:00:00 INFO got {"level":"error","time":"2020-01-01T00:00:00Z","id":7}')
    assert (event["level"], event["timestamp"].year, event["id"]) == ("INFO", 2024, 7)


def test_record_as_a_whole_message():
    """A message that is a record gives its own text, and its level where that is worse; the other is kept."""
    first, second = events_of(
        '2024-05-01 08:00:00,100 INFO [main] {"severity":"error","msg":"disk full","free":0}',
        '2024-05-01 08:00:01,100 WARN [main] {"severity":"info","msg":"fine","free":9}',
    )
    assert (first["level"], first["wrapper.level"], first["message"], first["free"]) == (
        "ERROR",
        "INFO",
        "disk full",
        0,
    )
    assert (second["level"], second["message"], second["free"]) == ("WARNING", "fine", 9)


def test_braces_that_are_no_json():
    """Text in braces stays text."""
    (event,) = events_of("2024-05-01 08:00:00 INFO app map {a: 1, b: [x]}")
    assert event["message"] == "app map {a: 1, b: [x]}"


def test_routers_pairs():
    """Heroku's router writes pairs: the level, the status and how long it took are read from them."""
    first, second = events_of(
        "2024-05-01T08:00:00.000000+00:00 heroku[router]: at=error code=H13 method=POST path=/pay dyno=web.2 "
        "connect=0ms service=412ms status=503 bytes=0",
        "2024-05-01T08:00:01.000000+00:00 app[worker.1]: queue is empty",
    )
    assert (first["level"], first["status"], first["duration_ms"], first["code"]) == ("ERROR", 503, 412.0, "H13")
    assert second["message"] == "queue is empty"


def test_fluentds_files():
    """Records that fluentd writes behind time, tab, tag, tab are read."""
    first, second = events_of(
        '2024-05-01T08:00:00+02:00\tpay.web\t{"level":"error","message":"declined","order":5}',
        '2024-05-01T08:00:01+02:00\tpay.web\t{"level":"info","message":"paid","order":6}',
    )
    assert (first["level"], first["message"], first["order"], first["fluent.tag"]) == (
        "ERROR",
        "declined",
        5,
        "pay.web",
    )
    assert second["timestamp"].isoformat() == "2024-05-01T06:00:01+00:00"


def test_marks_of_build_logs():
    """The mark of an error or a warning becomes the level and is no part of the message; others stay."""
    first, second, third = events_of(
        "2024-05-01T08:00:00.1000000Z ##[group]Run make",
        "2024-05-01T08:00:01.1000000Z ##[warning]cache not found",
        "2024-05-01T08:00:02.1000000Z ##[error]TypeError: boom",
    )
    assert (first["level"], first["message"]) == (None, "##[group]Run make")
    assert (second["level"], second["message"]) == ("WARNING", "cache not found")
    assert (third["level"], third["message"]) == ("ERROR", "TypeError: boom")


def test_completed_request():
    """Rails says in its message what the answer was and how long it took."""
    slow, failed = events_of(
        "I, [2024-05-01T08:00:00.100000 #7]  INFO -- : Completed 200 OK in 512ms (Views: 9.1ms)",
        "I, [2024-05-01T08:00:01.100000 #7]  INFO -- : Completed 500 Internal Server Error in 7ms",
    )
    assert (slow["duration_ms"], slow["http.response.status_code"], slow["level"]) == (512.0, 200, "INFO")
    assert (failed["duration_ms"], failed["level"]) == (7.0, "ERROR")


def test_zeros_of_numbers():
    """A zero before a number, and the zeros of versions, stay."""
    first, second = events_of(
        'time=2024-05-01T08:00:00Z level=info msg=a logid="0100032002" ver=1.10 took=1.10 size=10',
        'time=2024-05-01T08:00:01Z level=info msg=b logid="0000000013" ver=1.1 took=2.5 size=0',
    )
    assert (first["logid"], second["logid"]) == ("0100032002", "0000000013")
    assert (first["ver"], second["ver"], first["took"], second["size"]) == ("1.10", "1.1", 1.1, 0)


def test_late_zeros():
    """A padded number among others is kept as it was written."""
    lines = [f"time=2024-05-01T08:00:{i:02}Z level=info msg=a order={i + 1}" for i in range(30)]
    frame = pl.DataFrame({"line": [*lines, "time=2024-05-01T08:01:00Z level=info msg=a order=0042"]})
    last = parse(frame.with_row_index("n", 1).cast({"n": pl.UInt64}), detect(lines)).events.row(-1, named=True)
    assert (last["order"], last["attributes"]) == (None, '{"order": "0042"}')


def test_a_pair_that_stands_twice_leaves_its_line_as_it_is():
    """The pairs of the other lines are fields, whatever block they are in."""
    events = events_of(
        "12:00PM INF request served id=1 status=200",
        "12:00PM INF request served id=2 id=3",
        "12:01PM INF request served id=4 status=404",
    )
    messages = ["request served", "request served id=2 id=3", "request served"]
    assert [(event["message"], event["id"]) for event in events] == [*zip(messages, ["1", None, "4"], strict=True)]
