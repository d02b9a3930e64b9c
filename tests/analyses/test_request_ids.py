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
TRACE, TASK = "446651e3256c94d60f890f8ccef537c0", "a42718cd-10fe-4ee4-adcd-fb857d5fdd30"
OTHER_TASK = "b42718cd-10fe-4ee4-adcd-fb857d5fdd31"


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
        ("[req-17a4bc user1 project2 - - -] done", "req-17a4bc"),
        (f"headers: X-Request-ID: {TRACE}, Host: a", TRACE),
        (f'body {{\\"correlation_id\\": \\"{TRACE}\\"}}', TRACE),
        (f"calling with traceparent: 00-{TRACE}-00f067aa0ba902b7-01", TRACE),
        ("X-Amzn-Trace-Id: Root=1-67891233-abcdef012345678912345678;Parent=5", "1-67891233-abcdef012345678912345678"),
        (f"b3: {TRACE}-00f067aa0ba902b7-1", TRACE),
        (f"[orders,{TRACE},00f067aa0ba902b7] done", TRACE),
        (f"[traceId={TRACE}, spanId=00f067aa0ba902b7] done", TRACE),
        (f"failed (Trace ID: {TRACE})", TRACE),
        (f"用户登录request_id={TRACE}", TRACE),
        (f"done rid={TRACE} grid=1234567", TRACE),
        ("grid=1234567", None),
        (f"mail.send[{TASK}] received", None),
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


def test_the_lines_of_a_task_belong_to_the_request_that_one_of_them_names() -> None:
    """As Celery writes them: the id of the task stands where that of the trace is expected, and on other lines."""
    frame = logs(
        {"service": "web", "trace_id": TRACE, "message": "order created"},
        {"service": "worker", "trace_id": None, "message": f"Task mail.send[{TASK}] received"},
        {"service": "worker", "trace_id": TASK, "message": f"mail sent request_id={TRACE}"},
        {"service": "worker", "trace_id": None, "message": f"Task mail.send[{TASK}] succeeded in 0.1s: None"},
        {"service": "worker", "trace_id": None, "message": f"Task mail.send[{OTHER_TASK}] received"},
    )
    assert traces(frame).select("trace_id", "events", "services").rows() == [(TRACE, 4, ["web", "worker"])]
    assert trace(frame, TRACE).height == trace(frame, TASK).height == 4
    assert trace(frame, OTHER_TASK).height == 1


def test_a_task_without_a_request_is_a_trace_of_all_its_lines() -> None:
    """Where one of them has its id as that of a trace."""
    frame = logs({"trace_id": None, "message": f"mail.send[{TASK}] received"}, {"trace_id": TASK, "message": "sent"})
    assert ids(frame) == [TASK, TASK]


def test_several_tasks_of_a_request_are_one_trace() -> None:
    """Also a part of a task, which names the task at its root."""
    frame = logs(
        {"trace_id": None, "request_id": TRACE, "task_id": None, "root_id": None, "message": "in"},
        {"trace_id": None, "request_id": TRACE, "task_id": TASK, "root_id": TASK, "message": "received"},
        {"trace_id": None, "request_id": TRACE, "task_id": OTHER_TASK, "root_id": OTHER_TASK, "message": "received"},
        {"trace_id": None, "request_id": None, "task_id": OTHER_TASK, "root_id": OTHER_TASK, "message": "done"},
        {"trace_id": None, "request_id": None, "task_id": "part-1", "root_id": TASK, "message": "part done"},
    )
    assert ids(frame) == [TRACE] * 5


def test_a_task_that_serves_several_requests_is_none_of_them() -> None:
    """Its own lines then belong to no request."""
    frame = logs(
        {"trace_id": None, "message": f"batch[{TASK}] request_id=r-000001"},
        {"trace_id": None, "message": f"batch[{TASK}] request_id=r-000002"},
        {"trace_id": None, "message": f"batch[{TASK}] done"},
    )
    assert ids(frame) == ["r-000001", "r-000002", None]


def test_an_id_leads_over_the_request_to_the_trace() -> None:
    """From the task to the request, from the request to the trace."""
    frame = logs(
        {"trace_id": "t-1", "request_id": "r-000001", "message": "in"},
        {"trace_id": None, "request_id": "r-000001", "message": f"queued mail.send[{TASK}]"},
        {"trace_id": None, "request_id": None, "message": f"mail.send[{TASK}] done"},
    )
    assert ids(frame) == ["t-1"] * 3


def test_ids_that_lead_to_one_another_stay() -> None:
    """Whatever a log says, every event has an id."""
    frame = logs({"trace_id": "a-00001", "request_id": "b-00001", "message": ""},
                 {"trace_id": "b-00001", "request_id": "a-00001", "message": ""})  # fmt: skip
    assert None not in ids(frame)
