"""Errors of an incident as problems, and what is known of the events behind a change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from loganalytics.analyses.compare.ranges import TimeRange
from loganalytics.analyses.compare.term_counts import PROBLEM
from loganalytics.findings.change_facts import FACTS
from loganalytics.findings.evidence import gather_evidence
from loganalytics.schema import conform

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TRACE = "java.sql.SQLException: {}\n\tat com.acme.Store.save(Store.java:{})\n\tat com.acme.Api.post(Api.java:9)"


def logged(seconds: range, **fields: Any) -> pl.DataFrame:
    """Return events at these seconds after noon."""
    times = [NOON + timedelta(seconds=second) for second in seconds]
    return pl.DataFrame({"timestamp": times}).with_columns(
        pl.lit(value).alias(name) for name, value in {"message": "ok", "severity_number": 9, **fields}.items()
    )


def changes(*frames: pl.DataFrame) -> pl.DataFrame:
    """Return what differs between the hour from noon on and the hour before, of a log with an event every minute."""
    calm = logged(range(-3600, 3600, 60), service="web")
    logs = conform(pl.concat([calm, *frames], how="diagonal_relaxed"))
    return gather_evidence(logs, TimeRange(NOON, NOON + HOUR), TimeRange(NOON - HOUR, NOON)).comparison


def problems(table: pl.DataFrame) -> pl.DataFrame:
    """Return the rows about problems."""
    return table.filter(pl.col("field") == PROBLEM)


def test_an_error_is_told_by_its_exception_and_not_by_its_template() -> None:
    """As the clusters of errors label it; with times, services, errors, and the template that it is all of."""
    message = "Unhandled exception while serving request"
    table = changes(logged(range(0, 3000, 60), message=message, service="api", severity_number=17,
                           exception=TRACE.format("Data too long for column", 7)))  # fmt: skip
    (row,) = problems(table).to_dicts()
    assert row["value"] == "java.sql.SQLException: Data too long for column"
    assert (row["kind"], row["errors"], row["severity_number"], row["services"]) == ("new", 50, 17, ["api"])
    assert (row["first_seen"], row["last_seen"]) == (NOON, NOON + timedelta(seconds=2940))
    assert row["template_id"] is not None
    assert message not in table["value"].to_list()
    assert set(FACTS) <= set(table.columns)


def test_one_template_may_be_two_problems() -> None:
    """Which then have no template of their own."""
    errors = [
        logged(range(start, 3000, 60), message="Unhandled exception", service="api", severity_number=17,
               exception=TRACE.format(reason, line))
        for start, reason, line in ((0, "Data too long for column", 7), (30, "Deadlock found", 88))
    ]  # fmt: skip
    errors[1] = errors[1].with_columns(pl.col("exception").str.replace("Store.save", "Stock.take"))
    rows = problems(changes(*errors))
    assert sorted(rows["value"]) == ["java.sql.SQLException: Data too long for column",
                                     "java.sql.SQLException: Deadlock found"]  # fmt: skip
    assert rows["template_id"].to_list() == [None, None]


@pytest.mark.parametrize(("errors", "is_problem"), [(30, True), (29, False)])
def test_a_template_stands_for_itself_where_less_than_half_of_it_are_errors(errors: int, is_problem: bool) -> None:
    """The problem is told in either case."""
    frames = [
        logged(range(0, 60 * errors, 60), message="job done", severity_number=17),
        logged(range(5, 5 + 60 * (60 - errors), 60), message="job done", severity_number=9),
    ]
    table = changes(*frames)
    assert (table.filter(pl.col("field") == "template")["value"].to_list() == ["job done"]) is not is_problem
    assert problems(table)["value"].to_list() == ["job done"]


def requests(seconds: range, status: int, path: str = "/orders/7", **fields: Any) -> pl.DataFrame:
    """Return requests that were answered with a status."""
    columns = {"http.request.method": "GET", "url.path": path, "http.response.status_code": status}
    severity = 17 if status >= 500 else 9
    return logged(seconds, message="request completed", service="web", severity_number=severity, **columns, **fields)


def test_failed_requests_are_problems_of_endpoint_and_status() -> None:
    """With how many requests of the endpoint there were; their text says no more, for it comes without errors too."""
    table = changes(requests(range(-3600, 3600, 20), 200), requests(range(0, 3000, 60), 502))
    (row,) = problems(table).to_dicts()
    assert (row["is_request"], row["endpoint"], row["status"]) == (True, "GET /orders/<*>", 502)
    assert (row["incident_count"], row["requests"]) == (50, 230)


def test_an_error_that_says_why_a_request_failed_is_not_only_a_failed_request() -> None:
    """Its text comes with errors only."""
    failed = requests(range(0, 3000, 60), 500).with_columns(message=pl.lit("payment provider said no"))
    (row,) = problems(changes(requests(range(-3600, 3600, 20), 200), failed)).to_dicts()
    assert (row["is_request"], row["status"]) == (False, 500)


def test_what_is_gone_is_of_the_services_that_had_it() -> None:
    """The incident has none."""
    (row,) = changes(logged(range(-3600, 0, 30), message="mail sent", service="mail")).filter(
        pl.col("value") == "mail sent"
    ).to_dicts()  # fmt: skip
    assert (row["kind"], row["services"], row["first_seen"]) == ("gone", ["mail"], None)
