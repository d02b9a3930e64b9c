"""What containers put around lines."""

from __future__ import annotations

import polars as pl

from loganalytics.formats import detect, parse
from loganalytics.formats.continuations import Parsed


def parse_lines(*lines: str) -> Parsed:
    """Detect and parse lines."""
    frame = pl.DataFrame({"line": lines}).with_row_index("n", 1).cast({"n": pl.UInt64})
    return parse(frame, detect(lines))


def test_kubernetes_around_json():
    """The format within is read, and the stream is a column."""
    line = '2026-03-10T12:00:00.123456789Z stdout F {"level":"warn","msg":"hello","time":"2026-03-10T11:59:59Z"}'
    assert detect([line]).name == "JSON lines in Kubernetes CRI"
    event = parse_lines(line).events.row(0, named=True)
    assert (event["level"], event["message"], event["log.iostream"]) == ("WARNING", "hello", "stdout")
    assert event["timestamp"].second == 59


def test_the_envelopes_time_serves_lines_without_one():
    """Text without a time has that of the container runtime."""
    event = parse_lines("2026-03-10T12:00:01.5Z stderr F plain text").events.row(0, named=True)
    assert event["message"] == "plain text"
    assert event["timestamp"].isoformat() == "2026-03-10T12:00:01.500000+00:00"


def test_lines_that_the_runtime_cut_are_put_together():
    """P goes on in the next line of the same stream; the lines are all accounted for."""
    parsed = parse_lines(
        "2026-03-10T12:00:01Z stderr P one ",
        "2026-03-10T12:00:01Z stdout F between",
        "2026-03-10T12:00:01Z stderr F two",
    )
    assert parsed.events["message"].to_list() == ["one two", "between"]
    assert parsed.events.height + parsed.events["continues"].sum() == 3


def test_docker_json_file():
    """Escapes are undone; a stack trace within belongs to its event."""
    logs = [r"2026-03-10 12:00:00,123 - app - ERROR - bad \"thing\"\n", r"Traceback:\n", r"\tx\n"]
    lines = [f'{{"log":"{log}","stream":"stderr","time":"2026-03-10T12:00:00Z"}}' for log in logs]
    event = parse_lines(*lines).events.row(0, named=True)
    assert (event["message"], event["exception"]) == ('bad "thing"', "Traceback:\n\tx")


def test_docker_compose_keeps_services_apart():
    """Each container's continuation lines go to its own event, and its name is the service."""
    events = parse_lines(
        "web-1  | 2026-03-10 12:00:00,123 - app - ERROR - bad",
        "db-1   | 2026-03-10 12:00:00,124 - pg - INFO - fine",
        "web-1  | Traceback:",
        "db-1   | 2026-03-10 12:00:00,125 - pg - INFO - fine",
    ).events
    assert events["service"].to_list() == ["web", "db", "db"]
    assert events["exception"].to_list() == ["Traceback:", None, None]


def test_a_time_before_each_line_of_a_stack_is_around_it():
    """As PM2 puts it there: the frames belong to their error, not to an event each."""
    events = parse_lines(
        "2026-03-10T12:00:00: listening on 3000",
        "2026-03-10T12:00:01: Error: refused",
        "2026-03-10T12:00:01:     at Object.<anonymous> (/app/pay.js:12:9)",
        "2026-03-10T12:00:01:     at Module.load (node:internal/modules/cjs/loader:12:9)",
        "2026-03-10T12:00:02: done",
    ).events
    assert events["message"].to_list() == ["listening on 3000", "Error: refused", "done"]
    assert events["timestamp"].dt.second().to_list() == [0, 1, 2]


def test_levels_before_a_bar_are_no_containers():
    """`INFO | message` is a format of its own."""
    assert detect(["INFO | started", "WARN | slow"]).wrappers == ()


def test_more_than_four_in_five_lines_are_in_an_envelope():
    """Else the file only quotes some."""
    line = "web-1  | hi"
    assert detect([line] * 80 + ["other"] * 20).wrappers == ()
    assert detect([line] * 81 + ["other"] * 19).name == "text in docker-compose"


def test_a_field_named_more_is_a_field():
    """It is not taken for the count of lines that the runtime cut."""
    inner = r"{\"level\":\"info\",\"message\":\"hi\",\"more\":7}\n"
    line = f'{{"log":"{inner}","stream":"stdout","time":"2026-03-10T12:00:00Z"}}'
    event = parse_lines(line).events.row(0, named=True)
    assert (event["message"], event["more"], event["continues"]) == ("hi", 7, 0)
