"""Which request an event belongs to: the order of the ids, ids in the text, and ids that stand for one another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from loganalytics.analyses.requests.request_ids import REQUEST_ID_COLUMN, with_request_ids
from loganalytics.analyses.requests.traces import trace, traces
from loganalytics.schema import conform

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def logs(*rows: dict[str, Any]) -> pl.DataFrame:
    """Return events a second apart."""
    times = [NOON + timedelta(seconds=second) for second in range(len(rows))]
    return conform(pl.DataFrame(list(rows), infer_schema_length=None).with_columns(pl.Series("timestamp", times)))


def ids(frame: pl.DataFrame) -> list[str | None]:
    """Return the id of each event."""
    return with_request_ids(frame.lazy()).collect()[REQUEST_ID_COLUMN].to_list()


def test_the_first_id_that_an_event_bears_counts() -> None:
    """trace_id, request_id, x_request_id, correlation_id, then the text; a dash is no id."""
    rows = (
        {"trace_id": "t-1", "request_id": "r-1", "correlation_id": "c-1", "message": "trace_id=in-text"},
        {"trace_id": None, "request_id": "r-2", "correlation_id": "c-2", "message": "trace_id=in-text"},
        {"trace_id": "-", "request_id": "", "correlation_id": "c-3", "message": "trace_id=in-text"},
        {"trace_id": None, "request_id": "-", "correlation_id": None, "message": "trace_id=in-text"},
        {"trace_id": None, "request_id": None, "correlation_id": None, "message": "nothing"},
    )
    assert ids(logs(*rows)) == ["t-1", "r-2", "c-3", "in-text", None]


@pytest.mark.parametrize(
    ("message", "id"),
    [
        ("SELECT 1 /*trace_id='req_000017'*/", "req_000017"),
        ("{'request_id': 'req_000017', 'n': 1}", "req_000017"),
        ("Request-ID: 3f2b8c1e-0001", "3f2b8c1e-0001"),
        ("correlationId=3f2b8c1e done", "3f2b8c1e"),
        ("[req_17a4] cache miss", "req_17a4"),
        ("[request] cache miss", None),
        ("the request id is missing", None),
    ],
)
def test_ids_in_the_text(message: str, id: str | None) -> None:  # noqa: A002
    """As key and value, or in brackets; words alone are none."""
    assert ids(logs({"message": message, "trace_id": None})) == [id]


def test_an_id_beside_a_trace_id_means_the_trace() -> None:
    """One service names the trace and the request, the other the request only: it is one trace, in both directions."""
    frame = logs(
        {"service": "web", "trace_id": "t-1", "request_id": "r-000001", "message": "in"},
        {"service": "api", "trace_id": None, "request_id": "r-000001", "message": "work"},
        {"service": "db", "trace_id": None, "request_id": None, "message": "select 1 -- request_id=r-000001"},
    )
    table = traces(frame)
    assert table.select("trace_id", "events", "services").rows() == [("t-1", 3, ["web", "api", "db"])]
    assert trace(frame, "t-1")["service"].to_list() == ["web", "api", "db"]
    assert trace(frame, "r-000001")["service"].to_list() == ["web", "api", "db"]
    assert trace(frame, "t-1").columns[5:] == frame.columns


def test_an_id_that_several_traces_share_stays_itself() -> None:
    """A correlation of many requests is none of them."""
    frame = logs(
        {"trace_id": "t-1", "correlation_id": "c", "message": ""},
        {"trace_id": "t-2", "correlation_id": "c", "message": ""},
        {"trace_id": None, "correlation_id": "c", "message": ""},
    )
    assert ids(frame) == ["t-1", "t-2", "c"]


def test_numbers_and_other_kinds_of_columns() -> None:
    """Whole numbers are ids; a struct or a duration by that name is left alone."""
    frame = logs({"trace_id": None, "request_id": 17, "correlation_id": {"a": 1}, "message": ""})
    assert ids(frame) == ["17"]


@pytest.mark.parametrize("name", ["requestId", "x-request-id", "http.request.id", "X-Correlation-ID"])
def test_spellings_of_a_field(name: str) -> None:
    """Dots, hyphens and capitals do not matter."""
    assert ids(logs({"trace_id": None, name: "r-1", "message": ""})) == ["r-1"]


def test_fields_named_as_inner_columns_stay() -> None:
    """A log's own at, begin, row, id and slice are given back as they were."""
    own_fields = {"at": 1, "begin": 2, "id": "x", "slice": 3}
    table = trace(logs({"trace_id": "t-1", "request_id": "r", "message": "", **own_fields}), "t-1")
    assert table.select(*own_fields).row(0, named=True) == own_fields
