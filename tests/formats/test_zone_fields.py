"""Zones of times that are written in a field beside them."""

from __future__ import annotations

import datetime as dt
import json

import pytest

import loganalytics as la

NOON = dt.datetime(2024, 3, 10, 12, 34, 56, tzinfo=dt.UTC)


def load(tmp_path, text: str, name: str = "app.log", **options: object):
    """Load a file of this text."""
    (tmp_path / name).write_text(text)
    return la.load(tmp_path / name, **options)


def guesses(logs) -> str:
    """Return what the load report says was guessed."""
    return str(la.load_report(logs)["guessed"][0])


@pytest.mark.parametrize(
    ("zone", "clock"),
    [
        ({"tz": "+01:00"}, "13:34:56"), ({"timezone": "Europe/Berlin"}, "13:34:56"), ({"tzoffset": 60}, "13:34:56"),
        ({"utc_offset": 3600}, "13:34:56"), ({"utc_offset": -18000}, "07:34:56"), ({"zone": "CET"}, "13:34:56"),
        ({"timeZone": "UTC+2"}, "14:34:56"), ({"tz_offset": -5}, "07:34:56"), ({"offset": "-03:00"}, "09:34:56"),
        ({"tz": "Asia/Kolkata"}, "18:04:56"), ({"event": {"timezone": "America/New_York"}}, "08:34:56"),
    ],
)  # fmt: skip
def test_zones_beside_json_times(tmp_path, zone, clock):
    """As text or as a number of hours, minutes or seconds; the load report is told."""
    record = {"time": f"2024-03-10 {clock}", "level": "info", "msg": "hi", **zone}
    logs = load(tmp_path, json.dumps(record) + "\n")
    assert logs["timestamp"][0] == NOON
    assert "times without a zone are in that of" in guesses(logs)


@pytest.mark.parametrize("zone", [{"zone": "us-east-1a"}, {"offset": 3600}, {"tz": ""}, {"timezoneOffset": -60}])
def test_what_is_no_zone_moves_no_time(tmp_path, zone):
    """A server's zone, a place in a queue, nothing, and JavaScript's count to the west."""
    logs = load(tmp_path, json.dumps({"time": "2024-03-10T12:34:56", "msg": "hi", **zone}) + "\n")
    assert logs["timestamp"][0] == NOON


def test_a_time_that_writes_its_zone_keeps_it(tmp_path):
    """The field beside it is perhaps the user's."""
    record = {"time": "2024-03-10T12:34:56Z", "timezone": "Europe/Berlin", "msg": "hi"}
    logs = load(tmp_path, json.dumps(record) + "\n")
    assert logs["timestamp"][0] == NOON
    assert "zone" not in guesses(logs)


def test_zones_in_logfmt(tmp_path):
    """Beside a day and a clock in two keys, another zone in each line."""
    text = 'date=2024-03-10 time=13:34:56 tz="+0100" level="notice" msg="a"\n' \
           'date=2024-03-10 time=07:34:56 tz="-0500" level="notice" msg="b"\n'  # fmt: skip
    logs = load(tmp_path, text)
    assert logs["timestamp"].to_list() == [NOON, NOON]


def test_zones_in_a_table(tmp_path):
    """In a column of their own; a cell without one has the zone of the rest of the logs."""
    text = "time,tz,level,message\n2024-03-10 13:34:56,+01:00,INFO,a\n2024-03-10 12:34:56,,INFO,b\n"
    assert load(tmp_path, text, "app.csv")["timestamp"].to_list() == [NOON, NOON]


def test_the_users_zone_goes_before(tmp_path):
    """It overrides what the field says."""
    logs = load(tmp_path, '{"time": "2024-03-10 12:34:56", "tz": "+09:00", "msg": "hi"}\n', tz="Etc/UTC")
    assert logs["timestamp"][0] == NOON
