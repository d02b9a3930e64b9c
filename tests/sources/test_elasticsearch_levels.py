"""Levels asked of the server: what it leaves out, a filter over all events leaves out too, and it counts the same."""

from __future__ import annotations

import polars as pl
import pytest
from test_elasticsearch import node  # noqa: F401

import loganalytics as la

KEYWORD = {"type": "keyword"}
QUIET = [{"level": "info"}] * 2000
"""So many that a sample has nothing else."""
CASES = {
    "two-forms": ([{"log.level": "error", "log": {"level": "info"}}, {"log": {"level": "Warn"}}, {"log.level": "INFO"}],
                  {"log": {"properties": {"level": KEYWORD}}}),
    "two-forms-text": ([{"log.level": "info"}, {"log": {"level": "ERROR"}}, {"log.level": "error"}], {}),
    "text": ([{"level": "Error"}, {"level": "info"}, {"level": "WARNING"}, {}], {"level": {"type": "text"}}),
    "two-fields": ([{"level": "info", "severity": "ERROR"}, {"level": "error", "severity": "info"}], {}),
    "number": ([{"level": "info", "severityNumber": 17}, {"level": "error", "severityNumber": 9}], {}),
    "list": ([{"level": ["info", "error"]}, {"level": ["error"]}, {"level": "info"}, {"level": "error"}], {}),
    "rare-number": ([*QUIET, {"level": "info", "severityNumber": 17}], {}),
    "rare-form": ([*QUIET, {"level": "info", "log.level": "error"}, {"level": "error"}], {}),
    "rare-status": ([*QUIET, {"level": "info", "http": {"response": {"status_code": 503}}}, {"status": 500}], {}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_server_leaves_out_and_counts_as_the_frame_does(node, name):  # noqa: F811
    """Dotted and nested, in capitals or not, keyword and text, in several fields, and in fields that hardly any has."""
    documents, properties = CASES[name]
    full = [
        {"_id": f"e{n}", "@timestamp": f"2026-03-10T12:00:{n % 60:02d}Z", "message": "m", **document}
        for n, document in enumerate(documents)
    ]
    node.index(f"levels-{name}", full, mappings={"properties": properties})
    address = node.address(f"levels-{name}")
    logs = la.load(address)
    serious = logs.filter(pl.col("severity_number") >= 13)
    assert serious.height
    assert sorted(la.load(address, level="warning")["offset"]) == sorted(serious["offset"])
    counted = la.trend_of(address, every="1m", by="level", level="warning")
    assert counted.equals(la.trend(serious, every="1m", by="level"))
    assert la.trend_of(address, every="1m", by="level").equals(la.trend(logs, every="1m", by="level"))


def test_the_server_does_leave_them_out(node):  # noqa: F811
    """And not only the filter over what came."""
    full = [
        {"@timestamp": "2026-03-10T12:00:00Z", "message": "m", **document} for document in CASES["two-forms-text"][0]
    ]
    node.index("levels-left-out", full)
    report = la.load_report(la.load(node.address("levels-left-out"), level="error"))
    assert report["lines"].to_list() == [2]
