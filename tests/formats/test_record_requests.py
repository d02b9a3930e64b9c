"""Web requests among records: the status of the answer as the level, method and address as the message."""

from __future__ import annotations

import json

import polars as pl
import pytest

import loganalytics as la


def load(tmp_path, *records: dict[str, object]) -> pl.DataFrame:
    """Load records as JSON lines."""
    (tmp_path / "app.log").write_text("".join(json.dumps(record) + "\n" for record in records))
    return la.load(tmp_path / "app.log")


REQUESTS = {
    "Express": {"method": "GET", "url": "/pay", "res": {"statusCode": 503}},
    "ECS": {"http": {"request": {"method": "GET"}, "response": {"status_code": 503}}, "url": {"path": "/pay"}},
    "Traefik": {"RequestMethod": "GET", "RequestPath": "/pay", "DownstreamStatus": 503},
    "Envoy": {"method": "GET", "path": "/pay", "response_code": 503},
    "text": {"request_method": "GET", "request_uri": "/pay", "status": "503"},
    "Google": {"httpRequest": {"requestMethod": "GET", "requestUrl": "/pay", "status": 503}},
    "Kong": {"request": {"method": "GET", "uri": "/pay"}, "response": {"status": 503}},
}


@pytest.mark.parametrize("program", REQUESTS)
def test_a_request_without_level_and_message(tmp_path, program):
    """It has the level of its status, and names method, address and status."""
    logs = load(tmp_path, REQUESTS[program])
    assert logs.select("level", "message").row(0) == ("ERROR", "GET /pay 503")


def test_a_request_with_an_empty_message(tmp_path):
    """As Traefik writes it; one whose status is not written names method and address."""
    logs = load(tmp_path, {"msg": "", "RequestMethod": "GET", "RequestPath": "/"}, {"msg": "starting"})
    assert logs["message"].to_list() == ["GET /", "starting"]


@pytest.mark.parametrize(
    ("level", "status", "raised"),
    [
        ("info", 500, "ERROR"), ("debug", 502, "ERROR"), ("info", 404, "WARNING"), ("info", 200, "INFO"),
        ("warn", 500, "WARNING"), ("error", 200, "ERROR"), ("fatal", 404, "CRITICAL"), (None, 301, "INFO"),
    ],
)  # fmt: skip
def test_a_status_raises_a_level_of_at_most_info(tmp_path, level, status, raised):
    """What the record says is kept beside it, and is believed where it says more."""
    logs = load(tmp_path, {"level": level, "msg": "handled", "method": "GET", "path": "/", "status": status})
    assert logs["level"][0] == raised
    written = logs["attributes.level"][0] if "attributes.level" in logs.columns else None
    assert written == (
        level if level and level.upper() != raised and status >= 400 and level in ("info", "debug") else None
    )


@pytest.mark.parametrize(
    "record",
    [
        {"status": 500, "n": 1, "exit_status": 0},
        {"http_status": 500},
        {"response": {"code": 500}},
        {"statusCode": "500 Internal Server Error"},
        {"meta": {"res": {"statusCode": 500}}},
    ],
)
def test_statuses_of_answers(tmp_path, record):
    """In fields whose values are all statuses of HTTP."""
    assert load(tmp_path, {**record, "msg": "x"})["level"][0] == "ERROR"


@pytest.mark.parametrize(
    "record",
    [
        {"status": 0}, {"status": 1}, {"exit": {"status": 500}}, {"status": 577}, {"code": 500}, {"status": "active"},
        {"upstream": {"status": 502}, "status": 200}, {"request": {"status_code": 404}},
    ],
)  # fmt: skip
def test_numbers_that_are_no_status(tmp_path, record):
    """Of processes, of states, of what stands behind a proxy that answered well."""
    assert load(tmp_path, {**record, "level": "info", "msg": "x"})["level"][0] == "INFO"


def test_a_status_in_one_record_leaves_the_others_alone(tmp_path):
    """A record without one has the level that it writes, or none."""
    logs = load(tmp_path, {"status": 500, "msg": "a"}, {"msg": "b"}, {"level": "debug", "msg": "c"})
    assert logs["level"].to_list() == ["ERROR", None, "DEBUG"]


def test_columns_of_a_table(tmp_path):
    """A CSV file of requests is read as JSON lines are."""
    (tmp_path / "a.csv").write_text(
        "time,method,path,status\n2024-03-10T12:34:56Z,GET,/pay,500\n2024-03-10T12:34:57Z,GET,/,200\n"
    )
    logs = la.load(tmp_path / "a.csv")
    assert logs.select("level", "message").rows() == [("ERROR", "GET /pay 500"), ("INFO", "GET / 200")]


def test_a_status_among_the_requests_fields(tmp_path):
    """Where the answer's status is written beside the request only, it raises the level; a state is no status."""
    logs = load(tmp_path, {"level": "info", "msg": "handled", "req": {"url": "/", "status_code": 500}})
    assert logs["level"][0] == "ERROR"
    states = load(tmp_path, {"level": "info", "msg": "handled", "request": {"status": "pending"}})
    assert states["level"][0] == "INFO"
