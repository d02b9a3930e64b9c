"""Requests that failed: problems of one endpoint each, whoever logs them."""

from __future__ import annotations

import polars as pl
import pytest

from loganalytics.analyses.errors.clusters import cluster_errors
from loganalytics.schema import conform

NAMES = [first + vowel + last for first in "klmn" for vowel in "aeiou" for last in "rst"]


def errors(*events: dict[str, object]) -> pl.DataFrame:
    """Return a log of errors."""
    return conform(pl.DataFrame([{"severity_number": 17, "message": "handled", **event} for event in events]))


def problems(logs: pl.DataFrame) -> dict[str, int]:
    """Return the events of each problem by its label."""
    return dict(cluster_errors(logs).select("label", "events").iter_rows())


ORDERS = [{"http.request.method": "GET", "url.path": f"/orders/{number}"} for number in range(3)]
CART = {"http.request.method": "POST", "url.path": "/cart"}


def test_endpoints_are_problems_of_their_own() -> None:
    """Though the message is the same for all requests; the label names the endpoint."""
    logs = errors(*[request | {"http.response.status_code": 500} for request in (*ORDERS, CART)])
    assert problems(logs) == {"GET /orders/<*>: handled (HTTP 500)": 3, "POST /cart: handled (HTTP 500)": 1}
    assert cluster_errors(logs.lazy()).equals(cluster_errors(logs))


@pytest.mark.parametrize("name", ["http.status_code", "labels.status_code", "status", "response.status"])
def test_a_status_is_one_under_any_of_its_names(name: str) -> None:
    """As a number or as text."""
    assert problems(errors(CART | {name: 503})) == {"POST /cart: handled (HTTP 503)": 1}
    assert problems(errors(CART | {name: "503 Service Unavailable"})) == {"POST /cart: handled (HTTP 503)": 1}


@pytest.mark.parametrize(("status", "label"), [(99, "handled"), (100, "POST /cart: handled (HTTP 100)"),
                                               (599, "POST /cart: handled (HTTP 599)"), (600, "handled")])  # fmt: skip
def test_a_number_is_no_status_below_100_and_above_599(status: int, label: str) -> None:
    """It may be a return code then."""
    assert problems(errors(CART | {"status": status})) == {label: 1}


def test_a_status_without_a_request_is_none() -> None:
    """It is that of a job, say."""
    assert problems(errors({"message": "job failed", "status": 500})) == {"job failed": 1}


@pytest.mark.parametrize(
    ("message", "label"),
    [
        ("GET {} 500", "GET /orders/<*>"),
        ('10.0.0.7:50123 - "GET {} HTTP/1.1" 500', "GET /orders/<*>"),
        ("GET {} -> 500 in 12 ms", "GET /orders/<*> -> <*> in <*> ms"),
        ("request GET '{}' failed", "request GET /orders/<*> failed"),
        ("Internal Server Error: {}", "GET /orders/<*>: Internal Server Error: <*>"),
    ],
)
def test_an_endpoint_is_named_once(message: str, label: str) -> None:
    """Web servers' messages say no more than the fields; what names the request itself names the endpoint."""
    logs = errors(*[request | {"message": message.format(request["url.path"])} for request in ORDERS])
    assert problems(logs) == {label: 3}


def test_a_route_may_hold_any_character() -> None:
    """A dollar means nothing in a label."""
    assert problems(errors({"message": "sorry, GET /$metadata is not there"})) == {
        "sorry, GET /$metadata is not there": 1
    }


def test_what_says_why_is_one_problem_at_all_endpoints() -> None:
    """An exception, or a message of which the request is only the context."""
    refused = {"message": "ConnectionError: database refused", "http.response.status_code": 500}
    assert problems(errors(*[request | refused for request in (*ORDERS, CART)])) == {
        "ConnectionError: database refused (HTTP 500)": 4
    }
    assert problems(errors(*[request | {"message": "database refused"} for request in (*ORDERS, CART)])) == {
        "database refused": 4
    }


@pytest.mark.parametrize(("message", "problem_count"), [("one two three: GET {} failed", 2),
                                                        ("one two three four: GET {} failed", 1)])  # fmt: skip
def test_a_message_that_begins_with_something_else_is_not_about_the_request(message: str, problem_count: int) -> None:
    """Behind more than three words, a request is what happened to be under way, as in the error log of nginx."""
    logs = errors(*[{"message": message.format(path)} for path in ("/cart", "/orders/17", "/orders/18")])
    assert len(problems(logs)) == problem_count


def test_routes_are_those_of_all_events() -> None:
    """The names of a few users that failed are known to be names by those that did not."""
    requests = [CART | {"url.path": f"/users/{name}", "http.response.status_code": 500} for name in NAMES]
    logs = errors(*requests).with_columns(severity_number=pl.when(pl.int_range(pl.len()) < 3).then(17).otherwise(9))
    assert problems(logs) == {"POST /users/<*>: handled (HTTP 500)": 3}
