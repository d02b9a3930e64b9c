"""The level that the status of an HTTP answer says."""

from __future__ import annotations

import polars as pl

from loganalytics.schema import LEVELS

CLIENT_ERROR, SERVER_ERROR = 400, 500
_STATUS_LEVELS = pl.DataFrame(
    [dict(zip(("level", "severity_number"), LEVELS[word], strict=True)) for word in ("info", "warning", "error")],
    schema={"level": pl.String(), "severity_number": pl.UInt8()},
)


def status_levels(status: pl.Series) -> pl.DataFrame:
    """Return the levels of answers by their status: that went well, were refused (4xx), and failed (5xx)."""
    return _STATUS_LEVELS[(status >= CLIENT_ERROR).cast(pl.UInt32) + (status >= SERVER_ERROR).cast(pl.UInt32)]
