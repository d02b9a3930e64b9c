"""What fields of structured logs say was wrong."""

from __future__ import annotations

import polars as pl
import pytest

from loganalytics.analyses.errors.clusters import cluster_errors
from loganalytics.analyses.errors.error_fields import ranked_names
from loganalytics.schema import conform


def problems(*events: dict[str, object]) -> dict[str, int]:
    """Return the events of each problem by its label."""
    rows = [{"message": "request failed", "severity_number": 17, **event} for event in events]
    return dict(cluster_errors(conform(pl.DataFrame(rows))).select("label", "events").iter_rows())


@pytest.mark.parametrize(
    "name",
    ["error", "err", "error.message", "errorMessage", "error_message", "err.msg", "a.exception.message", "cause"],
)
def test_what_a_field_says_was_wrong_makes_the_problem(name: str) -> None:
    """Under any of its names; its values do not matter."""
    texts = ["dial tcp 10.0.0.1:5432: connection refused", "dial tcp 10.0.0.2:5432: connection refused", "no such host"]
    assert problems(*[{name: text} for text in texts]) == {
        "request failed: dial tcp <*>: connection refused": 2, "request failed: no such host": 1
    }  # fmt: skip


def test_the_type_stands_before_the_text() -> None:
    """A bare exception has both."""
    fields = {"error.type": "app.DbError", "error.message": "gone away"}
    assert problems(fields) == {"request failed: app.DbError: gone away": 1}
    assert problems({"exception": "DbError: gone away"}) == {"request failed: DbError: gone away": 1}


def test_what_the_message_says_is_not_said_twice() -> None:
    """Text or type."""
    fields = {"message": "query failed: gone away (DbError)", "error.type": "DbError"}
    assert problems(fields | {"error": "gone away."}) == {"query failed: gone away (DbError)": 1}


@pytest.mark.parametrize("value", ["", "true", "None", "500", "[object Object]", "-"])
def test_a_field_may_say_nothing(value: str) -> None:
    """Flags, numbers and empty texts are no causes."""
    assert problems({"error": value}) == {"request failed": 1}


def test_one_text_is_one_problem_at_all_endpoints() -> None:
    """As an exception is."""
    requests = [
        {"http.request.method": "GET", "url.path": path, "http.response.status_code": 500} for path in ("/a", "/b")
    ]
    assert problems(*[request | {"err": "no such host"} for request in requests]) == {
        "request failed: no such host (HTTP 500)": 2
    }


def test_a_field_does_not_join_a_trace_that_says_something_else() -> None:
    """Though the message is the same."""
    trace = "KeyError: 'a'\n\tat com.acme.Db.run(Db.java:1)"
    assert len(problems({"exception": trace, "err": None}, {"exception": None, "err": "no such host"})) == 2
    assert len(problems({"exception": trace, "err": None}, {"exception": None, "err": None})) == 1


def test_a_stack_without_an_exception_has_the_text_of_the_field() -> None:
    """Zap writes where something was logged, and the error beside it."""
    stack = "acme.com/shop/pay.Charge\n\t/src/pay.go:12\nmain.main\n\t/src/main.go:3"
    assert problems({"exception": stack, "error": "no such host"}) == {"request failed: no such host": 1}


def test_likelier_names_go_first() -> None:
    """Whatever object they are in."""
    names = ("error.message", "error")
    assert ranked_names(["error", "x", "a.Error_Message", "fields.error.message"], names) == [
        "fields.error.message", "error"
    ]  # fmt: skip
