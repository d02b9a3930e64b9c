"""What the events of a cause have in common, at the edge of each threshold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from loganalytics.analyses.compare.ranges import TimeRange
from loganalytics.analyses.compare.term_counts import SLICE_COLUMN
from loganalytics.findings.evidence import dominant_values, gather_evidence
from loganalytics.schema import conform

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
IS_FAILURE = pl.col("template_id") == "failure"


def events(hosts: list[str | None], other_hosts: list[str | None]) -> pl.DataFrame:
    """Return events of an incident: failures on these hosts, and other events on those."""
    failures = pl.DataFrame({"host": hosts, "template": "failure", "template_id": "failure"})
    other_events = pl.DataFrame({"host": other_hosts, "template": "other", "template_id": "other"})
    table = pl.concat([failures, other_events], how="vertical_relaxed").with_columns(message=pl.lit("x"))
    return conform(table.with_columns(pl.lit(-1, pl.Int8).alias(SLICE_COLUMN)))


@pytest.mark.parametrize(("share", "expected"), [(70, [("host", "a", 0.7)]), (69, [])])
def test_a_value_in_70_percent_of_the_rows_is_dominant(share: int, expected: list[tuple[str, str, float]]) -> None:
    """With less it is not."""
    hosts = ["a"] * share + ["b"] * (100 - share)
    assert dominant_values(events(hosts, ["c"] * 100), IS_FAILURE) == expected


@pytest.mark.parametrize(("elsewhere", "fields"), [(30, ["host"]), (31, [])])
def test_a_dominant_value_is_three_times_as_frequent_as_elsewhere(elsewhere: int, fields: list[str]) -> None:
    """90 % against 30 % stand out, against 31 % they do not."""
    frame = events(["a"] * 90 + ["b"] * 10, ["a"] * elsewhere + ["c"] * (100 - elsewhere))
    assert [field for field, _, _ in dominant_values(frame, IS_FAILURE)] == fields


@pytest.mark.parametrize(("filled", "fields"), [(50, ["host"]), (49, [])])
def test_a_field_of_few_rows_says_nothing_of_all(filled: int, fields: list[str]) -> None:
    """Half of them must have it."""
    hosts: list[str | None] = [*["a"] * filled, *[None] * (100 - filled)]
    assert [field for field, _, _ in dominant_values(events(hosts, ["c"] * 100), IS_FAILURE)] == fields


def test_a_field_may_be_named_as_the_counts_are() -> None:
    """The name of a field is the log's affair."""
    frame = events(["a"] * 10, ["c"] * 10).rename({"host": "n"})
    assert dominant_values(frame, IS_FAILURE) == [("n", "a", 1.0)]


@pytest.mark.parametrize(
    ("value", "rows", "expected"),
    [("10.0.0.7", 5, ["10.0.0.7"]), ("10.0.0.7", 4, []), ("10.0.0", 5, ["10.0.0"]), ("10.00", 5, [])],
)
def test_a_wildcard_with_one_value_is_dominant(value: str, rows: int, expected: list[str]) -> None:
    """Where there are five rows or more, and the value has six characters or more."""
    frame = events([None] * rows, [None]).with_columns(
        message=pl.lit(f"refused by {value} now"), template=pl.lit("refused by <*> now")
    )
    assert [dominant for _, dominant, _ in dominant_values(frame, IS_FAILURE)] == expected


@pytest.mark.parametrize(("silent_minutes", "silent"), [(41, ["job"]), (39, [])])
def test_a_service_fell_silent_when_most_of_its_gap_lies_in_the_incident(
    silent_minutes: int, silent: list[str]
) -> None:
    """A gap from 20 minutes before the incident must last for more than 20 minutes in it."""
    seconds = [float(s) for s in range(-6 * 3600, 3600, 10)]
    gap_start, gap_end = -20 * 60.0, -20 * 60.0 + silent_minutes * 60.0
    web = pl.DataFrame({"second": seconds, "service": "web"})
    job = web.filter(~pl.col("second").is_between(gap_start, gap_end)).with_columns(service=pl.lit("job"))
    logs = pl.concat([web, job]).select(
        timestamp=pl.lit(NOON) + pl.duration(seconds="second"), service="service", message=pl.lit("ok")
    )
    evidence = gather_evidence(conform(logs), TimeRange(NOON, NOON + HOUR), TimeRange(NOON - HOUR, NOON))
    assert evidence.silent_services["service"].to_list() == silent
