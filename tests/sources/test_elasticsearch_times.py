"""Times are what the mapping says, as the server reads it."""

from __future__ import annotations

import datetime as dt
import os

import polars as pl
import pytest
from test_elasticsearch import node  # noqa: F401

import loganalytics as la

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")  # all of them share the node
MOMENT = "2026-03-10 12:00:01"
CASES = {
    "slashes": ("yyyy/MM/dd HH:mm:ss", "2026/03/10 12:00:01", MOMENT),
    "month-first": ("MM/dd/yyyy HH:mm:ss", "03/04/2026 12:00:01", "2026-03-04 12:00:01"),
    "day-first": ("dd/MM/yyyy HH:mm:ss", "03/04/2026 12:00:01", "2026-04-03 12:00:01"),
    "year-first": ("yy-MM-dd HH:mm", "03-04-26 12:00", "2003-04-26 12:00:00"),
    "day": ("dd.MM.yyyy", "03.04.2026", "2026-04-03 00:00:00"),
    "digits": ("yyyyMMdd", 20260310, "2026-03-10 00:00:00"),
    "seconds": ("epoch_second", 1773144001, MOMENT),
    "seconds-text": ("epoch_second", "1773144001", MOMENT),
    "seconds-fraction": ("epoch_second", 1773144001.5, "2026-03-10 12:00:01.5"),
    "millis": ("epoch_millis", 1773144001000, MOMENT),
    "basic": ("basic_date_time_no_millis", "20260310T140001+0200", MOMENT),
    "either-iso": ("strict_date_optional_time||epoch_second", "2026-03-10T12:00:01Z", MOMENT),
    "either-seconds": ("strict_date_optional_time||epoch_second", 1773144001, MOMENT),
    "week": ("strict_weekyear_week_day", "2026-W11-2", "2026-03-10 00:00:00"),
    "usual-day": (None, "2026-03-10", "2026-03-10 00:00:00"),
    "usual-year": (None, "2026", "2026-01-01 00:00:00"),
    "usual-hour": (None, "2026-03-10T12", "2026-03-10 12:00:00"),
    "usual-list": (None, ["2026-03-10T12:00:01Z"], MOMENT),
    "usual-dates": (None, ["2026-03-10T12:00:01Z", "2025-01-01T00:00:00Z"], MOMENT),
    "usual-small-number": (None, 1773144001, "1970-01-21 12:32:24.001"),  # milliseconds, as its owner sees it elsewhere
}


@pytest.fixture(scope="module")
def dated(node):  # noqa: F811
    """An index for each case."""
    for name, (own_format, time, _) in CASES.items():
        mapping = {"type": "date"} | ({"format": own_format} if own_format else {})
        documents = [{"_id": f"{name}-{n}", "@timestamp": time, "message": "m"} for n in range(2)]
        node.index(f"dated{WORKER}-{name}", documents, mappings={"properties": {"@timestamp": mapping}})
    return node


def test_a_time_is_read_as_its_mapping_says(dated):
    """Own formats, days, seconds and milliseconds, and the first of a list; each index by its own mapping."""
    logs = la.load(dated.address(f"dated{WORKER}-*"))
    expected = {f"{name}-0": pl.Series([moment]).str.to_datetime()[0] for name, (*_, moment) in CASES.items()}
    times = {name: time.replace(tzinfo=None) for name, time in logs.select("offset", "timestamp").rows()}
    assert {name: times[name] for name in expected} == expected
    assert logs.height == 2 * len(CASES)
    attributes = dict(logs.filter(pl.col("attributes").is_not_null()).select("offset", "attributes").rows())
    assert attributes.keys() == {"usual-dates-0", "usual-dates-1"}
    assert "2025-01-01T00:00:00Z" in attributes["usual-dates-0"]


@pytest.mark.parametrize("name", ["day-first", "usual-list", "seconds", "usual-hour"])
def test_describe_and_a_time_range_know_the_same_times(dated, name):
    """What load() shows is within the range that it is asked for."""
    address = dated.address(f"dated{WORKER}-{name}")
    time = la.load(address)["timestamp"][0]
    assert la.describe(address)["first_seen"].to_list() == [time]
    assert la.load(address, since=time, until=time + dt.timedelta(seconds=1)).height == 2
    assert la.load(address, until=time).height == 0


def test_what_the_server_cannot_read_stays_as_text(node):  # noqa: F811
    """An index may keep what is no date."""
    mapping = {"type": "date", "format": "yyyy/MM/dd", "ignore_malformed": True}
    documents = [{"_id": "a", "@timestamp": "the other day", "message": "m"}, {"_id": "b", "@timestamp": "2026/03/10"}]
    node.index("malformed", documents, mappings={"properties": {"@timestamp": mapping}})
    logs = la.load(node.address("malformed")).sort("offset")
    assert logs["timestamp"].dt.date().to_list() == [None, dt.date(2026, 3, 10)]
    assert "the other day" in logs["attributes"][0]


def test_times_without_a_zone_are_in_the_one_that_is_said(node):  # noqa: F811
    """Also within a time range, where the server takes them for UTC, and in a format of the mapping's own."""
    naive, zoned = "dd.MM.yyyy HH:mm", "dd.MM.yyyy HH:mm Z"
    for name, own_format, time in (
        ("naive", naive, "03.04.2026 12:00"),
        ("zoned", zoned, "03.04.2026 12:00 +0200"),
        ("usual", None, "2026-04-03T12:00"),
        ("epoch", "epoch_second", 1775210400),
    ):
        mapping = {"type": "date"} | ({"format": own_format} if own_format else {})
        documents = [{"_id": name, "@timestamp": time, "message": "m"}]
        node.index(f"berlin-{name}", documents, mappings={"properties": {"@timestamp": mapping}})
    at_ten = {"since": "2026-04-03T10:00Z", "until": "2026-04-03T10:01Z", "tz": "Europe/Berlin"}
    logs = la.load(node.address("berlin-*"), **at_ten)
    assert sorted(logs["offset"]) == ["epoch", "naive", "usual", "zoned"]
    assert la.trend_of(node.address("berlin-*"), every="1h", **at_ten)["events"].sum() == 4


def test_a_time_range_is_that_of_the_field_that_the_user_names(node):  # noqa: F811
    """Not that of the one which is the time otherwise."""
    fields = {"@timestamp": "2026-03-11T00:00:00Z", "happened": "2026-03-10T12:00:00Z", "message": "m"}
    node.index("two-times", [{"_id": "a", **fields}])
    logs = la.load(node.address("two-times"), time="happened", since="2026-03-10 11:00", until="2026-03-10 13:00")
    assert logs["offset"].to_list() == ["a"]
