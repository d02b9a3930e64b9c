"""Which symptoms of a log are none: a file that begins later than the others."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from loganalytics.reports.report import report
from loganalytics.schema import TIMESTAMP, conform

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def handled(service: str, start: int, end: int) -> pl.DataFrame:
    """Return the events of a service from one second to another, one in nine seconds."""
    seconds = pl.DataFrame({"second": range(start, end, 9)})
    return seconds.select(
        timestamp=pl.lit(NOON).cast(TIMESTAMP) + pl.duration(seconds=pl.col("second")),
        service=pl.lit(service),
        source=pl.lit(f"{service}.log"),
        message=pl.lit(f"{service} handled order ") + pl.col("second").cast(pl.String),
        severity_number=pl.lit(9),
    )


def test_a_file_that_begins_later_is_not_unusual_before() -> None:
    """No event of it is expected then; where it stops in the midst, they are missing."""
    others = [handled("app", 0, 43_200), handled("web", 0, 43_200)]
    assert report(conform(pl.concat([*others, handled("job", 10_800, 43_200)]))).findings == []
    stopped = [handled("job", 0, 10_800), handled("job", 21_600, 43_200)]
    (finding,) = report(conform(pl.concat([*others, *stopped]))).findings
    assert finding.service == "job"
