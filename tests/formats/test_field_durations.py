"""Which fields of records say how long an event took, and in which unit."""

from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import loganalytics as la
from loganalytics.formats.fields.durations import is_duration, milliseconds
from loganalytics.formats.fields.record_schema import RecordSchema, infer_schema
from loganalytics.formats.hints import Hints


def schema_of(record: dict[str, object], **durations: float) -> RecordSchema:
    """Return the schema of a record, which has one."""
    record_schema = infer_schema([record], Hints(durations=durations))
    assert record_schema is not None
    return record_schema


def read(text: str, factor: float = 1.0) -> float | None:
    """Return the milliseconds that a text of a duration's field is."""
    frame = pl.DataFrame({"text": [text]})
    return frame.select(milliseconds(pl.col("text"), factor)).item()


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("250ms", 250), ("1.25s", 1250), ("PT1.25S", 1250), ("00:00:01.25", 1250), ("1m30s", 90_000),
        ("250毫秒", 250), ("1h2m", 3_720_000), ("12.5µs", 0.0125), ("3分20秒", 200_000), ("0:00:00.009857", 9.857),
        ("1.02:03:04", 93_784_000), ("2 min 5 s", 125_000), ("1 day, 0:00:01", 86_401_000), ("900ns", 0.0009),
        ("17", 17), ("n/a", None), ("", None),
    ],
)  # fmt: skip
def test_units_in_the_value(text, ms):
    """Go, ISO 8601, clocks, Chinese, .NET; a bare number is in the field's unit."""
    assert read(text) == (None if ms is None else pytest.approx(ms))
    assert is_duration(text) is (ms not in (None, 17))


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_one_duration_in_all_spellings(hours, minutes, seconds, millis):
    """However it is written, it is as long."""
    expected = ((hours * 60 + minutes) * 60 + seconds) * 1000 + millis
    fraction = f"{seconds}.{millis:03}"
    spellings = [
        f"{hours}h{minutes}m{fraction}s", f"PT{hours}H{minutes}M{fraction}S",
        f"{hours}:{minutes:02}:{fraction.zfill(6)}", f"{hours}小时{minutes}分{fraction}秒",
        f"{hours} hours {minutes} min {seconds} sec {millis} ms", f"{expected}ms",
    ]  # fmt: skip
    assert [read(spelling) for spelling in spellings] == [pytest.approx(expected)] * len(spellings)


@pytest.mark.parametrize(
    ("name", "factor"),
    [
        ("duration_ms", 1), ("durationMs", 1), ("elapsedMillis", 1), ("took_in_millis", 1), ("response_time_ms", 1),
        ("latency_us", 1e-3), ("durationNs", 1e-6), ("elapsed_seconds", 1e3), ("request_time_s", 1e3),
        ("executionTimeMs", 1), ("Duration (ms)", 1), ("elapsed_sec", 1e3), ("ElapsedMilliseconds", 1), ("ms", 1),
    ],
)  # fmt: skip
def test_units_in_the_name(name, factor):
    """With a blank, a bracket, a capital or an underscore before the unit."""
    assert schema_of({name: 12, "message": "x"}).semantics.durations == {(name,): factor}


@pytest.mark.parametrize(
    ("record", "name", "factor"),
    [
        ({"request_time": "0.250", "body_bytes_sent": 3}, "request_time", 1e3),
        ({"duration": 0.25, "resp_headers": {"A": "b"}}, "duration", 1e3),
        ({"Duration": 250_000_000, "DownstreamStatus": 200}, "Duration", 1e-6),
        ({"duration": 250, "response_flags": "-", "start_time": "x"}, "duration", 1),
        ({"took": 250, "timed_out": False, "message": "x"}, "took", 1),
        ({"latency": 250_000_000, "latency_human": "250ms", "uri": "/"}, "latency", 1e-6),
        ({"time-taken": 250, "sc-status": 200, "cs-method": "GET"}, "time-taken", 1),
        ({"Elapsed": 250.0, "RequestMethod": "GET", "RequestPath": "/"}, "Elapsed", 1),
        ({"duration": 58.33, "controller": "Orders", "action": "show"}, "duration", 1),
    ],
)
def test_units_by_neighbours(record, name, factor):
    """As nginx, Caddy, Traefik, Envoy, Elasticsearch, Echo, IIS, Serilog and Rails write them; it is told."""
    semantics = schema_of(record).semantics
    assert semantics.durations[(name,)] == factor
    assert any(guess.startswith(f'"{name}" read as a duration in ') for guess in semantics.guesses)


@pytest.mark.parametrize("name", ["elapsed", "duration", "responseTime", "latency", "took"])
def test_a_unit_that_is_not_known_is_told(name):
    """The field stays a number, and the load report says how to name the unit."""
    semantics = schema_of({name: 12, "message": "x"}).semantics
    assert semantics.durations == {}
    assert semantics.guesses == (
        f'"{name}" may be a duration: its unit is not known. Hint: duration={{"{name}": "s"}}',
    )


def test_the_user_says_the_unit():
    """Against what would be known otherwise."""
    record_schema = schema_of({"elapsed": 3, "message": "x"}, elapsed=1e3)
    assert record_schema.semantics.durations == {("elapsed",): 1e3}
    assert record_schema.guesses == ()


@pytest.mark.parametrize(
    "record", [{"duration": "15d"}, {"timeout_ms": 5}, {"uptime_s": 9}, {"cost": 9.5}, {"times": 3}]
)
def test_what_is_no_duration(record):
    """How long something is kept, may last or has been up; money; counts."""
    semantics = schema_of({**record, "message": "x"}).semantics
    assert (semantics.durations, semantics.guesses) == ({}, ())


def test_durations_of_loaded_records(tmp_path):
    """In milliseconds, beside the field as it is."""
    records = [{"message": "x", "elapsed": text} for text in ("1m30s", "250ms", None)]
    (tmp_path / "app.log").write_text("".join(json.dumps(record) + "\n" for record in records))
    logs = la.load(tmp_path / "app.log")
    assert logs["duration_ms"].to_list() == [90_000.0, 250.0, None]
    assert logs["elapsed"].to_list() == ["1m30s", "250ms", None]
