"""Which field of a record is the time."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import loganalytics as la
from loganalytics.formats.fields.record_schema import RecordSchema, infer_schema
from loganalytics.formats.hints import Hints

TIME = "2024-03-10T12:34:56.789Z"
UTC = dt.datetime(2024, 3, 10, 12, 34, 56, 789000, tzinfo=dt.UTC)


def schema_of(*records: dict[str, object], hints: Hints | None = None) -> RecordSchema:
    """Return the schema of records, which have one."""
    record_schema = infer_schema(records, hints or Hints())
    assert record_schema is not None
    return record_schema


def time_fields(*records: dict[str, object], hints: Hints | None = None) -> list[str]:
    """Return the dotted names of the fields that are the time."""
    return [".".join(path) for path in schema_of(*records, hints=hints).core.get("timestamp", ())]


def load(tmp_path, *records: dict[str, object], **options: object):
    """Load records as JSON lines."""
    (tmp_path / "app.log").write_text("".join(json.dumps(record) + "\n" for record in records))
    return la.load(tmp_path / "app.log", **options)


@pytest.mark.parametrize(
    "key",
    [
        "created_at", "createdAt", "start_time", "startTime", "timestamp_ms", "TimeGenerated", "query_timestamp",
        "logged_at", "eventTimestamp", "ingestion_time", "date_time", "syslog_timestamp", "log_timestamp", "time_utc",
        "unixtime", "event_time", "occurred_at", "received_at", "requestTimestamp", "LogDate", "local_time",
    ],
)  # fmt: skip
def test_known_keys(key):
    """As libraries and services call the time."""
    record_schema = schema_of({key: TIME, "message": "hi"})
    assert record_schema.core["timestamp"] == ((key,),)
    assert not record_schema.guesses


@pytest.mark.parametrize("key", ["zeitpunkt", "evt_moment", "x", "happened"])
def test_a_field_whose_values_are_times_is_the_time(key):
    """Where no known key is there; the load report is told."""
    record_schema = schema_of({"inner": {key: TIME}, "message": "hi", "host": "a"})
    assert record_schema.core["timestamp"] == (("inner", key),)
    assert record_schema.guesses == (
        f'time taken from "inner.{key}". Hint: time="inner.{key}" or the field that holds it',
    )


@pytest.mark.parametrize("text", ["5 Sep 2014 00:45:45 EEST", "Wed, 10 Mar 2024 12:34:56 CEST", "2024/3/10 1:02:03 PM"])
def test_a_field_named_as_a_time_may_be_written_in_any_way(text):
    """The grammar of times reads what no time format has."""
    assert time_fields({"deviceReceiptTime": text, "msg": "x"}) == ["deviceReceiptTime"]


def test_an_address_is_no_time():
    """Its port may look like a time of day."""
    assert not time_fields({"sendtime_peer": "10.3.1.4:20", "uptime": "up 3 days, 10:22, 2 users", "msg": "x"})


def test_the_likelier_of_several_by_its_name():
    """A name with a word for time wins over one without; a time when something else happens comes last."""
    record = {"expires_date": TIME, "seen": TIME, "probe_time": TIME, "birth_date": TIME}
    assert time_fields(record) == ["probe_time"]
    assert "not from" in schema_of(record).guesses[0]


def test_a_known_key_without_times_is_another_field():
    """Here `time` is how long it took."""
    assert time_fields({"time": 12.5, "when_seen": TIME, "msg": "x"}) == ["when_seen"]


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([{"code": 1710074096}, {"code": 1710074097}], []),  # too few to tell
        ([{"n": 1710074096 + i} for i in range(5)], ["n"]),
        ([{"n": 1710074096 - i} for i in range(5)], []),  # do not rise
        ([{"user_id": 1710074096 + i} for i in range(5)], []),
        ([{"probe_ts": 1710074096789}], ["probe_ts"]),
        ([{"n": i} for i in range(5)], []),
    ],
)
def test_numbers_are_times_by_name_or_as_they_rise(records, expected):
    """Any number may look like seconds since 1970."""
    assert time_fields(*records) == expected


def test_days_and_clocks_are_joined(tmp_path):
    """In two fields of one object."""
    logs = load(tmp_path, {"log_date": "2024-03-10", "log_time": "12:34:56.789", "msg": "hi"})
    assert logs["timestamp"][0] == UTC
    assert logs["log_time"][0] == "12:34:56.789"


@pytest.mark.parametrize(
    ("record", "micros"),
    [
        ({"instant": {"epochSecond": 1710074096, "nanoOfSecond": 789012345}}, 789012),
        ({"instant": {"epochSecond": 1710074096, "nanoOfSecond": 5000}}, 5),
        ({"timestamp": {"seconds": 1710074096, "nanos": 789000000}}, 789000),
        ({"ts": {"sec": 1710074096, "usec": 42}}, 42),
        ({"createdAt": {"_seconds": 1710074096, "_nanoseconds": 1000000}}, 1000),
    ],
)
def test_seconds_and_their_fraction_are_joined(tmp_path, record, micros):
    """As log4j 2, protobuf and Firestore write them, to the microsecond."""
    logs = load(tmp_path, {**record, "message": "hi"})
    assert logs["timestamp"][0] == UTC.replace(microsecond=micros)


@pytest.mark.parametrize("value", [{"$date": TIME}, {"$date": {"$numberLong": "1710074096789"}}])
def test_extended_json(tmp_path, value):
    """MongoDB wraps times into objects."""
    logs = load(tmp_path, {"timestamp": value, "message": "hi"})
    assert logs["timestamp"][0] == UTC


@pytest.mark.parametrize(
    "text", ["[10/Mar/2024:12:34:56.789 +0000]", "/Date(1710074096789)/", "/Date(1710074096789+0100)/"]
)
def test_brackets_around_a_time(tmp_path, text):
    """As Tomcat and PowerShell write them."""
    assert load(tmp_path, {"TimeCreated": text, "Message": "hi"})["timestamp"][0] == UTC


@pytest.mark.parametrize("key", ["timestamp", "probe"])
def test_a_list_of_numbers(tmp_path, key):
    """As Jackson writes a LocalDateTime, down to the nanosecond."""
    logs = load(tmp_path, {key: [2024, 3, 10, 12, 34, 56, 789000000], "message": "hi", "level": "INFO"})
    assert logs["timestamp"][0] == UTC


def test_a_day_where_nothing_else_is_there(tmp_path):
    """It is midnight, which the load report is told; a day of birth is none of an event."""
    logs = load(tmp_path, {"date": "2024-03-10", "birth_date": "1980-01-01", "message": "hi"})
    assert logs["timestamp"][0] == dt.datetime(2024, 3, 10, tzinfo=dt.UTC)
    assert "midnight" in la.load_report(logs)["guessed"][0]


def test_a_day_in_a_table(tmp_path):
    """Written as people write it."""
    (tmp_path / "app.csv").write_text("date,level,message\n14.03.2024,INFO,a\n15.03.2024,ERROR,b\n")
    logs = la.load(tmp_path / "app.csv")
    assert logs["timestamp"].dt.day().to_list() == [14, 15]


def test_a_time_that_names_its_year_comes_first(tmp_path):
    """As syslog-ng writes one beside the other."""
    logs = load(tmp_path, {"DATE": "Mar 10 12:34:56", "ISODATE": TIME, "MESSAGE": "hi"})
    assert logs["timestamp"][0] == UTC


def test_the_user_says_which_field(tmp_path):
    """Against what its name says."""
    logs = load(
        tmp_path, {"timestamp": "2020-01-01T00:00:00Z", "job": {"ended": TIME}, "message": "hi"}, time="job.ended"
    )
    assert logs["timestamp"][0] == UTC


def test_records_of_several_writers_have_their_own_times(tmp_path):
    """A known key of the second kind counts where the first kind's is missing."""
    logs = load(tmp_path, {"time": TIME, "msg": "a"}, {"start_time": TIME, "method": "GET", "path": "/", "status": 200})
    assert logs["timestamp"].to_list() == [UTC, UTC]


@given(st.datetimes(min_value=dt.datetime(1995, 1, 1), max_value=dt.datetime(2090, 1, 1)))
def test_any_split_time_is_read_whole(moment):
    """Seconds and nanoseconds of any time are that time again, to the microsecond."""
    moment = moment.replace(tzinfo=dt.UTC)
    seconds = int(moment.timestamp())
    record = {"at": {"seconds": seconds, "nanos": moment.microsecond * 1000}}
    text = schema_of(record).time_of(record)
    assert text is not None
    whole, fraction = text.split(".")
    assert (int(whole), int(fraction)) == (seconds, moment.microsecond * 1000)


def test_a_version_is_no_time():
    """Three numbers are a day only where the field is named as times are."""
    records = [{"msg": "up", "version": "1.8.10"}, {"msg": "down", "version": "1.8.10"}]
    assert time_fields(*records) == []
